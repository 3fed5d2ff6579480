"""How the networks beside a video transformer are called: audio autoencoders, vocoders, text connectors, upsamplers."""

from collections.abc import Mapping
from typing import Any

import torch

from vidcalc.reference.meta import empty, integers
from vidcalc.reference.shapes import Call, usual_dtype


def audio_autoencoder(module: Any, component: str, shape: Mapping[str, Any]) -> Call:
    """Latent [batch, 8, frames, mel bins / 4] or spectrogram [batch, 2, frames, mel bins]."""
    c, batch, dtype = module.config, int(shape["batch"]), usual_dtype(module)
    if component == "vae_decode":
        latent = batch, c.latent_channels, shape["latent"][0], c.mel_bins // module.mel_compression_ratio
        return lambda: module.decode(empty(*latent, dtype=dtype), return_dict=False)
    spectrogram = batch, c.in_channels, shape["pixels"][0], c.mel_bins
    return lambda: module.encode(empty(*spectrogram, dtype=dtype), return_dict=False)


def vocoder(module: Any, component: str, shape: Mapping[str, Any]) -> Call:
    """Spectrogram [batch, 2, frames, mel bins] to waveform."""
    c, batch, dtype = module.config, int(shape["batch"]), usual_dtype(module)
    size = batch, c.out_channels, shape["latent"][0], c.in_channels // c.out_channels
    return lambda: module(empty(*size, dtype=dtype))


def connectors(module: Any, component: str, shape: Mapping[str, Any]) -> Call:
    """All hidden states of the text encoder [batch, tokens, width, layers + 1], and a padding mask."""
    c, batch, n, dtype = module.config, int(shape["batch"]), int(shape["tokens"]), usual_dtype(module)
    return lambda: module(empty(batch, n, c.caption_channels, c.text_proj_in_factor, dtype=dtype), integers(batch, n))


def upsampler(module: Any, component: str, shape: Mapping[str, Any]) -> Call:
    """Latent [batch, 128, frames, height, width] to a larger one."""
    size = int(shape["batch"]), module.config.in_channels, *shape["latent"]
    dtype = usual_dtype(module)
    return lambda: module(empty(*size, dtype=dtype))


def waves(module: Any, component: str, shape: Mapping[str, Any]) -> Call:
    """Latent [batch · channels of sound, channels, frames] or waveform [batch · channels of sound, 1, samples]."""
    batch = int(shape["batch"]) * int(shape.get("extra", {}).get("channels", 1))
    if component == "vae_decode":
        size = batch, module.config.latent_channels, shape["latent"][0]
        return lambda: module.decode(empty(*size, dtype=torch.bfloat16), return_dict=False)
    return lambda: module.encode(empty(batch, 1, shape["pixels"][0], dtype=torch.bfloat16), return_dict=False)


def spectra(module: Any, component: str, shape: Mapping[str, Any]) -> Call:
    """Latent [batch, channels, frames] or spectrogram [batch, mel bins, frames], the front end left out."""
    c, batch, dtype = module.config, int(shape["batch"]), usual_dtype(module)
    if component == "vae_decode":
        return lambda: module.decode(
            empty(batch, c.latent_channels, shape["latent"][0], dtype=dtype), return_dict=False
        )
    return lambda: module.vae.encode(empty(batch, c.mel_bins, shape["pixels"][0], dtype=dtype))


def mel_vocoder(module: Any, component: str, shape: Mapping[str, Any]) -> Call:
    """Spectrogram [batch, mel bins, frames] to waveform."""
    c, batch, dtype = module.config, int(shape["batch"]), usual_dtype(module)
    return lambda: module(empty(batch, c.num_mels, shape["latent"][0], dtype=dtype), return_dict=False)


CALLS = {
    "AutoencoderKLMiniMaxH3Audio": waves,
    "AutoencoderKLLTX2Audio": audio_autoencoder,
    "LTX2LatentUpsamplerModel": upsampler,
    "LTX2TextConnectors": connectors,
    "LTX2Vocoder": vocoder,
    "LTX2VocoderWithBWE": vocoder,
    "LTXLatentUpsamplerModel": upsampler,
    "MMAudioVAE": spectra,
    "MMAudioVocoder": mel_vocoder,
}
