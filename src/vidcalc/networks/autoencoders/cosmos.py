"""Cosmos causal video tokenizer: wavelets, factored causal convolutions, attention in the middle; a clip at once.

Mirrors diffusers' AutoencoderKLCosmos, which has no tiled path. The width of an image or video decides nothing here:
`resolution` only tells which levels attend. Every causal convolution copies its input twice: once to put frames in
front, once to pad its sides. Each level of the Haar wavelets splits time, height and width in halves of low and high
frequencies by fixed convolutions, one channel at a time; all eight parts stay alive until the level is done.
Source: arXiv 2501.03575; diffusers 0.42.1 models/autoencoders/autoencoder_kl_cosmos.py.
"""

import msgspec

from vidcalc.base.number import Number, minimum, product, where
from vidcalc.describe.shape import Shape
from vidcalc.ops.convolution import Convolution
from vidcalc.tape import ELEMENT_BYTES, Tape, Tensor

CLASSES = ("AutoencoderKLCosmos",)
TAPS = 2


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names (their spelling included)."""

    in_channels: Number = 3
    out_channels: Number = 3
    latent_channels: Number = 16
    encoder_block_out_channels: tuple[int, ...] = (128, 256, 512, 512)
    decode_block_out_channels: tuple[int, ...] = (256, 512, 512, 512)
    attention_resolutions: tuple[int, ...] = (32,)
    resolution: int = 1024
    num_layers: int = 2
    patch_size: int = 4
    spatial_compression_ratio: int = 8
    temporal_compression_ratio: int = 8

    @property
    def space_levels(self) -> int:
        """Levels that halve height and width after the wavelets."""
        return self.spatial_compression_ratio.bit_length() - self.patch_size.bit_length()

    @property
    def time_levels(self) -> int:
        """Levels that halve the frames after the wavelets."""
        return self.temporal_compression_ratio.bit_length() - self.patch_size.bit_length()


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, channels, frames, height, width] -> pixels[batch, 3, 8·(frames − 1) + 1, 8·height, 8·width]."""
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    x = causal_conv(tape, latent, config.latent_channels, (1, 1, 1), "post_quant_conv")
    widths = tuple(reversed(config.decode_block_out_channels))
    last = len(widths) - 2
    resolution = config.resolution // config.patch_size >> last
    with tape.scope("decoder"):
        hidden = projection(tape, x, widths[0], "conv_in")
        hidden = mid_block(tape, hidden, "mid_block")
        for i, width in enumerate(widths[1:]):
            attend = resolution in config.attention_resolutions
            hidden = up_block(tape, config, hidden, width, i, i < last, attend)
            resolution *= 2
        hidden = frame_norm(tape, hidden, "norm_out")
        hidden = tape.act(hidden)
        hidden = projection(tape, hidden, config.out_channels * config.patch_size**3, "conv_out")
        return unpatch_embed(tape, hidden, config.patch_size)


def up_block(tape: Tape, config: Config, x: Tensor, width: Number, i: int, up: bool, attend: bool) -> Tensor:
    """One level of the decoder and, but for the last, the step up."""
    hidden = level(tape, x, width, config.num_layers + 1, f"up_blocks.{i}", attend=attend)
    if not up:
        return hidden
    time = 0 < i < config.time_levels + 1
    space = time or (config.time_levels < config.space_levels and i < config.space_levels)
    return upsample(tape, hidden, f"up_blocks.{i}.upsamplers.0", space=space, time=time)


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> latent[batch, channels, (frames − 1)/8 + 1, height/8, width/8]."""
    pixels = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    widths = config.encoder_block_out_channels
    last = len(widths) - 2
    resolution = config.resolution // config.patch_size
    with tape.scope("encoder"):
        hidden = patch_embed(tape, pixels, config.patch_size)
        hidden = projection(tape, hidden, widths[0], "conv_in")
        for i, width in enumerate(widths[1:]):
            attend = resolution in config.attention_resolutions
            hidden = down_block(tape, config, hidden, width, i, i < last, attend)
            resolution //= 2
        hidden = mid_block(tape, hidden, "mid_block")
        hidden = frame_norm(tape, hidden, "norm_out")
        hidden = tape.act(hidden)
        hidden = projection(tape, hidden, config.latent_channels, "conv_out")
    return causal_conv(tape, hidden, config.latent_channels, (1, 1, 1), "quant_conv")


def down_block(tape: Tape, config: Config, x: Tensor, width: Number, i: int, down: bool, attend: bool) -> Tensor:
    """One level of the encoder and, but for the last, the step down."""
    hidden = level(tape, x, width, config.num_layers, f"down_blocks.{i}", attend=attend)
    if not down:
        return hidden
    space, time = i < config.space_levels, i < config.time_levels
    return downsample(tape, hidden, f"down_blocks.{i}.downsamplers.0", space=space, time=time)


def causal_conv(
    tape: Tape,
    x: Tensor,
    c_out: Number,
    kernel: tuple[int, int, int],
    name: str,
    *,
    padding: int = 0,
    stride: tuple[int, int, int] = (1, 1, 1),
) -> Tensor:
    """x[b, c, t, h, w] with copies of its first frame in front and zeros around, then convolved."""
    b, c, t, h, w = x.shape
    kt, kh, kw = kernel
    st, sh, sw = stride
    front = kt - st
    before = tape.copy(x, b, c, front, h, w, name="repeat")
    joined = tape.cat((before, x), b, c, t + front, h, w)
    padded = tape.copy(joined, b, c, t + front, h + 2 * padding, w + 2 * padding, name="pad")
    del joined
    out = ((t + front - kt) // st + 1, (h + 2 * padding - kh) // sh + 1, (w + 2 * padding - kw) // sw + 1)
    return tape.convolution(padded, c_out, kernel, name, out=out)


def projection(tape: Tape, x: Tensor, c_out: Number, name: str) -> Tensor:
    """A convolution over space, then one over time."""
    with tape.scope(name):
        hidden = causal_conv(tape, x, c_out, (1, 3, 3), "conv_s", padding=1)
        return causal_conv(tape, hidden, c_out, (3, 1, 1), "conv_t")


def frame_norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Group norm with one group over each frame; where there are several frames they are first copied together."""
    b, c, t, h, w = x.shape
    frames = x.view(b * t, c, h, w)
    moved = tape.copy(frames, b * t * minimum(t - 1, 1), c, h, w)
    normed = tape.group_norm(frames, 1, name + ".norm")
    del moved
    return normed.view(b, c, t, h, w)


def residual_block(tape: Tape, x: Tensor, c_out: Number, name: str) -> Tensor:
    """norm, SiLU, factored convolution, twice; a 1×1×1 shortcut where the width changes."""
    with tape.scope(name):
        shortcut = x if x.shape[1] == c_out else causal_conv(tape, x, c_out, (1, 1, 1), "conv_shortcut")
        hidden = frame_norm(tape, x, "norm1")
        hidden = tape.act(hidden)
        hidden = projection(tape, hidden, c_out, "conv1")
        hidden = frame_norm(tape, hidden, "norm2")
        hidden = tape.act(hidden)
        hidden = projection(tape, hidden, c_out, "conv2")
        return tape.add(hidden, shortcut)


def attention(tape: Tape, x: Tensor, name: str, axis: str) -> Tensor:
    """Single-head attention over the places of a frame (axis "space") or over the frames of a place ("time")."""
    b, c, t, h, w = x.shape
    rows, each = {"space": (b * t, h * w), "time": (b * h * w, t)}[axis]
    with tape.scope(name):
        hidden = frame_norm(tape, x, "norm")
        q = causal_conv(tape, hidden, c, (1, 1, 1), "to_q")
        k = causal_conv(tape, hidden, c, (1, 1, 1), "to_k")
        v = causal_conv(tape, hidden, c, (1, 1, 1), "to_v")
        q = sequences(tape, q, rows, each)
        k = sequences(tape, k, rows, each)
        v = sequences(tape, v, rows, each)
        masked = {"space": "none", "time": "causal"}[axis]
        mixed = tape.attention(q, k, v, masked=masked).view(b, c, t, h, w)
        del hidden
        out = causal_conv(tape, mixed, c, (1, 1, 1), "to_out.0")
        return tape.add(out, x)


def sequences(tape: Tape, x: Tensor, rows: Number, each: Number) -> Tensor:
    """[b, c, t, h, w] -> [rows, 1, each, c]: a view of one clip, a copy (which then stands for x) of several."""
    b, c = x.shape[:2]
    tape.copy(x, rows * minimum(b - 1, 1), 1, each, c)
    return x.view(rows, 1, each, c)


def mid_block(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Residual block, both attentions, residual block."""
    width, frames = x.shape[1], x.shape[2]
    with tape.scope(name):
        hidden = residual_block(tape, x, width, "resnets.0")
        mask = tape.empty((frames, frames), "bool")
        hidden = attention(tape, hidden, "attentions.0", "space")
        hidden = attention(tape, hidden, "temp_attentions.0", "time")
        out = residual_block(tape, hidden, width, "resnets.1")
        del mask
        return out


def level(tape: Tape, x: Tensor, c_out: Number, blocks: int, name: str, *, attend: bool) -> Tensor:
    """The residual blocks of one resolution, each followed by attention over space and time where `attend`."""
    hidden = x
    with tape.scope(name):
        for i in range(blocks):
            hidden = residual_block(tape, hidden, c_out, f"resnets.{i}")
            if attend:
                hidden = attention(tape, hidden, f"attentions.{i}", "space")
                hidden = attention(tape, hidden, f"temp_attentions.{i}", "time")
    return hidden


def downsample(tape: Tape, x: Tensor, name: str, *, space: bool, time: bool) -> Tensor:
    """Half the height and width, half the frames: a strided convolution plus the average, then a 1×1×1."""
    hidden, convolved, pooled = x, None, None
    b, c, t, h, w = x.shape
    with tape.scope(name):
        if space:
            hidden = tape.copy(x, b, c, t, h + 1, w + 1, name="pad")
            h, w = h // 2, w // 2
            convolved = causal_conv(tape, hidden, c, (1, 3, 3), "conv1", stride=(1, 2, 2))
            pooled = tape.pointwise("average", (hidden,), (b, c, t, h, w))
            hidden = tape.add(convolved, pooled)
        if time:
            hidden = tape.cat((hidden,), b, c, t + 1, h, w)
            convolved = causal_conv(tape, hidden, c, (3, 1, 1), "conv2", stride=(2, 1, 1))
            pooled = tape.pointwise("average", (hidden,), convolved.shape)
            hidden = tape.add(convolved, pooled)
        out = causal_conv(tape, hidden, c, (1, 1, 1), "conv3") if space or time else hidden
        del convolved, pooled
        return out


def upsample(tape: Tape, x: Tensor, name: str, *, space: bool, time: bool) -> Tensor:
    """Twice the frames but the first, twice the height and width: repeats plus their convolution, then a 1×1×1."""
    hidden = x
    b, c, t, h, w = x.shape
    with tape.scope(name):
        if time:
            repeated = tape.copy(x, b, c, where(t > 1, 2 * t, t), h, w, name="repeat_interleave")
            t = 2 * t - 1
            hidden = repeated.view(b, c, t, h, w)
            del repeated
            hidden = tape.add(causal_conv(tape, hidden, c, (3, 1, 1), "conv1"), hidden)
        if space:
            tall = tape.copy(hidden, b, c, t, 2 * h, w, name="repeat_interleave")
            hidden = tape.copy(tall, b, c, t, 2 * h, 2 * w, name="repeat_interleave")
            del tall
            hidden = tape.add(causal_conv(tape, hidden, c, (1, 3, 3), "conv2", padding=1), hidden)
        return causal_conv(tape, hidden, c, (1, 1, 1), "conv3") if space or time else hidden


def patch_embed(tape: Tape, x: Tensor, patch: int) -> Tensor:
    """pixels[b, c, t, h, w] -> [b, c · patch³, (t − 1) / patch + 1, h / patch, w / patch]; repeats the first frame."""
    b, c, t, h, w = x.shape
    first = tape.copy(x, b, c, patch, h, w, name="repeat_interleave")
    hidden = tape.cat((first, x), b, c, t - 1 + patch, h, w)
    del first
    for _ in range(patch.bit_length() - 1):
        hidden = split(tape, hidden)
    return hidden


def split(tape: Tape, x: Tensor) -> Tensor:
    """One level: half the frames, height and width, eight times the channels."""
    b, c, t, h, w = x.shape
    low, high = kernels(tape, c)
    padded = tape.copy(x, b, c, t + 1, h + 1, w + 1, name="pad")
    halves = [filtered(tape, padded, (t // 2, h + 1, w + 1)) for _ in range(2)]
    quarters = [filtered(tape, half, (t // 2, h // 2, w + 1)) for half in halves for _ in range(2)]
    parts = [filtered(tape, quarter, (t // 2, h // 2, w // 2)) for quarter in quarters for _ in range(2)]
    joined = tape.cat(tuple(parts), b, 8 * c, t // 2, h // 2, w // 2)
    del padded
    scaled = tape.scale(joined)
    del low, high
    return scaled


def filtered(tape: Tape, x: Tensor, out: tuple[Number, Number, Number]) -> Tensor:
    """One of the two filters along one axis, every second place kept."""
    channels = x.shape[1]
    return tape.convolution(x, channels, (TAPS,), "wavelet", out=out, groups=channels, bias=False, fixed=True)


def unpatch_embed(tape: Tape, x: Tensor, patch: int) -> Tensor:
    """The way back; the repeats of the first frame are cut off."""
    hidden = x
    for _ in range(patch.bit_length() - 1):
        hidden = joined(tape, hidden)
    b, c, t, h, w = hidden.shape
    return hidden.view(b, c, t - (patch - 1), h, w)


def joined(tape: Tape, x: Tensor) -> Tensor:
    """One level back: eight parts to one, along width, then height, then time."""
    b, c, t, h, w = x.shape
    c = c // 8
    low, high = kernels(tape, c)
    part = x.view(b, c, t, h, w)
    quarters = [doubled(tape, part, part, (t, h, 2 * w)) for _ in range(4)]
    halves = [doubled(tape, quarters[i], quarters[i + 1], (t, 2 * h, 2 * w)) for i in (0, 2)]
    whole = doubled(tape, halves[0], halves[1], (2 * t, 2 * h, 2 * w))
    scaled = tape.scale(whole)
    del low, high
    return scaled


def doubled(tape: Tape, low: Tensor, high: Tensor, out: tuple[Number, Number, Number]) -> Tensor:
    """Two transposed filters along one axis, added."""
    first = spread(tape, low, out)
    return tape.add(spread(tape, high, out), first)


def spread(tape: Tape, x: Tensor, out: tuple[Number, Number, Number]) -> Tensor:
    """A transposed filter: each input place feeds two output places."""
    b, c, *places = x.shape
    width = ELEMENT_BYTES[x.dtype]
    tape.ops.append(
        Convolution(
            tape.prefix + "wavelet", tape.count, x.dtype, b, c, c, product(places), product(out), TAPS, c, width
        )
    )
    return tape.empty((b, c, *out), x.dtype)


def kernels(tape: Tape, channels: Number) -> tuple[Tensor, Tensor]:
    """The low and the high filter, one copy per channel."""
    return tape.empty((channels, TAPS)), tape.empty((channels, TAPS))
