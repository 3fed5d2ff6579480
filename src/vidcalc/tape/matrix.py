"""The layers with weights, and attention: what runs on matrix units."""

from vidcalc.base.number import Number, product, where
from vidcalc.base.place import Place
from vidcalc.ops.attention import Attention
from vidcalc.ops.convolution import Convolution
from vidcalc.ops.matmul import Matmul
from vidcalc.tape.recorder import Recorder
from vidcalc.tape.records import ELEMENT_BYTES, Tensor


class MatrixLayers(Recorder):
    """Linear layers, convolutions, batched products and fused attention."""

    def linear(self, x: Tensor, d_out: Number, name: str, *, bias: bool = True, keep: str = "") -> Tensor:
        """x[..., d_in] -> [..., d_out]. Weight [d_out, d_in], bias [d_out]. Kept for backward: x.

        Where the weights are frozen x is not kept.
        """
        *rows, d_in = x.shape
        fresh = self.prefix + name + ".weight" not in self.parameters  # used again, its gradients are added up
        self.parameter(name + ".weight", d_in * d_out, keep)
        if bias:
            self.parameter(name + ".bias", d_out, keep)
        # [rows, d_in] × [d_in, d_out]: all leading dimensions are rows of one product
        self.ops.append(
            Matmul(
                self.prefix + name,
                self.count,
                x.dtype,
                product(rows),
                d_in,
                d_out,
                1,
                1,
                ELEMENT_BYTES[x.dtype],
                self.at(name),
                self.adapters is None,
            )
        )
        out = self.empty((*rows, d_out), x.dtype)
        if self.training:
            self.cache("matmul", out)
            # weight [d_out, d_in] and bias [d_out]; of a layer used again the first use counts them
            weights = d_out * (d_in + bias) * ELEMENT_BYTES[keep or x.dtype] * fresh
            out.node = self.differentiable((x,), self._kept(x, d_out), out.nbytes, weights, not fresh)
        return out

    def experts(self, x: Tensor, d_out: Number, name: str, count: Number) -> Tensor:
        """x[rows, d_in], sorted by expert -> [rows, d_out]: each of `count` matrices [d_in, d_out] has its rows.

        All of the matrices are weights; every expert gets as many rows as another. Kept for backward: x.
        """
        rows, d_in = x.shape
        self.parameter(name, count * d_in * d_out)
        # an expert's product, [rows / count, d_in] × [d_in, d_out], as often as there are experts
        self.ops.append(
            Matmul(
                self.prefix + name,
                self.count * count,
                x.dtype,
                rows / count,
                d_in,
                d_out,
                1,
                1,
                ELEMENT_BYTES[x.dtype],
                self.at(name),
                self.adapters is None,
            )
        )
        out = self.empty((rows, d_out), x.dtype)
        if self.training:
            self.cache("matmul", out)
            weights = count * d_in * d_out * ELEMENT_BYTES[x.dtype]
            out.node = self.differentiable((x,), self._kept(x, d_out), out.nbytes, weights)
        return out

    def _kept(self, x: Tensor, d_out: Number) -> tuple[Tensor, ...]:
        """What a linear layer keeps for backward: x for the gradient of its weights, or what frozen ones do."""
        keeps = "input" if self.adapters is None else self.adapters.keeps
        if keeps == "input":
            return (x,)
        if keeps == "weights":
            return (self.empty((x.shape[-1], d_out), x.dtype),)
        if keeps == "scaled":  # x and its size for the scale, then in float32, divided by the scale, and in float8
            return (x, *(self.empty(x.shape, dtype) for dtype in (x.dtype, "fp32", "fp32", "fp8")))
        return ()

    def at(self, name: str) -> Place:
        """The place of a layer of that name: one that stands in a block directly is a part of its own."""
        place = self.place
        return place.inside(name) if place.block and (not place.part or "norm" in name or "attn" in name) else place

    def matmul(self, a: Tensor, b: Tensor, name: str) -> Tensor:
        """a[..., rows, d_in] · b[..., d_in, d_out], both activations. Kept for backward: both."""
        *batch, rows, d_in = a.shape
        d_out = b.shape[-1]
        # batch · [rows, d_in] × [d_in, d_out]: every pair of factors is a product of its own
        self.ops.append(
            Matmul(
                self.prefix + name,
                self.count,
                a.dtype,
                rows,
                d_in,
                d_out,
                product(batch),
                0,
                ELEMENT_BYTES[a.dtype],
                self.at(name),
            )
        )
        out = self.empty((*batch, rows, d_out), a.dtype)
        if self.training:
            self.cache("matmul", out)
            out.node = self.differentiable((a, b), (a, b), out.nbytes)
        return out

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
    ) -> Tensor:
        """x[batch, c_in, *places] -> [batch, c_out, *out]; `out` defaults to the input's places (same padding).

        Weight [c_out, c_in / groups, *kernel], bias [c_out]. Padding that the network does itself is taped by
        the network. A `fixed` kernel (a blur) has no parameters. Kept for backward: x.
        """
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
        if len(places) == 3 and taps > 1:
            # cuDNN works channels-last: it turns its input and its output around in a workspace
            self.working(x.nbytes + y.nbytes)
        if self.training:
            y.node = self.differentiable(
                (x,), (x,), y.nbytes, (weight + c_out * bias) * (not fixed) * ELEMENT_BYTES[keep or x.dtype]
            )
        return y

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
        if self.training:
            y.node = self.differentiable((x,), (x,), y.nbytes, (weight + c_out * (not fixed)) * ELEMENT_BYTES[x.dtype])
        return y

    def attention(self, q: Tensor, k: Tensor, v: Tensor, name: str = "sdpa", *, masked: str = "none") -> Tensor:
        """One fused attention: q[b, h, queries, d], k[b, h, keys, d], v[b, h, keys, e] -> [b, h, queries, e].

        Only the output is allocated. Kept for backward: q, k, v, the output and the log-sum-exp (fp32 per row).
        """
        batch, heads, queries, d_head = q.shape
        # values may be wider or narrower than queries and keys
        keys, d_value = k.shape[-2], v.shape[-1]
        self.ops.append(
            Attention(
                self.prefix + name,
                self.count,
                q.dtype,
                batch,
                heads,
                queries,
                keys,
                d_head,
                d_value,
                ELEMENT_BYTES[q.dtype],
                masked,
                1,
                where(keys >= queries, 0, 1),
                None,
                self.at(name),
            )
        )
        out = self.empty((batch, heads, queries, d_value), q.dtype)
        if self.training:
            # backward makes the scores again from q and k; of the softmax it needs the sum of each row alone
            lse = self.empty((batch, heads, queries), "fp32")
            self.cache("attention", out, lse)
            out.node = self.differentiable((q, k, v), (q, k, v, out, lse), out.nbytes)
        return out
