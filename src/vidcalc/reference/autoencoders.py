"""How each published video or image autoencoder is called: decode a latent to a clip, encode a clip to a latent, tiled
or not.

The input is made inside the call, in the autoencoder's dtype, so it counts as live bytes. Image autoencoders see the
frames as a batch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from vidcalc.reference.meta import empty
from vidcalc.reference.shapes import Call, usual_dtype

COLOURS = 3  # whatever `in_channels` says: some classes fold patches or Fourier features into it themselves
IMAGE_CLASSES = frozenset({"AutoencoderKL", "AutoencoderKLTemporalDecoder"})
TILED_ONLY = frozenset({"AutoencoderKLAllegro"})  # diffusers has no untiled path for it


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A batch of clips: in pixels for `encode_call`, in latent positions for `decode_call`."""

    batch: int
    frames: int
    height: int
    width: int


def decode_call(vae: Any, latent: Clip) -> Call:
    """Runs `vae.decode` on a latent [batch, channels, frames, height, width] (image classes: [batch * frames, channels,
    height, width]).
    """
    shape, dtype = _layout(vae, latent, _latent_channels(vae)), usual_dtype(vae)
    extra = _decode_arguments(vae, latent, dtype)
    return lambda: vae.decode(empty(*shape, dtype=dtype), return_dict=False, **extra())


def encode_call(vae: Any, pixels: Clip) -> Call:
    """Runs `vae.encode` on a clip of three colours; the result is the distribution, before any sample is drawn
    from it.
    """
    shape, dtype = _layout(vae, pixels, COLOURS), usual_dtype(vae)
    return lambda: vae.encode(empty(*shape, dtype=dtype), return_dict=False)


def set_tiling(vae: Any, tiling: bool) -> None:
    """Turns the autoencoder's own tiling on, with its default tile sizes, or off."""
    wanted = tiling or type(vae).__name__ in TILED_ONLY
    {True: vae.enable_tiling, False: vae.disable_tiling}[wanted]()


def _layout(vae: Any, clip: Clip, channels: int) -> tuple[int, ...]:
    if type(vae).__name__ in IMAGE_CLASSES:
        return clip.batch * clip.frames, channels, clip.height, clip.width
    return clip.batch, channels, clip.frames, clip.height, clip.width


def _latent_channels(vae: Any) -> int:
    """The configuration key differs by class: z_dim for Wan, latent_channels elsewhere."""
    config = dict(vae.config)
    return int(config.get("z_dim") or config["latent_channels"])


def _decode_arguments(vae: Any, latent: Clip, dtype: torch.dtype) -> Callable[[], dict[str, Any]]:
    """SVD's decoder must know the clip length; LTX decoders with timestep conditioning take a noise level."""
    if type(vae).__name__ == "AutoencoderKLTemporalDecoder":
        return lambda: {"num_frames": latent.frames}
    if dict(vae.config).get("timestep_conditioning"):
        return lambda: {"temb": empty(latent.batch, dtype=dtype)}
    return dict
