"""The layers that only move memory: arithmetic, activations, norms, casts, copies, embeddings."""

import math
from collections.abc import Iterable

from msgspec.structs import replace

from vidcalc.base.number import Condition, Number, unchanged, where
from vidcalc.base.place import Place
from vidcalc.ops.pointwise import LONG, Pointwise
from vidcalc.tape.recorder import Recorder
from vidcalc.tape.records import ELEMENT_BYTES, WIDER, Tensor


def wider(a: str, b: str) -> str:
    """The dtype PyTorch promotes two dtypes to."""
    return a if WIDER[a] >= WIDER[b] else b


def paced(inputs: tuple[Tensor, ...], out: Tensor) -> tuple[str, Number]:
    """(way, bytes per element) of an elementwise kernel of these tensors: see `loaded`."""
    operands = [(ELEMENT_BYTES[x.dtype], x.shape is not out.shape and spread(x, out)) for x in inputs]
    return loaded(ELEMENT_BYTES[out.dtype], operands, any(x.dtype != out.dtype for x in inputs))


def loaded(made: int, operands: Iterable[tuple[int, Condition]], mixed: bool) -> tuple[str, Number]:
    """(way, bytes per element) of an elementwise kernel: see `vidcalc.ops.Pointwise`.

    made      bytes of an element of the result
    operands  of each, bytes of an element and whether it is repeated along a dimension of the result
    mixed     whether tensors are of several dtypes, or out of order in memory

    Kernels of PyTorch load several elements at once where all tensors are contiguous and of one dtype. Where a sweep
    repeats an operand in some of its rows alone, the others have elements without end: no pace holds them back.
    """
    each: Number = made
    repeated: Condition = False
    for size, here in operands:
        # a repeated operand is read once for many elements
        each = each + where(here, 0, size)
        repeated = repeated | here
    if mixed or repeated is True:
        return "single", each
    return ("vector", 0) if repeated is False else ("single", where(repeated, each, math.inf))


def spread(x: Tensor, out: Tensor) -> Condition:
    """Whether an operand is repeated along a dimension of the result, elementwise."""
    if len(x.shape) != len(out.shape):
        return len(x.shape) < len(out.shape)  # else reshaped: all its elements
    found: Condition = False
    for a, b in zip(x.shape, out.shape, strict=True):
        if a is not b:
            found = found | ((a == 1) & (b != 1))
    return found


STRAIGHT = ("clone", "to_device", "zeros")  # copies in the order of their elements


class PointwiseLayers(Recorder):
    """Everything whose time is bytes over bandwidth."""

    def pointwise(
        self,
        name: str,
        inputs: tuple[Tensor, ...],
        shape: tuple[Number, ...] | None = None,
        dtype: str | None = None,
        saved: tuple[Tensor, ...] = (),
        weights: Number = 0,
        pace: tuple[str, Number] | None = None,
    ) -> Tensor:
        """One kernel: reads its inputs, allocates and writes one output (of the first input's shape by default).

        saved    what autograd keeps for its backward
        weights  bytes of the gradients of weights it adds
        pace     (way, bytes per element) where it does not follow from the tensors
        """
        first = inputs[0]
        dtype = dtype or first.dtype
        whole, size = (first.shape, first.elements) if shape is None else (shape, None)
        out = self.result(whole, dtype, size, inputs)
        out_bytes = out.nbytes
        # each input read once, the output written once
        moved = out_bytes
        for x in inputs:
            moved = moved + x.nbytes
        # of tensors with three dimensions and more, the innermost is what a kernel works along
        along = first if unchanged(out.shape[-1], 1) else out  # a mean or a sum works along what it reads
        row = along.shape[-1] if len(out.shape) > 2 else LONG
        way, each = pace or paced(inputs, out)
        self.ops.append(Pointwise(self.prefix + name, self.count, dtype, moved, 1, row, self.near(name), way, each))
        if self.training:
            out.node = self.differentiable(inputs, saved, out_bytes, weights)
        return out

    def traffic(
        self,
        name: str,
        moved: Number,
        launches: Number = 1,
        row: Number = LONG,
        way: str = "vector",
        each: Number = 0,
        blocks: Number = 0,
    ) -> None:
        """Bytes moved without a new tensor: in-place arithmetic, copies into slices, statistics."""
        place = self.near(name)
        self.ops.append(
            Pointwise(self.prefix + name, self.count, self.dtype, moved, launches, row, place, way, each, blocks)
        )

    def near(self, name: str) -> Place:
        """The place of elementwise work of that name: what stands in a block directly is of none of its parts."""
        place = self.place
        return place.inside(name) if place.block and ("norm" in name if place.part else "." in name) else place

    # --- arithmetic ---------------------------------------------------------------------------------------

    def add(self, a: Tensor, b: Tensor, shape: tuple[Number, ...] | None = None, *, reordered: bool = False) -> Tensor:
        """a + b, of a's shape unless given. Nothing is kept. `reordered`: b lies in another order in memory."""
        dtype = wider(a.dtype, b.dtype)
        pace = ("single", 3 * ELEMENT_BYTES[dtype]) if reordered else None
        return self.pointwise("add", (a, b), shape, dtype, pace=pace)

    def mul(self, a: Tensor, b: Tensor, shape: tuple[Number, ...] | None = None) -> Tensor:
        """a · b, of a's shape unless given. Each factor is kept where the other wants a gradient."""
        saved: tuple[Tensor, ...] = ()
        if self.training:
            saved = ((b,) if a.node >= 0 else ()) + ((a,) if b.node >= 0 else ())
        return self._summed(self.pointwise("mul", (a, b), shape, wider(a.dtype, b.dtype), saved))

    def _summed(self, out: Tensor) -> Tensor:
        """Marks a product: in backward the gradient of a broadcast factor is made whole, then summed up."""
        if out.node >= 0:
            self.nodes[out.node].summed = True  # type: ignore[union-attr]
        return out

    def scale(self, x: Tensor, name: str = "scale") -> Tensor:
        """x times or plus a plain number, or a sign flip. Nothing is kept."""
        return self.pointwise(name, (x,))

    def act(self, x: Tensor, name: str = "silu") -> Tensor:
        """An activation out of place: silu, gelu, relu … Kept for backward: x."""
        return self.pointwise(name, (x,), saved=(x,))

    def softmax(self, x: Tensor, dtype: str | None = None) -> Tensor:
        """Softmax over the last dimension. Kept for backward: its output."""
        out = self.pointwise("softmax", (x,), dtype=dtype)
        self.keep(out, out)
        return out

    # --- copies -------------------------------------------------------------------------------------------

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        """x in another dtype; the same tensor where it already has it."""
        if x.dtype == dtype:
            return x
        return self.pointwise("cast", (x,), dtype=dtype)

    def copy(self, x: Tensor, *shape: Number, name: str = "copy") -> Tensor:
        """A new storage with the same elements: contiguous, clone, pad, upsample (give the new shape)."""
        # another order of elements: one at a time
        pace = None if name in STRAIGHT else ("single", 2 * ELEMENT_BYTES[x.dtype])
        return self.pointwise(name, (x,), shape or None, pace=pace)

    def cat(self, tensors: tuple[Tensor, ...], *shape: Number) -> Tensor:
        """The tensors side by side, of the given shape: by a kernel of its own, whole rows at once."""
        return self.pointwise("cat", tensors, shape, pace=("vector", 0))

    def embedding(
        self, rows: Number, width: Number, shape: tuple[Number, ...], name: str, dtype: str | None = None
    ) -> Tensor:
        """Rows looked up in a table [rows, width]."""
        self.parameter(name + ".weight", rows * width)
        out = self.empty((*shape, width), dtype or self.dtype)
        self.weighing(rows * width * ELEMENT_BYTES[out.dtype])
        # rows read from the table and written
        self.traffic(name, 2 * out.nbytes)
        if self.training:
            # the gradient is dense: all rows, not only those that were looked up
            out.node = self.differentiable((), (), out.nbytes, rows * width * ELEMENT_BYTES[out.dtype])
        return out

    # --- norms --------------------------------------------------------------------------------------------

    def layer_norm(self, x: Tensor, name: str = "", *, bias: bool = True, keep: str = "") -> Tensor:
        """Layer norm over the last dimension, one kernel; with a name it has weights. Kept: x, mean, 1/std."""
        return self._norm(x, "layer_norm", name, x.shape[-1], x.elements // x.shape[-1], bias, keep)

    def group_norm(
        self,
        x: Tensor,
        groups: Number,
        name: str = "",
        *,
        bias: bool = True,
        keep: str = "",
        at_once: Number | None = None,
    ) -> Tensor:
        """Group norm over x[batch, channels, ...]: statistics, then x is scaled. Kept: x, mean, 1/std per group.

        at_once  rows of the batch that are normed in one call; default all
        """
        out = self._norm(x, "group_norm", name, x.shape[1], x.shape[0] * groups, bias, keep)
        if at_once is not None:
            self.ops[-2] = replace(self.ops[-2], blocks=at_once * groups)
        return out

    def _norm(
        self, x: Tensor, kind: str, name: str, width: Number, statistics: Number, bias: bool, keep: str
    ) -> Tensor:
        out = self.result(x.shape, x.dtype, x.elements, (x,))
        # mean and 1/std of every row or group: of a group norm in the dtype of x, else in float32; an RMS norm takes
        # no mean
        precision = x.dtype if kind == "group_norm" else "fp32"
        means = () if kind == "rms_norm" else (self.empty((statistics,), precision),)
        rstd = self.empty((statistics,), precision)
        label, size = name or kind, ELEMENT_BYTES[x.dtype]
        if kind == "group_norm":
            # a block of threads sums up each group, then all of x is read again, scaled by channel and written
            self.traffic(label + ".statistics", out.nbytes, way="statistics", each=size, blocks=statistics)
            self.traffic(label, 2 * out.nbytes, way="single", each=2 * size)
        else:
            # x read, out written; its statistics are small beside them
            self.traffic(label, 2 * out.nbytes, row=width, way="norm", each=2 * size)
        weights: Number = 0
        if name:
            self.parameter(name + ".weight", width, keep)
            if bias:
                self.parameter(name + ".bias", width, keep)
            # weight and bias, one element of each for every channel
            weights = width * (1 + bias) * ELEMENT_BYTES[keep or x.dtype]
        if self.training:
            out.node = self.differentiable((x,), (x, *means, rstd), out.nbytes, weights)
        return out

    def rms_norm(self, x: Tensor, name: str = "", *, keep: str = "") -> Tensor:
        """RMS norm over the last dimension, one kernel on CUDA (torch.nn.functional.rms_norm). Kept: x, 1/std.

        A weight of another dtype than x has no such kernel: then PyTorch spells the norm out.
        Source: PyTorch 2.9 and later, aten/src/ATen/native/layer_norm.cpp and cuda/layer_norm_kernel.cu.
        """
        if name and (keep or self.dtype) != x.dtype:
            return self.rms_norm_spelled(x, name, keep=keep)
        return self._norm(x, "rms_norm", name, x.shape[-1], x.elements // x.shape[-1], False, keep)

    def rms_norm_spelled(self, x: Tensor, name: str, *, keep: str = "") -> Tensor:
        """RMS norm over the last dimension, spelled out in float32.

        x -> float32 -> square -> mean -> 1/root -> times x -> times weight -> dtype of x: at its widest three
        float32 copies of x are alive. Kept for backward: the float32 copy, the normalised copy, the 1/root.
        """
        wide = self.cast(x, "fp32")
        # [..., d] -> mean of squares [..., 1] -> its 1/root, which is broadcast over d
        square = self.pointwise("square", (wide,), saved=(wide,))
        rstd = self.empty((*x.shape[:-1], 1), "fp32", square.node)
        del square
        out = self.mul(wide, rstd)
        self.parameter(name + ".weight", x.shape[-1], keep)
        out = self.weighted(out, x.shape[-1], keep)
        del wide, rstd
        return self.cast(out, x.dtype)

    def rms_norm_narrow(self, x: Tensor, name: str = "") -> Tensor:
        """RMS norm over the last dimension that is back in the tape's dtype before its weights are applied.

        x -> float32 -> square -> mean -> 1/root; x times 1/root (float32) -> the tape's dtype -> times weight
        (diffusers' RMSNorm, T5's layer norm). Kept for backward: the float32 copy, x, the 1/root, the narrow copy.
        """
        rows = (*x.shape[:-1], 1)
        wide = self.cast(x, "fp32")
        square = self.pointwise("square", (wide,), saved=(wide,))
        del wide
        variance = self.empty(rows, "fp32", square.node)
        del square
        rstd = self.scale(variance, "rsqrt")
        scaled = self.mul(x, rstd)
        del rstd
        if not name:
            return self.cast(scaled, x.dtype)
        out = self.cast(scaled, self.dtype)
        del scaled
        self.parameter(name + ".weight", x.shape[-1])
        return self.weighted(out, x.shape[-1])

    def weighted(self, x: Tensor, weights: Number, keep: str = "") -> Tensor:
        """x times a weight vector (already registered). Kept for backward: x."""
        out = self.pointwise("weight", (x,))
        if self.training:
            saved = (x,) if self.adapters is None else ()
            out.node = self.differentiable((x,), saved, out.nbytes, weights * ELEMENT_BYTES[keep or self.dtype])
        return self._summed(out)
