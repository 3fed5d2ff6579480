"""What a request leaves open, filled in from the model: sizes, steps, guidance and how the pipeline runs it.

This is the door where the guidance scale turns into a word; past it nothing branches on the number.
"""

from functools import cache
from typing import Any

from vidcalc.catalog import models
from vidcalc.catalog.frameworks import framework
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Guided, Plan
from vidcalc.describe.setting import words
from vidcalc.describe.workload import Workload
from vidcalc.tape.trace import tiles

GUIDED = words(Guided)


@cache
def model(name: str) -> Model:
    """The catalogue's model, ready to compute: a closed one gets the generic architecture. Raises UnknownName."""
    chosen = models.model(name)
    if chosen.denoiser.network.startswith("generic."):
        from vidcalc.catalog.generic import complete

        return complete(chosen)
    return chosen


def workload(chosen: Model, **given: Any) -> Workload:
    """The given fields of `Workload`, the others as the model's pipeline has them. None counts as not given."""
    usual = chosen.defaults
    filled: dict[str, Any] = {
        "width": usual.width,
        "height": usual.height,
        "frames": usual.frames,
        "fps": usual.fps,
        "steps": usual.steps,
        "guidance": usual.guidance,
        "text_tokens": usual.text_tokens,
        "image_tokens": usual.image_tokens,
    }
    filled.update({name: value for name, value in given.items() if value is not None})
    return Workload(**filled)


def plan(chosen: Model, guidance: float | None = None, **given: Any) -> Plan:
    """The given fields of `Plan`, guidance as the model's pipeline runs it. A guidance scale of 1 turns it off."""
    usual = chosen.defaults
    framework_profile = framework(given.get("framework") or "diffusers")
    profile = framework_profile.settings(chosen)
    if chosen.vae.network and not tiles(chosen.vae):
        profile.pop("vae_tiling", None)
    scale = usual.guidance if guidance is None else guidance
    filled: dict[str, Any] = {**profile, "runtime": framework_profile.runtime, "guidance_mode": usual.guidance_mode}
    if usual.guidance_mode in GUIDED and scale == 1:
        filled.update(guidance_mode="none")
    elif usual.guidance_mode in GUIDED:
        mode = given.get("guidance_mode") or profile.get("guidance_mode") or usual.guidance_mode
        together = usual.forwards_per_step if usual.batched_forwards == 1 else usual.batched_forwards
        filled.update(
            guidance_mode=mode,
            forwards_per_step=usual.forwards_per_step,
            batched_forwards=1 if mode == "sequential" else together,
        )
    elif usual.forwards_per_step != 1:
        filled.update(forwards_per_step=usual.forwards_per_step, batched_forwards=usual.batched_forwards)
    if filled["guidance_mode"] in GUIDED:
        filled.update({name: profile[name] for name in ("forwards_per_step", "batched_forwards") if name in profile})
        if filled["guidance_mode"] == "sequential":
            filled["batched_forwards"] = 1
    filled.update({name: value for name, value in given.items() if value is not None})
    return Plan(**filled)
