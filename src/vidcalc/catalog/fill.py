"""What a request leaves open, filled in from the model: sizes, steps, guidance and how the pipeline runs it.

This is the door where the guidance scale turns into a word; past it nothing branches on the number.
"""

from functools import cache
from typing import Any

from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.base.facts import Facts
from vidcalc.catalog import models, reach
from vidcalc.catalog.frameworks import framework, holding
from vidcalc.catalog.precisions import precision
from vidcalc.catalog.trainers import Trainer, trainer
from vidcalc.describe.geometry import denoiser_grid
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Guided, Plan
from vidcalc.describe.setting import words
from vidcalc.describe.training import TrainingPlan
from vidcalc.describe.workload import Workload
from vidcalc.tape.trace import tiles

GUIDED = words(Guided)
UNMERGED = ("live", "patched")
NOBODY = "none"  # where no trainer is named
PREDICTIONS = ("forwards_per_step", "batched_forwards")


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


def with_a_token(chosen: Model, asked: Workload) -> Workload:
    """The workload itself. Raises InputError where its video is smaller than what one token stands for."""
    width, height, frames = asked.width, asked.height, asked.frames
    if not (isinstance(width, int) and isinstance(height, int) and isinstance(frames, int)):
        return asked
    _, *sizes = denoiser_grid(chosen, width, height, frames)
    fields = [size // patch for size, patch in zip(sizes, chosen.denoiser.patch, strict=True)]
    if fields[1] < 1 or fields[2] < 1:
        _, along, across = chosen.denoiser.patch
        unit = chosen.vae.spatial_compression * chosen.denoiser.grows
        least = f"{max(width, unit * across)}x{max(height, unit * along)}"
        raise InputError("resolution", f"{width}x{height}", (f">= {least}",), least, chosen.name)
    if fields[0] < 1:
        least = str(chosen.vae.clip_frames or chosen.vae.temporal_compression)
        raise InputError("frames", str(frames), (f">= {least}",), least, chosen.name)
    return asked


def guided_by(chosen: Model, scales: dict[str, float]) -> Facts:
    """Predictions of a step at those scales of the pipeline, by name; one that is left out is on, as by default."""
    usual = chosen.defaults
    off = {name: usual.off_at.get(name, 1) for each in usual.scales for name in each}
    made = [any(name not in scales or scales[name] > off[name] for name in each) for each in usual.scales]
    # the prompt's own, and of the first further one the negative prompt's in the same call
    batched = usual.batched_forwards if made[0] else 1
    mode = usual.guidance_mode if batched > 1 else "sequential" if any(made) else "none"
    return {"guidance_mode": mode, "forwards_per_step": 1 + sum(made), "batched_forwards": batched}


def plan(chosen: Model, guidance: float | None = None, vendor: str = "", **given: Any) -> Plan:
    """The given fields of `Plan`, guidance as the model's pipeline runs it. A guidance scale of 1 turns it off.

    vendor  of the chip it runs on: some programs run otherwise on some
    Raises InputError("step-cache", …) for a cache that the program has not for that model.
    """
    usual = chosen.defaults
    if given.get("framework"):
        given["framework"] = holding(given["framework"], chosen, given.get("precision") or "", vendor)
    framework_profile = framework(given.get("framework") or "diffusers")
    profile = framework_profile.settings(chosen)
    if chosen.vae.network and not tiles(chosen.vae):
        profile.pop("vae_tiling", None)
    scale = usual.guidance if guidance is None else guidance
    # how many predictions a step makes where it is guided
    predictions: dict[str, Any] = {name: profile.pop(name) for name in PREDICTIONS if name in profile}
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
        filled.update(predictions)
        if filled["guidance_mode"] == "sequential":
            filled["batched_forwards"] = 1
    filled.update({name: value for name, value in given.items() if value is not None})
    if filled.get("step_cache", "none") not in ("none", "stated"):
        stacked = filled["guidance_mode"] not in ("sequential", "fitting")
        reach.checked(filled["step_cache"], chosen, framework_profile.runtime, stacked)
    return _applied(Plan(**filled), given.get("lora_mode"))


def _applied(plan: Plan, asked: str | None) -> Plan:
    """The plan with its LoRAs applied as its weights allow: those of some formats cannot be merged into.

    Raises InputError("lora-mode", …) where that is asked for.
    """
    runtime = plan.runtime
    merges = precision(plan.precision).merges
    firm = plan.precision in runtime.unmergeable or merges != "yes"
    if not plan.loras or plan.lora_mode != "merged" or not firm:
        return plan
    instead = "live" if merges == "live" else runtime.unmerged
    if asked == "merged":
        raise InputError("lora-mode", f"merged ({plan.precision})", UNMERGED, instead)
    return replace(plan, lora_mode=instead)


def spread(usual: Plan, model: Model, gpus: int) -> Plan:
    """The plan with one video shared among all GPUs, where its framework does so without being told."""
    spreads = usual.runtime.spreads
    if gpus == 1 or not spreads:
        return usual
    most = spreads.get(model.denoiser.network, spreads.get("", 0))
    guided = usual.guidance_mode in GUIDED and usual.forwards_per_step > 1
    groups = 2 if guided and gpus % 2 == 0 and gpus <= most else 1
    rest = gpus // groups
    # of two ranks each gathers the other's keys and values, more exchange heads
    way = "gather_degree" if rest == 2 and most else "ulysses_degree"
    return replace(usual, guidance_degree=groups, **{way: rest})


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
    several = chosen.denoiser.copies > 1
    usual = {} if name == NOBODY else trainer(name).settings(mode, chosen.denoiser.network, *how, several=several)
    return TrainingPlan(**{**usual, **stated})


def sharded(usual: TrainingPlan, chosen: Model, **given: Any) -> TrainingPlan:
    """A plan whose way of sharding is settled, with what its trainer does otherwise then. None counts as not given."""
    if usual.trainer == NOBODY:
        return usual
    network, how = chosen.denoiser.network, (usual.offload, usual.base)
    profile, several = trainer(usual.trainer), chosen.denoiser.copies > 1
    # what holds of several experts, or of how weights are kept, is no matter of sharding
    apart, alike = (profile.settings(usual.mode, network, *how, way, several) for way in (usual.sharding, "none"))
    stated = {name for name, value in given.items() if value is not None}
    further = {name: value for name, value in apart.items() if name not in stated and value != alike.get(name)}
    return replace(usual, **further)
