"""Mochi causal video VAE: the whole clip at once, 6 × 8 × 8 places per latent, attention over time in the encoder.

Mirrors diffusers' AutoencoderKLMochi, including which copies eager PyTorch makes. Source: genmo Mochi 1 (2024);
diffusers 0.42.1 models/autoencoders/autoencoder_kl_mochi.py, models/attention_processor.py.
"""

import msgspec

from vidcalc.base.number import Number, ceil_div, maximum, minimum, product, where
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.cogvideox_blocks import safe_conv
from vidcalc.networks.autoencoders.space_tiles import in_space_tiles
from vidcalc.tape import ELEMENT_BYTES, Tape, Tensor

CLASSES = ("AutoencoderKLMochi",)
TILING = Tiling(height=256, width=256, stride_height=192, stride_width=192)  # the class's enable_tiling
FREQUENCIES = 2  # Fourier features per colour: sines and cosines at 2^6 and 2^7
NORM_GROUPS = 32
NORM_CHUNK = 8  # frames normed together
HEAD_SIZE = 32
ATTENTION_CHUNK = 2**15  # places attended together


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names; `in_channels` counts the colours with their Fourier features."""

    in_channels: Number = 15
    out_channels: Number = 3
    encoder_block_out_channels: tuple[Number, ...] = (64, 128, 256, 384)
    decoder_block_out_channels: tuple[Number, ...] = (128, 256, 512, 768)
    latent_channels: Number = 12
    layers_per_block: tuple[int, ...] = (3, 3, 4, 6, 3)
    temporal_expansions: tuple[int, ...] = (1, 2, 3)
    spatial_expansions: tuple[int, ...] = (2, 2, 2)
    add_attention_block: tuple[bool, ...] = (False, True, True, True, True)

    @property
    def compression(self) -> tuple[int, int]:
        """Frames and pixels per side of one latent."""
        return product(self.temporal_expansions), product(self.spatial_expansions)


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels[batch, 3, 6·(frames − 1) + 1, 8·height, 8·width].

    The first frames are made and dropped, but stay in memory.
    """
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    time, space = config.compression

    def one(frames: Number, height: Number, width: Number) -> Tensor:
        with tape.scope("decoder"):
            return decoder(tape, config, latent.view(shape.batch, config.latent_channels, frames, height, width))

    if tiling is None:
        out = one(shape.frames, shape.height, shape.width)
    else:
        size = (shape.batch, config.out_channels, shape.frames * time)
        out = in_space_tiles(tape, one, shape, tiling, space, lambda n: n * space, size)
    b, c, t, h, w = out.shape
    return out.view(b, c, t - time + 1, h, w)


def decoder(tape: Tape, config: Config, latent: Tensor) -> Tensor:
    """Residual blocks and unfolding linear layers, coarsest level first."""
    widths, layers = config.decoder_block_out_channels, config.layers_per_block
    hidden = tape.convolution(latent, widths[-1], (1, 1, 1), "conv_in")
    with tape.scope("block_in"):
        hidden = residual_blocks(tape, hidden, layers[-1])
    for i in range(len(widths) - 1):
        with tape.scope(f"up_blocks.{i}"):
            expansions = config.temporal_expansions[-1 - i], config.spatial_expansions[-1 - i]
            hidden = up_block(tape, hidden, widths[-2 - i], layers[-2 - i], *expansions)
    with tape.scope("block_out"):
        hidden = residual_blocks(tape, hidden, layers[0])
    hidden = tape.act(hidden)
    return channel_linear(tape, hidden, config.out_channels, "proj_out")


def residual_blocks(tape: Tape, x: Tensor, count: int, *, channels_last: bool = False) -> Tensor:
    """`count` residual blocks; x may come with its channels last."""
    hidden = x
    for i in range(count):
        hidden = residual_block(tape, hidden, f"resnets.{i}", channels_last=channels_last and i == 0)
    return hidden


def up_block(tape: Tape, x: Tensor, c_out: Number, count: int, times: int, sides: int) -> Tensor:
    """Residual blocks, then a linear layer whose channels unfold into frames and places."""
    hidden = x
    for i in range(count):
        hidden = residual_block(tape, hidden, f"resnets.{i}")
    b, _, t, h, w = hidden.shape
    hidden = channel_linear(tape, hidden, c_out * times * sides**2, "proj")
    return tape.copy(hidden, b, c_out, t * times, h * sides, w * sides, name="unfold")


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance[batch, 2·z, (frames − 1)/6 + 1, h/8, w/8]."""
    colours = config.in_channels // (1 + 2 * FREQUENCIES)
    pixels = tape.input(shape.batch, colours, shape.frames, shape.height, shape.width)
    time, space = config.compression

    def one(frames: Number, height: Number, width: Number) -> Tensor:
        with tape.scope("encoder"):
            return encoder(tape, config, pixels.view(shape.batch, colours, frames, height, width))

    if tiling is None:
        return one(shape.frames, shape.height, shape.width)
    size = (shape.batch, 2 * config.latent_channels, (shape.frames - 1) // time + 1)
    return in_space_tiles(tape, one, shape, tiling, 1, lambda n: n // space, size)


def encoder(tape: Tape, config: Config, pixels: Tensor) -> Tensor:
    """Fourier features, residual blocks and strided convolutions, finest level first."""
    widths, layers, attention = config.encoder_block_out_channels, config.layers_per_block, config.add_attention_block
    hidden = fourier_features(tape, pixels)
    hidden = channel_linear(tape, hidden, widths[0], "proj_in")
    with tape.scope("block_in"):
        hidden = attended_blocks(tape, hidden, layers[0], attention[0], channels_last=True)
    for i in range(len(widths) - 1):
        with tape.scope(f"down_blocks.{i}"):
            kernel = (config.temporal_expansions[i], config.spatial_expansions[i], config.spatial_expansions[i])
            hidden = down_block(tape, hidden, widths[i + 1], layers[i + 1], kernel, attention[i + 1])
    with tape.scope("block_out"):
        hidden = attended_blocks(tape, hidden, layers[-1], attention[-1])
    hidden = frame_norm(tape, hidden, "norm_out")
    hidden = tape.act(hidden)
    return channel_linear(tape, hidden, 2 * config.latent_channels, "proj_out", bias=False)


def fourier_features(tape: Tape, x: Tensor) -> Tensor:
    """x with sines and cosines of it at a few frequencies, made in float32."""
    b, c, *places = x.shape
    wide = tape.cast(x, "fp32")
    repeated = tape.copy(wide, b, c * FREQUENCIES, *places, name="repeat")
    angles = tape.scale(repeated)
    del repeated
    sine, cosine = tape.act(angles, "sin"), tape.act(angles, "cos")
    joined = tape.cat((wide, sine, cosine), b, c * (1 + 2 * FREQUENCIES), *places)
    del sine, cosine
    return tape.cast(joined, x.dtype)


def attended_blocks(tape: Tape, x: Tensor, count: int, attention: bool, *, channels_last: bool = False) -> Tensor:
    """Residual blocks, each followed by attention over time where the level has it."""
    hidden = x
    for i in range(count):
        hidden = residual_block(tape, hidden, f"resnets.{i}", channels_last=channels_last and i == 0)
        if attention:
            hidden = time_attention(tape, hidden, i, chunked=False)
    return hidden


def down_block(
    tape: Tape, x: Tensor, c_out: Number, count: int, kernel: tuple[int, int, int], attention: bool
) -> Tensor:
    """A strided convolution, then residual blocks with attention over time."""
    hidden = strided_conv(tape, x, c_out, kernel, "conv_in")
    for i in range(count):
        hidden = residual_block(tape, hidden, f"resnets.{i}")
        if attention:
            hidden = time_attention(tape, hidden, i, chunked=True)
    return hidden


def frame_norm(tape: Tape, x: Tensor, name: str, *, channels_last: bool = False) -> Tensor:
    """Group norm of every frame of x[b, c, t, h, w], in chunks of eight frames that are joined afterwards.

    Frames first is a copy of everything with more than one clip, else of each chunk (always of each chunk where x
    has its channels last).
    """
    b, c, t, h, w = x.shape
    clips, frames = minimum(b - 1, 1), minimum(t - 1, 1)
    whole = 0 if channels_last else clips * frames
    partly = 1 if channels_last else frames * (1 - clips)
    flat = tape.empty((b * t * whole, c, h, w), x.dtype)
    chunk = tape.empty((minimum(b * t, NORM_CHUNK) * partly, c, h, w), x.dtype)
    several = maximum(whole, partly)
    tape.traffic(name + ".frames", 2 * x.nbytes * several, 1, way="single", each=2 * ELEMENT_BYTES[x.dtype])
    together = minimum(b * t, NORM_CHUNK)
    normed = tape.group_norm(x.view(b * t, c, h, w), NORM_GROUPS, name + ".norm_layer", at_once=together)
    tape.cut(normed, ceil_div(b * t, NORM_CHUNK))
    del chunk
    out = tape.cat((normed,), b, c, t, h, w)
    del flat
    return out


def replicate_conv(tape: Tape, x: Tensor, c_out: Number, kernel: tuple[int, int, int], name: str) -> Tensor:
    """x[b, c, t, h, w] with its edges repeated (all of time in front), then a 3×3×3 convolution."""
    b, c, t, h, w = x.shape
    kt, kh, kw = kernel
    padded = tape.copy(x, b, c, t + kt - 1, h + kh - 1, w + kw - 1, name="pad")
    with tape.scope(name):
        return safe_conv(tape, padded, c_out, kernel, "conv", (t, h, w))


def strided_conv(tape: Tape, x: Tensor, c_out: Number, kernel: tuple[int, int, int], name: str) -> Tensor:
    """One output per kernel of places; the first frame repeated in front; always a copy."""
    b, c, t, h, w = x.shape
    kt, kh, kw = kernel
    padded = tape.copy(x, b, c, t + kt - 1, h, w, name="pad")
    with tape.scope(name):
        return safe_conv(tape, padded, c_out, kernel, "conv", ((t - 1) // kt + 1, h // kh, w // kw))


def channel_linear(tape: Tape, x: Tensor, c_out: Number, name: str, *, bias: bool = True) -> Tensor:
    """A linear layer over the channels of x[b, c, t, h, w], not contiguous: copied, multiplied, bias added apart."""
    b, c, t, h, w = x.shape
    last = tape.copy(x, b, t, h, w, c)
    out = tape.linear(last, c_out, name, bias=bias)
    del last
    if bias:
        out = tape.scale(out, "bias")
    return out.view(b, c_out, t, h, w)


def residual_block(tape: Tape, x: Tensor, name: str, *, channels_last: bool = False) -> Tensor:
    """norm, SiLU, causal convolution, twice, plus x."""
    width = x.shape[1]
    with tape.scope(name):
        hidden = frame_norm(tape, x, "norm1", channels_last=channels_last)
        hidden = tape.act(hidden)
        hidden = replicate_conv(tape, hidden, width, (3, 3, 3), "conv1")
        hidden = frame_norm(tape, hidden, "norm2")
        hidden = tape.act(hidden)
        hidden = replicate_conv(tape, hidden, width, (3, 3, 3), "conv2")
        return tape.add(hidden, x)


def time_attention(tape: Tape, x: Tensor, index: int, *, chunked: bool) -> Tensor:
    """x plus attention over the frames at every place; `chunked`: at most 2^15 places at a time."""
    b, c, t, h, w = x.shape
    normed = frame_norm(tape, x, f"norms.{index}")
    places = b * h * w
    hidden = tape.copy(normed, places, t, c, name="places first")
    del normed
    together = minimum(places, ATTENTION_CHUNK) if chunked else places
    with tape.scope(f"attentions.{index}"):
        # the results of the chunks before, all of which the last chunk finds alive
        several = where(places > together, 1, 0)
        whole = maximum((places - 1) // together, 0)
        before = tape.empty((whole * together, t, c), x.dtype)
        with tape.again(whole):
            attended = attention_chunk(tape, hidden.view(together, t, c))
            del attended
        del before
        before = tape.empty((whole * together, t, c), x.dtype)
        attended = attention_chunk(tape, hidden.view(places - whole * together, t, c))
        joined = tape.empty((several * places, t, c), x.dtype)
        rest = tape.empty(((1 - several) * places, t, c), x.dtype)
        del before, attended, hidden
    out = tape.add(x, x)
    del joined, rest
    return out


def attention_chunk(tape: Tape, x: Tensor) -> Tensor:
    """Attention over time of x[places, t, c] with unit-length queries and keys; a single frame skips it."""
    places, t, c = x.shape
    heads = c // HEAD_SIZE
    several = minimum(t - 1, 1)
    v = tape.linear(x, c, "to_v", bias=False).view(places, heads, t, HEAD_SIZE)
    with tape.again(several):
        q = tape.linear(x, c, "to_q", bias=False).view(places, heads, t, HEAD_SIZE)
        k = tape.linear(x, c, "to_k", bias=False).view(places, heads, t, HEAD_SIZE)
        q = unit_length(tape, q)
        k = unit_length(tape, k)
        out = tape.attention(q, k, v, masked="causal")
        merged = tape.copy(out)
        del out
    projected = tape.linear(merged.view(places, t, c), c, "to_out.0")
    del merged
    return tape.scale(projected, "rescale")


def unit_length(tape: Tape, x: Tensor) -> Tensor:
    """x over its length along the last dimension."""
    length = tape.scale(tape.empty((*x.shape[:-1], 1), x.dtype))
    return tape.mul(x, length)
