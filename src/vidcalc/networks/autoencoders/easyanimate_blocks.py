"""Building blocks of EasyAnimate's causal video VAE: convolutions that carry two frames over and work frame by frame,
residual blocks.

Source: diffusers 0.42.1 models/autoencoders/autoencoder_kl_magvit.py.
"""

from typing import Any

from vidcalc.base.number import minimum
from vidcalc.tape import Tape, Tensor

CARRIED = 2  # frames that a convolution over three frames takes over from the chunk before


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


def causal_conv(
    tape: Tape, x: Tensor, c_out: Any, name: str, features: Features, *, stride: int = 1, shrink: bool = False
) -> Tensor:
    """A 3×3×3 convolution of x[b, c, t, h, w] over the past, one frame of output at a time; then the frames joined.

    stride   over time; 2 halves the frames of every chunk but the first
    shrink   stride 2 over height and width, which come with one row and column of padding
    """
    b, c, t, h, w = x.shape
    carried = CARRIED if features.first or stride == 1 else CARRIED - 1
    frames = 1 if features.first else t // stride
    out = ((h - 1) // 2, (w - 1) // 2) if shrink else (h, w)
    joined = (
        tape.copy(x, b, c, t + carried, h, w, name="pad") if features.first else tape.cat((x,), b, c, t + carried, h, w)
    )
    features.release()
    features.swap(tape.copy(joined, b, c, CARRIED, h, w, name="carry"))
    window = joined.view(b, c, CARRIED + 1, h, w)
    outputs = [tape.convolution(window, c_out, (3, 3, 3), name, out=(1, *out)) for _ in range(frames)]
    return tape.cat(tuple(outputs), b, c_out, frames, *out)


def frame_norm(tape: Tape, x: Tensor, groups: Any, name: str, by_frame: bool) -> Tensor:
    """Group norm of each frame (of the whole clip unless `by_frame`); several frames are copied into a batch first."""
    b, c, t, h, w = x.shape
    if not by_frame:
        return tape.group_norm(x, groups, name)
    flat = tape.copy(x, x.elements * minimum(t - 1, 1), name="reshape")
    out = tape.group_norm(x.view(b * t, c, h, w), groups, name)
    del flat
    return out.view(b, c, t, h, w)


def residual_block(
    tape: Tape, x: Tensor, c_out: Any, name: str, groups: Any, features: Features, *, by_frame: bool
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
    tape: Tape, x: Tensor, width: Any, layers: int, groups: Any, features: Features, *, by_frame: bool
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
