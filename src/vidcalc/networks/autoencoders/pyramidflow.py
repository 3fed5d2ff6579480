"""Pyramid Flow causal video VAE: a few frames at a time, every convolution remembering the two frames it saw last.

The first window is one frame longer: three latent frames of a decoder, 17 frames of an encoder; later ones two and 16.
Source: arXiv 2410.05954; jy0205/Pyramid-Flow video_vae/modeling_causal_vae.py, modeling_enc_dec.py, modeling_block.py,
modeling_causal_conv.py, modeling_resnet.py, read November 2026.
"""

from collections.abc import Callable

import msgspec

from vidcalc.base.number import Number, maximum, minimum
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.kl_blocks import place_attention, posterior
from vidcalc.networks.autoencoders.space_tiles import in_space_tiles
from vidcalc.tape import Tape, Tensor

CLASSES = ("CausalVideoVAE",)
TILING = Tiling(height=256, width=256, stride_height=192, stride_width=192)  # the class's enable_tiling
WINDOW = 2  # latent frames of a window after the first: the default of the class's decode


class Memory:
    """The last two padded frames each convolution saw, carried from window to window.

    features  what the encoder made of the window before
    """

    def __init__(self) -> None:
        self.features: Tensor | None = None
        self.tensors: list[Tensor | None] = []
        self.first = True
        self.index = 0

    def later(self) -> None:
        """The first window is over."""
        self.first = False

    def again(self) -> None:
        """Begin the next window."""
        self.index = 0

    def take(self) -> Tensor | None:
        """What the next convolution kept of the window before; it is forgotten here."""
        if self.first:
            self.tensors.append(None)
        past, self.tensors[self.index] = self.tensors[self.index], None
        return past

    def keep(self, tensor: Tensor) -> None:
        """Keep the newest frames of this convolution, and move on."""
        self.tensors[self.index] = tensor
        self.index += 1


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE; the decoder mirrors the encoder's levels."""

    in_channels: Number = 3
    out_channels: Number = 3
    latent_channels: Number = 16
    encoder_block_out_channels: tuple[Number, ...] = (128, 256, 512, 512)
    decoder_block_out_channels: tuple[Number, ...] = (128, 256, 512, 512)
    encoder_layers_per_block: tuple[int, ...] = (2, 2, 2, 2)
    decoder_layers_per_block: tuple[int, ...] = (3, 3, 3, 3)
    spatial_down_sample: tuple[bool, ...] = (True, True, True, False)
    temporal_down_sample: tuple[bool, ...] = (True, True, True, False)
    norm_num_groups: Number = 32

    @property
    def space(self) -> int:
        """Pixels of a side under one latent place."""
        return int(2 ** sum(self.spatial_down_sample))

    @property
    def time(self) -> int:
        """Frames under one latent frame after the first."""
        return int(2 ** sum(self.temporal_down_sample))


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels[batch, 3, 8·(frames − 1) + 1, 8·height, 8·width]."""
    b, frames, scale = shape.batch, shape.frames, config.space
    latent = tape.input(b, config.latent_channels, frames, shape.height, shape.width)

    def one(_: Number, height: Number, width: Number) -> Tensor:
        def chunk(size: Number, memory: Memory) -> Tensor:
            z = latent.view(b, config.latent_channels, size, height, width)
            z = causal_conv(tape, z, config.latent_channels, 1, "post_quant_conv", memory)
            return decoder(tape, config, z, memory)

        def out(size: Number) -> tuple[Number, ...]:
            return b, config.out_channels, maximum(config.time * (size - 1) + 1, 0), scale * height, scale * width

        return in_windows(tape, chunk, out, frames, WINDOW, 1)

    if tiling is None:
        return one(frames, shape.height, shape.width)
    lead = (b, config.out_channels, config.time * (frames - 1) + 1)
    return in_space_tiles(tape, one, shape, tiling, scale, lambda n: n * scale, lead)


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> moments[batch, 2·z, (frames − 1)/8 + 1, height/8, width/8]."""
    b, scale, moments = shape.batch, config.space, 2 * config.latent_channels
    pixels = tape.input(b, config.in_channels, shape.frames, shape.height, shape.width)

    def one(_: Number, height: Number, width: Number) -> Tensor:
        def chunk(size: Number, memory: Memory) -> Tensor:
            x = pixels.view(b, config.in_channels, size, height, width)
            memory.features = encoder(tape, config, x, memory)
            return causal_conv(tape, memory.features, moments, 1, "quant_conv", memory)

        def out(size: Number) -> tuple[Number, ...]:
            return b, moments, maximum((size - 1) // config.time + 1, 0), height // scale, width // scale

        return in_windows(tape, chunk, out, shape.frames, WINDOW * config.time, config.time)

    if tiling is None:
        return posterior(tape, one(shape.frames, shape.height, shape.width))
    lead = (b, moments, (shape.frames - 1) // config.time + 1)
    return posterior(tape, in_space_tiles(tape, one, shape, tiling, 1, lambda n: n // scale, lead))


def in_windows(
    tape: Tape,
    run: Callable[[Number, Memory], Tensor],
    out: Callable[[Number], tuple[Number, ...]],
    frames: Number,
    window: int,
    least: int,
) -> Tensor:
    """`run` over frames in windows of window + 1, then `window` each, then what is left; joined at the end.

    out    shape of the result of so many frames
    least  frames the shortest window can have, after the first
    """
    memory = Memory()
    first = minimum(frames, window + 1)
    latest = run(first, memory)
    memory.later()
    full = (frames - first) // window
    rest = frames - first - full * window
    for size, times, before in (
        (window, full, first + maximum(full - 1, 0) * window),
        (maximum(rest, least), minimum(rest, 1), first + full * window),
    ):
        memory.again()
        with tape.again(times):
            del latest
            done = tape.empty(out(before))
            latest = run(size, memory)
            del done
    pieces = tape.empty(beside(out(frames), latest))
    joined = tape.cat((pieces, latest), *out(frames))
    del pieces, latest, memory
    return joined


def beside(shape: tuple[Number, ...], part: Tensor) -> tuple[Number, ...]:
    """What `shape` has more frames than `part`."""
    b, c, t, *places = shape
    return b, c, maximum(t - part.shape[2], 0), *places


def decoder(tape: Tape, config: Config, z: Tensor, memory: Memory) -> Tensor:
    """One window of latents -> one window of pixels."""
    widths, groups = tuple(reversed(config.decoder_block_out_channels)), config.norm_num_groups
    with tape.scope("decoder"):
        hidden = causal_conv(tape, z, widths[0], 3, "conv_in", memory)
        hidden = middle(tape, hidden, groups, memory)
        for level, width in enumerate(widths):
            layers = config.decoder_layers_per_block[level]
            up = config.spatial_down_sample[level], config.temporal_down_sample[level]
            hidden = up_block(tape, hidden, width, layers, groups, up, f"up_blocks.{level}", memory)
        hidden = frame_norm(tape, hidden, groups, "conv_norm_out")
        hidden = tape.act(hidden)
        return causal_conv(tape, hidden, config.out_channels, 3, "conv_out", memory)


def encoder(tape: Tape, config: Config, x: Tensor, memory: Memory) -> Tensor:
    """One window of pixels -> one window of features."""
    widths, groups = config.encoder_block_out_channels, config.norm_num_groups
    with tape.scope("encoder"):
        hidden = causal_conv(tape, x, widths[0], 3, "conv_in", memory)
        for level, width in enumerate(widths):
            layers = config.encoder_layers_per_block[level]
            down = config.spatial_down_sample[level], config.temporal_down_sample[level]
            hidden = down_block(tape, hidden, width, layers, groups, down, f"down_blocks.{level}", memory)
        hidden = middle(tape, hidden, groups, memory)
        hidden = frame_norm(tape, hidden, groups, "conv_norm_out")
        hidden = tape.act(hidden)
        return causal_conv(tape, hidden, 2 * config.latent_channels, 3, "conv_out", memory)


def causal_conv(
    tape: Tape,
    x: Tensor,
    c_out: Number,
    kernel: int,
    name: str,
    memory: Memory,
    steps: tuple[int, int] = (1, 1),
) -> Tensor:
    """x[b, c, t, h, w] padded around in space (a copy) and joined to what is remembered, then convolved.

    The first window is padded in front in time instead. steps: stride in time, and in height and width.
    """
    b, c, t, h, w = x.shape
    more, (time, space) = kernel - 1, steps
    past = memory.take()
    if past is None:
        front = more
        joined = tape.copy(x, b, c, t + front, h + more, w + more, name="pad")
    else:
        front = more + 1 - time
        padded = tape.copy(x, b, c, t, h + more, w + more, name="pad")
        joined = tape.cat((past, padded), b, c, t + front, h + more, w + more) if more else padded
        del padded
    memory.keep(tape.copy(joined, b, c, minimum(t + front, 2), h + more, w + more, name="remember"))
    out = ((t + front - kernel) // time + 1, h // space, w // space)
    return tape.convolution(joined, c_out, (kernel, kernel, kernel), name + ".conv", out=out)


def frame_norm(tape: Tape, x: Tensor, groups: Number, name: str) -> Tensor:
    """Group norm of every frame by itself; frames are brought to the front by a copy, where there are several."""
    b, c, t, h, w = x.shape
    copied = tape.copy(x, b * t * minimum(t - 1, 1), c, h, w, name="contiguous")
    normed = tape.group_norm(x.view(b * t, c, h, w), groups, name).view(b, c, t, h, w)
    del copied
    return normed


def residual_block(tape: Tape, x: Tensor, c_out: Number, groups: Number, name: str, memory: Memory) -> Tensor:
    """norm, SiLU, convolution, twice; a 1x1x1 shortcut where the width changes."""
    with tape.scope(name):
        hidden = frame_norm(tape, x, groups, "norm1")
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, c_out, 3, "conv1", memory)
        hidden = frame_norm(tape, hidden, groups, "norm2")
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, c_out, 3, "conv2", memory)
        shortcut = x if x.shape[1] == c_out else causal_conv(tape, x, c_out, 1, "conv_shortcut", memory)
        return tape.scale(tape.add(shortcut, hidden), "output_scale")


def middle(tape: Tape, x: Tensor, groups: Number, memory: Memory) -> Tensor:
    """Residual block, attention over the places of each frame, residual block."""
    b, c, t, h, w = x.shape
    with tape.scope("mid_block"):
        hidden = residual_block(tape, x, c, groups, "resnets.0", memory)
        copied = tape.copy(hidden, b * t * minimum(t - 1, 1), c, h, w, name="contiguous")
        hidden = place_attention(tape, hidden.view(b * t, c, h, w), groups, "attentions.0")
        del copied
        return residual_block(tape, hidden.view(b, c, t, h, w), c, groups, "resnets.1", memory)


def up_block(
    tape: Tape, x: Tensor, width: Number, layers: int, groups: Number, up: tuple[bool, bool], name: str, memory: Memory
) -> Tensor:
    """Residual blocks, then twice the height and width, then twice the frames: channels unfold into places."""
    space, time = up
    with tape.scope(name):
        hidden = x
        for i in range(layers):
            hidden = residual_block(tape, hidden, width, groups, f"resnets.{i}", memory)
        if space:
            hidden = causal_conv(tape, hidden, 4 * width, 3, "upsamplers.0.conv", memory)
            b, _, t, h, w = hidden.shape
            hidden = tape.copy(hidden, b, width, t, 2 * h, 2 * w, name="unfold")
        if time:
            hidden = causal_conv(tape, hidden, 2 * width, 3, "temporal_upsamplers.0.conv", memory)
            b, _, t, h, w = hidden.shape
            hidden = tape.copy(hidden, b, width, 2 * t, h, w, name="unfold")
            if memory.first:  # its first frame has none before it
                hidden = hidden.view(b, width, 2 * t - 1, h, w)
        return hidden


def down_block(
    tape: Tape,
    x: Tensor,
    width: Number,
    layers: int,
    groups: Number,
    down: tuple[bool, bool],
    name: str,
    memory: Memory,
) -> Tensor:
    """Residual blocks, then half the height and width, then half the frames."""
    space, time = down
    with tape.scope(name):
        hidden = x
        for i in range(layers):
            hidden = residual_block(tape, hidden, width, groups, f"resnets.{i}", memory)
        if space:
            hidden = causal_conv(tape, hidden, width, 3, "downsamplers.0.conv", memory, (1, 2))
        if time:
            hidden = causal_conv(tape, hidden, width, 3, "temporal_downsamplers.0.conv", memory, (2, 1))
        return hidden
