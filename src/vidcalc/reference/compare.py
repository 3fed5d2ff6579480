"""One component at one shape, by our tape: the figures that stand beside those of the published class.

A case is a plain dict as golden files hold it (`component`, `shape`, `dtype`, class and config): see
`vidcalc.reference.verify`, which gives the published class's figures for the same case.
"""

from typing import Any

from vidcalc.catalog.families import families
from vidcalc.describe.model import Component
from vidcalc.describe.shape import Shape
from vidcalc.tape.step import stepped
from vidcalc.tape.trace import tiles, trace

__all__ = ["ENTRY", "families", "figures", "shape_of", "training"]

ENTRY = {
    "denoiser": "forward",
    "vae_decode": "decode",
    "vae_encode": "encode",
    "text_encoder": "encode",
    "image_encoder": "encode",
}


def figures(
    component: str, network: str, config: dict[str, Any], shape: Shape, dtype: str, tiling: str = "none"
) -> dict[str, Any]:
    """params, flops and peak_activation_bytes of one call. tiling: "none", or "default" for the class's own tiles
    (a class that takes the switch but has no tiles runs whole)."""
    taped = Component(network=network, config=config)
    call = trace(taped, ENTRY[component], shape, dtype, tiling if tiles(taped) else "none")
    return {
        "params": call.parameter_count,
        "flops": call.flops,
        "peak_activation_bytes": call.peak,
        "peak_at": call.peak_at,
    }


def training(network: str, config: dict[str, Any], shape: Shape, dtype: str, checkpointing: str) -> dict[str, Any]:
    """kept_for_backward and forward_backward_peak of one training step of a denoiser [byte]."""
    step = stepped(Component(network=network, config=config), shape, dtype, checkpointing)
    return {"kept_for_backward": step.kept, "forward_backward_peak": step.peak}


def shape_of(stated: dict[str, Any], text_tokens: int = 0, image_tokens: int = 0, timestep: str = "sample") -> Shape:
    """A golden case's shape as our networks take it; what it leaves open as given."""
    frames, height, width = stated.get("latent") or stated.get("pixels") or (1, 1, 1)
    return Shape(
        batch=stated["batch"],
        frames=frames,
        height=height,
        width=width,
        tokens=stated.get("tokens") or stated.get("text_tokens") or text_tokens,
        image_tokens=stated.get("image_tokens") or image_tokens,
        timestep=timestep,
        extra={key: stated[key] for key in ("masked",) if key in stated} | stated.get("extra", {}),
    )
