"""What is predicted of the networks that are run here: one call alone, or one training step."""

import msgspec
from msgspec.structs import replace

from vidcalc.account.bucket import Loaded, priced
from vidcalc.account.call import alone
from vidcalc.base.number import scalar
from vidcalc.calculate import workload_of
from vidcalc.catalog import fill
from vidcalc.cost import reserve
from vidcalc.cost.memory import Stage
from vidcalc.cost.seconds import Seconds, spread, total
from vidcalc.describe.data import Bucket
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.shape import Shape
from vidcalc.describe.training import TrainingPlan
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.passes import backward, generation

PHASES = {
    "denoiser": "denoise",
    "vae_decode": "vae_decode",
    "vae_encode": "vae_encode",
    "text_encoder": "text_encode",
    "image_encoder": "image_encode",
}
STEP = ("forward_backward", "optimizer_step")
RECIPES = {"bf16": "pure-bf16", "fp32": "fp32"}  # of a step whose weights, gradients and states are in one format


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """One call: seconds with their band, weights, live activations and what the allocator holds [byte]."""

    seconds: float
    low: float
    high: float
    weights: float
    activations: float
    reserved: float


def of_call(model: Model, machine: Hardware, size: str, precision: str, part: str, component: str) -> Expected | None:
    """What one call of a component takes; None where no job of the model calls it so."""
    ledger = _ledger(model, machine, size, precision)
    if _phase(ledger, part, component) is None:
        return None
    found = alone(ledger, PHASES[part], machine, component)
    (stage,) = (each for each in found.stages if each.id == PHASES[part])
    held = scalar(stage.weights), scalar(stage.activations)
    return _expected(found.stages, found.seconds, machine, *held)


def shape_of_call(
    model: Model, machine: Hardware, size: str, precision: str, part: str, component: str
) -> Shape | None:
    """What a job of that size hands to a component in one call: of a video that starts from a picture the encoder sees
    the picture alone. None where no job of the model calls it so."""
    found = _phase(_ledger(model, machine, size, precision), part, component)
    return None if found is None else found.call.shape


def of_step(model: Model, machine: Hardware, size: str, precision: str) -> Expected:
    """What one step of full training takes, with AdamW and without checkpointing; `activations` is all beyond the
    weights: gradients, states, and what is kept. Raises KeyError for a format that no recipe has alone."""
    training = TrainingPlan(mode="full", recipe=RECIPES[precision], checkpointing="none", latents="precomputed")
    width, height, frames = map(int, size.split("x"))
    plan = replace(fill.plan(model, guidance=1, precision=precision), training=training)
    job = workload_of(model, Bucket(width=width, height=height, frames=frames))
    ledger, _ = generation(model, job, machine, plan)
    one = Loaded(workload=job, ledger=ledger, step=backward.step(ledger, training))
    cost = priced(one, machine, training)
    step = cost.step
    aside = step.further.process + step.aside.vae + step.aside.encoders  # not of the step itself
    top = max(scalar(each.total - aside) for each in cost.stages if each.id in STEP)
    weights = scalar(step.states.weights)
    return _expected(cost.stages, spread(total(cost.seconds), "step"), machine, weights, top - weights)


def _phase(ledger: Ledger, part: str, component: str) -> Phase | None:
    """The first phase in which that component does that part."""
    own = (each for each in ledger.phases if each.id == PHASES[part] and each.component.id == component)
    return next(own, None)


def _ledger(model: Model, machine: Hardware, size: str, precision: str) -> Ledger:
    """One prediction a step, and every network in the format of the run."""
    width, height, frames = map(int, size.split("x"))
    job = fill.workload(model, width=width, height=height, frames=frames, steps=1, guidance=1)
    formats = {"precision": precision, "vae_precision": precision, "text_encoder_precision": precision}
    plan = fill.plan(model, guidance=1, **formats)
    plan = replace(plan, forwards_per_step=1, batched_forwards=1, guidance_mode="none")
    return generation(model, job, machine, plan)[0]


def _expected(stages: list[Stage], spent: Seconds, machine: Hardware, weights: float, activations: float) -> Expected:
    shown = reserve.counters(stages, machine.accelerator)
    return Expected(
        seconds=scalar(spent.likely),
        low=scalar(spent.low),
        high=scalar(spent.high),
        weights=weights,
        activations=activations,
        reserved=scalar(shown.reserved),
    )
