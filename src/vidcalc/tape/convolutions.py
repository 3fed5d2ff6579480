"""Convolutions on the tape: their outputs, the copies to channels-last around them, and their biases."""

from vidcalc.base.number import Number, ceil_div, maximum, product, unchanged, where, whole_blocks
from vidcalc.base.place import Place
from vidcalc.ops.convolution import Convolution
from vidcalc.ops.pointwise import LONG, Pointwise
from vidcalc.tape.pointwise import PointwiseLayers
from vidcalc.tape.records import ELEMENT_BYTES, Tensor

CHANNELS = 8  # that cuDNN's matrix kernels take together
INDEXED = 2**31  # elements that its channels-last kernels can tell apart


def turning(x: tuple[Number, ...], out: tuple[Number, ...], weight: Number, parts: Number = 1) -> Number:
    """Elements of the workspace of a convolution from x[batch, c_in, ...] to out[batch, c_out, ...], in `parts` one by
    one; `weight` are those of its weights, 0 where it has groups.

    cuDNN works channels-last, with whole groups of channels: it turns its input, its output and its weights around.
    Tensors that 32 bits cannot index, and convolutions in groups, run without. Measured on an H200, torch 2.11,
    cuDNN 9: the workspaces of ten 3x3x3 convolutions come out within 1 MiB, or 16 MiB more.
    """
    here, there = product(x), product(out)
    # both with their channels filled up to whole groups [elements]
    whole = here // x[1] * whole_blocks(x[1], CHANNELS) + there // out[1] * whole_blocks(out[1], CHANNELS)
    counted = where(weight > 0, 1, 0) * where(ceil_div(maximum(here, there), parts) < INDEXED, 1, 0)
    # channels-last copies of one part and of the weights
    return (ceil_div(whole, parts) + weight) * counted


class ConvolutionLayers(PointwiseLayers):
    """Convolutions, plain and transposed."""

    def at(self, name: str) -> Place:
        """The place of a layer of that name: one that stands in a block directly is a part of its own."""
        place = self.place
        return place.inside(name) if place.block and (not place.part or "norm" in name or "attn" in name) else place

    def convolution(
        self,
        x: Tensor,
        c_out: Number,
        kernel: tuple[Number, ...],
        name: str,
        *,
        out: tuple[Number, ...] | None = None,
        groups: Number = 1,
        bias: bool = True,
        keep: str = "",
        fixed: bool = False,
        turned: Number = 1,
    ) -> Tensor:
        """x[batch, c_in, *places] -> [batch, c_out, *out]; `out` defaults to the input's places (same padding).

        Weight [c_out, c_in / groups, *kernel], bias [c_out]. Padding that the network does itself is taped by the
        network. A `fixed` kernel (a blur) has no parameters. `turned` is 0 where the network counts the workspace
        itself. Kept for backward: x.
        """
        self.read_by_kernel(x)
        batch, c_in, *places = x.shape
        positions = places if out is None else out
        taps = product(kernel)
        # [c_out, c_in / groups, taps]: of the input, a group of channels sees its own share
        weight = c_out * (c_in // groups) * taps
        if not fixed:
            self.parameter(name + ".weight", weight, keep)
        if bias and not fixed:
            self.parameter(name + ".bias", c_out, keep)
        self.ops.append(
            Convolution(
                self.prefix + name,
                self.count,
                x.dtype,
                batch,
                c_in,
                c_out,
                product(positions),
                product(places),
                taps,
                groups,
                ELEMENT_BYTES[x.dtype],
                self.at(name),
                self.adapters is None,
            )
        )
        y = self.empty((batch, c_out, *positions), x.dtype)
        if bias:
            self.biased(name, y)
        self.weighing(weight * ELEMENT_BYTES[keep or x.dtype])
        if len(places) > 1 and taps > 1:
            self.turned(x, y.shape, weight * where(groups == 1, 1, 0) * turned)
        if self.training:
            y.node = self.differentiable(
                (x,), (x,), y.nbytes, (weight + c_out * bias) * (not fixed) * ELEMENT_BYTES[keep or x.dtype]
            )
        return y

    def biased(self, name: str, y: Tensor) -> None:
        """The bias of a convolution: a kernel of its own that adds a number to every channel in place."""
        size, name = ELEMENT_BYTES[y.dtype], name + ".bias"
        place = self.at(name)
        self.ops.append(
            Pointwise(self.prefix + name, self.count, y.dtype, 2 * y.nbytes, 1, LONG, place, "single", 2 * size)
        )

    def turned(self, x: Tensor, out: tuple[Number, ...], weight: Number, parts: Number = 1) -> None:
        """Counts the workspace of a convolution from x[batch, c_in, ...] to `out`, in `parts` one by one."""
        if unchanged(weight, 0):
            self.working(0)
        else:
            self.working(turning(x.shape, out, weight, parts) * ELEMENT_BYTES[x.dtype])

    def transposed_convolution(
        self,
        x: Tensor,
        c_out: Number,
        kernel: tuple[Number, ...],
        name: str,
        *,
        out: tuple[Number, ...],
        groups: Number = 1,
        fixed: bool = False,
    ) -> Tensor:
        """x[batch, c_in, *places] -> [batch, c_out, *out], every input place spread over the kernel's taps.

        Weight [c_in, c_out / groups, *kernel], bias [c_out]; the work of a convolution the other way. `fixed`: a filter
        that is no parameter, without bias. Kept for backward: x.
        """
        self.read_by_kernel(x)
        batch, c_in, *places = x.shape
        # [c_in, c_out / groups, taps], read the other way round: the op below has input and output exchanged
        weight = 0 if fixed else c_in * (c_out // groups) * product(kernel)
        if not fixed:
            self.parameter(name + ".weight", weight)
            self.parameter(name + ".bias", c_out)
        self.ops.append(
            Convolution(
                self.prefix + name,
                self.count,
                x.dtype,
                batch,
                c_out,
                c_in,
                product(places),
                product(out),
                product(kernel),
                groups,
                ELEMENT_BYTES[x.dtype],
                self.at(name),
                self.adapters is None,
            )
        )
        y = self.empty((batch, c_out, *out), x.dtype)
        self.weighing(weight * ELEMENT_BYTES[x.dtype])
        if not fixed:
            self.biased(name, y)
        if self.training:
            y.node = self.differentiable((x,), (x,), y.nbytes, (weight + c_out * (not fixed)) * ELEMENT_BYTES[x.dtype])
        return y
