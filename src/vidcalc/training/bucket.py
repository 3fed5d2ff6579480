"""One bucket of a training run: what a micro-batch of that size holds and how long a step of it takes."""

from typing import Any

import msgspec
from msgspec.structs import replace

from vidcalc.base.number import largest, maximum
from vidcalc.catalog.training import networks, recipe
from vidcalc.cost.seconds import Seconds
from vidcalc.describe.adapters import Adapters
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Component, Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.shape import Shape
from vidcalc.describe.training import ADAPTED, TrainingPlan
from vidcalc.describe.workload import Workload
from vidcalc.ledger.types import Execution, Ledger
from vidcalc.ledger.types import Phase as PhaseOfJob
from vidcalc.ledger.unroll import denoiser_shape
from vidcalc.ledger.weights import Weights, parameters, weights
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


def micro(model: Model, workload: Workload, plan: Plan, ledger: Ledger) -> Micro:
    """Tape one micro-batch of the denoiser. Raises InputError for an unknown recipe or way of checkpointing."""
    training, component = plan.training, ledger.forward.component
    shape = replace(denoiser_shape(model, workload), timestep=component.timestep)
    compute = recipe(training.recipe).compute
    words = (training.mode, training.base, training.experts, training.checkpointing, str(adapted(training)))
    found: Micro = remember(
        component, ("training", compute, *words), shape, lambda: _taped(component, shape, training, compute)
    )
    return found


def _taped(component: Component, shape: Shape, training: TrainingPlan, compute: str) -> Micro:
    """The micro-batch of that shape."""
    beside = adapted(training)
    taped = stepped(component, shape, compute, training.checkpointing, beside)
    forward = trace(component, "forward", shape, compute)
    found = holding(component, forward, taped.trained, training)
    return Micro(
        step=taped,
        found=found,
        flops=flops(taped.ops, taped.again),
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


def holding(component: Component, forward: Trace, trained: Any, training: TrainingPlan) -> Holding:
    """The trained network: elements that are trained, those in repeated layers, and its weights' bytes."""
    copies = component.copies if training.experts == "both" else 1
    params = parameters(component, (forward,))
    repeated = sum(elements for path, (elements, _) in forward.parameters.items() if forward.homes[path])
    if training.mode in ADAPTED:
        held, mine, inside = _held(component, params, forward, training.base, copies), trained, trained
    else:
        held = _held(component, params, forward, recipe(training.recipe).compute, copies)
        mine, inside = params, repeated
    layer = _largest_layer(forward)
    return Holding(trained=mine * copies, repeated=inside * copies, held=held, block=layer)


def _held(component: Component, params: Any, forward: Trace, name: str, copies: int) -> Weights:
    """The denoiser's weights in a number format, of as many experts as are loaded [byte]."""
    one = weights(component, params, (forward,), name)
    return replace(
        one, total=one.copy * copies, copy=one.copy * copies, blocks=one.blocks * copies, count=one.count * copies
    )


def _largest_layer(forward: Trace) -> Any:
    """Elements of the largest repeated layer [elements]."""
    layers: dict[str, Any] = {}
    rounds: dict[str, Any] = {}
    for path, (elements, _) in forward.parameters.items():
        head = forward.homes[path]
        if head:
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


def priced(taped: Micro, ledger: Ledger, hardware: Hardware, plan: Plan, validation: Any = 0) -> Cell:
    """Bytes and seconds of a micro-batch on one rank of the plan.

    ledger      the generation at the bucket's size, for the encoders in the loop
    validation  live activations of a validation sample [byte]
    """
    cell = sized(taped, ledger, plan, validation)
    return replace(cell, seconds=timed(taped, alone(taped, ledger, hardware, plan), hardware, plan))


def sized(taped: Micro, ledger: Ledger, plan: Plan, validation: Any = 0) -> Cell:
    """The same without seconds."""
    kept, beside = remaining(taped, ledger, plan, validation)
    found = phases(taped.live, kept, beside, company.unrolled(plan.training))
    return Cell(
        micro=taped,
        states=kept,
        phases=found,
        rows=documented(kept, found),
        seconds={},
    )


def remaining(taped: Micro, ledger: Ledger, plan: Plan, validation: Any = 0) -> tuple[States, Beside]:
    """What one rank of the plan holds beside live activations: states, and the networks that are not trained."""
    kept = states(taped.found, plan.training)
    return kept, around(ledger, taped.found, kept, plan, validation)


def alone(taped: Micro, ledger: Ledger, hardware: Hardware, plan: Plan) -> time.Alone:
    """Seconds of a micro-batch and of what feeds it on one accelerator alone: the same whatever the degrees."""
    training = plan.training
    rolled = networks(training.networks).decoded == "yes"
    supply = time.Supply(
        vae=() if rolled or training.latents != "online" else _ops(ledger.encode),
        texts=_text_ops(ledger) if training.texts == "online" else (),
        decode=_ops(ledger.phase("vae_decode")) if rolled else (),
    )
    chip, step = hardware.accelerator, taped.step
    run = Execution(attention=plan.attention, compile=plan.compile, stack=plan.runtime.stack)
    return time.alone(step.ops, step.again, supply, chip, run)


def timed(taped: Micro, work: time.Alone, hardware: Hardware, plan: Plan) -> dict[str, Seconds]:
    """Seconds of an optimizer step of the plan by part."""
    step = taped.step
    return time.step(step.ops, step.again, taped.found, work, step.host, plan.training, hardware)


def around(ledger: Ledger, found: Holding, kept: States, plan: Plan, validation: Any) -> Beside:
    """The networks beside the trained one, and the live bytes of their runs."""
    training = plan.training
    rolled = networks(training.networks).decoded == "yes"
    online = {"vae": training.latents == "online" or rolled, "text_encoder": training.texts == "online"}
    resident = {
        role: sum(network.weights.total for network in ledger.weights.values() if network.role == role) * wanted
        for role, wanted in online.items()
    }
    vae = sum(network.weights.total for network in ledger.weights.values() if network.role == "vae")
    texts = [phase.taped.peak for phase in ledger.phases if phase.id == "text_encode"]
    decode = ledger.phase("vae_decode")
    return Beside(
        vae=resident["vae"],
        encoders=resident["text_encoder"],
        vae_work=ledger.encode.taped.peak if ledger.encode and online["vae"] and not rolled else 0,
        text_work=largest(texts) if online["text_encoder"] else 0,
        validation=validation,
        validated=vae,
        company=company.frozen(found, training) + company.trained(found, kept, training),
        company_work=ledger.forward.taped.peak,
        decode_work=decode.taped.peak if decode and rolled else 0,
    )


def _ops(phase: PhaseOfJob | None) -> tuple[Op, ...]:
    """The ops of all calls of a phase; none where there is no such phase."""
    return () if phase is None else tuple(replace(op, count=op.count * phase.calls) for op in phase.taped.ops)


def _text_ops(ledger: Ledger) -> tuple[Op, ...]:
    """The ops of all text encoders on one prompt a sample, whatever guidance asks of a generation."""
    found = (phase for phase in ledger.phases if phase.id == "text_encode")
    return tuple(replace(op, count=op.count * phase.component.runs) for phase in found for op in phase.taped.ops)
