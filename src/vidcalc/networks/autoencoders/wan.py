"""Wan 2.1 and 2.2 causal video VAE: decodes one latent frame, encodes four frames at a time, with a feature cache.

Peak memory therefore grows with the frame count only by the output. Mirrors diffusers' AutoencoderKLWan, which was
published a second time for Qwen-Image.
Source: arXiv 2503.20314; diffusers 0.42.1 models/autoencoders/autoencoder_kl_wan.py.
"""

from vidcalc.base.number import maximum, minimum
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.wan_blocks import FeatureCache, causal_conv
from vidcalc.networks.autoencoders.wan_network import Config, decoder, encoder, patch_area
from vidcalc.networks.autoencoders.wan_residual import patchify, unpatchify
from vidcalc.tape import Tape, Tensor

__all__ = ["CLASSES", "TILING", "Config", "decode", "encode"]

CLASSES = ("AutoencoderKLWan", "AutoencoderKLQwenImage")

TILING = Tiling(height=256, width=256, stride_height=192, stride_width=192)  # the class's enable_tiling


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels[batch, 3, 4·(frames − 1) + 1, 8·height, 8·width]."""
    latent = tape.input(shape.batch, config.z_dim, shape.frames, shape.height, shape.width)
    if tiling is not None:
        from vidcalc.networks.autoencoders.wan_tiles import decode_tiles

        return decode_tiles(tape, config, shape, tiling, latent)
    x = causal_conv(tape, latent, config.z_dim, (1, 1, 1), "post_quant_conv")
    chunk = x.view(shape.batch, config.z_dim, 1, shape.height, shape.width)
    cache = FeatureCache(shape.frames)
    out = decoder(tape, config, chunk, cache)
    for section, times, seen in (
        ("second", minimum(shape.frames - 1, 1), minimum(shape.frames, 2)),
        ("later", maximum(shape.frames - 2, 0), shape.frames),
    ):
        cache.start(section)
        with tape.again(times):
            # what was there before the last chunk of this section
            before = tape.empty((*out.shape[:2], maximum(4 * (seen - 2) + 1, 1), *out.shape[3:]), out.dtype)
            del out
            frames = decoder(tape, config, chunk, cache)
            out = tape.cat((before, frames), *frames.shape[:2], 4 * (seen - 1) + 1, *frames.shape[3:])
            del before  # the loop's own name keeps the newest frames alive through the next chunk
    if config.patch_size is not None:
        out = unpatchify(tape, out, config.patch_size)
    return tape.scale(out, "clamp")


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance[batch, 2·z, (frames − 1)/4 + 1, h/8, w/8]."""
    given = tape.input(shape.batch, config.in_channels // patch_area(config), shape.frames, shape.height, shape.width)
    pixels = given if config.patch_size is None else patchify(tape, given, config.patch_size)
    if tiling is not None:
        from vidcalc.networks.autoencoders.wan_tiles import encode_tiles

        return encode_tiles(tape, config, shape, tiling, pixels)
    chunks = 1 + (shape.frames - 1) // 4
    cache = FeatureCache(chunks)
    first = pixels.view(*pixels.shape[:2], 1, *pixels.shape[3:])
    four = pixels.view(*pixels.shape[:2], 4, *pixels.shape[3:])
    out = encoder(tape, config, first, cache)
    for section, times, seen in (
        ("second", minimum(chunks - 1, 1), minimum(chunks, 2)),
        ("later", maximum(chunks - 2, 0), chunks),
    ):
        cache.start(section)
        with tape.again(times):
            before = tape.empty((*out.shape[:2], maximum(seen - 1, 1), *out.shape[3:]), out.dtype)
            del out
            latents = encoder(tape, config, four, cache)
            out = tape.cat((before, latents), *latents.shape[:2], seen, *latents.shape[3:])
            del before
    moments = causal_conv(tape, out, 2 * config.z_dim, (1, 1, 1), "quant_conv")
    del out, latents, cache
    return moments
