"""Linear layers, products and attention: what runs on matrix units beside convolutions."""

from vidcalc.base.number import Number, minimum, product, where
from vidcalc.ops.attention import Attention
from vidcalc.ops.matmul import Matmul
from vidcalc.tape.convolutions import ConvolutionLayers
from vidcalc.tape.records import ELEMENT_BYTES, Tensor

ALIGNED = 16  # keys that the memory-efficient kernel reads of a mask at a time
SLICES = (256, 512, 1024, 2048, 4096)  # queries at a time: the most whose scores have room, or the fewest
WIDER = {"fp16": "fp32"}  # what scores are computed in where that is not the dtype of queries and keys
SAFE = 5  # bytes a pair of query and key beside scores and softmax: which scores are -inf, and the result without them


class MatrixLayers(ConvolutionLayers):
    """Linear layers, batched products and attention."""

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
        self.read_by_kernel(x)
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
        weights = count * d_in * d_out * ELEMENT_BYTES[x.dtype]
        self.weighing(weights)
        if self.training:
            self.cache("matmul", out)
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
        if self.spelled == "split":
            return self._split(q, k, v)
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

    def _split(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attention a slice of the queries at a time, over all keys: ComfyUI's sub-quadratic attention, forward only.

        Queries, keys and values are copied to one block per head; fp16 is computed in float32 (macOS from 14.5). The
        results of the slices are joined at the end.
        Source: ComfyUI comfy/ldm/modules/attention.py attention_sub_quad, sub_quadratic_attention.py.
        """
        batch, heads, queries, _ = q.shape
        keys, dtype = k.shape[-2], WIDER.get(q.dtype, q.dtype)
        rows: Number = SLICES[0]
        for more in SLICES[1:]:
            # [batch, heads, more, keys] scores
            rows = where(batch * heads * more * keys * ELEMENT_BYTES[dtype] <= self.room, more, rows)
        moved = [self.empty(each.shape, each.dtype) for each in (q, k, v)]
        wide = self.empty(k.shape, dtype) if dtype != q.dtype else None
        made = self.empty((batch, heads, queries, v.shape[-1]), q.dtype)
        pairs = (batch, heads, minimum(rows, queries), keys)
        scores, shares = self.empty(pairs, dtype), self.empty(pairs, dtype)
        del scores, shares, wide, moved
        joined = self.empty(made.shape, q.dtype)
        del made
        return joined
