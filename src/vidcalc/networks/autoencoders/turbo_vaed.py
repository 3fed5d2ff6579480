"""TurboVAED: Wan 2.2's encoder with a small decoder without causality, in windows of time that see a frame each way.

The first window makes three pixel frames less than four for each of its latent frames; the clip is filled up to whole
windows. What is made of the frames seen beside is thrown away, the rest stays until it is joined.
Source: arXiv 2508.09136; GAIR-NLP/daVinci-MagiHuman@209209b inference/model/turbo_vaed/turbo_vaed_module.py; vllm-omni
0.30.0 diffusion/models/magi2/turbo_vae.py. The encoder as in `wan.py`.
"""

from vidcalc.base.number import Number, ceil_div, maximum, minimum, where
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders import wan
from vidcalc.networks.autoencoders.wan_blocks import unpatchify
from vidcalc.tape import Tape, Tensor

CLASSES = ("TurboVAED",)
TIMES = 4  # pixel frames of a latent frame
COLOURS = 3

encode = wan.encode


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of Wan's encoder under diffusers' names, and of the decoder under its class's.

    decoder_block_out_channels    channels of each level, the finest first
    decoder_layers_per_block      residual blocks of each level, the finest first, and last of what comes before them
    decoder_spatio_temporal_scaling, decoder_spatio_only  whether a level doubles its size, and that alone
    first_chunk_size, step_size   latent frames of the first window and of the others
    """

    decoder_block_out_channels: tuple[Number, ...] = (64, 128, 256, 512)
    decoder_layers_per_block: tuple[int, ...] = (2, 2, 2, 3, 3)
    decoder_spatio_temporal_scaling: tuple[bool, ...] = (False, True, True, True)
    decoder_spatio_only: tuple[bool, ...] = (False, True, False, False)
    first_chunk_size: int = 7
    step_size: int = 7


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels[batch, 3, 4·(frames − 1) + 1, 16·height, 16·width]."""
    first, step, patch = config.first_chunk_size, config.step_size, config.patch_size or 1
    further = maximum(ceil_div(shape.frames - first, step), 0)  # windows after the first
    latent = tape.input(shape.batch, config.z_dim, shape.frames, shape.height, shape.width)
    filled = tape.copy(latent, shape.batch, config.z_dim, first + step * further, shape.height, shape.width, name="pad")
    grown = 2 ** sum(config.decoder_spatio_temporal_scaling) * patch
    picture = COLOURS, grown * shape.height, grown * shape.width
    made = TIMES * (first - 1) + 1 + TIMES * step * further
    # what is kept of all windows but the last, whose own joins them
    before = tape.pieces((shape.batch, made - where(further > 0, TIMES * step, made), *picture))
    rest: Tensor | None = None
    for name, times, seen in (
        ("first", 1, first + minimum(further, 1)),
        ("middle", maximum(further - 1, 0), step + 2),
        ("last", minimum(further, 1), step + 1),
    ):
        with tape.again(times, blocks=False):
            del rest
            rest = window(tape, config, filled, seen, name == "first")
    assert rest is not None
    out = tape.cat((before, rest), shape.batch, COLOURS, made, *picture[1:])
    del before, rest, filled
    return out


def window(tape: Tape, config: Config, latent: Tensor, frames: Number, first: bool) -> Tensor:
    """So many latent frames through the decoder -> pixels[batch, 3, 4 · frames (three less in the first), h, w]."""
    batch, channels, _, height, width = latent.shape
    widths = config.decoder_block_out_channels[::-1]
    layers = config.decoder_layers_per_block[::-1]
    grows, flat = config.decoder_spatio_temporal_scaling[::-1], config.decoder_spatio_only[::-1]
    with tape.scope("decoder"):
        seen = latent.view(batch, channels, frames, height, width)
        hidden = conv(tape, seen, widths[0], "conv_in")
        for i in range(layers[0]):
            hidden = residual(tape, hidden, widths[0], f"mid_block.resnets.{i}")
        for level, c_out in enumerate(widths):
            with tape.scope(f"up_blocks.{level}"):
                if hidden.shape[1] != c_out and level:
                    hidden = residual(tape, hidden, c_out, "conv_in")
                if grows[level]:
                    hidden = doubled(tape, hidden, first, not flat[level])
                for i in range(layers[level + 1]):
                    hidden = residual(tape, hidden, c_out, f"resnets.{i}")
        hidden = normed(tape, hidden)
        hidden = tape.act(hidden)
        hidden = conv(tape, hidden, config.out_channels, "conv_out")
        return unpatchify(tape, hidden, config.patch_size or 1)


def conv(tape: Tape, x: Tensor, c_out: Number, name: str, taps: tuple[int, int, int] = (3, 3, 3)) -> Tensor:
    """A convolution over time and space; the first and the last frame stand in for those beyond."""
    batch, c, frames, height, width = x.shape
    padded = tape.cat((x,), batch, c, frames + taps[0] - 1, height, width) if taps[0] > 1 else x
    return tape.convolution(padded, c_out, taps, name, out=(frames, height, width))


def normed(tape: Tape, x: Tensor) -> Tensor:
    """x over its root mean square of all channels, without weights, in float32."""
    batch, _, *places = x.shape
    square = tape.pointwise("square", (tape.cast(x, "fp32"),))
    spread = tape.pointwise("mean", (square,), (batch, 1, *places), "fp32")
    del square
    return tape.cast(tape.mul(x, spread), x.dtype)


def residual(tape: Tape, x: Tensor, c_out: Number, name: str) -> Tensor:
    """Norm, activation and convolution twice, added to x, which takes a norm and one tap where its width changes."""
    with tape.scope(name):
        hidden = conv(tape, tape.act(normed(tape, x)), c_out, "conv1")
        hidden = conv(tape, tape.act(normed(tape, hidden)), c_out, "conv2")
        if x.shape[1] == c_out:
            return tape.add(hidden, x)
        return tape.add(hidden, conv(tape, normed(tape, x), c_out, "conv_shortcut", (1, 1, 1)))


def doubled(tape: Tape, x: Tensor, first: bool, in_time: bool) -> Tensor:
    """Twice the height and width, and twice the frames (one less in the first window)."""
    batch, c, frames, height, width = x.shape
    longer = x
    with tape.scope("upsamplers.0"):
        if in_time:
            wide = conv(tape, x, 2 * c, "time_conv", (3, 1, 1))
            frames = 2 * frames - first
            longer = tape.copy(wide, batch, c, frames, height, width, name="interleave")
            del wide
        turned = tape.copy(longer, batch * frames, c, height, width, name="frames")
        del longer
        larger = tape.copy(turned, batch * frames, c, 2 * height, 2 * width, name="upsample")
        del turned
        out = tape.convolution(larger, c, (3, 3), "resample.1")
        del larger
        return tape.copy(out, batch, c, frames, 2 * height, 2 * width, name="frames")
