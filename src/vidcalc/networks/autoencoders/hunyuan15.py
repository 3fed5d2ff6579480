"""HunyuanVideo-1.5 causal video VAE: 16 × 16 × 4 compression, channel-packed resampling with averaging shortcuts.

All frames go through at once (no time tiles, no feature cache); height and width can be tiled. The first frame stands
alone: it is resampled in space only, the others in time too where a level does so. Mirrors diffusers'
AutoencoderKLHunyuanVideo15. Source: arXiv 2511.18870; diffusers 0.42.1
models/autoencoders/autoencoder_kl_hunyuanvideo15.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.hunyuan_blocks import causal_conv
from vidcalc.networks.autoencoders.tiled import in_tiles
from vidcalc.networks.autoencoders.tiles import Cut, cut, whole
from vidcalc.networks.autoencoders.wan_blocks import channel_norm
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLHunyuanVideo15",)
TILING = Tiling(height=256, width=256, stride_height=192, stride_width=192)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names."""

    in_channels: Number = 3
    out_channels: Number = 3
    latent_channels: Number = 32
    block_out_channels: tuple[Number, ...] = (128, 256, 512, 1024, 1024)
    layers_per_block: int = 2
    spatial_compression_ratio: int = 16
    temporal_compression_ratio: int = 4
    downsample_match_channel: bool = True
    upsample_match_channel: bool = True

    @property
    def space_levels(self) -> int:
        """Levels that halve or double height and width."""
        return self.spatial_compression_ratio.bit_length() - 1

    @property
    def time_levels(self) -> int:
        """Levels that halve or double the frames."""
        return self.temporal_compression_ratio.bit_length() - 1


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels[batch, 3, 4·(frames − 1) + 1, 16·height, 16·width]."""
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    s = config.spatial_compression_ratio
    frames, height, width = pixels_of(config, shape)

    def enlarged(n: Number) -> Number:
        return n * s

    rows, columns = whole(shape.height, enlarged), whole(shape.width, enlarged)
    if tiling is not None:
        tiled = (shape.height > tiling.height // s) | (shape.width > tiling.width // s)
        rows = cut(shape.height, tiling.height // s, tiling.stride_height // s, tiled, enlarged, tiling.ends)
        columns = cut(shape.width, tiling.width // s, tiling.stride_width // s, tiled, enlarged, tiling.ends)

    def one(frames: Number, height: Number, width: Number) -> Tensor:
        return decoder(tape, config, latent.view(shape.batch, config.latent_channels, frames, height, width))

    cuts = (one_chunk(shape.frames, frames), rows, columns)
    return in_tiles(
        tape, one, cuts, (shape.batch, config.out_channels, frames, height, width), tiling.host if tiling else ""
    )


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance[batch, 2·z, (frames − 1)/4 + 1, h/16, w/16]."""
    pixels = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    t, s = config.temporal_compression_ratio, config.spatial_compression_ratio

    def reduced(n: Number) -> Number:
        return n // s

    rows, columns = whole(shape.height, reduced), whole(shape.width, reduced)
    if tiling is not None:
        tiled = (shape.height > tiling.height) | (shape.width > tiling.width)
        rows = cut(shape.height, tiling.height, tiling.stride_height, tiled, reduced, tiling.ends)
        columns = cut(shape.width, tiling.width, tiling.stride_width, tiled, reduced, tiling.ends)

    def one(frames: Number, height: Number, width: Number) -> Tensor:
        return encoder(tape, config, pixels.view(shape.batch, config.in_channels, frames, height, width))

    frames = (shape.frames - 1) // t + 1
    size = (shape.batch, 2 * config.latent_channels, frames, shape.height // s, shape.width // s)
    return in_tiles(tape, one, (one_chunk(shape.frames, frames), rows, columns), size, tiling.host if tiling else "")


def pixels_of(config: Config, shape: Shape) -> tuple[Number, Number, Number]:
    """Frames, height and width of the pixels of a latent."""
    s = config.spatial_compression_ratio
    return (shape.frames - 1) * config.temporal_compression_ratio + 1, shape.height * s, shape.width * s


def one_chunk(frames: Number, out: Number) -> Cut:
    """Time in one piece."""
    return whole(frames, lambda _: out)


def decoder(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Latents -> pixels."""
    widths = tuple(reversed(config.block_out_channels))
    b, _, *places = x.shape
    with tape.scope("decoder"):
        embedded = causal_conv(tape, x, widths[0], 3, "conv_in")
        repeated = tape.copy(x, b, widths[0], *places, name="repeat")
        hidden = tape.add(embedded, repeated)
        del embedded, repeated
        hidden = mid_block(tape, hidden, "mid_block")
        for level, width in enumerate(widths):
            step = level < config.space_levels
            out = widths[level + 1] if step and config.upsample_match_channel else width
            times = 2 if level < config.time_levels else 1
            layers, name = config.layers_per_block + 1, f"up_blocks.{level}"
            hidden = up_block(tape, hidden, width, layers, out if step else None, times, name)
        hidden = channel_norm(tape, hidden, "norm_out")
        hidden = tape.act(hidden)
        return causal_conv(tape, hidden, config.out_channels, 3, "conv_out")


def encoder(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Pixels -> moments."""
    widths, c_out = config.block_out_channels, 2 * config.latent_channels
    with tape.scope("encoder"):
        hidden = causal_conv(tape, x, widths[0], 3, "conv_in")
        for level, width in enumerate(widths):
            step = level < config.space_levels
            out = widths[level + 1] if step and config.downsample_match_channel else width
            times = 2 if step and level >= config.space_levels - config.time_levels else 1
            name = f"down_blocks.{level}"
            hidden = down_block(tape, hidden, width, config.layers_per_block, out if step else None, times, name)
        hidden = mid_block(tape, hidden, "mid_block")
        shortcut = tape.pointwise("mean", (hidden,), (x.shape[0], c_out, *hidden.shape[2:]))
        hidden = channel_norm(tape, hidden, "norm_out")
        hidden = tape.act(hidden)
        moments = causal_conv(tape, hidden, c_out, 3, "conv_out")
        tape.traffic("add", 3 * shortcut.nbytes)
        return moments


def residual_block(tape: Tape, x: Tensor, c_out: Number, name: str) -> Tensor:
    """norm, SiLU, causal convolution, twice; a plain 1×1×1 shortcut where the width changes."""
    with tape.scope(name):
        hidden = channel_norm(tape, x, "norm1")
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, c_out, 3, "conv1")
        hidden = channel_norm(tape, hidden, "norm2")
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, c_out, 3, "conv2")
        residual = x if x.shape[1] == c_out else tape.convolution(x, c_out, (1, 1, 1), "conv_shortcut")
        return tape.add(hidden, residual)


def mid_block(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Residual block, attention, residual block."""
    width = x.shape[1]
    with tape.scope(name):
        hidden = residual_block(tape, x, width, "resnets.0")
        hidden = attention_block(tape, hidden, "attentions.0")
        return residual_block(tape, hidden, width, "resnets.1")


def attention_block(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Single-head attention over all places of all frames; by a dense mask each frame sees itself and those before."""
    b, c, t, h, w = x.shape
    n = t * h * w
    with tape.scope(name):
        hidden = channel_norm(tape, x, "norm")
        q, k, v = (tape.convolution(hidden, c, (1, 1, 1), each) for each in ("to_q", "to_k", "to_v"))
        q = tape.copy(q, b, 1, n, c, name="contiguous")
        k = tape.copy(k, b, 1, n, c, name="contiguous")
        v = tape.copy(v, b, 1, n, c, name="contiguous")
        mask = tape.empty((n, n))
        tape.traffic("mask", 2 * mask.nbytes, 2)
        hidden = tape.attention(q, k, v, masked="dense").view(b, c, t, h, w)
        hidden = tape.convolution(hidden, c, (1, 1, 1), "proj_out")
        out = tape.add(hidden, x)
        del q, k, v, mask
        return out


def up_block(tape: Tape, x: Tensor, width: Number, layers: int, c_out: Number | None, times: int, name: str) -> Tensor:
    """Residual blocks, then the step up to `c_out` channels (None: no step); `times` is its factor in time."""
    with tape.scope(name):
        hidden = x
        for i in range(layers):
            hidden = residual_block(tape, hidden, width, f"resnets.{i}")
        return hidden if c_out is None else upsample(tape, hidden, c_out, times, "upsamplers.0")


def down_block(
    tape: Tape, x: Tensor, width: Number, layers: int, c_out: Number | None, times: int, name: str
) -> Tensor:
    """Residual blocks, then the step down to `c_out` channels (None: no step); `times` is its factor in time."""
    with tape.scope(name):
        hidden = x
        for i in range(layers):
            hidden = residual_block(tape, hidden, width, f"resnets.{i}")
        return hidden if c_out is None else downsample(tape, hidden, c_out, times, "downsamplers.0")


def upsample(tape: Tape, x: Tensor, c_out: Number, times: int, name: str) -> Tensor:
    """A convolution to times·2·2 as many channels, unpacked into space and time, plus x unpacked and repeated."""
    b, c, t, h, w = x.shape
    with tape.scope(name):
        packed = causal_conv(tape, x, c_out * times * 4, 3, "conv")
        if times == 1:
            unpacked = tape.copy(packed, b, c_out, t, 2 * h, 2 * w, name="unpack")
            del packed
            repeated = tape.copy(x, b, 4 * c_out, t, h, w, name="repeat")
            shortcut = tape.copy(repeated, b, c_out, t, 2 * h, 2 * w, name="unpack")
            del repeated
            return tape.add(unpacked, shortcut)
        frames, later = 1 + (t - 1) * times, (t - 1) * times
        # the first frame grows in space alone: of its times · c_out channels only c_out are joined to the others
        first = tape.copy(packed, b, c_out * times, 1, 2 * h, 2 * w, name="unpack")
        others = tape.copy(packed, b, c_out, later, 2 * h, 2 * w, name="unpack")
        joined = tape.cat((first, others), b, c_out, frames, 2 * h, 2 * w)
        del packed
        x_first = tape.copy(x, b, c // 4, 1, 2 * h, 2 * w, name="unpack")
        x_first = tape.copy(x_first, b, c_out, 1, 2 * h, 2 * w, name="repeat")
        x_others = tape.copy(x, b, c // (4 * times), later, 2 * h, 2 * w, name="unpack")
        x_others = tape.copy(x_others, b, c_out, later, 2 * h, 2 * w, name="repeat")
        shortcut = tape.cat((x_first, x_others), b, c_out, frames, 2 * h, 2 * w)
        out = tape.add(joined, shortcut)
        del first, others, x_first, x_others
        return out


def downsample(tape: Tape, x: Tensor, c_out: Number, times: int, name: str) -> Tensor:
    """A convolution whose places are packed into channels, plus x packed and averaged over groups of channels."""
    b, c, t, h, w = x.shape
    high, wide = h // 2, w // 2
    with tape.scope(name):
        narrow = c_out // (4 * times)
        convolved = causal_conv(tape, x, narrow, 3, "conv")
        if times == 1:
            packed = tape.copy(convolved, b, c_out, t, high, wide, name="pack")
            del convolved
            shortcut = tape.copy(x, b, 4 * c, t, high, wide, name="pack")
            shortcut = tape.pointwise("mean", (shortcut,), (b, c_out, t, high, wide))
            return tape.add(packed, shortcut)
        later = (t - 1) // times
        first = tape.copy(convolved, b, 4 * narrow, 1, high, wide, name="pack")
        first = tape.cat((first, first), b, c_out, 1, high, wide)
        others = tape.copy(convolved, b, c_out, later, high, wide, name="pack")
        joined = tape.cat((first, others), b, c_out, 1 + later, high, wide)
        del convolved
        x_first = tape.copy(x, b, 4 * c, 1, high, wide, name="pack")
        x_first = tape.pointwise("mean", (x_first,), (b, c_out, 1, high, wide))
        x_others = tape.copy(x, b, 4 * times * c, later, high, wide, name="pack")
        x_others = tape.pointwise("mean", (x_others,), (b, c_out, later, high, wide))
        shortcut = tape.cat((x_first, x_others), b, c_out, 1 + later, high, wide)
        out = tape.add(joined, shortcut)
        del first, others, x_first, x_others
        return out
