"""The encoder and decoder of Wan's causal video VAE: one chunk of frames through all levels, with a feature cache.

Source: arXiv 2503.20314; diffusers 0.42.1 models/autoencoders/autoencoder_kl_wan.py.
"""

from typing import Any

import msgspec

from vidcalc.networks.autoencoders.wan_blocks import (
    FeatureCache,
    cached_conv,
    channel_norm,
    downsample,
    mid_block,
    residual_block,
    upsample,
)
from vidcalc.networks.autoencoders.wan_residual import residual_down, residual_up
from vidcalc.tape import Tape, Tensor


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names (their spelling included)."""

    base_dim: Any = 96
    decoder_base_dim: Any = None
    z_dim: Any = 16
    dim_mult: tuple[Any, ...] = (1, 2, 4, 4)
    num_res_blocks: int = 2
    attn_scales: tuple[float, ...] = ()
    temperal_downsample: tuple[bool, ...] = (False, True, True)
    in_channels: Any = 3
    out_channels: Any = 3
    is_residual: bool = False
    patch_size: Any = None
    scale_factor_temporal: int = 4
    scale_factor_spatial: int = 8


def patch_area(config: Config) -> Any:
    """Pixels that are folded into the channels before the encoder and unfolded after the decoder."""
    return (config.patch_size or 1) ** 2


def decoder(tape: Tape, config: Config, x: Tensor, cache: FeatureCache) -> Tensor:
    """One chunk of latent frames -> one frame (the first) or four."""
    base = config.decoder_base_dim or config.base_dim
    widths = [base * m for m in reversed(config.dim_mult)]
    temporal = tuple(reversed(config.temperal_downsample))
    with tape.scope("decoder"):
        hidden = cached_conv(tape, x, widths[0], "conv_in", cache)
        hidden = mid_block(tape, hidden, "mid_block", cache)
        for level, width in enumerate(widths):
            with tape.scope(f"up_blocks.{level}"):
                hidden = up_level(tape, config, hidden, width, level, temporal, cache)
        hidden = channel_norm(tape, hidden, "norm_out")
        hidden = tape.act(hidden)
        return cached_conv(tape, hidden, config.out_channels, "conv_out", cache)


def up_level(
    tape: Tape, config: Config, x: Tensor, width: Any, level: int, temporal: tuple[bool, ...], cache: FeatureCache
) -> Tensor:
    """The residual blocks of one resolution, then the step up to the next (halving the width in Wan 2.1)."""
    last = level == len(temporal)
    if config.is_residual:
        return residual_up(
            tape, x, width, config.num_res_blocks + 1, up=not last, temporal=not last and temporal[level], cache=cache
        )
    hidden = x
    for i in range(config.num_res_blocks + 1):
        hidden = residual_block(tape, hidden, width, f"resnets.{i}", cache)
    if last:
        return hidden
    mode = "upsample3d" if temporal[level] else "upsample2d"
    return upsample(tape, hidden, mode, width // 2, "upsamplers.0", cache)


def encoder(tape: Tape, config: Config, x: Tensor, cache: FeatureCache) -> Tensor:
    """One chunk of one or four frames -> one latent frame."""
    widths = [config.base_dim * m for m in config.dim_mult]
    with tape.scope("encoder"):
        hidden = cached_conv(tape, x, widths[0], "conv_in", cache)
        index = 0
        for level, width in enumerate(widths):
            if config.is_residual:
                down = level < len(config.temperal_downsample)
                with tape.scope(f"down_blocks.{level}"):
                    temporal = down and config.temperal_downsample[level]
                    hidden = residual_down(
                        tape, hidden, width, config.num_res_blocks, down=down, temporal=temporal, cache=cache
                    )
                continue
            for _ in range(config.num_res_blocks):
                hidden = residual_block(tape, hidden, width, f"down_blocks.{index}", cache)
                index += 1
            if level < len(config.temperal_downsample):
                mode = "downsample3d" if config.temperal_downsample[level] else "downsample2d"
                hidden = downsample(tape, hidden, mode, f"down_blocks.{index}", cache)
                index += 1
        hidden = mid_block(tape, hidden, "mid_block", cache)
        hidden = channel_norm(tape, hidden, "norm_out")
        hidden = tape.act(hidden)
        return cached_conv(tape, hidden, 2 * config.z_dim, "conv_out", cache)
