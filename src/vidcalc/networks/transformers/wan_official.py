"""Wan 2.1 as the makers' own code runs it: float32 residual stream under bf16 autocast, rotary embedding in float64.

The same network as `wan`, so the same weights and FLOPs; what differs is which intermediates are held and how wide
they are. The widest moment is the rotation of the keys: residual, normed input, queries, keys and values are held
while one of them is turned as a complex128 tensor.
Source: Wan-Video/Wan2.1@9737cba wan/modules/model.py (rope_apply, WanSelfAttention, WanAttentionBlock).
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.networks.transformers.adaptive import modulated
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, text_mlp, timestep_mlp
from vidcalc.networks.transformers.wan import Config, joined, tokens
from vidcalc.tape import Tape, Tensor

CLASSES = ()

__all__ = ["Config", "forward", "tokens"]


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    per = 1 if shape.timestep == "sample" else tokens(config, shape)  # diffusion forcing: each token has its own
    return run(tape, config, shape, per=per, norms="fp32")


def run(tape: Tape, config: Config, shape: Shape, per: Number, norms: str) -> Tensor:
    """The forward with `per` modulations a sample (one, or one per token) and query/key norms giving dtype `norms`."""
    latent = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    text = tape.input(shape.batch, shape.tokens, config.text_dim)
    image = wan.image_input(tape, config, shape)
    hidden = tape.cast(wan.patch_embedding(tape, config, shape, latent, "patch_embedding"), "fp32")
    temb, modulation = _time(tape, config, shape.batch, per)
    with tape.scope("condition_embedder"):
        context = text_mlp(tape, text, config.width, "text_embedder")
        picture = None if image is None else wan.image_embedding(tape, config, shape, image)
    context = joined(tape, context, picture)
    with tape.repeat("blocks", config.num_layers, hidden):
        hidden = _block(tape, config, hidden, context, modulation, shape.image_tokens, norms)
    return wan.unpatchify(tape, config, shape, hidden, temb)


def _time(tape: Tape, config: Config, batch: Number, per: Number) -> tuple[Tensor, Tensor]:
    """Timesteps -> temb[batch, per, width] and modulation[batch, per, 6, width], both in float32."""
    with tape.scope("condition_embedder"):
        features = sinusoid(tape, batch * per, config.freq_dim)
        temb = timestep_mlp(tape, features, config.width, "time_embedder", keep="fp32")
        projected = tape.linear(tape.act(temb, "silu"), 6 * config.width, "time_proj")
    return temb.view(batch, per, config.width), projected.view(batch, per, 6, config.width)


def _block(
    tape: Tape, config: Config, x: Tensor, context: Tensor, modulation: Tensor, image_tokens: Number, norms: str
) -> Tensor:
    """Self-attention, cross-attention, feed-forward on x[batch, n, width] in float32."""
    width = config.width
    tape.parameter("scale_shift_table", 6 * width, "fp32")
    vectors = tape.pointwise("modulation", (modulation,), weights=6 * width * 4)
    vector = vectors.view(*vectors.shape[:-2], 1, width)

    update = _self_attention(tape, config, modulated(tape, x, vector), norms)
    x = tape.add(x, tape.mul(tape.cast(update, "fp32"), vector))
    del update
    update = _cross_attention(tape, config, wan.cross_norm(tape, config, x), context, image_tokens, norms)
    x = tape.add(x, update)
    del update
    normed = modulated(tape, x, vector)
    update = feed_forward(tape, tape.cast(normed, tape.dtype), config.ffn_dim, width, "ffn")
    return tape.add(x, tape.mul(tape.cast(update, "fp32"), vector))


def _projected(tape: Tape, x: Tensor, width: Number, name: str, norm: str, norms: str) -> Tensor:
    """A linear layer under autocast, then the RMS norm, whose float32 weight widens its result to `norms`."""
    out = tape.linear(tape.cast(x, tape.dtype), width, name)
    return tape.cast(tape.rms_norm_spelled(out, norm), norms) if norm else out


def _self_attention(tape: Tape, config: Config, x: Tensor, norms: str) -> Tensor:
    """x[batch, n, width] -> the same in the compute dtype."""
    width, heads, d_head = config.width, config.num_attention_heads, config.attention_head_dim
    batch, n, _ = x.shape
    with tape.scope("attn1"):
        q = _projected(tape, x, width, "to_q", "norm_q", norms)
        k = _projected(tape, x, width, "to_k", "norm_k", norms)
        v = _projected(tape, x, width, "to_v", "", norms)
        turned_q = rotated(tape, q)
        turned_k = rotated(tape, k)
        narrow_q, narrow_k = tape.cast(turned_q, tape.dtype), tape.cast(turned_k, tape.dtype)
        q_heads, k_heads, v_heads = (part.view(batch, heads, n, d_head) for part in (narrow_q, narrow_k, v))
        out = tape.attention(q_heads, k_heads, v_heads).view(batch, n, width)
        return tape.linear(out, width, "to_out.0")


def rotated(tape: Tape, x: Tensor, dtype: str = "fp32") -> Tensor:
    """Rotary embedding as a complex128 product; the samples are joined and stacked in float64, then made `dtype`."""
    wide = tape.cast(x, "fp64")
    wide = tape.scale(wide, "rope")
    wide = tape.copy(wide, name="cat")
    stacked = tape.copy(wide, name="stack")
    return tape.cast(stacked, dtype)


def _cross_attention(
    tape: Tape, config: Config, x: Tensor, context: Tensor, image_tokens: Number, norms: str
) -> Tensor:
    """Attention of x[batch, n, width] to the text, and to the image where the configuration has one."""
    width, heads, d_head = config.width, config.num_attention_heads, config.attention_head_dim
    batch, n, _ = x.shape
    with tape.scope("attn2"):
        q = _projected(tape, x, width, "to_q", "norm_q", tape.dtype).view(batch, heads, n, d_head)
        parts = [(context.shape[1] - image_tokens, "to_k", "to_v", "norm_k")]
        if config.added_kv_proj_dim is not None:
            parts.append((image_tokens, "add_k_proj", "add_v_proj", "norm_added_k"))
        merged = None
        for length, key, value, norm in parts:
            source = context.view(batch, length, width)
            k = _projected(tape, source, width, key, norm, tape.dtype).view(batch, heads, length, d_head)
            v = _projected(tape, source, width, value, "", norms).view(batch, heads, length, d_head)
            out = tape.attention(q, k, v, "sdpa" if key == "to_k" else "sdpa_image").view(batch, n, width)
            merged = out if merged is None else tape.add(merged, out)
        assert merged is not None
        return tape.linear(merged, width, "to_out.0")
