"""Causal Wan (Self-Forcing, LongLive, Krea Realtime): Wan made chunk by chunk, with the keys and values of what came.

One forward denoises a chunk of `shape.frames` latent frames. Self-attention reads the chunk and the
shape.extra["cached_frames"] latent frames before it, whose keys and values lie in a cache of all layers: an input that
stays, into which the chunk writes its own. It may have room for more: shape.extra["held_frames"] in all. Text is
attended to as in Wan.
Source: arXiv 2506.08009; guandeh17/Self-Forcing wan/modules/causal_model.py; the rest as in `wan.py`.
"""

from vidcalc.base.number import Number, maximum
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.networks.transformers.embedding import feed_forward
from vidcalc.tape import Tape, Tensor

CLASSES = ("CausalWanModel", "CausalWanTransformer3DModel")


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""


def tokens(config: Config, shape: Shape) -> Number:
    """Tokens of one chunk."""
    return wan.tokens(config, shape)


def cached_tokens(config: Config, shape: Shape) -> Number:
    """Tokens before the chunk whose keys and values are cached."""
    _, h, w = config.patch_size
    return shape.extra.get("cached_frames", 0) * (shape.height // h) * (shape.width // w)


def cache(config: Config, shape: Shape) -> Number:
    """Elements of the keys and values that stay from call to call, the chunk's own places included."""
    _, h, w = config.patch_size
    room = shape.extra.get("held_frames", 0) * (shape.height // h) * (shape.width // w)
    # [key, value] of every layer [batch, tokens, width]
    places = maximum(room, cached_tokens(config, shape) + tokens(config, shape))
    return 2 * config.num_layers * shape.batch * places * config.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """chunk[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    n, batch, before = tokens(config, shape), shape.batch, cached_tokens(config, shape)
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch, wan.timesteps(config, shape), dtype="fp32")
    text = tape.input(batch, shape.tokens, config.text_dim)
    image = wan.image_input(tape, config, shape)
    held = tape.input(cache(config, shape))

    rotary = wan.rotary_table(tape, config, n)
    hidden = wan.patch_embedding(tape, config, shape, latent, "patch_embedding")
    hidden = tape.copy(hidden, name="contiguous")
    temb, modulation, context, picture = wan.condition(tape, config, shape, timestep, text, image)
    context = wan.joined(tape, context, picture)
    with tape.repeat("blocks", config.num_layers, hidden):
        hidden = block(tape, config, hidden, context, modulation, rotary, before, shape.image_tokens)
    del held
    return wan.unpatchify(tape, config, shape, hidden, temb)


def block(
    tape: Tape,
    config: Config,
    hidden: Tensor,
    context: Tensor,
    modulation: Tensor,
    rotary: tuple[Tensor, Tensor],
    before: Number,
    image_tokens: Number,
) -> Tensor:
    """Wan's block, whose self-attention also reads `before` cached tokens."""
    width = config.width
    tape.parameter("scale_shift_table", 6 * width, "fp32")
    vectors = tape.pointwise("modulation", (tape.cast(modulation, "fp32"),), weights=6 * width * 4)
    gate = vectors.view(*vectors.shape[:-2], 1, width)

    normed = wan.modulated(tape, hidden, vectors, width, "fp32")
    attended = self_attention(tape, config, normed, rotary, before)
    x = tape.cast(wan.gated(tape, hidden, attended, gate), hidden.dtype)

    normed = tape.cast(wan.cross_norm(tape, config, tape.cast(x, "fp32")), x.dtype)
    attended = wan.attention(tape, config, normed, context, None, "attn2", image_tokens)
    x = tape.add(x, attended)

    normed = wan.modulated(tape, x, vectors, width, "fp32")
    mixed = feed_forward(tape, normed, config.ffn_dim, width, "ffn")
    wide = tape.cast(x, "fp32")
    return tape.cast(tape.add(wide, tape.mul(tape.cast(mixed, "fp32"), gate)), x.dtype)


def self_attention(tape: Tape, config: Config, x: Tensor, rotary: tuple[Tensor, Tensor], before: Number) -> Tensor:
    """The chunk's queries on its own and the cached keys, which are read where they lie."""
    width, heads, d_head = config.width, config.num_attention_heads, config.attention_head_dim
    batch, n, _ = x.shape
    with tape.scope("attn1"):
        q = tape.linear(x, width, "to_q")
        k = tape.linear(x, width, "to_k")
        v = tape.linear(x, width, "to_v")
        q = tape.rms_norm(q, "norm_q").view(batch, heads, n, d_head)
        k = tape.rms_norm(k, "norm_k").view(batch, heads, n, d_head)
        q = wan.rotate(tape, q, rotary)
        k = wan.rotate(tape, k, rotary)
        tape.traffic("cache", 2 * (k.nbytes + v.nbytes), 2)
        keys = k.view(batch, heads, before + n, d_head)
        out = tape.attention(q, keys, v.view(batch, heads, before + n, d_head))
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "to_out.0")
