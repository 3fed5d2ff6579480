"""MiniMax-H3 video VAE: a causal convolutional encoder and a transformer decoder, both over clips of 17 frames.

Clips overlap: seven latent frames are decoded for every five, and what was decoded twice is blended. The encoder, the
norms and the decoder's residual stream stay in float32. Tiling is on by default in diffusers' AutoencoderKLMiniMaxH3:
tiles are all of one size, their overlap at least what is asked for.
Source: diffusers 0.42.1 models/autoencoders/autoencoder_kl_minimax_h3.py.
"""

from collections.abc import Callable

import msgspec

from vidcalc.base.number import Number, ceil_div, maximum, minimum, where
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLMiniMaxH3",)
TILING = Tiling(height=256, width=256, stride_height=192, stride_width=192)  # the class's default


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names."""

    in_channels: Number = 3
    out_channels: Number = 3
    latent_channels: Number = 24
    block_out_channels: tuple[int, ...] = (128, 256, 256, 512, 512, 1024)
    layers_per_block: int = 2
    spatial_downsample_factors: tuple[int, ...] = (2, 2, 2, 2, 1, 1)
    temporal_downsample_factors: tuple[int, ...] = (1, 2, 2, 1, 1, 1)
    norm_num_groups: Number = 32
    decoder_num_layers: Number = 36
    decoder_num_attention_heads: Number = 32
    decoder_attention_head_dim: Number = 64
    decoder_num_register_tokens: Number = 4
    decoder_ffn_mult: Number = 4
    decoder_rope_dim_ratio: float = 0.75
    clip_length: int = 17
    token_drop: int = 3

    @property
    def space(self) -> int:
        """Pixels of a side under one latent place."""
        return product_of(self.spatial_downsample_factors)

    @property
    def time(self) -> int:
        """Frames under one latent frame."""
        return product_of(self.temporal_downsample_factors)

    @property
    def chunk(self) -> int:
        """Latent frames of one clip."""
        return -(-self.clip_length // self.time)

    @property
    def overlap(self) -> int:
        """Latent frames of the next clip that a clip is decoded with."""
        return -self.token_drop % self.chunk

    @property
    def rotary_channels(self) -> int:
        """Channels of a head that the rotary embedding turns."""
        return int(self.decoder_attention_head_dim * self.decoder_rope_dim_ratio)


def product_of(factors: tuple[int, ...]) -> int:
    """All factors multiplied."""
    out = 1
    for factor in factors:
        out *= factor
    return out


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch, channels, 5·n + 2, height, width] -> pixels[batch, 3, 17·n + 5, 16·height, 16·width]."""
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    clips = ceil_div(shape.frames + config.token_drop, config.chunk) - 1
    taken, kept = config.chunk + config.overlap, config.clip_length
    size = (shape.height * config.space, shape.width * config.space)
    lead, whole = (shape.batch, config.out_channels), taken * config.time

    def run(height: Number, width: Number) -> Tensor:
        part = latent.view(shape.batch, config.latent_channels, taken, height // config.space, width // config.space)
        x = tape.convolution(part, config.latent_channels, (1, 1, 1), "post_quant_conv")
        with tape.scope("decoder"):
            return decoder(tape, config, x)

    before = maximum(clips - 2, 0)  # clips that were blended into new tensors before the last is decoded
    with tape.again(clips):
        # the first clip and the one before this, whole, and what was kept of those between
        frames = whole * (minimum(clips - 1, 1) + minimum(before, 1)) + kept * before
        earlier = tape.empty((*lead, frames, *size))
        clip = stitched(tape, tiling, (*lead, whole), size, size, tape.dtype, run)
        del earlier
        del clip
    chunks = tape.empty((*lead, whole * (1 + minimum(clips - 1, 1)) + kept * (clips - 1), *size))
    return tape.cat((chunks,), *lead, kept * clips + config.overlap * config.time - (-kept % config.time), *size)


def decoder(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """One clip: every latent place a token, a transformer over them all, a block of pixels from each."""
    batch, channels, t, h, w = x.shape
    n = t * h * w
    extra = config.decoder_num_register_tokens + 1
    width = config.decoder_num_attention_heads * config.decoder_attention_head_dim
    rows = tape.copy(x, batch, n, channels)
    hidden = tape.linear(rows, width, "proj_in")
    del rows
    tape.parameter("register_tokens", config.decoder_num_register_tokens * width)
    first = tape.empty((batch, 1, width))
    hidden = tape.cat((hidden, first), batch, n + extra, width)
    grids = [tape.empty((side,), "fp32") for side in (t, h, w)]
    places, positions = tape.empty((batch, extra, 3), "fp32"), tape.empty((batch, n + extra, 3), "fp32")
    rotary = rotary_table(tape, batch, n + extra, config.rotary_channels)
    # The residual stream is float32 from the first block's scaled update on.
    wide = tape.empty(hidden.shape, "fp32")
    del hidden
    with tape.repeat("transformer_blocks", config.decoder_num_layers):
        wide = decoder_block(tape, wide, rotary, config.decoder_num_attention_heads, config.decoder_ffn_mult)
    narrow = tape.cast(tape.layer_norm(wide, "norm_out", keep="fp32"), tape.dtype)
    del wide
    pixels = tape.linear(narrow, config.out_channels * config.time * config.space**2, "proj_out")
    del narrow
    out = tape.copy(pixels, batch, config.out_channels, t * config.time, h * config.space, w * config.space)
    del first, grids, places, positions
    return out


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance of the latent, clip by clip."""
    frames = shape.frames
    pixels = tape.input(shape.batch, config.in_channels, frames, shape.height, shape.width)
    wide = tape.cast(pixels, "fp32")
    clips = ceil_div(frames, config.clip_length)
    length = where(frames > 1, config.clip_length, 1)  # a single frame is a clip of its own
    missing = clips * length - frames
    side = (shape.height, shape.width)
    repeats = tape.copy(wide, shape.batch, config.in_channels, missing, *side, name="repeat")
    padded = tape.copy(wide, shape.batch, config.in_channels, clips * length * minimum(missing, 1), *side)
    lead, size = (shape.batch, 2 * config.latent_channels), (shape.height, shape.width)
    latent_size = (shape.height // config.space, shape.width // config.space)
    latents = ceil_div(length, config.time)

    def run(height: Number, width: Number) -> Tensor:
        part = wide.view(shape.batch, config.in_channels, length, height, width)
        with tape.scope("encoder"):
            x = encoder(tape, config, part)
        return tape.convolution(x, 2 * config.latent_channels, (1, 1, 1), "quant_conv", keep="fp32")

    with tape.again(clips):
        earlier = tape.empty((*lead, latents * (clips - 1), *latent_size), "fp32")
        clip = stitched(tape, tiling, (*lead, latents), size, latent_size, "fp32", run)
        del earlier, clip
    listed = tape.empty((*lead, latents * clips, *latent_size), "fp32")
    moments = tape.cat((listed,), *listed.shape)
    del repeats, padded, listed
    return moments


def encoder(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """One clip of frames -> latent frames, all in float32."""
    widths = config.block_out_channels
    hidden = padded_conv(tape, x, widths[0], "conv_in")
    for level, width in enumerate(widths):
        with tape.scope(f"down_blocks.{level}"):
            hidden = down_block(
                tape,
                hidden,
                width,
                config.layers_per_block,
                config.norm_num_groups,
                time=config.temporal_downsample_factors[level],
                space=config.spatial_downsample_factors[level],
            )
    hidden = tape.act(frame_norm(tape, hidden, config.norm_num_groups, "norm_out"))
    return padded_conv(tape, hidden, 2 * config.latent_channels, "conv_out")


def stitched(
    tape: Tape,
    tiling: Tiling | None,
    lead: tuple[Number, ...],
    size: tuple[Number, Number],
    out_size: tuple[Number, Number],
    dtype: str,
    run: Callable[[Number, Number], Tensor],
) -> Tensor:
    """One clip through `run`, whole or tile by tile; tiles stay in memory until rows and then the clip are joined.

    lead      batch, channels and frames of the result
    size      height and width in pixels, by which tiles are cut
    out_size  height and width of the result
    dtype     of the result
    """
    if tiling is None:
        return run(*size)
    rows, height = cut(size[0], tiling.height, tiling.stride_height)
    columns, width = cut(size[1], tiling.width, tiling.stride_width)
    tile = (height * out_size[0] // size[0], width * out_size[1] // size[1])
    with tape.again(rows * columns):
        done = tape.empty((*lead, rows * columns - 1, *tile), dtype)
        newest = run(height, width)
        del done, newest
    tiles = tape.empty((*lead, rows * columns, *tile), dtype)
    blended = tape.empty((*lead, columns - 1 + minimum(rows - 1, 1), *tile), dtype)  # the last row, but for its corner
    bands = tape.cat((tiles,), *lead, *out_size)
    clip = tape.cat((bands,), *lead, *out_size)
    del tiles, blended
    return clip


def cut(size: Number, tile: Number, stride: Number) -> tuple[Number, Number]:
    """How many tiles a side takes, and their size: as many as keep the overlap asked for."""
    count = where(size > tile, ceil_div(size - (tile - stride), stride), 1)
    return count, minimum(size, tile)


def padded_conv(tape: Tape, x: Tensor, c_out: Number, name: str) -> Tensor:
    """A 3×3×3 convolution, x[b, c, t, h, w] mirrored at its sides, then with zero frames in front: a copy each."""
    b, c, t, h, w = x.shape
    mirrored = tape.copy(x, b, c, t, h + 2, w + 2, name="pad")
    padded = tape.copy(mirrored, b, c, t + 2, h + 2, w + 2, name="pad")
    del mirrored
    return tape.convolution(padded, c_out, (3, 3, 3), name, out=(t, h, w), keep="fp32")


def frame_norm(tape: Tape, x: Tensor, groups: Number, name: str) -> Tensor:
    """Group norm of each frame alone; several frames are copied into rows and back."""
    b, c, t, h, w = x.shape
    several = minimum(t - 1, 1)
    rows = tape.copy(x, b * t * several, c, h, w)
    normed = tape.group_norm(x.view(b * t, c, h, w), groups, name, keep="fp32")
    del rows
    tape.copy(normed, b * t * several, c, h, w)
    return normed.view(b, c, t, h, w)


def residual_block(tape: Tape, x: Tensor, c_out: Number, groups: Number, name: str) -> Tensor:
    """norm, SiLU, convolution, twice; a 1×1×1 shortcut where the width changes."""
    with tape.scope(name):
        hidden = tape.act(frame_norm(tape, x, groups, "norm1"))
        hidden = padded_conv(tape, hidden, c_out, "conv1")
        hidden = tape.act(frame_norm(tape, hidden, groups, "norm2"))
        hidden = padded_conv(tape, hidden, c_out, "conv2")
        residual = x
        if x.shape[1] != c_out:
            residual = tape.convolution(x, c_out, (1, 1, 1), "conv_shortcut", keep="fp32")
        return tape.add(residual, hidden)


def down_block(tape: Tape, x: Tensor, c_out: Number, layers: int, groups: Number, *, time: int, space: int) -> Tensor:
    """Residual blocks of one level, then a strided convolution where time or space is reduced."""
    hidden = x
    for i in range(layers):
        hidden = residual_block(tape, hidden, c_out, groups, f"resnets.{i}")
    if time * space == 1:
        return hidden
    b, c, t, h, w = hidden.shape
    side = space - 1  # one more row and column where the size is halved
    wide = tape.copy(hidden, b, c, t, h + side, w + side, name="pad") if side else hidden
    padded = tape.copy(wide, b, c, t + 2, h + side, w + side, name="pad")
    out = ((t - 1) // time + 1, h // space, w // space)
    return tape.convolution(padded, c, (3, 3, 3), "downsamplers.0.conv", out=out, keep="fp32")


def rotary_table(tape: Tape, batch: Number, n: Number, channels: Number) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the 3-axis rotary embedding, each [batch, n, 1, channels] in float32."""
    angles = tape.empty((batch, n, channels), "fp32")
    return tape.scale(angles, "cos"), tape.scale(angles, "sin")


def decoder_block(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor], heads: Number, ratio: Number) -> Tensor:
    """Attention and gated feed-forward, each scaled per channel and added to a float32 stream."""
    width = x.shape[-1]
    normed = tape.cast(tape.rms_norm(x, "norm1", keep="fp32"), tape.dtype)
    hidden = tape.add(x, scaled(tape, attention(tape, normed, rotary, heads), "scale1"))
    normed = tape.cast(tape.rms_norm(hidden, "norm2", keep="fp32"), tape.dtype)
    with tape.scope("ff"):
        both = tape.linear(normed, 2 * ratio * width, "net.0.proj")
        half = both.view(*normed.shape[:-1], ratio * width)
        product = tape.mul(half, tape.act(half))
        del both, half
        mixed = tape.linear(product, width, "net.2")
        del product
    update = scaled(tape, mixed, "scale2")
    del mixed
    return tape.add(hidden, update)


def scaled(tape: Tape, x: Tensor, name: str) -> Tensor:
    """x times a float32 weight per channel."""
    tape.parameter(name, x.shape[-1], "fp32")
    return tape.pointwise(name, (x,), dtype="fp32", saved=(x,))


def attention(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor], heads: Number) -> Tensor:
    """Full attention; queries and keys normed in float32 without weights, some of their channels turned."""
    batch, n, width = x.shape
    d = width // heads
    with tape.scope("attn"):
        q = tape.linear(x, width, "to_q").view(batch, heads, n, d)
        k = tape.linear(x, width, "to_k").view(batch, heads, n, d)
        v = tape.linear(x, width, "to_v").view(batch, heads, n, d)
        q = tape.cast(tape.rms_norm(tape.cast(q, "fp32")), q.dtype)
        k = tape.cast(tape.rms_norm(tape.cast(k, "fp32")), k.dtype)
        cosine, sine = tape.cast(rotary[0], x.dtype), tape.cast(rotary[1], x.dtype)
        q_turned = turned(tape, q, cosine)
        k_turned = turned(tape, k, cosine)
        q = joined(tape, q, q_turned, cosine, sine)
        k = joined(tape, k, k_turned, cosine, sine)
        out = tape.attention(q, k, v)
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "to_out.0")


def turned(tape: Tape, x: Tensor, cosine: Tensor) -> Tensor:
    """The leading channels of each head with their halves exchanged, one of them negated."""
    channels = cosine.shape[-1]
    half = x.view(*x.shape[:-1], channels // 2)
    return tape.cat((tape.scale(half, "negate"), half), *x.shape[:-1], channels)


def joined(tape: Tape, x: Tensor, other: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Leading channels · cos + exchanged ones · sin, and the rest unchanged."""
    part = x.view(*x.shape[:-1], cosine.shape[-1])
    return tape.cat((tape.add(tape.mul(part, cosine), tape.mul(other, sine)), x), *x.shape)
