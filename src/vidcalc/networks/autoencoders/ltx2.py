"""LTX-2 video VAE: the LTX-Video codec with norms in the VAE's own dtype, other strides and reflecting edges.

Mirrors diffusers' AutoencoderKLLTX2Video (LTX-2.0, 2.3). Source: Lightricks LTX-2 (2025); diffusers 0.42.1
models/autoencoders/autoencoder_kl_ltx2.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.ltx_blocks import STRIDES, Style
from vidcalc.networks.autoencoders.ltx_halves import Down, Up, decoder, encoder
from vidcalc.networks.autoencoders.space_tiles import in_space_tiles
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLLTX2Video",)
TILING = Tiling(height=512, width=512, stride_height=448, stride_width=448)  # the class's enable_tiling


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names; a single switch stands for one per level."""

    in_channels: Number = 3
    out_channels: Number = 3
    latent_channels: Number = 128
    block_out_channels: tuple[Number, ...] = (256, 512, 1024, 2048)
    decoder_block_out_channels: tuple[Number, ...] = (256, 512, 1024)
    layers_per_block: tuple[int, ...] = (4, 6, 6, 2, 2)
    decoder_layers_per_block: tuple[int, ...] = (5, 5, 5, 5)
    spatio_temporal_scaling: bool | tuple[bool, ...] = (True, True, True, True)
    decoder_spatio_temporal_scaling: bool | tuple[bool, ...] = (True, True, True)
    decoder_inject_noise: bool | tuple[bool, ...] = (False, False, False, False)
    downsample_type: tuple[str, ...] = ("spatial", "temporal", "spatiotemporal", "spatiotemporal")
    upsample_type: tuple[str, ...] = ("spatiotemporal", "spatiotemporal", "spatiotemporal")
    upsample_residual: bool | tuple[bool, ...] = (True, True, True)
    upsample_factor: tuple[int, ...] = (2, 2, 2)
    timestep_conditioning: bool = False
    patch_size: int = 4
    patch_size_t: int = 1
    encoder_causal: bool = True
    decoder_causal: bool = True
    encoder_spatial_padding_mode: str = "zeros"
    decoder_spatial_padding_mode: str = "reflect"

    @property
    def patch(self) -> tuple[int, int]:
        """Places and frames folded into channels at the pixel end."""
        return self.patch_size, self.patch_size_t

    @property
    def compression(self) -> tuple[int, int]:
        """Frames and pixels per side of one latent."""
        time, space = self.patch_size_t, self.patch_size
        for level in self.down_levels():
            strides = STRIDES.get(level.step, (2, 2, 2) if level.step else (1, 1, 1))
            time, space = time * strides[0], space * strides[1]
        return time, space

    def down_levels(self) -> list[Down]:
        """Encoder levels, finest first; the first takes its width from the latent's channels."""
        widths = self.block_out_channels
        scaling = each(self.spatio_temporal_scaling, len(widths))
        return [
            Down(c_in, c_out, self.layers_per_block[i], self.downsample_type[i] if scaling[i] else "")
            for i, (c_in, c_out) in enumerate(zip((self.latent_channels, *widths), widths, strict=False))
        ]

    def up_levels(self) -> list[Up]:
        """Decoder levels, coarsest first (`upsample_type` is given in this order, the other lists finest first)."""
        widths = tuple(reversed(self.decoder_block_out_channels))
        factors = tuple(reversed(self.upsample_factor))
        outs = [width // factor for width, factor in zip(widths, factors, strict=True)]
        ins = [before // factor for before, factor in zip([widths[0], *outs], factors, strict=False)]
        scaling = each(self.decoder_spatio_temporal_scaling, len(widths))
        residual = each(self.upsample_residual, len(widths))
        noise = each(self.decoder_inject_noise, len(widths) + 1)
        return [
            Up(
                ins[i],
                outs[i],
                self.decoder_layers_per_block[-2 - i],
                self.upsample_type[i] if scaling[-1 - i] else "",
                residual[-1 - i],
                factors[i],
                noise[-2 - i],
            )
            for i in range(len(widths))
        ]


def each(value: bool | tuple[bool, ...], count: int) -> tuple[bool, ...]:
    """One switch for all, or as many as there are."""
    return (value,) * count if isinstance(value, bool) else value


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels[batch, 3, 8·(frames − 1) + 1, 32·height, 32·width]."""
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    step = tape.input(shape.batch) if config.timestep_conditioning else None
    noise = each(config.decoder_inject_noise, 1)[-1]
    middle = (config.decoder_block_out_channels[-1], config.decoder_layers_per_block[-1], noise)
    style = Style(config.decoder_causal, "plain", config.decoder_spatial_padding_mode, "plain")

    def one(frames: Number, height: Number, width: Number) -> Tensor:
        piece = latent.view(shape.batch, config.latent_channels, frames, height, width)
        with tape.scope("decoder"):
            return decoder(tape, piece, step, config.up_levels(), middle, config.out_channels, config.patch, style)

    if tiling is None:
        return one(shape.frames, shape.height, shape.width)
    time, space = config.compression
    frames = (shape.frames - 1) * time + 1
    out = (shape.batch, config.out_channels, frames)
    return in_space_tiles(tape, one, shape, tiling, space, lambda n: n * space, out, time)


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance[batch, 2·z, (frames − 1)/8 + 1, h/32, w/32]."""
    pixels = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    style = Style(config.encoder_causal, "plain", config.encoder_spatial_padding_mode, "plain")
    z, middle = config.latent_channels, config.layers_per_block[-1]

    def one(frames: Number, height: Number, width: Number) -> Tensor:
        piece = pixels.view(shape.batch, config.in_channels, frames, height, width)
        with tape.scope("encoder"):
            return encoder(tape, piece, z, config.down_levels(), middle, z, config.patch, style)

    if tiling is None:
        return one(shape.frames, shape.height, shape.width)
    time, space = config.compression
    out = (shape.batch, 2 * config.latent_channels, (shape.frames - 1) // time + 1)
    return in_space_tiles(tape, one, shape, tiling, 1, lambda n: n // space, out)
