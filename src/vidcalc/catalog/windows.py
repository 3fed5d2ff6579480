"""--window: a long video in windows that the user chooses, in the place of those of the model's own pipeline.

As context windows of ComfyUI (0.33.0 comfy/context_windows.py) and of WanVideoWrapper (1.4.7 WanVideoContextOptions)
work: every window takes all steps, and the whole video is decoded at once.
"""

from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.base.number import scalar
from vidcalc.describe.geometry import latent_frames
from vidcalc.describe.model import Model
from vidcalc.tape.trace import network

FLAG = "window"


def windowed(model: Model, frames: int, overlap: int) -> Model:
    """The model with such windows. Raises InputError for windows that its network or its latents cannot have."""
    rules = model.constraints
    if rules.cache_forwards or getattr(network(model.denoiser), "WHOLE_CLIP", False) or "cached_frames" in extra(model):
        fixed = str(rules.chunk_frames)
        raise InputError(FLAG, f"{frames}:{overlap}", (f"{fixed} ({model.title})",), fixed)
    own = int(scalar(latent_frames(model.vae, frames)))
    shared = int(scalar(latent_frames(model.vae, overlap))) if overlap else 0
    if own <= shared:
        # the most frames that leave one latent frame of a window to itself
        most = (own - 2) * model.vae.temporal_compression + 1 if own > 1 else 0
        raise InputError(FLAG, f"{frames}:{overlap}", (f"OVERLAP 0..{most}",), f"{frames}:{most}")
    codec = rules.codec if rules.chunk_frames else "whole"
    chosen = replace(
        rules, chunk_frames=frames, overlap_frames=overlap, codec=codec, native_frames=0, own=rules.own or rules
    )
    return replace(model, constraints=chosen)


def extra(model: Model) -> dict[str, object]:
    """What the denoiser's calls say beside their sizes."""
    return model.denoiser.extra
