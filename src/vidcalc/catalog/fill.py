"""What a request leaves open, filled in from the model: sizes, steps, guidance and how the pipeline runs it.

This is the door where the guidance scale turns into a word; past it nothing branches on the number.
"""

from functools import cache
from typing import Any

from msgspec.structs import replace

from vidcalc.catalog import models, reach
from vidcalc.catalog.frameworks import framework
from vidcalc.catalog.precisions import precision
from vidcalc.catalog.trainers import Trainer, trainer
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Guided, Plan
from vidcalc.describe.setting import words
from vidcalc.describe.training import TrainingPlan
from vidcalc.describe.workload import Workload
from vidcalc.tape.trace import tiles

GUIDED = words(Guided)
NOBODY = "none"  # where no trainer is named


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
    """The given fields of `Plan`, guidance as the model's pipeline runs it. A guidance scale of 1 turns it off.

    Raises InputError("step-cache", …) for a cache of diffusers that its own network refuses.
    """
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
    hooks = filled.get("framework", "diffusers") == "diffusers"  # of other programs nothing is known
    if hooks and filled.get("step_cache", "none") not in ("none", "stated"):
        stacked = filled["guidance_mode"] not in ("sequential", "fitting")
        reach.checked(filled["step_cache"], chosen.denoiser.class_, stacked)
    return Plan(**filled)


def run_as(usual: Plan, profile: Trainer, model: Model) -> Plan:
    """A plan of the trainer's framework: its networks run as the trainer does, with the models it keeps beside them."""
    timesteps = {**usual.runtime.timesteps, **profile.timesteps}
    networks = {**usual.runtime.networks, **profile.networks}
    kept = profile.company.get(model.denoiser.network, {})
    formats = {"base": usual.training.base, "bf16": "bf16"}
    company = sum(precision(formats[name]).stored * _elements(model, parts) for name, parts in kept.items())
    return replace(
        usual,
        compile=profile.compile,
        runtime=replace(
            usual.runtime,
            networks=networks,
            timesteps=timesteps,
            company=int(company),
            kept_scale=profile.activation_scale.get(model.denoiser.network, 1.0),
        ),
    )


def _elements(model: Model, parts: tuple[str, ...]) -> int:
    """Weights of the components of those ids, the denoiser apart."""
    return sum(part.params or 0 for part in (model.vae, *model.others) if part.id in parts)


def training(chosen: Model, **given: Any) -> TrainingPlan:
    """The given fields of `TrainingPlan`; what they leave open as the `trainer` among them does it. None counts as not
    given."""
    stated = {name: value for name, value in given.items() if value is not None}
    name, mode = stated.get("trainer", NOBODY), stated.get("mode", TrainingPlan().mode)
    how = stated.get("offload", "none"), stated.get("base", "")
    usual = {} if name == NOBODY else trainer(name).settings(mode, chosen.denoiser.network, *how)
    return TrainingPlan(**{**usual, **stated})
