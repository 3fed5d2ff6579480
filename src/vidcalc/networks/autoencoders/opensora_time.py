"""The part of the Open-Sora 1.2 VAE that works over time: causal residual blocks at one spatial size.

Source: hpcaitech/Open-Sora branch opensora/v1.2, opensora/models/vae/vae_temporal.py, read November 2026.
"""

from typing import Any

import msgspec

from vidcalc.base.number import round_up
from vidcalc.tape import Tape, Tensor


class Temporal(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of the VAE over time, under the names of the published code."""

    in_out_channels: Any = 4
    embed_dim: Any = 4
    filters: Any = 128
    num_res_blocks: int = 4
    channel_multipliers: tuple[Any, ...] = (1, 2, 2, 4)
    temporal_downsample: tuple[bool, ...] = (False, True, True)
    num_groups: Any = 32

    @property
    def compression(self) -> int:
        """Frames under one latent frame."""
        return int(2 ** sum(self.temporal_downsample))

    @property
    def widths(self) -> tuple[Any, ...]:
        """Channels of each level."""
        return tuple(self.filters * factor for factor in self.channel_multipliers)


def decode_time(tape: Tape, config: Temporal, z: Tensor) -> Tensor:
    """latent[b, z, t, h, w] -> features of images[b, c, 4·t, h, w]."""
    with tape.scope("temporal_vae"):
        x = causal_conv(tape, z, config.embed_dim, 1, "post_quant_conv")
        with tape.scope("decoder"):
            hidden = causal_conv(tape, x, config.widths[-1], 3, "conv1")
            for i in range(config.num_res_blocks):
                hidden = residual_block(tape, hidden, config.widths[-1], config.num_groups, f"res_blocks.{i}")
            for level in reversed(range(len(config.widths))):
                for i in range(config.num_res_blocks):
                    name = f"block_res_blocks.{level}.{i}"
                    hidden = residual_block(tape, hidden, config.widths[level], config.num_groups, name)
                if level and config.temporal_downsample[level - 1]:
                    hidden = causal_conv(tape, hidden, 2 * config.widths[level], 3, f"conv_blocks.{level - 1}")
                    b, c, t, h, w = hidden.shape
                    hidden = tape.copy(hidden, b, c // 2, 2 * t, h, w, name="unfold")
            hidden = tape.group_norm(hidden, config.num_groups, "norm1")
            hidden = tape.act(hidden)
            return causal_conv(tape, hidden, config.in_out_channels, 3, "conv_out")


def encode_time(tape: Tape, config: Temporal, x: Tensor) -> Tensor:
    """Features of images[b, c, t, h, w], padded in front to a multiple of four -> a sample of the latent."""
    b, c, t, h, w = x.shape
    with tape.scope("temporal_vae"):
        padded = tape.copy(x, b, c, round_up(t, config.compression), h, w, name="pad")
        with tape.scope("encoder"):
            hidden = causal_conv(tape, padded, config.filters, 3, "conv_in", bias=False)
            for level, width in enumerate(config.widths):
                for i in range(config.num_res_blocks):
                    hidden = residual_block(tape, hidden, width, config.num_groups, f"block_res_blocks.{level}.{i}")
                if level < len(config.widths) - 1 and config.temporal_downsample[level]:
                    hidden = causal_conv(tape, hidden, width, 3, f"conv_blocks.{level}", step=2)
            for i in range(config.num_res_blocks):
                hidden = residual_block(tape, hidden, config.widths[-1], config.num_groups, f"res_blocks.{i}")
            hidden = tape.group_norm(hidden, config.num_groups, "norm1")
            hidden = tape.act(hidden)
            hidden = causal_conv(tape, hidden, 2 * config.embed_dim, 1, "conv2")
        moments = causal_conv(tape, hidden, 2 * config.embed_dim, 1, "quant_conv")
        del hidden, padded
        return tape.copy(moments, b, config.embed_dim, *moments.shape[2:], name="sample")


def residual_block(tape: Tape, x: Tensor, width: Any, groups: Any, name: str) -> Tensor:
    """norm, SiLU, convolution, twice, without bias; a 1x1x1 shortcut where the width changes."""
    with tape.scope(name):
        hidden = tape.group_norm(x, groups, "norm1")
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, width, 3, "conv1", bias=False)
        hidden = tape.group_norm(hidden, groups, "norm2")
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, width, 3, "conv2", bias=False)
        residual = x if x.shape[1] == width else causal_conv(tape, x, width, 1, "conv3", bias=False)
        return tape.add(hidden, residual)


def causal_conv(
    tape: Tape, x: Tensor, c_out: Any, kernel: int, name: str, *, bias: bool = True, step: int = 1
) -> Tensor:
    """x[b, c, t, h, w] padded in front in time and around in space (a copy), then convolved; `step` over time."""
    b, c, t, h, w = x.shape
    more = kernel - 1
    padded = tape.copy(x, b, c, t + more + 1 - step, h + more, w + more, name="pad")
    sides = (kernel, kernel, kernel)
    return tape.convolution(padded, c_out, sides, name + ".conv", out=(t // step, h, w), bias=bias)
