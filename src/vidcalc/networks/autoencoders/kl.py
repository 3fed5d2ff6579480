"""The image VAE of Stable Diffusion and its kin, used frame by frame: AnimateDiff, ModelScope, Latte, SDXL, SD3, FLUX
and many more.

Mirrors diffusers' AutoencoderKL. Source: arXiv 2112.10752; diffusers 0.42.1 models/autoencoders/autoencoder_kl.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.kl_blocks import encoder, in_chunks, middle, posterior, up_level
from vidcalc.networks.autoencoders.space_tiles import in_space_tiles
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKL",)
# the class's enable_tiling for a codec trained on 512 pixels; other codecs have tiles of their own `sample_size`
TILING = Tiling(height=512, width=512, stride_height=384, stride_width=384)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names. `sample_size` is the side of its tiles; the class's own 32 is a
    dummy that every published configuration replaces.
    """

    in_channels: Number = 3
    out_channels: Number = 3
    block_out_channels: tuple[Number, ...] = (64,)
    layers_per_block: int = 1
    latent_channels: Number = 4
    norm_num_groups: Number = 32
    sample_size: int = 32
    use_quant_conv: bool = True
    use_post_quant_conv: bool = True
    mid_block_add_attention: bool = True


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch · frames, c, height, width] -> pixels[batch · frames, 3, s · height, s · width], s = 2^(levels − 1).

    shape.extra["decode_chunk_size"]: images per call (1 is diffusers' slicing); default all at once.
    """
    scale, images = 2 ** (len(config.block_out_channels) - 1), shape.batch * shape.frames
    latent = tape.input(images, config.latent_channels, shape.height, shape.width)
    if tiling is not None:

        def one(_: Number, height: Number, width: Number) -> Tensor:
            return decode_images(tape, config, latent.view(images, config.latent_channels, height, width))

        out = (images, config.out_channels, 1)
        return in_space_tiles(tape, one, shape, tiles(config, tiling), scale, lambda n: n * scale, out)
    if "decode_chunk_size" not in shape.extra:
        return decode_images(tape, config, latent)
    pixels = (config.out_channels, scale * shape.height, scale * shape.width)
    return in_chunks(tape, latent, shape.extra["decode_chunk_size"], pixels, lambda z: decode_images(tape, config, z))


def tiles(config: Config, tiling: Tiling) -> Tiling:
    """The tiles asked for; the usual ones are as large as the images the codec was trained on, and overlap by a
    quarter.
    """
    side = config.sample_size
    stride = side * 3 // 4
    own = Tiling(height=side, width=side, stride_height=stride, stride_width=stride)
    return own if tiling is TILING else tiling


def decode_images(tape: Tape, config: Config, latent: Tensor) -> Tensor:
    """One call of the decoder."""
    z = (
        tape.convolution(latent, config.latent_channels, (1, 1), "post_quant_conv")
        if config.use_post_quant_conv
        else latent
    )
    return decoder(tape, config, z)


def decoder(tape: Tape, config: Config, z: Tensor) -> Tensor:
    """Middle first, then up through the levels."""
    widths, groups = tuple(reversed(config.block_out_channels)), config.norm_num_groups
    with tape.scope("decoder"):
        hidden = tape.convolution(z, widths[0], (3, 3), "conv_in")
        hidden = middle(tape, hidden, groups, attention=config.mid_block_add_attention)
        for level, width in enumerate(widths):
            with tape.scope(f"up_blocks.{level}"):
                hidden = up_level(
                    tape,
                    hidden,
                    width,
                    config.layers_per_block + 1,
                    groups,
                    last=level == len(widths) - 1,
                    channels_last=config.mid_block_add_attention and level == 0,
                )
        hidden = tape.group_norm(hidden, groups, "conv_norm_out")
        hidden = tape.act(hidden)
        return tape.convolution(hidden, config.out_channels, (3, 3), "conv_out")


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """pixels[batch · frames, 3, height, width] -> mean and log-variance[batch · frames, 2 · c, height / s, width /
    s].
    """
    scale, images = 2 ** (len(config.block_out_channels) - 1), shape.batch * shape.frames
    pixels = tape.input(images, config.in_channels, shape.height, shape.width)
    if tiling is None:
        return posterior(tape, encode_images(tape, config, pixels))

    def one(_: Number, height: Number, width: Number) -> Tensor:
        return encode_images(tape, config, pixels.view(images, config.in_channels, height, width))

    out = (images, 2 * config.latent_channels, 1)
    moments = in_space_tiles(tape, one, shape, tiles(config, tiling), 1, lambda n: n // scale, out)
    return posterior(tape, moments.view(images, 2 * config.latent_channels, *moments.shape[3:]))


def encode_images(tape: Tape, config: Config, pixels: Tensor) -> Tensor:
    """One call of the encoder."""
    moments = encoder(
        tape,
        pixels,
        config.block_out_channels,
        config.layers_per_block,
        config.latent_channels,
        config.norm_num_groups,
        attention=config.mid_block_add_attention,
    )
    if not config.use_quant_conv:
        return moments
    return tape.convolution(moments, 2 * config.latent_channels, (1, 1), "quant_conv")
