"""Open-Sora Plan's wavelet-flow VAE: the coarse wavelet bands of the video run beside the network, level by level.

Version 1.3 splits the second level in space only (4x8x8), version 1.5 in time too (8x8x8).
Source: arXiv 2411.17459; PKU-YuanGroup/Open-Sora-Plan opensora/models/causalvideovae/model/vae/modeling_wfvae.py and
branch mindspeed_mmdit, mindspeed_mm/models/ae/wfvae.py, read November 2026.
"""

from typing import Any

import msgspec

from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders.kl_blocks import posterior
from vidcalc.networks.autoencoders.wfvae_blocks import (
    attention_block,
    causal_conv,
    channel_norm,
    frame_conv,
    nonlinearity,
    residual_block,
    shrink,
    shrink_space,
    stretch,
    stretch_space,
)
from vidcalc.networks.autoencoders.wfvae_wavelet import analysis_2d, analysis_3d, synthesis_2d, synthesis_3d
from vidcalc.tape import Tape, Tensor

CLASSES = ("WFVAEModel", "WFVAE")
BANDS = 8  # of a 3D wavelet


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under the names of the published code."""

    latent_dim: Any = 8
    base_channels: Any = 128
    encoder_num_resblocks: int = 2
    decoder_num_resblocks: int = 2
    encoder_energy_flow_hidden_size: Any = 64
    decoder_energy_flow_hidden_size: Any = 128
    connect_res_layer_num: int = 1
    use_attention: bool = True
    l1_wavelet: str = "HaarWaveletTransform2D"
    fused_attention_width: Any = 512  # wider heads are beyond the fused kernel of version 1.5

    @property
    def deep(self) -> bool:
        """Whether the second level halves the frames too."""
        return self.l1_wavelet.endswith("3D")

    @property
    def fused(self) -> bool:
        """Whether attention is one fused kernel."""
        return bool(not self.deep or 4 * self.base_channels <= self.fused_attention_width)


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, z, t, h, w] -> pixels[batch, 3, 4·(t − 1) + 1 (1.5: 8·(t − 1) + 1), 8·h, 8·w]."""
    latent = tape.input(shape.batch, config.latent_dim, shape.frames, shape.height, shape.width)
    base, flow, deep = config.base_channels, config.decoder_energy_flow_hidden_size, config.deep
    with tape.scope("decoder"):
        given = hidden = causal_conv(tape, latent, 4 * base, 3, "conv_in")  # a sequence's input lives until its end
        hidden = residual_block(tape, hidden, 4 * base, "mid.0", deep)
        if config.use_attention:
            hidden = attention_block(tape, hidden, "mid.1", fused=config.fused)
        hidden = residual_block(tape, hidden, 4 * base + flow, f"mid.{1 + config.use_attention}", deep)
        del given
        bands2 = connect(tape, config, hidden, 3 * BANDS, "connect_l2")
        low2 = synthesis_3d(tape, bands2)
        given = hidden = Tensor((*hidden.shape[:1], 4 * base, *hidden.shape[2:]), hidden.dtype, hidden.storage)
        for i in range(config.decoder_num_resblocks):
            hidden = residual_block(tape, hidden, 4 * base, f"up2.{i}", deep)
        hidden = stretch(tape, hidden, f"up2.{config.decoder_num_resblocks}", wide=deep)
        hidden = residual_block(tape, hidden, 4 * base + flow, f"up2.{config.decoder_num_resblocks + 1}", deep)
        del given
        bands1 = connect(tape, config, hidden, 3 * (BANDS if deep else BANDS // 2), "connect_l1")
        summed = tape.add(low2, low2)
        tape.traffic("low band", 2 * summed.nbytes)
        del summed
        low1 = synthesis_3d(tape, bands1) if deep else synthesis_2d(tape, bands1)
        given = hidden = Tensor((*hidden.shape[:1], 4 * base, *hidden.shape[2:]), hidden.dtype, hidden.storage)
        for i in range(config.decoder_num_resblocks):
            hidden = residual_block(tape, hidden, 2 * base, f"up1.{i}", deep)
        name = f"up1.{config.decoder_num_resblocks}"
        hidden = stretch(tape, hidden, name, wide=True) if deep else stretch_space(tape, hidden, name)
        hidden = residual_block(tape, hidden, 2 * base, f"up1.{config.decoder_num_resblocks + 1}", deep)
        given = hidden
        for i in range(2):
            hidden = residual_block(tape, hidden, base, f"layer.{i}", deep)
        del given
        hidden = channel_norm(tape, hidden, "norm_out")
        hidden = nonlinearity(tape, hidden, deep)
        hidden = frame_conv(tape, hidden, 3 * BANDS, "conv_out")
        summed = tape.add(low1, low1)
        tape.traffic("low band", 2 * summed.nbytes)
        del summed
        out = synthesis_3d(tape, hidden)
        del hidden, bands1, bands2, low1, low2
        return out


def connect(tape: Tape, config: Config, x: Tensor, c_out: Any, name: str) -> Tensor:
    """The last channels of x, through residual blocks, to wavelet bands."""
    flow = config.decoder_energy_flow_hidden_size
    hidden = Tensor((x.shape[0], flow, *x.shape[2:]), x.dtype, x.storage)
    with tape.scope(name):
        for i in range(config.connect_res_layer_num):
            hidden = residual_block(tape, hidden, flow, str(i), config.deep)
        return frame_conv(tape, hidden, c_out, str(config.connect_res_layer_num))


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> moments[batch, 2·z, (frames − 1)/4 + 1 (1.5: /8), h/8, w/8]."""
    pixels = tape.input(shape.batch, 3, shape.frames, shape.height, shape.width)
    base, flow, deep = config.base_channels, config.encoder_energy_flow_hidden_size, config.deep
    with tape.scope("encoder"):
        bands = analysis_3d(tape, pixels, "wavelet_transform_in")
        low = Tensor((shape.batch, 3, *bands.shape[2:]), bands.dtype, bands.storage)
        bands1 = analysis_3d(tape, low, "wavelet_transform_l1") if deep else analysis_2d(tape, low)
        flow1 = frame_conv(tape, bands1, flow, "connect_l1")
        low = Tensor((shape.batch, 3, *bands1.shape[2:]), bands1.dtype, bands1.storage)
        bands2 = analysis_3d(tape, low, "wavelet_transform_l2")
        flow2 = frame_conv(tape, bands2, flow, "connect_l2")
        hidden = frame_conv(tape, bands, base, "down1.0")
        for i in range(config.encoder_num_resblocks):
            hidden = residual_block(tape, hidden, base, f"down1.{i + 1}", deep, images=True)
        name = f"down1.{config.encoder_num_resblocks + 1}"
        hidden = shrink(tape, hidden, name) if deep else shrink_space(tape, hidden, name)
        given = hidden = tape.cat((hidden, flow1), hidden.shape[0], base + flow, *hidden.shape[2:])
        hidden = frame_conv(tape, hidden, 2 * base, "down2.0")
        for i in range(config.encoder_num_resblocks):
            hidden = residual_block(tape, hidden, 2 * base, f"down2.{i + 1}", deep)
        hidden = shrink(tape, hidden, f"down2.{config.encoder_num_resblocks + 1}")
        del given
        given = hidden = tape.cat((hidden, flow2), hidden.shape[0], 2 * base + flow, *hidden.shape[2:])
        hidden = residual_block(tape, hidden, 4 * base, "mid.0", deep)
        if config.use_attention:
            hidden = attention_block(tape, hidden, "mid.1", fused=config.fused)
        hidden = residual_block(tape, hidden, 4 * base, f"mid.{1 + config.use_attention}", deep)
        del given
        hidden = channel_norm(tape, hidden, "norm_out")
        hidden = nonlinearity(tape, hidden, deep)
        moments = causal_conv(tape, hidden, 2 * config.latent_dim, 3, "conv_out")
        del hidden, bands, bands1, bands2, low, flow1, flow2
    return posterior(tape, moments)
