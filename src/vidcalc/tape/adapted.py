"""Linear layers with an adapter beside them, as peft's `lora.Linear` runs them on frozen weights.

To generate, A and B run beside the layer in the same way; or B·A is added to a copy of its weights at every use, where
these cannot be merged into (ComfyUI comfy/weight_adapter/lora.py: a product in float32, scaled, brought to the weights'
dtype, added).

LoRA:  base + B(A(x)) · scaling.  DoRA: a learned magnitude per output over the norm of the merged weight rescales both
parts. peft casts x to the dtype of the adapter's weights; under autocast the products then cast it and the weights once
more, to the dtype computed in, and these are kept. Source: peft 0.21.2 tuners/lora/layer.py, dora.py, variants.py;
PyTorch documentation, automatic mixed precision; arXiv 2106.09685, 2402.09353.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from vidcalc.base.number import Number, product
from vidcalc.ops.matmul import Matmul
from vidcalc.tape.matrix import MatrixLayers
from vidcalc.tape.records import ELEMENT_BYTES, Tensor


class AdaptedLayers(MatrixLayers):
    """All layers, with adapters on the linear ones that `adapters` names."""

    def linear(self, x: Tensor, d_out: Number, name: str, *, bias: bool = True, keep: str = "") -> Tensor:
        """x[..., d_in] -> [..., d_out], plus what the layer's adapter makes of x."""
        if self.adapters is None:
            return self._with_loras(x, d_out, name, bias, keep)
        fresh = self.prefix + name + ".weight" not in self.parameters  # used again, its gradients are added up
        out = super().linear(x, d_out, name, bias=bias, keep=keep)
        if not self.adapters.on(self.prefix + name):
            return out
        self.trained = self.trained + self.adapters.weights(x.shape[-1], d_out) * self.copies * fresh
        dtype = out.dtype
        with self.scope(name):
            narrow = self.dropped(self.cast(x, self.adapters.dtype or x.dtype))
            if self.adapters.kind == "dora":
                update = self._magnitude(narrow, out, d_out, bias, fresh)
            else:
                update = self.scale(self._low_rank(narrow, d_out, fresh))
            out = self.add(out, update)
            del update
            return self.cast(out, dtype)

    def _with_loras(self, x: Tensor, d_out: Number, name: str, bias: bool, keep: str) -> Tensor:
        """The layer of a network that generates, with what its LoRAs do to it."""
        beside = self.loras.on(self.prefix + name) if self.loras is not None else ()
        patched = self.loras is not None and self.loras.mode == "patched"
        for lora in beside if patched else ():
            with self._on(name):
                self._patch(lora.rank, x.shape[-1], d_out, keep or x.dtype)
        out = super().linear(x, d_out, name, bias=bias, keep=keep)
        for lora in () if patched else beside:
            with self._on(name):
                narrow = self.cast(x, lora.dtype or x.dtype)
                out = self.cast(self.add(out, self._update(narrow, lora.rank, d_out)), out.dtype)
                del narrow
        return out

    @contextmanager
    def _on(self, name: str) -> Iterator[None]:
        """Inside the layer of that name, as what is beside it."""
        with self.scope(name):
            self.place = self.place.beside()
            yield

    def _update(self, x: Tensor, rank: Number, d_out: Number) -> Tensor:
        """B(A(x)) · scaling: weights A [rank, d_in], B [d_out, rank]."""
        self.read_by_kernel(x)
        width = ELEMENT_BYTES[x.dtype]
        low = self._product(x, rank, "lora_A")
        self.weighing(x.shape[-1] * rank * width)
        high = self._product(low, d_out, "lora_B")
        self.weighing(rank * d_out * width)
        del low
        return self.scale(high)

    def _patch(self, rank: Number, d_in: Number, d_out: Number, dtype: str) -> None:
        """B·A · scaling on the weight's copy: [d_out, rank] x [rank, d_in] -> [d_out, d_in]."""
        update = self._product(self.empty((d_out, rank), "fp32"), d_in, "lora")
        narrow = self.cast(self.scale(update), dtype)
        del update
        self.traffic("add_", 3 * narrow.nbytes)  # both are read, one is written

    def dropped(self, x: Tensor) -> Tensor:
        """x with elements dropped at random, where that is on. Kept for backward: which ones, a byte each."""
        if self.adapters is None or self.adapters.dropout == "off":
            return x
        mask = self.empty(x.shape, "int8")
        return self.pointwise("dropout", (x,), saved=(mask,))

    def _low_rank(self, x: Tensor, d_out: Number, fresh: bool) -> Tensor:
        """B(A(x)): down to the rank and up again."""
        assert self.adapters is not None
        return self._trained(self._trained(x, self.adapters.rank, "lora_A", fresh), d_out, "lora_B", fresh)

    def _trained(self, x: Tensor, d_out: Number, name: str, fresh: bool) -> Tensor:
        """One of an adapter's two linear layers. Kept for backward: x, in the dtype of the product."""
        assert self.adapters is not None
        x = self._autocast(x)
        out = self._product(x, d_out, name)
        # the layer's weight [d_out, d_in], in a dtype of its own or that of x
        weights = x.shape[-1] * d_out * ELEMENT_BYTES[self.adapters.dtype or x.dtype] * fresh
        out.node = self.differentiable((x,), (x,), out.nbytes, weights, not fresh, adapter=True)
        return out

    def _autocast(self, x: Tensor) -> Tensor:
        """x as a product under autocast reads it."""
        return self.cast(x, (self.adapters.autocast if self.adapters else "") or x.dtype)

    def _product(self, x: Tensor, d_out: Number, name: str) -> Tensor:
        """x[..., d_in] times a weight [d_out, d_in]."""
        *rows, d_in = x.shape
        width = ELEMENT_BYTES[x.dtype]
        path, place = self.prefix + name, self.at(name)
        self.ops.append(Matmul(path, self.count, x.dtype, product(rows), d_in, d_out, 1, 1, width, place))
        out = self.empty((*rows, d_out), x.dtype)
        self.cache("matmul", out)
        return out

    def _magnitude(self, x: Tensor, base: Tensor, d_out: Number, bias: bool, fresh: bool) -> Tensor:
        """(magnitude - 1) · base + magnitude · B(A(x)) · scaling, the magnitude over the merged weight's norm.

        B·A is made by running an identity matrix through the adapter; it stays until the layer is done.
        """
        d_in, rank = x.shape[-1], self.adapters.rank if self.adapters else 0
        identity = self.empty((d_in, d_in), x.dtype)
        # [d_in, d_in] x [d_in, rank] x [rank, d_out]: the weight's update, transposed
        down = self._product(self._autocast(identity), rank, "lora_A")
        merged = self._product(down, d_out, "lora_B")
        weight = self.empty((d_out, d_in), x.dtype) if x.dtype != base.dtype else None
        norm = self._norm_of(merged)
        magnitude = self.pointwise("magnitude", (norm,), (1, d_out))
        magnitude.node = self.differentiable((), (norm,), magnitude.nbytes, magnitude.nbytes * fresh, adapter=True)
        low = self._low_rank(x, d_out, fresh)
        unbiased = self.scale(base, "bias") if bias else base
        left = self.mul(unbiased, self.scale(magnitude))
        out = self.add(left, self.scale(self.mul(low, magnitude)))
        del identity, down, merged, weight
        return out

    def _norm_of(self, merged: Tensor) -> Tensor:
        """The norm of each row of weight + scaling · B·A: merged[d_in, d_out] -> [d_out]."""
        total = self.scale(self.scale(merged), "add")
        return self.pointwise("norm", (total,), (merged.shape[1],))
