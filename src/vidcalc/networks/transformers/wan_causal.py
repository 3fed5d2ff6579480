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
        hidden = wan.block(
            *(tape, config, hidden, context, modulation, rotary, shape.image_tokens),
            attend=lambda normed: self_attention(tape, config, normed, rotary, before),
        )
    del held
    return wan.unpatchify(tape, config, shape, hidden, temb)


def self_attention(tape: Tape, config: wan.Config, x: Tensor, rotary: tuple[Tensor, Tensor], before: Number) -> Tensor:
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
