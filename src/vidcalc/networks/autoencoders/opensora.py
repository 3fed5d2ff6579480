"""Open-Sora 1.2 VAE: Stable Diffusion's image VAE four frames at a time, then a causal one over time, 17 frames a clip.

Clips are coded apart; a clip shorter than a multiple of four is padded in front, so its decoder makes frames that are
cut off again.
Source: hpcaitech/Open-Sora branch opensora/v1.2, opensora/models/vae/vae.py and vae_temporal.py, read November 2026.
"""

import msgspec

from vidcalc.base.number import Number, ceil_div, maximum, minimum, round_up
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders import kl
from vidcalc.networks.autoencoders.kl_blocks import in_chunks, posterior
from vidcalc.tape import Tape, Tensor

CLASSES = ("OpenSoraVAE_V1_2",)


class Temporal(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of the VAE over time, under the names of the published code."""

    in_out_channels: Number = 4
    embed_dim: Number = 4
    filters: Number = 128
    num_res_blocks: int = 4
    channel_multipliers: tuple[Number, ...] = (1, 2, 2, 4)
    temporal_downsample: tuple[bool, ...] = (False, True, True)
    num_groups: Number = 32

    @property
    def compression(self) -> int:
        """Frames under one latent frame."""
        return int(2 ** sum(self.temporal_downsample))

    @property
    def widths(self) -> tuple[Number, ...]:
        """Channels of each level."""
        return tuple(self.filters * factor for factor in self.channel_multipliers)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The image VAE, the VAE over time, frames of a clip and images per call."""

    spatial: kl.Config
    temporal: Temporal
    micro_frame_size: int = 17
    micro_batch_size: Number = 4

    @property
    def clip(self) -> int:
        """Latent frames of a full clip."""
        return -(-self.micro_frame_size // self.temporal.compression)


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels[batch, 3, 17 for every 5 latents, 8·height, 8·width]."""
    b, c, h, w = shape.batch, config.temporal.embed_dim, shape.height, shape.width
    step, image = config.temporal.compression, config.temporal.in_out_channels
    latent = tape.input(b, c, shape.frames, h, w)
    scaled = tape.scale(tape.scale(latent), "shift")
    full = shape.frames // config.clip
    rest = shape.frames - full * config.clip
    for size, times, before in clips(config.clip, full, rest):
        with tape.again(times):
            done = tape.pieces((b, image, step * before, h, w))
            frames = decode_time(tape, config.temporal, scaled.view(b, c, size, h, w))
            del done, frames
    frames_out = full * config.micro_frame_size + maximum(step * (rest - 1) + 1, 0)
    pieces = tape.empty((b, image, step * shape.frames, h, w))
    joined = tape.cat((pieces,), b, image, frames_out, h, w)
    images = several_samples(tape, joined)
    side = 2 ** (len(config.spatial.block_out_channels) - 1)

    def one(z: Tensor) -> Tensor:
        return kl.decode_images(tape, config.spatial, tape.scale(z))

    with tape.scope("spatial_vae.module"):
        out = in_chunks(tape, images, config.micro_batch_size, (config.spatial.out_channels, side * h, side * w), one)
    del pieces, joined, images
    return out.view(b, config.spatial.out_channels, frames_out, side * h, side * w)


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> latent[batch, z, 5 for every 17 frames, height/8, width/8]."""
    pixels = tape.input(shape.batch, config.spatial.in_channels, shape.frames, shape.height, shape.width)
    side, b = 2 ** (len(config.spatial.block_out_channels) - 1), shape.batch
    c, h, w = config.temporal.in_out_channels, shape.height // side, shape.width // side

    def one(images: Tensor) -> Tensor:
        moments = posterior(tape, kl.encode_images(tape, config.spatial, images))
        return tape.scale(moments.view(moments.shape[0], c, *moments.shape[2:]), "sample")

    with tape.scope("spatial_vae.module"):
        images = several_samples(tape, pixels)
        features = in_chunks(tape, images, config.micro_batch_size, (c, h, w), one)
    del images
    full = shape.frames // config.micro_frame_size
    rest = shape.frames - full * config.micro_frame_size
    z, step = config.temporal.embed_dim, config.temporal.compression
    for size, times, before in clips(config.micro_frame_size, full, rest):
        with tape.again(times):
            done = tape.pieces((b, z, ceil_div(before, step), h, w))
            latent = encode_time(tape, config.temporal, features.view(b, c, size, h, w))
            del done, latent
    total = full * config.clip + ceil_div(rest, step)
    pieces = tape.empty((b, z, total, h, w))
    joined = tape.cat((pieces,), b, z, total, h, w)
    out = tape.scale(tape.scale(joined, "shift"))
    del pieces, joined
    return out


def clips(size: Number, full: Number, rest: Number) -> tuple[tuple[Number, Number, Number], ...]:
    """(length, how many, length of all before the last of them) of the full clips and of what is left over."""
    return (size, full, maximum(full - 1, 0) * size), (maximum(rest, 1), minimum(rest, 1), full * size)


def several_samples(tape: Tape, x: Tensor) -> Tensor:
    """[b, c, t, h, w] -> [b·t, c, h, w]: a view of one sample, a copy of several."""
    b, c, t, h, w = x.shape
    copied = tape.copy(x, minimum(b - 1, 1) * b * t, c, h, w, name="reshape")
    return Tensor((b * t, c, h, w), x.dtype, copied.storage, x.node)


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


def residual_block(tape: Tape, x: Tensor, width: Number, groups: Number, name: str) -> Tensor:
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
    tape: Tape, x: Tensor, c_out: Number, kernel: int, name: str, *, bias: bool = True, step: int = 1
) -> Tensor:
    """x[b, c, t, h, w] padded in front in time and around in space (a copy), then convolved; `step` over time."""
    b, c, t, h, w = x.shape
    more = kernel - 1
    padded = tape.copy(x, b, c, t + more + 1 - step, h + more, w + more, name="pad")
    sides = (kernel, kernel, kernel)
    return tape.convolution(padded, c_out, sides, name + ".conv", out=(t // step, h, w), bias=bias)
