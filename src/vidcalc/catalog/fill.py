"""What a request leaves open, filled in from the model: sizes, steps, guidance and how the pipeline runs it.

This is the door where the guidance scale turns into a word; past it nothing branches on the number.
"""

from typing import Any

from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.workload import Workload


def workload(model: Model, **given: Any) -> Workload:
    """The given fields of `Workload`, the others as the model's pipeline has them. None counts as not given."""
    known = model.defaults
    filled: dict[str, Any] = {
        "width": known.width,
        "height": known.height,
        "frames": known.frames,
        "fps": known.fps,
        "steps": known.steps,
        "guidance": known.guidance,
        "text_tokens": known.text_tokens,
        "image_tokens": known.image_tokens,
    }
    filled.update({name: value for name, value in given.items() if value is not None})
    return Workload(**filled)


def plan(model: Model, guidance: float | None = None, **given: Any) -> Plan:
    """The given fields of `Plan`, guidance as the model's pipeline runs it. A guidance scale of 1 turns it off."""
    known = model.defaults
    scale = known.guidance if guidance is None else guidance
    filled: dict[str, Any] = {"guidance_mode": known.guidance_mode}
    if known.guidance_mode in ("batched", "sequential") and scale == 1:
        filled.update(guidance_mode="none")
    elif known.guidance_mode != "none" or known.forwards_per_step != 1:
        filled.update(forwards_per_step=known.forwards_per_step, batched_forwards=known.batched_forwards)
    filled.update({name: value for name, value in given.items() if value is not None})
    return Plan(**filled)
