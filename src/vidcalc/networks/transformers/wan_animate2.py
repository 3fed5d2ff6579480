"""Wan 2.2 Animate 2: Wan that imitates a driving video, whose keys and values a first pass leaves in a cache.

A step's tokens are those of the clip (`shape.frames`) and of one frame more, its reference image; each sees all of
them, and the driving video's tokens at its own frame. Queries, keys and values are packed into whole blocks of 128
tokens. The cache belongs to the pipeline and is an input that stays, as keys are before they turn; rotary embeddings
run in float64.
Source: arXiv 2509.14055; diffusers 0.42.1 models/transformers/transformer_wan_animate_2.py.
"""

import msgspec

from vidcalc.base.number import Number, ceil_div
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid
from vidcalc.networks.transformers.wan import gated, modulated
from vidcalc.tape import Tape, Tensor

CLASSES = ("WanAnimate2Transformer3DModel",)
BLOCK = 128  # tokens
ONE_CACHE = True  # the driving video's: every prediction of a step reads it
POSITIONS = 512  # of the rotary tables
IMAGE_WIDTH = 1280  # of CLIP's tokens


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    patch_size: tuple[Number, Number, Number] = (1, 2, 2)
    text_len: Number = 512
    in_dim: Number = 36
    dim: Number = 5120
    ffn_dim: Number = 13824
    freq_dim: Number = 256
    text_dim: Number = 4096
    out_dim: Number = 16
    num_heads: Number = 40
    num_layers: int = 40
    cross_attn_norm: bool = True
    use_img_emb: bool = True


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens, the reference image's included: latent frames × height × width over the patch."""
    t, h, w = config.patch_size
    return (shape.frames // t + 1) * (shape.height // h) * (shape.width // w)


def cache(config: Config, shape: Shape) -> Number:
    """Elements of the driving video's keys and values, which stay from step to step."""
    _, h, w = config.patch_size
    places = shape.frames * (shape.height // h) * (shape.width // w)
    # [key, value] of every layer [batch, tokens, width]
    return 2 * config.num_layers * shape.batch * places * config.dim


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent and condition[batch, in_dim, frames, height, width] -> [batch, out_dim, frames, height, width]."""
    batch, n, width = shape.batch, tokens(config, shape), config.dim
    frames = shape.frames + 1
    places = n // frames
    before = shape.frames * places
    grid = (frames, shape.height, shape.width)
    latent = tape.input(batch, config.in_dim, *grid)  # noise and condition, in two tensors
    timestep = tape.input(batch, dtype="fp32")
    text = tape.input(batch, config.text_len, config.text_dim)
    picture_tokens = tape.input(0).view(batch, shape.image_tokens, IMAGE_WIDTH) if config.use_img_emb else None
    held = tape.input(cache(config, shape))

    t, h, w = config.patch_size
    joined = tape.cat((latent,), batch, config.in_dim, *grid)
    patches = (frames // t, shape.height // h, shape.width // w)
    embedded = tape.convolution(joined, width, config.patch_size, "patch_embedding", out=patches)
    del joined
    hidden = tape.cat((embedded.view(batch, n, width),), batch, n, width)
    del embedded
    tables = [tape.empty((POSITIONS, width // config.num_heads), "fp64") for _ in range(2)]
    temb, vectors = timestep_vectors(tape, config, batch)
    padded = tape.cat((text,), batch, config.text_len, config.text_dim)
    context = tape.act(tape.linear(padded, width, "text_embedding.0"), "gelu")
    del padded
    context = tape.linear(context, width, "text_embedding.2")
    picture = None if picture_tokens is None else image_embedding(tape, config, picture_tokens)
    with tape.repeat("blocks", config.num_layers, hidden):
        hidden = block(tape, config, hidden, context, picture, vectors, before, places)
    with tape.scope("head"):
        tape.parameter("modulation", 2 * width, "fp32")
        own = tape.pointwise("modulation", (temb,), (batch, 2, width), "fp32")
        out = modulated(tape, hidden, own, width, "fp32")
        out = tape.linear(out, config.out_dim * t * h * w, "head")
    flat = tape.copy(out, batch, config.out_dim, *grid, name="unpatchify")
    result = tape.cast(flat, "fp32")
    del timestep, held, tables, flat
    return result


def timestep_vectors(tape: Tape, config: Config, batch: Number) -> tuple[Tensor, Tensor]:
    """Timestep -> temb[batch, width] and six vectors[batch, 6, width], in float32."""
    width = config.dim
    features = sinusoid(tape, batch, config.freq_dim)
    hidden = tape.act(tape.linear(features, width, "time_embedding.0", keep="fp32"))
    temb = tape.linear(hidden, width, "time_embedding.2", keep="fp32")
    return temb, tape.linear(tape.act(temb), 6 * width, "time_projection.1", keep="fp32").view(batch, 6, width)


def image_embedding(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """CLIP's tokens -> context width: norm, two linear layers, norm."""
    with tape.scope("img_emb.proj"):
        hidden = tape.layer_norm(x, "0")
        hidden = tape.linear(hidden, IMAGE_WIDTH, "1")
        hidden = tape.act(hidden, "gelu")
        hidden = tape.linear(hidden, config.dim, "3")
        return tape.layer_norm(hidden, "4")


def block(
    tape: Tape,
    config: Config,
    hidden: Tensor,
    context: Tensor,
    picture: Tensor | None,
    vectors: Tensor,
    before: Number,
    places: Number,
) -> Tensor:
    """Self-attention with the cache, cross-attention, feed-forward; six vectors from a table and the timestep."""
    width = config.dim
    tape.parameter("modulation", 6 * width, "fp32")
    own = tape.pointwise("modulation", (vectors,), weights=6 * width * 4)
    gate = own.view(own.shape[0], 1, width)
    normed = modulated(tape, hidden, own, width, "fp32")
    attended = self_attention(tape, config, normed, before, places)
    x = tape.cast(gated(tape, hidden, attended, gate), hidden.dtype)
    read = tape.cast(third_norm(tape, config, tape.cast(x, "fp32")), x.dtype)
    x = tape.add(x, cross_attention(tape, config, read, context, picture))
    del read
    normed = modulated(tape, x, own, width, "fp32")
    mixed = tape.act(tape.linear(normed, config.ffn_dim, "ffn.0"), "gelu")
    narrow = tape.linear(mixed, width, "ffn.2")
    del mixed
    wide = tape.cast(x, "fp32")
    return tape.cast(tape.add(wide, tape.mul(tape.cast(narrow, "fp32"), gate)), x.dtype)


def third_norm(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """The norm before cross-attention, where the configuration asks for one."""
    return tape.layer_norm(x, "norm3", keep="fp32") if config.cross_attn_norm else x


def self_attention(tape: Tape, config: Config, x: Tensor, before: Number, places: Number) -> Tensor:
    """All tokens of the step, and of the `before` cached ones the `places` at a query's own frame."""
    batch, n, width = x.shape
    heads, d = config.num_heads, width // config.num_heads
    packed, beside = ceil_div(n, BLOCK) * BLOCK, ceil_div(before, BLOCK) * BLOCK
    with tape.scope("self_attn"):
        q = tape.linear(x, width, "to_q")
        k = tape.linear(x, width, "to_k")
        v = tape.linear(x, width, "to_v")
        q = tape.rms_norm(q, "norm_q").view(batch, n, heads, d)
        k = tape.rms_norm(k, "norm_k").view(batch, n, heads, d)
        q = turned(tape, q)
        k = turned(tape, k)
        cached = turned(tape, tape.input(0).view(batch, before, heads, d))
        queries = tape.empty((batch, packed, heads, d))
        keys = tape.empty((batch, packed + beside, heads, d))
        values = tape.empty((batch, packed + beside, heads, d))
        tape.traffic("pack", 2 * (q.nbytes + 2 * k.nbytes + 2 * cached.nbytes), 5)
        seen = n + places
        out = tape.attention(
            queries.view(batch, heads, n, d), keys.view(batch, heads, seen, d), values.view(batch, heads, seen, d)
        )
        whole = tape.copy(out, batch, packed, heads, d)
        del out
        taken = tape.cat((whole,), batch, n, width)
        del whole
        result = tape.linear(taken, width, "to_out.0")
        del v, cached
        return result


def turned(tape: Tape, x: Tensor) -> Tensor:
    """Rotary embedding sample by sample in float64: a product, what follows it put behind, samples put together."""
    table = tape.empty((x.shape[1], x.shape[3]), "fp64")
    product = tape.pointwise("rope", (tape.cast(x, "fp64"),))
    longer = tape.cat((product,), *x.shape)
    del product
    stacked = tape.cat((longer,), *x.shape)
    narrow = tape.cast(stacked, "fp32")
    del longer, stacked, table
    return tape.cast(narrow, x.dtype)


def cross_attention(tape: Tape, config: Config, x: Tensor, context: Tensor, picture: Tensor | None) -> Tensor:
    """Attention to the text, and beside it to an image's tokens; the two results add up."""
    batch, n, width = x.shape
    heads, d = config.num_heads, width // config.num_heads
    keys = context.shape[1]
    with tape.scope("cross_attn"):
        q = tape.linear(x, width, "to_q")
        k = tape.linear(context, width, "to_k")
        v = tape.linear(context, width, "to_v").view(batch, heads, keys, d)
        q = tape.rms_norm(q, "norm_q").view(batch, heads, n, d)
        k = tape.rms_norm(k, "norm_k").view(batch, heads, keys, d)
        out = tape.attention(q, k, v)
        merged = tape.copy(out).view(batch, n, width)
        del out
        if picture is not None:
            seen = picture.shape[1]
            k_image = tape.linear(picture, width, "add_k_proj")
            v_image = tape.linear(picture, width, "add_v_proj").view(batch, heads, seen, d)
            k_image = tape.rms_norm(k_image, "norm_added_k").view(batch, heads, seen, d)
            looked = tape.copy(tape.attention(q, k_image, v_image, "sdpa_image")).view(batch, n, width)
            merged = tape.add(merged, looked)
        return tape.linear(merged, width, "to_out.0")
