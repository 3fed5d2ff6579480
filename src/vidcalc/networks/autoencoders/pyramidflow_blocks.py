"""Building blocks of the Pyramid Flow VAE: convolutions with a memory, norms of single frames, resampling.

Source: jy0205/Pyramid-Flow video_vae/modeling_causal_conv.py, modeling_resnet.py, modeling_block.py,
read November 2026.
"""

from typing import Any

from vidcalc.base.number import minimum
from vidcalc.networks.autoencoders.kl_blocks import place_attention
from vidcalc.tape import Tape, Tensor


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
        held, self.tensors[self.index] = self.tensors[self.index], None
        return held

    def keep(self, tensor: Tensor) -> None:
        """Keep the newest frames of this convolution, and move on."""
        self.tensors[self.index] = tensor
        self.index += 1


def causal_conv(
    tape: Tape,
    x: Tensor,
    c_out: Any,
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
    held = memory.take()
    if held is None:
        front = more
        joined = tape.copy(x, b, c, t + front, h + more, w + more, name="pad")
    else:
        front = more + 1 - time
        padded = tape.copy(x, b, c, t, h + more, w + more, name="pad")
        joined = tape.cat((held, padded), b, c, t + front, h + more, w + more) if more else padded
        del padded
    memory.keep(tape.copy(joined, b, c, minimum(t + front, 2), h + more, w + more, name="remember"))
    out = ((t + front - kernel) // time + 1, h // space, w // space)
    return tape.convolution(joined, c_out, (kernel, kernel, kernel), name + ".conv", out=out)


def frame_norm(tape: Tape, x: Tensor, groups: Any, name: str) -> Tensor:
    """Group norm of every frame by itself; frames are brought to the front by a copy, where there are several."""
    b, c, t, h, w = x.shape
    copied = tape.copy(x, b * t * minimum(t - 1, 1), c, h, w, name="contiguous")
    normed = tape.group_norm(x.view(b * t, c, h, w), groups, name).view(b, c, t, h, w)
    del copied
    return normed


def residual_block(tape: Tape, x: Tensor, c_out: Any, groups: Any, name: str, memory: Memory) -> Tensor:
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


def middle(tape: Tape, x: Tensor, groups: Any, memory: Memory) -> Tensor:
    """Residual block, attention over the places of each frame, residual block."""
    b, c, t, h, w = x.shape
    with tape.scope("mid_block"):
        hidden = residual_block(tape, x, c, groups, "resnets.0", memory)
        copied = tape.copy(hidden, b * t * minimum(t - 1, 1), c, h, w, name="contiguous")
        hidden = place_attention(tape, hidden.view(b * t, c, h, w), groups, "attentions.0")
        del copied
        return residual_block(tape, hidden.view(b, c, t, h, w), c, groups, "resnets.1", memory)


def up_block(
    tape: Tape, x: Tensor, width: Any, layers: int, groups: Any, up: tuple[bool, bool], name: str, memory: Memory
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
    tape: Tape, x: Tensor, width: Any, layers: int, groups: Any, down: tuple[bool, bool], name: str, memory: Memory
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
