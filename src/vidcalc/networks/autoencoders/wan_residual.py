"""What Wan 2.2's video VAE adds to Wan 2.1's: levels with averaging and duplicating shortcuts, and pixel folding.

Each level keeps a copy of its input and adds it, resampled without weights, to its output.
Source: arXiv 2503.20314; diffusers 0.42.1 models/autoencoders/autoencoder_kl_wan.py.
"""

from typing import Any

from vidcalc.networks.autoencoders.wan_blocks import FeatureCache, downsample, residual_block, upsample
from vidcalc.tape import Tape, Tensor


def residual_up(
    tape: Tape, x: Tensor, c_out: Any, blocks: int, *, up: bool, temporal: bool, cache: FeatureCache
) -> Tensor:
    """Residual blocks, then (with `up`) twice the height and width, and with `temporal` twice the frames."""
    held = tape.copy(x, name="clone")
    hidden = x
    for i in range(blocks):
        hidden = residual_block(tape, hidden, c_out, f"resnets.{i}", cache)
    if up:
        mode = "upsample3d" if temporal else "upsample2d"
        hidden = upsample(tape, hidden, mode, c_out, "upsampler", cache)
        hidden = tape.add(hidden, duplicate(tape, held, c_out, temporal, cache.chunk))
    return hidden


def residual_down(
    tape: Tape, x: Tensor, c_out: Any, blocks: int, *, down: bool, temporal: bool, cache: FeatureCache
) -> Tensor:
    """Residual blocks, then (with `down`) half the height and width, and with `temporal` half the frames."""
    held = tape.copy(x, name="clone")
    hidden = x
    for i in range(blocks):
        hidden = residual_block(tape, hidden, c_out, f"resnets.{i}", cache)
    if down:
        mode = "downsample3d" if temporal else "downsample2d"
        hidden = downsample(tape, hidden, mode, "downsampler", cache)
    return tape.add(hidden, average(tape, held, c_out, down, temporal))


def duplicate(tape: Tape, x: Tensor, c_out: Any, temporal: bool, chunk: str) -> Tensor:
    """x[b, c, t, h, w] with each channel repeated and spread over the new places; the first chunk stays one frame."""
    b, _, t, h, w = x.shape
    frames = 2 if temporal else 1
    repeated = tape.copy(x, b, c_out * frames * 4, t, h, w, name="repeat_interleave")
    out = tape.copy(repeated, b, c_out, frames * t, 2 * h, 2 * w, name="spread")
    kept = {True: frames * (t - 1) + 1, False: frames * t}[chunk == "first"]
    return out.view(b, c_out, kept, 2 * h, 2 * w)


def average(tape: Tape, x: Tensor, c_out: Any, down: bool, temporal: bool) -> Tensor:
    """x[b, c, t, h, w] folded into channels (time padded in front to an even length), then averaged to c_out."""
    b, c, t, h, w = x.shape
    frames, side = (2 if temporal else 1), (2 if down else 1)
    t_out = -(-t // frames)
    padded = tape.copy(x, b, c, t_out * frames, h, w, name="pad")
    folded = tape.copy(padded, name="fold")
    del padded
    return tape.pointwise("mean", (folded,), (b, c_out, t_out, h // side, w // side))


def patchify(tape: Tape, x: Tensor, patch: Any) -> Tensor:
    """Squares of `patch` pixels into channels."""
    b, c, t, h, w = x.shape
    return tape.copy(x, b, c * patch * patch, t, h // patch, w // patch, name="patchify")


def unpatchify(tape: Tape, x: Tensor, patch: Any) -> Tensor:
    """Channels back into squares of `patch` pixels."""
    b, c, t, h, w = x.shape
    return tape.copy(x, b, c // (patch * patch), t, h * patch, w * patch, name="unpatchify")
