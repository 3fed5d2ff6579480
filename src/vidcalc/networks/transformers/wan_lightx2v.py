"""Wan 2.1 as LightX2V of the middle of 2025 runs it: a bf16 stream updated in place, rotary embedding in float64.

The same network as `wan`, so the same weights and FLOPs. The widest moment is the rotation of the keys: the stream, the
normed input, queries, keys and values are held while one of them is turned as a complex128 tensor and copied as such.
Source: ModelTC/LightX2V@1202fcd0 lightx2v/models/networks/wan/infer: transformer_infer.py (infer_block), utils.py
(compute_freqs, apply_rotary_emb), with DTYPE=BF16.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.networks.transformers.embedding import feed_forward, text_mlp
from vidcalc.networks.transformers.wan import Config, joined, tokens
from vidcalc.tape import Tape, Tensor

CLASSES = ()

__all__ = ["Config", "forward", "tokens"]


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    latent = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    text = tape.input(shape.batch, shape.tokens, config.text_dim)
    image = wan.image_input(tape, config, shape)
    hidden = tape.copy(wan.patch_embedding(tape, config, shape, latent, "patch_embedding"), name="cat")
    per = wan.timesteps(config, shape)
    temb, projected = wan.time_embedding(tape, config, shape.batch * per)
    temb = temb.view(shape.batch, config.width) if shape.timestep == "sample" else temb.view(shape.batch, per, -1)
    modulation = projected.view(*temb.shape[:-1], 6, config.width)
    with tape.scope("condition_embedder"):
        context = text_mlp(tape, text, config.width, "text_embedder")
        picture = None if image is None else wan.image_embedding(tape, config, shape, image)
    context = joined(tape, context, picture)
    del picture
    with tape.repeat("blocks", config.num_layers, hidden):
        hidden = _block(tape, config, hidden, context, modulation, shape.image_tokens)
    return wan.unpatchify(tape, config, shape, hidden, temb)


def _block(
    tape: Tape, config: Config, hidden: Tensor, context: Tensor, modulation: Tensor, image_tokens: Number
) -> Tensor:
    """Self-attention, cross-attention, feed-forward on hidden[batch, n, width], which each adds to in place."""
    width = config.width
    tape.parameter("scale_shift_table", 6 * width, "fp32")
    vectors = tape.pointwise("modulation", (modulation,), weights=6 * width * 4)
    vector = vectors.view(*vectors.shape[:-2], 1, width)

    # what each part gave stays to the end of the block
    attended = _self_attention(tape, config, _modulated(tape, hidden), "attn1")
    _add(tape, hidden, tape.mul(attended, vector))
    crossed = _cross_attention(tape, config, wan.cross_norm(tape, config, hidden), context, image_tokens, "attn2")
    _add(tape, hidden, crossed)
    mixed = feed_forward(tape, _modulated(tape, hidden), config.ffn_dim, width, "ffn")
    _add(tape, hidden, tape.mul(mixed, vector))
    return hidden


def _modulated(tape: Tape, x: Tensor) -> Tensor:
    """norm(x) · (1 + scale) + shift, the last two in place."""
    normed = tape.layer_norm(x)
    tape.traffic("modulate", 4 * normed.nbytes, 2)  # read and written twice
    return normed


def _add(tape: Tape, x: Tensor, update: Tensor) -> None:
    """x += update."""
    tape.traffic("add_", 2 * x.nbytes + update.nbytes)


def _projected(tape: Tape, x: Tensor, width: Number, name: str, norm: str = "") -> Tensor:
    """A linear layer, and an RMS norm of what it gives where there is one."""
    out = tape.linear(x, width, name)
    return tape.rms_norm(out, norm) if norm else out


def _self_attention(tape: Tape, config: Config, x: Tensor, name: str) -> Tensor:
    """x[batch, n, width] -> the same."""
    width, heads, d_head = config.width, config.num_attention_heads, config.attention_head_dim
    batch, n, _ = x.shape
    with tape.scope(name):
        q = _projected(tape, x, width, "to_q", "norm_q")
        k = _projected(tape, x, width, "to_k", "norm_k")
        v = _projected(tape, x, width, "to_v")
        turns = tape.empty((n, 1, d_head), "fp64")  # a complex number for two channels
        tape.traffic("freqs", turns.nbytes)
        q = _rotated(tape, q)
        k = _rotated(tape, k)
        q_heads, k_heads, v_heads = (part.view(batch, heads, n, d_head) for part in (q, k, v))
        out = tape.attention(q_heads, k_heads, v_heads).view(batch, n, width)
        del turns
        return tape.linear(out, width, "to_out.0")


def _rotated(tape: Tape, x: Tensor) -> Tensor:
    """Rotary embedding as a complex128 product, which is joined with what is not turned in float64."""
    wide = tape.cast(x, "fp64")
    wide = tape.scale(wide, "rope")
    wide = tape.copy(wide, name="cat")
    return tape.cast(wide, x.dtype)


def _cross_attention(tape: Tape, config: Config, x: Tensor, context: Tensor, image_tokens: Number, name: str) -> Tensor:
    """Attention of x[batch, n, width] to the text, and to the image where the configuration has one."""
    width, heads, d_head = config.width, config.num_attention_heads, config.attention_head_dim
    batch, n, _ = x.shape
    with tape.scope(name):
        q = _projected(tape, x, width, "to_q", "norm_q").view(batch, heads, n, d_head)
        text = context.shape[1] - image_tokens
        out = _attended(tape, q, context.view(batch, text, width), ("to_k", "to_v", "norm_k"), "sdpa")
        if config.added_kv_proj_dim is not None:
            layers = "add_k_proj", "add_v_proj", "norm_added_k"
            _add(tape, out, _attended(tape, q, context.view(batch, image_tokens, width), layers, "sdpa_image"))
        return tape.linear(out.view(batch, n, width), width, "to_out.0")


def _attended(tape: Tape, q: Tensor, source: Tensor, layers: tuple[str, str, str], name: str) -> Tensor:
    """q[batch, heads, n, head size] over keys and values of source[batch, length, width]."""
    batch, heads, _, d_head = q.shape
    _, length, width = source.shape
    key, value, norm = layers
    k = _projected(tape, source, width, key, norm).view(batch, heads, length, d_head)
    v = _projected(tape, source, width, value).view(batch, heads, length, d_head)
    return tape.attention(q, k, v, name)
