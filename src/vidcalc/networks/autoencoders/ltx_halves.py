"""The encoder and the decoder that the LTX video VAEs share, from a list of levels.

Source: diffusers 0.42.1 models/autoencoders/autoencoder_kl_ltx.py, autoencoder_kl_ltx2.py.
"""

from typing import NamedTuple

from vidcalc.base.number import Number
from vidcalc.networks.autoencoders.ltx_blocks import (
    Style,
    channel_norm,
    downsample,
    modulated,
    padded_conv,
    patches,
    residual_block,
    residual_blocks,
    time_embedding,
    upsample,
)
from vidcalc.tape import Tape, Tensor


class Down(NamedTuple):
    """One encoder level: residual blocks of width `c_in`, then a step down.

    step   "conv": a strided convolution, then a residual block where the width changes; "spatial", "temporal",
           "spatiotemporal": a folding step to `c_out`; "": none
    """

    c_in: Number
    c_out: Number
    layers: int
    step: str


class Up(NamedTuple):
    """One decoder level: a residual block where the width changes, a step up, then residual blocks of width `c_out`."""

    c_in: Number
    c_out: Number
    layers: int
    step: str
    residual: bool
    factor: int
    noise: bool


def encoder(
    tape: Tape,
    x: Tensor,
    width: Number,
    levels: list[Down],
    middle: int,
    z: Number,
    patch: tuple[int, int],
    style: Style,
) -> Tensor:
    """pixels -> [batch, 2·z, …]: z means, and one log-variance repeated for all channels."""
    hidden = patches(tape, x, *patch)
    hidden = padded_conv(tape, hidden, width, "conv_in", style)
    for i, level in enumerate(levels):
        with tape.scope(f"down_blocks.{i}"):
            hidden = down_block(tape, hidden, level, style)
    with tape.scope("mid_block"):
        hidden = residual_blocks(tape, hidden, middle, None, style)
    hidden = channel_norm(tape, hidden, style)
    hidden = tape.act(hidden)
    hidden = padded_conv(tape, hidden, z + 1, "conv_out", style)
    variance = tape.copy(hidden, hidden.shape[0], z - 1, *hidden.shape[2:], name="repeat")
    return tape.cat((hidden, variance), hidden.shape[0], 2 * z, *hidden.shape[2:])


def down_block(tape: Tape, x: Tensor, level: Down, style: Style) -> Tensor:
    """One encoder level."""
    hidden = residual_blocks(tape, x, level.layers, None, style)
    if level.step == "":
        return hidden
    if level.step != "conv":
        return downsample(tape, hidden, level.c_out, level.step, "downsamplers.0", style)
    hidden = padded_conv(tape, hidden, level.c_in, "downsamplers.0", style, stride=(2, 2, 2))
    if level.c_in == level.c_out:
        return hidden
    return residual_block(tape, hidden, level.c_out, None, "conv_out", style)


def decoder(
    tape: Tape,
    z: Tensor,
    step: Tensor | None,
    levels: list[Up],
    middle: tuple[Number, int, bool],
    c_pixels: Number,
    patch: tuple[int, int],
    style: Style,
) -> Tensor:
    """latent -> pixels; `step` is the noise level where the decoder is conditioned; `middle`: width, layers, noise."""
    width, layers, noise = middle
    hidden = padded_conv(tape, z, width, "conv_in", style)
    time = None
    if step is not None:
        tape.parameter("timestep_scale_multiplier", 1)
        time = tape.scale(step)
    with tape.scope("mid_block"):
        hidden = middle_block(tape, hidden, time, layers, style._replace(noise=noise))
    for i, level in enumerate(levels):
        with tape.scope(f"up_blocks.{i}"):
            hidden = up_block(tape, hidden, time, level, style._replace(noise=level.noise))
    c = hidden.shape[1]
    hidden = channel_norm(tape, hidden, style)
    temb = time_embedding(tape, time, hidden.shape[0], 2 * c)
    if temb is not None:
        tape.parameter("scale_shift_table", 2 * c)
        hidden = modulated(tape, hidden, tape.pointwise("modulation", (temb,)))
    hidden = tape.act(hidden)
    b, _, t, h, w = hidden.shape
    patch_size, patch_t = patch
    hidden = padded_conv(tape, hidden, c_pixels * patch_size**2, "conv_out", style)
    return tape.copy(hidden, b, c_pixels // patch_t, t * patch_t, h * patch_size, w * patch_size, name="unpatchify")


def middle_block(tape: Tape, x: Tensor, step: Tensor | None, layers: int, style: Style) -> Tensor:
    """Residual blocks under one time embedding."""
    temb = time_embedding(tape, step, x.shape[0], 4 * x.shape[1])
    return residual_blocks(tape, x, layers, temb, style)


def up_block(tape: Tape, x: Tensor, step: Tensor | None, level: Up, style: Style) -> Tensor:
    """One decoder level."""
    hidden = x
    if level.c_in != level.c_out:
        hidden = residual_block(tape, hidden, level.c_out, None, "conv_in", style)
    temb = time_embedding(tape, step, x.shape[0], 4 * level.c_in)
    if level.step:
        hidden = upsample(tape, hidden, level.step, "upsamplers.0", style, residual=level.residual, factor=level.factor)
    for i in range(level.layers):
        hidden = residual_block(tape, hidden, level.c_out, temb, f"resnets.{i}", style)
    return hidden
