"""LTX-Video VAE: 32 × 32 × 8 places per latent, the last upsampling being a denoising step in later versions.

Mirrors diffusers' AutoencoderKLLTXVideo, versions 0.9 to 0.9.7. Source: arXiv 2501.00103; diffusers 0.42.1
models/autoencoders/autoencoder_kl_ltx.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.ltx_blocks import STRIDES, Style
from vidcalc.networks.autoencoders.ltx_halves import Down, Up, decoder, encoder
from vidcalc.networks.autoencoders.space_tiles import in_space_tiles
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLLTXVideo",)
TILING = Tiling(height=512, width=512, stride_height=448, stride_width=448)  # the class's enable_tiling
FOLDING = "LTXVideo095DownBlock3D"  # the down block whose step may fold places into channels


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names."""

    in_channels: Number = 3
    out_channels: Number = 3
    latent_channels: Number = 128
    block_out_channels: tuple[Number, ...] = (128, 256, 512, 512)
    down_block_types: tuple[str, ...] = ("LTXVideoDownBlock3D",) * 4
    decoder_block_out_channels: tuple[Number, ...] = (128, 256, 512, 512)
    layers_per_block: tuple[int, ...] = (4, 3, 3, 3, 4)
    decoder_layers_per_block: tuple[int, ...] = (4, 3, 3, 3, 4)
    spatio_temporal_scaling: tuple[bool, ...] = (True, True, True, False)
    decoder_spatio_temporal_scaling: tuple[bool, ...] = (True, True, True, False)
    decoder_inject_noise: tuple[bool, ...] = (False, False, False, False, False)
    downsample_type: tuple[str, ...] = ("conv", "conv", "conv", "conv")
    upsample_residual: tuple[bool, ...] = (False, False, False, False)
    upsample_factor: tuple[int, ...] = (1, 1, 1, 1)
    timestep_conditioning: bool = False
    patch_size: int = 4
    patch_size_t: int = 1
    encoder_causal: bool = True
    decoder_causal: bool = False

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
        """Encoder levels, finest first."""
        widths = self.block_out_channels
        folding = self.down_block_types[-1] == FOLDING
        nexts = widths[1:] if folding else (*widths[1:], widths[-1])
        scaling = zip(widths, nexts, self.layers_per_block, self.down_block_types, strict=False)
        return [Down(c_in, c_out, layers, self.step(i, kind)) for i, (c_in, c_out, layers, kind) in enumerate(scaling)]

    def step(self, level: int, kind: str) -> str:
        """How an encoder level ends."""
        if not self.spatio_temporal_scaling[level]:
            return ""
        return self.downsample_type[level] if kind == FOLDING else "conv"

    def up_levels(self) -> list[Up]:
        """Decoder levels, coarsest first."""
        factors = tuple(reversed(self.upsample_factor))
        widths = tuple(reversed(self.decoder_block_out_channels))
        outs = [width // factor for width, factor in zip(widths, factors, strict=False)]
        ins = [before // factor for before, factor in zip([widths[0], *outs], factors, strict=False)]
        return [
            Up(
                ins[i],
                outs[i],
                self.decoder_layers_per_block[-2 - i],
                "spatiotemporal" if self.decoder_spatio_temporal_scaling[-1 - i] else "",
                self.upsample_residual[-1 - i],
                factors[i],
                self.decoder_inject_noise[-2 - i],
            )
            for i in range(len(widths))
        ]


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels[batch, 3, 8·(frames − 1) + 1, 32·height, 32·width]."""
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    step = tape.input(shape.batch) if config.timestep_conditioning else None
    middle = (
        config.decoder_block_out_channels[-1],
        config.decoder_layers_per_block[-1],
        config.decoder_inject_noise[-1],
    )
    style = Style(causal=config.decoder_causal)

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
    style = Style(causal=config.encoder_causal)
    base, middle = config.block_out_channels[0], config.layers_per_block[-1]

    def one(frames: Number, height: Number, width: Number) -> Tensor:
        piece = pixels.view(shape.batch, config.in_channels, frames, height, width)
        with tape.scope("encoder"):
            return encoder(tape, piece, base, config.down_levels(), middle, config.latent_channels, config.patch, style)

    if tiling is None:
        return one(shape.frames, shape.height, shape.width)
    time, space = config.compression
    out = (shape.batch, 2 * config.latent_channels, (shape.frames - 1) // time + 1)
    return in_space_tiles(tape, one, shape, tiling, 1, lambda n: n // space, out)
