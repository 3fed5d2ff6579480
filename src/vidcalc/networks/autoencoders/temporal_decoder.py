"""The VAE of Stable Video Diffusion: an image encoder, and a decoder whose residual blocks also convolve over frames.

Mirrors diffusers' AutoencoderKLTemporalDecoder. Source: arXiv 2311.15127; diffusers 0.42.1
models/autoencoders/autoencoder_kl_temporal_decoder.py, unets/unet_3d_blocks.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders.kl_blocks import encoder, enlarge, in_chunks, place_attention, posterior
from vidcalc.networks.unets.blocks import copied_where_many
from vidcalc.networks.unets.svd import video_residual_block
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLTemporalDecoder",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names."""

    in_channels: Number = 3
    out_channels: Number = 3
    block_out_channels: tuple[Number, ...] = (64,)
    layers_per_block: int = 1
    latent_channels: Number = 4


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch · frames, c, height, width] -> pixels[batch · frames, 3, s · height, s · width], s = 2^(levels − 1).

    shape.extra["decode_chunk_size"]: frames per call (the pipeline's setting of that name); default all at once.
    """
    scale = 2 ** (len(config.block_out_channels) - 1)
    latent = tape.input(shape.batch * shape.frames, config.latent_channels, shape.height, shape.width)
    if "decode_chunk_size" not in shape.extra:
        return decode_clip(tape, config, latent, shape.batch, shape.frames)
    pixels = (config.out_channels, scale * shape.height, scale * shape.width)
    chunk = shape.extra["decode_chunk_size"]
    return in_chunks(tape, latent, chunk, pixels, lambda z: decode_clip(tape, config, z, 1, z.shape[0]))


def decode_clip(tape: Tape, config: Config, latent: Tensor, batch: Number, frames: Number) -> Tensor:
    """One call of the decoder, on `batch` clips of `frames` frames that see each other."""
    widths = tuple(reversed(config.block_out_channels))
    indicator = tape.empty((batch, frames))
    clip = Shape(batch=batch, frames=frames)
    with tape.scope("decoder"):
        hidden = tape.convolution(latent, widths[0], (3, 3), "conv_in")
        hidden = video_middle(tape, hidden, config.layers_per_block, clip)
        for level, width in enumerate(widths):
            with tape.scope(f"up_blocks.{level}"):
                hidden = up_level(
                    tape, hidden, width, config.layers_per_block + 1, clip, level, last=level == len(widths) - 1
                )
        hidden = tape.group_norm(hidden, 32, "conv_norm_out")
        hidden = tape.act(hidden)
        hidden = tape.convolution(hidden, config.out_channels, (3, 3), "conv_out")
        images, c, height, width = hidden.shape
        hidden = tape.convolution(hidden.view(batch, c, frames, height, width), c, (3, 1, 1), "time_conv_out")
        copied_where_many(tape, hidden, batch)
        del indicator
        return hidden.view(images, c, height, width)


def video_middle(tape: Tape, x: Tensor, layers: int, clip: Shape) -> Tensor:
    """Residual blocks over space and time, with one attention over places after the first."""
    width = x.shape[1]
    with tape.scope("mid_block"):
        hidden = video_residual_block(tape, x, None, width, clip, "resnets.0", switched=True)
        for i in range(1, min(layers, 2)):  # the published loop pairs blocks with the single attention
            hidden = place_attention(tape, hidden, 32, f"attentions.{i - 1}")
            hidden = video_residual_block(
                tape, hidden, None, width, clip, f"resnets.{i}", switched=True, channels_last=True
            )
        return hidden


def up_level(tape: Tape, x: Tensor, width: Number, layers: int, clip: Shape, level: int, *, last: bool) -> Tensor:
    """Residual blocks over space and time, then twice the height and width."""
    hidden = x
    for i in range(layers):
        hidden = video_residual_block(
            tape, hidden, None, width, clip, f"resnets.{i}", switched=True, channels_last=level == 0
        )
    return hidden if last else enlarge(tape, hidden)


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """pixels[batch · frames, 3, height, width] -> mean and log-variance[batch · frames, 2 · c, height / s, width /
    s].
    """
    pixels = tape.input(shape.batch * shape.frames, config.in_channels, shape.height, shape.width)
    moments = encoder(tape, pixels, config.block_out_channels, config.layers_per_block, config.latent_channels)
    return posterior(tape, tape.convolution(moments, 2 * config.latent_channels, (1, 1), "quant_conv"))
