"""AnyFlow FAR: AnyFlow made causal, chunk by chunk; older frames stay as keys and values, the oldest in larger patches.

One forward denoises a chunk of `shape.frames` latent frames. shape.extra["cached_frames"] latent frames before it are
cached at full resolution, shape.extra["compressed_frames"] at the resolution of the compressed patch; the cache itself
is an input that stays, with room for "held_frames" and "held_compressed_frames" where that is more. Keys are filled up
to whole blocks of 128 tokens.
Source: arXiv 2503.19325, 2605.13724; diffusers 0.42.1 models/transformers/transformer_anyflow_far.py.
"""

from functools import partial

from vidcalc.base.number import Number, ceil_div, maximum, product
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import anyflow, wan
from vidcalc.networks.transformers.anyflow import block, projections, rotary_table, rotate, timestep_vectors
from vidcalc.networks.transformers.embedding import text_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("AnyFlowFARTransformer3DModel",)
BLOCK = 128  # tokens of flex attention's block mask


class Config(anyflow.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    compressed_patch_size: tuple[Number, Number, Number] = (1, 4, 4)
    full_chunk_limit: int = 3


def tokens(config: Config, shape: Shape) -> Number:
    """Tokens of one chunk."""
    return wan.tokens(config, shape)


def cached_tokens(config: Config, shape: Shape) -> Number:
    """Tokens before the chunk whose keys and values are cached."""
    return _places(config, shape, shape.extra.get("cached_frames", 0), shape.extra.get("compressed_frames", 0))


def cache(config: Config, shape: Shape) -> Number:
    """Elements of the keys and values that stay from call to call."""
    room = _places(config, shape, shape.extra.get("held_frames", 0), shape.extra.get("held_compressed_frames", 0))
    # [key, value] of every layer [batch, tokens, width]
    places = maximum(room, cached_tokens(config, shape))
    return 2 * config.num_layers * shape.batch * places * config.width


def _places(config: Config, shape: Shape, full: Number, compressed: Number) -> Number:
    """Tokens of so many latent frames in the small and so many in the large patch."""
    _, h, w = config.patch_size
    _, large_h, large_w = config.compressed_patch_size
    # frames x [height / patch] x [width / patch], once for each of the two patches
    recent = full * (shape.height // h) * (shape.width // w)
    return recent + compressed * (shape.height // large_h) * (shape.width // large_w)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """chunk[batch, frames, in_channels, height, width] -> [batch, frames, out_channels, height, width]."""
    n, batch, before = tokens(config, shape), shape.batch, cached_tokens(config, shape)
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    times = tape.input(batch, shape.frames, dtype="fp32"), tape.input(batch, shape.frames, dtype="fp32")
    text = tape.input(batch, shape.tokens, config.text_dim)
    held = tape.input(cache(config, shape))
    # weights of the patches that older frames were embedded by, when they entered the cache
    taps = product(config.compressed_patch_size)
    tape.parameter("far_patch_embedding.weight", config.width * config.in_channels * taps)
    tape.parameter("far_patch_embedding.bias", config.width)

    hidden = wan.patch_embedding(tape, config, shape, latent, "patch_embedding")
    rotary = rotary_table(tape, config, before + n)
    temb, modulation = timestep_vectors(tape, config, batch, shape.frames, n)
    with tape.scope("condition_embedder"):
        context = text_mlp(tape, text, config.width, "text_embedder")
    with tape.repeat("blocks", config.num_layers, hidden):
        hidden = block(tape, config, hidden, context, modulation, partial(causal_attention, before=before))
    del times, rotary, held
    return wan.unpatchify(tape, config, shape, hidden, temb)


def causal_attention(tape: Tape, config: Config, x: Tensor, before: Number) -> Tensor:
    """The chunk's queries on `before` cached and its own keys, filled up by what the chunk lacks to whole blocks."""
    width, heads, d_head = config.width, config.num_attention_heads, config.attention_head_dim
    batch, n, _ = x.shape
    filled = ceil_div(n, BLOCK) * BLOCK
    keys = before + n
    with tape.scope("attn1"):
        q, k, v = projections(tape, config, x, x)
        k = tape.cat((k,), batch, heads, keys, d_head)
        v = tape.cat((v,), batch, heads, keys, d_head)
        q = rotate(tape, q)
        k = rotate(tape, k)
        q = tape.cat((q,), batch, heads, filled, d_head)
        k = tape.cat((k,), batch, heads, keys + filled - n, d_head)
        v = tape.cat((v,), batch, heads, keys + filled - n, d_head)
        out = tape.attention(q, k, v)
        merged = tape.copy(out.view(batch, heads, filled, d_head), batch, n, width)
        del out
        return tape.linear(merged, width, "to_out.0")
