"""HunyuanVideo's token refiner: a few self-attention blocks over the text before it meets the video.

Source: arXiv 2412.03603; diffusers 0.42.1 models/transformers/transformer_hunyuan_video.py (HunyuanVideoTokenRefiner).
"""

from vidcalc.base.number import Number
from vidcalc.networks.transformers.embedding import sinusoid, text_mlp, timestep_mlp
from vidcalc.tape import Tape, Tensor

FREQUENCIES = 256  # width of the sinusoidal timestep features, fixed in the class
MLP_RATIO = 4  # of the refiner's feed-forward, fixed in the class


def token_refiner(
    tape: Tape,
    text: Tensor,
    timestep: Tensor,
    mask: Tensor,
    width: Number,
    heads: Number,
    layers: int,
    name: str = "context_embedder",
) -> Tensor:
    """text[batch, tokens, d_text], mask[batch, tokens] (int64) -> [batch, tokens, width]."""
    with tape.scope(name):
        pooled = masked_mean(tape, text, mask)
        temb = timestep_text(tape, timestep, pooled, width)
        del pooled
        hidden = tape.linear(text, width, "proj_in")
        return refined(tape, hidden, temb, mask, heads, layers)


def masked_mean(tape: Tape, text: Tensor, mask: Tensor) -> Tensor:
    """Mean of the unmasked text tokens in float32 -> [batch, d_text] in text's dtype."""
    batch, n, d_text = text.shape
    weights = tape.cast(mask, "fp32").view(batch, n, 1)
    total = tape.pointwise("sum", (tape.mul(text, weights),), (batch, d_text))
    count = tape.empty((batch, 1), "fp32")
    mean = tape.mul(total, count)
    del total, count
    return tape.cast(mean, text.dtype)


def timestep_text(tape: Tape, timestep: Tensor, pooled: Tensor, width: Number) -> Tensor:
    """Timestep and pooled text -> [batch, width] (diffusers' CombinedTimestepTextProjEmbeddings)."""
    with tape.scope("time_text_embed"):
        features = sinusoid(tape, timestep.shape[0], FREQUENCIES)
        time = timestep_mlp(tape, tape.cast(features, tape.dtype), width, "timestep_embedder")
        return tape.add(time, text_mlp(tape, pooled, width, "text_embedder"))


def refined(tape: Tape, x: Tensor, temb: Tensor, mask: Tensor, heads: Number, layers: int) -> Tensor:
    """The refiner blocks, with a dense mask [batch, 1, tokens, tokens]."""
    batch, n, _ = x.shape
    with tape.scope("token_refiner"):
        valid = tape.cast(mask, "bool")
        rows = tape.empty((batch, 1, n, n), "bool")
        pairs = tape.copy(rows, name="and")
        hidden = x
        for index in range(layers):  # no repeated section: gradient checkpointing leaves these alone
            with tape.scope(f"refiner_blocks.{index}"):
                hidden = refiner_block(tape, hidden, temb, pairs, heads)
        del valid, rows, pairs
        return hidden


def refiner_block(tape: Tape, x: Tensor, temb: Tensor, pairs: Tensor, heads: Number) -> Tensor:
    """Self-attention and feed-forward, each gated by a vector from the timestep."""
    batch, _, width = x.shape
    normed = tape.layer_norm(x, "norm1")
    attended = attention(tape, normed, pairs, heads)
    gates = tape.linear(tape.act(temb), 2 * width, "norm_out.linear").view(batch, 1, width)
    hidden = tape.add(x, tape.mul(attended, gates))
    mixed = feed_forward(tape, tape.layer_norm(hidden, "norm2"), MLP_RATIO * width)
    return tape.add(hidden, tape.mul(mixed, gates))


def attention(tape: Tape, x: Tensor, pairs: Tensor, heads: Number) -> Tensor:
    """Plain self-attention; the mask is repeated for every head (diffusers' Attention)."""
    batch, n, width = x.shape
    with tape.scope("attn"):
        repeated = tape.copy(pairs, batch, heads, n, n)
        q = tape.linear(x, width, "to_q").view(batch, heads, n, width // heads)
        k = tape.linear(x, width, "to_k").view(batch, heads, n, width // heads)
        v = tape.linear(x, width, "to_v").view(batch, heads, n, width // heads)
        out = tape.attention(q, k, v, masked="dense")
        merged = tape.copy(out).view(batch, n, width)
        del out
        projected = tape.linear(merged, width, "to_out.0")
        del merged
        rescaled = tape.scale(projected, "rescale")
        del repeated, projected
        return rescaled


def feed_forward(tape: Tape, x: Tensor, inner: Number) -> Tensor:
    """Linear, SiLU, linear."""
    with tape.scope("ff"):
        hidden = tape.linear(x, inner, "net.0.proj")
        hidden = tape.act(hidden)
        return tape.linear(hidden, x.shape[-1], "net.2")
