"""The layers with weights, and attention: what runs on matrix units."""

from vidcalc.base.number import Number, ceil_div, maximum, product, unchanged, where, whole_blocks
from vidcalc.base.place import Place
from vidcalc.ops.attention import Attention
from vidcalc.ops.convolution import Convolution
from vidcalc.ops.matmul import Matmul
from vidcalc.ops.pointwise import LONG, Pointwise
from vidcalc.tape.pointwise import PointwiseLayers
from vidcalc.tape.records import ELEMENT_BYTES, Tensor

CHANNELS = 8  # that cuDNN's matrix kernels take together
ALIGNED = 16  # keys that the memory-efficient kernel reads of a mask at a time
SAFE = 5  # bytes a pair of query and key beside scores and softmax: which scores are -inf, and the result without them
INDEXED = 2**31  # elements that its channels-last kernels can tell apart


class MatrixLayers(PointwiseLayers):
    """Linear layers, convolutions, batched products and fused attention."""

    def linear(self, x: Tensor, d_out: Number, name: str, *, bias: bool = True, keep: str = "") -> Tensor:
        """x[..., d_in] -> [..., d_out]. Weight [d_out, d_in], bias [d_out]. Kept for backward: x.

        Where the weights are frozen x is not kept.
        """
        self.read_by_kernel(x)
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
        self.weighing(d_out * (d_in + bias) * ELEMENT_BYTES[keep or x.dtype])
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
        self.read_by_kernel(a, b)
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
        """The workspace of a convolution from x[batch, c_in, ...] to `out`[batch, c_out, ...], in `parts` one by one.

        cuDNN works channels-last, with whole groups of channels: it turns its input, its output and its weights around.
        Tensors that 32 bits cannot index, and convolutions in groups (`weight` 0), run without. Measured on an H200,
        torch 2.11, cuDNN 9: the workspaces of ten 3x3x3 convolutions come out within 1 MiB, or 16 MiB more.
        """
        if unchanged(weight, 0):
            self.working(0)
            return
        size = product(out)
        # both with their channels filled up to whole groups [elements]
        whole = x.elements // x.shape[1] * whole_blocks(x.shape[1], CHANNELS)
        whole = whole + size // out[1] * whole_blocks(out[1], CHANNELS)
        counted = where(weight > 0, 1, 0) * where(ceil_div(maximum(x.elements, size), parts) < INDEXED, 1, 0)
        # channels-last copies of one part and of the weights x bytes of an element
        self.working((ceil_div(whole, parts) + weight) * ELEMENT_BYTES[x.dtype] * counted)

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
        if not fixed:
            self.biased(name, y)
        if self.training:
            y.node = self.differentiable((x,), (x,), y.nbytes, (weight + c_out * (not fixed)) * ELEMENT_BYTES[x.dtype])
        return y

    def attention(self, q: Tensor, k: Tensor, v: Tensor, name: str = "sdpa", *, masked: str = "none") -> Tensor:
        """One attention: q[b, h, queries, d], k[b, h, keys, d], v[b, h, keys, e] -> [b, h, queries, e].

        masked  "none", "dense" (keys that no query sees), or "pairs" (a mask of all pairs of queries and keys)

        Of a fused kernel only the output is allocated. Kept for backward: q, k, v, the output and the log-sum-exp (fp32
        per row). Where the tape says that none takes it, attention is spelled out.
        """
        self.read_by_kernel(q, k, v)
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
        self.paired = self.paired or masked == "pairs"
        if self.spelled == "all" or (masked == "pairs" and self.spelled == "pairs"):
            return self._spelled(q, k, v, masked)
        if masked == "pairs":
            # the mask in the dtype of q, and once more where its rows are filled up to whole vectors
            self.working(batch * queries * keys * ELEMENT_BYTES[q.dtype] * where(keys % ALIGNED == 0, 1, 2))
        out = self.empty((batch, heads, queries, d_value), q.dtype)
        if self.training:
            # backward makes the scores again from q and k; of the softmax it needs the sum of each row alone
            lse = self.empty((batch, heads, queries), "fp32")
            self.cache("attention", out, lse)
            out.node = self.differentiable((q, k, v), (q, k, v, out, lse), out.nbytes)
        return out

    def _spelled(self, q: Tensor, k: Tensor, v: Tensor, masked: str) -> Tensor:
        """Attention with its scores, as PyTorch's `math` kernel: float32 throughout, every score of every head.

        Kept for backward: the scaled queries and keys, the values, and the softmax.
        Source: aten/src/ATen/native/transformers/attention.cpp (_scaled_dot_product_attention_math), _safe_softmax.
        """
        batch, heads, queries, _ = q.shape
        keys, d_value = k.shape[-2], v.shape[-1]
        pairs = (batch, heads, queries, keys)
        bias = self.empty((batch, 1, queries, keys), q.dtype) if masked == "pairs" else None
        wide, wide_k, wide_v = (self.cast(each, "fp32") for each in (q, k, v))
        scaled, scaled_k = self.scale(wide), self.scale(wide_k)
        # per head: [queries, d_head] x [d_head, keys] -> scores; these and their softmax are alive at once
        scores = self.empty(pairs, "fp32")
        if bias is not None:
            scores = self.empty(pairs, "fp32")
        shares = self.empty(pairs, "fp32")
        self.working(product(pairs) * SAFE)
        del scores, bias
        # [queries, keys] x [keys, d_value]
        out = self.empty((batch, heads, queries, d_value), "fp32")
        if self.training:
            out.node = self.differentiable((q, k, v), (scaled, scaled_k, wide_v, shares), out.nbytes)
        del wide, wide_k, wide_v, scaled, scaled_k, shares
        return self.cast(out, q.dtype)
