"""Step-Video VAE: clips of 17 frames coded apart, channels innermost in memory, a shortcut round the last 2x2x2 step.

The norms see each frame by itself. A clip shorter than 17 frames is the last one.
Source: arXiv 2502.10248; stepfun-ai/Step-Video-T2V stepvideo/vae/vae.py (version 2), read November 2026.
"""

from typing import Any

import msgspec

from vidcalc.base.number import maximum, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders.kl_blocks import posterior
from vidcalc.networks.autoencoders.stepvideo_blocks import (
    after_norm_conv,
    attention_block,
    average_channels,
    downsample_all,
    downsample_space,
    frame_norm,
    padded_conv,
    padded_norm,
    repeat_channels,
    residual_block,
    upsample_all,
    upsample_space,
)
from vidcalc.tape import Tape, Tensor

CLASSES = ("StepVideoAutoencoderKL",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under the names of the published code; `inner` channels stand next to the latent."""

    in_channels: Any = 3
    out_channels: Any = 3
    z_channels: Any = 16
    ch: Any = 128
    ch_mult: tuple[Any, ...] = (1, 2, 4, 4)
    num_res_blocks: int = 2
    stem: Any = 32
    temporal_levels: tuple[int, ...] = (2, 3)
    frame_len: int = 17
    latent_len: int = 3

    @property
    def widths(self) -> tuple[Any, ...]:
        """Channels of each level, from the pixels inwards."""
        return tuple(self.ch * factor for factor in self.ch_mult)

    @property
    def inner(self) -> Any:
        """Channels between the last 2x2x2 step and the latent."""
        return 4 * self.z_channels * 2**3

    @property
    def time(self) -> int:
        """Frames under one latent frame after the first."""
        return int(2 * 2 ** len(self.temporal_levels))

    @property
    def space(self) -> int:
        """Pixels of a side under one latent place."""
        return int(2 * 2 ** (len(self.ch_mult) - 1))


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, frames, z, height, width] -> pixels[batch, 17 for every 3 latents, 3, 16·height, 16·width]."""
    b, h, w = shape.batch, shape.height, shape.width
    latent = tape.input(b, config.z_channels, shape.frames, h, w)
    side, last = config.space, 2 ** len(config.temporal_levels)  # frames made for the first latent frame, one is kept
    full = shape.frames // config.latent_len
    rest = shape.frames - full * config.latent_len
    places = (side * h, side * w)
    for size, times, before in clips(config.latent_len, full, rest):
        with tape.again(times):
            done = tape.empty((b, config.out_channels, made(config, before, last), *places))
            pixels = decoder(tape, config, latent.view(b, config.z_channels, size, h, w))
            del done, pixels
    pieces = tape.empty((b, config.out_channels, made(config, full * config.latent_len, last), *places))
    ends = tape.empty((b, config.out_channels, maximum(config.time * (rest - 1) + last, 0), *places))
    frames = full * config.frame_len + maximum(config.time * (rest - 1) + 1, 0)
    joined = tape.cat((pieces, ends), b, config.out_channels, frames, *places)
    seams = maximum(full + minimum(rest, 1) - 1, 0)  # mixed across the seam of two clips
    one, other = (tape.empty((b, config.out_channels, seams, *places)) for _ in range(2))
    mixed = tape.add(one, other)
    del one, other, mixed, pieces, ends
    return joined


def made(config: Config, latents: Any, last: int) -> Any:
    """Frames in memory for so many latent frames in full clips: what is cut off in front stays."""
    return latents // config.latent_len * (config.time * (config.latent_len - 1) + last)


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """pixels[batch, frames, 3, height, width] -> moments[batch, 3 for every 17 frames, 2·z, height/16, width/16]."""
    b, z = shape.batch, 2 * config.z_channels
    pixels = tape.input(b, config.in_channels, shape.frames, shape.height, shape.width)
    places = (shape.height // config.space, shape.width // config.space)
    full = shape.frames // config.frame_len
    rest = shape.frames - full * config.frame_len
    for size, times, before in clips(config.frame_len, full, rest):
        with tape.again(times):
            done = tape.empty((b, z, before // config.frame_len * config.latent_len, *places))
            latent = encoder(tape, config, pixels.view(b, config.in_channels, size, shape.height, shape.width))
            del done, latent
    total = full * config.latent_len + minimum(rest, 1) * ((rest - 1) // config.time + 1)
    pieces = tape.empty((b, z, total, *places))
    joined = tape.cat((pieces,), b, z, total, *places)
    out = posterior(tape, joined)
    del pieces
    return out


def clips(size: Any, full: Any, rest: Any) -> tuple[tuple[Any, Any, Any], ...]:
    """(length, how many, length of all before the last of them) of the full clips and of what is left over."""
    return (size, full, maximum(full - 1, 0) * size), (maximum(rest, 1), minimum(rest, 1), full * size)


def decoder(tape: Tape, config: Config, z: Tensor) -> Tensor:
    """One clip of latents -> one clip of pixels, the frames before the first still in front."""
    widths = config.widths
    with tape.scope("decoder"):
        hidden = padded_conv(tape, z, config.inner, 3, "conv_in.conv")
        shortcut = repeat_channels(tape, z, config.inner, 1)
        tape.traffic("add", 3 * hidden.nbytes)
        shortcut = repeat_channels(tape, hidden, widths[-1], 2)
        wide = padded_conv(tape, hidden, widths[-1] * 8, 3, "conv_unpatchify.conv.conv")
        del hidden
        hidden = tape.copy(wide, name="unfold")
        del wide
        tape.traffic("add", 3 * hidden.nbytes)
        b, _, t, h, w = z.shape
        hidden = tape.copy(hidden, b, widths[-1], 2 * t - 1, 2 * h, 2 * w, name="channels_last")
        hidden = residual_block(tape, hidden, widths[-1], "mid.block_1")
        hidden = attention_block(tape, hidden, "mid.attn_1")
        hidden = residual_block(tape, hidden, widths[-1], "mid.block_2")
        for level in reversed(range(len(widths))):
            for i in range(config.num_res_blocks + 1):
                hidden = residual_block(tape, hidden, widths[level], f"up.{level}.block.{i}")
            if level in config.temporal_levels:
                hidden = upsample_all(tape, hidden, f"up.{level}.upsample")
                hidden = tape.copy(hidden, name="channels_last")
            elif level:
                hidden = upsample_space(tape, hidden, f"up.{level}.upsample")
        hidden = padded_norm(tape, hidden, "norm_out")
        out = after_norm_conv(tape, hidden, config.out_channels, "conv_out.conv")
        del shortcut
        return out


def encoder(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """One clip of pixels -> one clip of moments."""
    widths, last = config.widths, len(config.widths) - 1
    with tape.scope("encoder"):
        pixels = tape.copy(x, name="contiguous")
        hidden = padded_conv(tape, pixels, config.stem, 3, "conv_in.conv")
        hidden = tape.copy(hidden, name="channels_last")
        for level, width in enumerate(widths):
            for i in range(config.num_res_blocks):
                hidden = residual_block(tape, hidden, width, f"down.{level}.block.{i}")
            if level == last:
                continue
            if level + 1 in config.temporal_levels:
                hidden = downsample_all(tape, hidden, f"down.{level}.downsample")
            else:
                hidden = downsample_space(tape, hidden, f"down.{level}.downsample")
        hidden = residual_block(tape, hidden, widths[-1], "mid.block_1")
        hidden = attention_block(tape, hidden, "mid.attn_1")
        hidden = residual_block(tape, hidden, widths[-1], "mid.block_2")
        hidden = frame_norm(tape, hidden, "norm_out", silu=True)
        hidden = tape.copy(hidden, name="contiguous")
        return head(tape, config, hidden, pixels)


def head(tape: Tape, config: Config, x: Tensor, pixels: Tensor) -> Tensor:
    """The last 2x2x2 step and the convolution to the moments, each beside an average of channels."""
    b, _, t, h, w = x.shape
    grid = (t // 2 + 1, h // 2, w // 2)
    shortcut = average_channels(tape, x, config.inner, 2)
    folded = padded_conv(tape, x, config.inner // 8, 3, "conv_patchify.conv.conv")
    padded = tape.copy(folded, b, config.inner // 8, 2 * grid[0], h, w, name="pad")
    del folded
    hidden = tape.copy(padded, b, config.inner, *grid, name="fold")
    del padded
    tape.traffic("add", 3 * hidden.nbytes)
    shortcut = average_channels(tape, hidden, 2 * config.z_channels, 1)
    out = padded_conv(tape, tape.copy(hidden, name="contiguous"), 2 * config.z_channels, 3, "conv_out.conv")
    tape.traffic("add", 3 * out.nbytes)
    del shortcut, pixels
    return out
