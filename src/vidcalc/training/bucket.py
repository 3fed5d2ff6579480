"""One bucket of a training run: what a micro-batch of that size holds and how long a step of it takes."""

from typing import Any

import msgspec
from msgspec.structs import replace

from vidcalc.base.number import largest, maximum
from vidcalc.catalog.training import networks, recipe
from vidcalc.cost import execution
from vidcalc.cost.memory import Network, parameters
from vidcalc.cost.time import Seconds
from vidcalc.describe.adapters import Adapters
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.shape import Shape
from vidcalc.describe.training import ADAPTED, TrainingPlan
from vidcalc.describe.workload import Workload
from vidcalc.ledger.unroll import Job, denoiser_shape
from vidcalc.ledger.unroll import Phase as PhaseOfJob
from vidcalc.ledger.weights import Weights, weights
from vidcalc.ops import Op
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.tape.step import Step, stepped
from vidcalc.tape.trace import Trace, remember, trace
from vidcalc.training import company, time
from vidcalc.training.flops import StepFlops, flops
from vidcalc.training.memory import Beside, Live, Phase, documented, phases
from vidcalc.training.states import Holding, States, states


class Micro(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A micro-batch on the tape, whatever hardware and ranks: the step, the network trained, FLOPs."""

    step: Step
    found: Holding
    flops: StepFlops
    live: Live


def micro(model: Model, workload: Workload, plan: Plan) -> Micro:
    """Tape one micro-batch of the denoiser. Raises InputError for an unknown recipe or way of checkpointing."""
    training, shape = plan.training, denoiser_shape(model, workload, workload.batch)
    compute = recipe(training.recipe).compute
    words = (training.mode, training.base, training.experts, training.checkpointing, str(adapted(training)))
    found: Micro = remember(
        model.denoiser, ("training", compute, *words), shape, lambda: _taped(model, shape, training, compute)
    )
    return found


def _taped(model: Model, shape: Shape, training: TrainingPlan, compute: str) -> Micro:
    """The micro-batch of that shape."""
    component, beside = model.denoiser, adapted(training)
    taped = stepped(component, shape, compute, training.checkpointing, beside)
    forward = trace(component, "forward", shape, compute)
    found = holding(model, forward, taped.trained, training)
    return Micro(
        step=taped,
        found=found,
        flops=flops(taped.ops, taped.again, training.mode),
        live=Live(
            kept=taped.kept,
            activations=taped.activations,
            peak=taped.peak,
            gradients=taped.trained * ELEMENT_BYTES[compute if beside is None else beside.dtype],
            host=taped.host,
        ),
    )


def adapted(training: TrainingPlan) -> Adapters | None:
    """The adapters that are trained; None where all weights are."""
    if training.mode not in ADAPTED:
        return None
    return Adapters(
        rank=training.rank,
        targets=training.targets,
        kind=training.adapter,
        dtype=recipe(training.recipe).stored,
        dropout=training.adapter_dropout,
        keeps=training.base_keeps,
    )


def holding(model: Model, forward: Trace, trained: Any, training: TrainingPlan) -> Holding:
    """The trained network: elements that are trained, those in repeated layers, and its weights' bytes."""
    component = model.denoiser
    copies = component.copies if training.experts == "both" else 1
    params = parameters(component, (forward,))
    repeated = sum(elements for path, (elements, _) in forward.parameters.items() if ".*." in path)
    if training.mode in ADAPTED:
        held, mine, inside = _held(model, params, forward, training.base, copies), trained, trained
    else:
        held, mine, inside = _held(model, params, forward, recipe(training.recipe).compute, copies), params, repeated
    layer = _largest_layer(forward)
    return Holding(trained=mine * copies, repeated=inside * copies, held=held, block=layer)


def _held(model: Model, params: Any, forward: Trace, name: str, copies: int) -> Weights:
    """The denoiser's weights in a number format, of as many experts as are loaded [byte]."""
    one = weights(model.denoiser, params, (forward,), name)
    return replace(
        one, total=one.copy * copies, copy=one.copy * copies, blocks=one.blocks * copies, count=one.count * copies
    )


def _largest_layer(forward: Trace) -> Any:
    """Elements of the largest repeated layer [elements]."""
    layers: dict[str, Any] = {}
    rounds: dict[str, Any] = {}
    for path, (elements, _) in forward.parameters.items():
        head, inside, _rest = path.partition(".*.")
        if inside:
            layers[head] = layers.get(head, 0) + elements
            rounds[head] = forward.rounds[path]
    return largest(layers[head] / maximum(rounds[head], 1) for head in layers)


class Cell(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A bucket priced: bytes by phase and by documented row, seconds by part."""

    micro: Micro
    states: States
    phases: list[Phase]
    rows: dict[str, Any]
    seconds: dict[str, Seconds]


def priced(
    taped: Micro, job: Job, held: dict[str, Network], hardware: Hardware, plan: Plan, validation: Any = 0
) -> Cell:
    """Bytes and seconds of a micro-batch on one rank of the plan.

    job, held   the generation at the bucket's size, for the encoders in the loop
    validation  live activations of a validation sample [byte]
    """
    cell = sized(taped, job, held, plan, validation)
    return replace(cell, seconds=timed(taped, alone(taped, job, hardware, plan), hardware, plan))


def sized(taped: Micro, job: Job, held: dict[str, Network], plan: Plan, validation: Any = 0) -> Cell:
    """The same without seconds."""
    kept, beside = remaining(taped, job, held, plan, validation)
    found = phases(taped.live, kept, beside, company.unrolled(plan.training))
    return Cell(
        micro=taped,
        states=kept,
        phases=found,
        rows=documented(kept, found),
        seconds={},
    )


def remaining(
    taped: Micro, job: Job, held: dict[str, Network], plan: Plan, validation: Any = 0
) -> tuple[States, Beside]:
    """What one rank of the plan holds beside live activations: states, and the networks that are not trained."""
    kept = states(taped.found, plan.training)
    return kept, around(job, held, taped.found, kept, plan, validation)


def alone(taped: Micro, job: Job, hardware: Hardware, plan: Plan) -> time.Alone:
    """Seconds of a micro-batch and of what feeds it on one accelerator alone: the same whatever the degrees."""
    training = plan.training
    rolled = networks(training.networks).decoded == "yes"
    supply = time.Supply(
        vae=() if rolled or training.latents != "online" else _ops(job.encode),
        texts=_text_ops(job) if training.texts == "online" else (),
        decode=_ops(job.phase("vae_decode")) if rolled else (),
    )
    chip, step = hardware.accelerator, taped.step
    run = execution.plain(plan)
    return time.alone(step.ops, step.again, supply, training.mode, chip, plan.attention, run)


def timed(taped: Micro, work: time.Alone, hardware: Hardware, plan: Plan) -> dict[str, Seconds]:
    """Seconds of an optimizer step of the plan by part."""
    step = taped.step
    return time.step(step.ops, step.again, taped.found, work, step.host, plan.training, hardware)


def around(job: Job, held: dict[str, Network], found: Holding, kept: States, plan: Plan, validation: Any) -> Beside:
    """The networks beside the trained one, and the live bytes of their runs."""
    training = plan.training
    rolled = networks(training.networks).decoded == "yes"
    online = {"vae": training.latents == "online" or rolled, "text_encoder": training.texts == "online"}
    resident = {
        role: sum(network.weights.total for network in held.values() if network.role == role) * wanted
        for role, wanted in online.items()
    }
    vae = sum(network.weights.total for network in held.values() if network.role == "vae")
    texts = [phase.trace.peak for phase in job.phases if phase.id == "text_encode"]
    decode = job.phase("vae_decode")
    return Beside(
        vae=resident["vae"],
        encoders=resident["text_encoder"],
        vae_work=job.encode.trace.peak if job.encode and online["vae"] and not rolled else 0,
        text_work=largest(texts) if online["text_encoder"] else 0,
        validation=validation,
        validated=vae,
        company=company.frozen(found, training) + company.trained(found, kept, training),
        company_work=job.forward.peak,
        decode_work=decode.trace.peak if decode and rolled else 0,
    )


def _ops(phase: PhaseOfJob | None) -> tuple[Op, ...]:
    """The ops of all calls of a phase; none where there is no such phase."""
    return () if phase is None else tuple(replace(op, count=op.count * phase.calls) for op in phase.trace.ops)


def _text_ops(job: Job) -> tuple[Op, ...]:
    """The ops of all text encoders on one prompt a sample, whatever guidance asks of a generation."""
    found = (phase for phase in job.phases if phase.id == "text_encode")
    return tuple(replace(op, count=op.count * phase.component.runs) for phase in found for op in phase.trace.ops)
