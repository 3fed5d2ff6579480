"""EasyAnimate's causal video VAE: decodes one latent frame, encodes four frames at a time, carrying two frames at
every convolution.

Mirrors diffusers' AutoencoderKLMagvit. Source: arXiv 2405.18991; diffusers 0.42.1
models/autoencoders/autoencoder_kl_magvit.py.
"""

import msgspec

from vidcalc.base.number import Number, maximum, minimum
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.kl_blocks import posterior
from vidcalc.networks.autoencoders.space_tiles import in_space_tiles
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLMagvit",)
TILING = Tiling(height=512, width=512, stride_height=448, stride_width=448)  # the class's enable_tiling
FRAMES_IN = 4  # frames encoded at a time after the first
CARRIED = 2  # frames that a convolution over three frames takes over from the chunk before


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names. Tuples have one entry per level."""

    in_channels: Number = 3
    latent_channels: Number = 16
    out_channels: Number = 3
    block_out_channels: tuple[Number, ...] = (128, 256, 512, 512)
    down_block_types: tuple[str, ...] = ("SpatialDownBlock3D", *("SpatialTemporalDownBlock3D",) * 3)
    up_block_types: tuple[str, ...] = ("SpatialUpBlock3D", *("SpatialTemporalUpBlock3D",) * 3)
    layers_per_block: int = 2
    norm_num_groups: Number = 32
    spatial_group_norm: bool = True


class Features:
    """What the causal convolutions and upsamplers carry from chunk to chunk, in the order they run."""

    def __init__(self) -> None:
        self.tensors: list[Tensor | None] = []
        self.first = True
        self.index = 0

    def later(self) -> None:
        """Begin a chunk after the first."""
        self.first, self.index = False, 0

    def release(self) -> None:
        """Let go of what the next layer carried so far."""
        if not self.first:
            self.tensors[self.index] = None

    def swap(self, tensor: Tensor | None) -> None:
        """Keep this in place of what the next layer carried so far, and move on."""
        if self.first:
            self.tensors.append(tensor)
        else:
            self.tensors[self.index] = tensor
        self.index += 1


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch, c, frames, height, width] -> pixels[batch, 3, 4·(frames − 1) + 1, 8·height, 8·width]."""
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    if tiling is None:
        return decode_clip(tape, config, latent)
    space = 2 ** (len(config.block_out_channels) - 1)
    frames = frames_per_latent(config) * (shape.frames - 1) + 1

    def one(t: Number, height: Number, width: Number) -> Tensor:
        return decode_clip(tape, config, latent.view(shape.batch, config.latent_channels, t, height, width))

    out = (shape.batch, config.out_channels, frames)
    return in_space_tiles(tape, one, shape, tiling, space, lambda n: n * space, out)


def frames_per_latent(config: Config) -> int:
    """Frames that every latent frame but the first becomes."""
    return 1 << sum("Temporal" in kind for kind in config.up_block_types[:-1])


def decode_clip(tape: Tape, config: Config, latent: Tensor) -> Tensor:
    """The first latent frame, then the others one by one; all results wait, and are joined at the end."""
    batch, channels, count, *places = latent.shape
    z = tape.convolution(latent, channels, (1, 1, 1), "post_quant_conv")
    chunk = z.view(batch, channels, 1, *places)
    features, times = Features(), frames_per_latent(config)
    first = decoder(tape, config, chunk, features)
    b, c, _, height, width = first.shape
    with tape.again(count - 1):
        before = tape.pieces((b, c, times * maximum(count - 2, 0), height, width))
        features.later()
        frames = decoder(tape, config, chunk, features)
        del before, frames
    rest = tape.empty((b, c, times * (count - 1), height, width))
    return tape.cat((first, rest), b, c, times * (count - 1) + 1, height, width)


def decoder(tape: Tape, config: Config, x: Tensor, features: Features) -> Tensor:
    """One latent frame -> one frame (the first) or four."""
    widths, groups, by_frame = (
        tuple(reversed(config.block_out_channels)),
        config.norm_num_groups,
        config.spatial_group_norm,
    )
    with tape.scope("decoder"):
        hidden = causal_conv(tape, x, widths[0], "conv_in", features)
        with tape.scope("mid_block"):
            hidden = residual_blocks(tape, hidden, widths[0], config.layers_per_block, groups, features, by_frame=True)
        for level, width in enumerate(widths):
            with tape.scope(f"up_blocks.{level}"):
                hidden = up_level(tape, config, hidden, width, level, features)
        hidden = frame_norm(tape, hidden, groups, "conv_norm_out", by_frame)
        hidden = tape.act(hidden)
        return causal_conv(tape, hidden, config.out_channels, "conv_out", features)


def up_level(tape: Tape, config: Config, x: Tensor, width: Number, level: int, features: Features) -> Tensor:
    """Residual blocks, then up to the next level's size."""
    layers, by_frame = config.layers_per_block + 1, config.spatial_group_norm
    hidden = residual_blocks(tape, x, width, layers, config.norm_num_groups, features, by_frame=by_frame)
    if level == len(config.up_block_types) - 1:
        return hidden
    return upsample(tape, hidden, features, temporal="Temporal" in config.up_block_types[level])


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean, log-variance[batch, 2·c, (frames − 1)/4 + 1, height/8,
    width/8].
    """
    pixels = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    if tiling is None:
        moments = encode_clip(tape, config, pixels)
    else:
        space = 2 ** (len(config.block_out_channels) - 1)

        def one(t: Number, height: Number, width: Number) -> Tensor:
            return encode_clip(tape, config, pixels.view(shape.batch, config.in_channels, t, height, width))

        out = (shape.batch, 2 * config.latent_channels, (shape.frames - 1) // FRAMES_IN + 1)
        moments = in_space_tiles(tape, one, shape, tiling, 1, lambda n: n // space, out)
    return posterior(tape, moments)


def encode_clip(tape: Tape, config: Config, pixels: Tensor) -> Tensor:
    """The first frame, then four at a time; all results wait, and are joined and projected at the end."""
    chunks = (pixels.shape[2] - 1) // FRAMES_IN
    features = Features()
    first = encoder(tape, config, pixels.view(*pixels.shape[:2], 1, *pixels.shape[3:]), features)
    b, c, _, height, width = first.shape
    with tape.again(chunks):
        before = tape.pieces((b, c, maximum(chunks - 1, 0), height, width))
        features.later()
        latents = encoder(tape, config, pixels.view(*pixels.shape[:2], FRAMES_IN, *pixels.shape[3:]), features)
        del before, latents
    rest = tape.empty((b, c, chunks, height, width))
    joined = tape.cat((first, rest), b, c, chunks + 1, height, width)
    return tape.convolution(joined, c, (1, 1, 1), "quant_conv")


def encoder(tape: Tape, config: Config, x: Tensor, features: Features) -> Tensor:
    """One frame (the first) or four -> one latent frame."""
    widths, groups, by_frame = config.block_out_channels, config.norm_num_groups, config.spatial_group_norm
    with tape.scope("encoder"):
        hidden = causal_conv(tape, x, widths[0], "conv_in", features)
        for level, width in enumerate(widths):
            with tape.scope(f"down_blocks.{level}"):
                hidden = down_level(tape, config, hidden, width, level, features)
        with tape.scope("mid_block"):
            layers = config.layers_per_block
            hidden = residual_blocks(tape, hidden, widths[-1], layers, groups, features, by_frame=by_frame)
        hidden = frame_norm(tape, hidden, groups, "conv_norm_out", by_frame)
        hidden = tape.act(hidden)
        return causal_conv(tape, hidden, 2 * config.latent_channels, "conv_out", features)


def down_level(tape: Tape, config: Config, x: Tensor, width: Number, level: int, features: Features) -> Tensor:
    """Residual blocks, then down to the next level's size."""
    layers, by_frame = config.layers_per_block, config.spatial_group_norm
    hidden = residual_blocks(tape, x, width, layers, config.norm_num_groups, features, by_frame=by_frame)
    if level == len(config.down_block_types) - 1:
        return hidden
    return downsample(tape, hidden, features, temporal="Temporal" in config.down_block_types[level])


def causal_conv(
    tape: Tape, x: Tensor, c_out: Number, name: str, features: Features, *, stride: int = 1, shrink: bool = False
) -> Tensor:
    """A 3×3×3 convolution of x[b, c, t, h, w] over the past, one frame of output at a time; then the frames joined.

    stride   over time; 2 halves the frames of every chunk but the first
    shrink   stride 2 over height and width, which come with one row and column of padding
    """
    b, c, t, h, w = x.shape
    carried = CARRIED if features.first or stride == 1 else CARRIED - 1
    frames = 1 if features.first else int(t // stride)
    out = ((h - 1) // 2, (w - 1) // 2) if shrink else (h, w)
    joined = (
        tape.copy(x, b, c, t + carried, h, w, name="pad") if features.first else tape.cat((x,), b, c, t + carried, h, w)
    )
    features.release()
    features.swap(tape.copy(joined, b, c, CARRIED, h, w, name="carry"))
    window = joined.view(b, c, CARRIED + 1, h, w)
    outputs = [tape.convolution(window, c_out, (3, 3, 3), name, out=(1, *out)) for _ in range(frames)]
    return tape.cat(tuple(outputs), b, c_out, frames, *out)


def frame_norm(tape: Tape, x: Tensor, groups: Number, name: str, by_frame: bool) -> Tensor:
    """Group norm of each frame (of the whole clip unless `by_frame`); several frames are copied into a batch first."""
    b, c, t, h, w = x.shape
    if not by_frame:
        return tape.group_norm(x, groups, name)
    flat = tape.copy(x, x.elements * minimum(t - 1, 1), name="reshape")
    out = tape.group_norm(x.view(b * t, c, h, w), groups, name)
    del flat
    return out.view(b, c, t, h, w)


def residual_block(
    tape: Tape, x: Tensor, c_out: Number, name: str, groups: Number, features: Features, *, by_frame: bool
) -> Tensor:
    """norm, SiLU, causal convolution, twice; a 1×1×1 shortcut where the width changes."""
    with tape.scope(name):
        shortcut = x if x.shape[1] == c_out else tape.convolution(x, c_out, (1, 1, 1), "shortcut")
        hidden = frame_norm(tape, x, groups, "norm1", by_frame)
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, c_out, "conv1", features)
        hidden = frame_norm(tape, hidden, groups, "norm2", by_frame)
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, c_out, "conv2", features)
        return tape.scale(tape.add(hidden, shortcut), "output_scale")


def residual_blocks(
    tape: Tape, x: Tensor, width: Number, layers: int, groups: Number, features: Features, *, by_frame: bool
) -> Tensor:
    """Several residual blocks of one width."""
    hidden = x
    for i in range(layers):
        hidden = residual_block(tape, hidden, width, f"convs.{i}", groups, features, by_frame=by_frame)
    return hidden


def downsample(tape: Tape, x: Tensor, features: Features, *, temporal: bool) -> Tensor:
    """Half the height and width, and with `temporal` half the frames of every chunk but the first."""
    b, c, t, h, w = x.shape
    padded = tape.copy(x, b, c, t, h + 1, w + 1, name="pad")
    return causal_conv(tape, padded, c, "downsampler.conv", features, stride=2 if temporal else 1, shrink=True)


def upsample(tape: Tape, x: Tensor, features: Features, *, temporal: bool) -> Tensor:
    """Twice the height and width, and with `temporal` twice the frames of every chunk but the first."""
    b, c, t, h, w = x.shape
    hidden = tape.copy(x, b, c, t, 2 * h, 2 * w, name="upsample")
    hidden = causal_conv(tape, hidden, c, "upsampler.conv", features)
    if not temporal:
        return hidden
    if features.first:
        features.swap(hidden)
        return hidden
    features.index += 1
    return tape.copy(hidden, b, c, 2 * t, 2 * h, 2 * w, name="upsample")
