"""Where the figures of a training step come from: bytes per trained weight, live activations, seconds by part."""

from collections.abc import Callable

from msgspec.structs import replace

from vidcalc.catalog.defaults import process
from vidcalc.catalog.training import Optimizer, Recipe, optimizer, recipe
from vidcalc.cost.execution import plain
from vidcalc.derivation.case import Case, given, product
from vidcalc.derivation.memory import component, margin, other
from vidcalc.derivation.step import Step, added, largest
from vidcalc.derivation.term import Term
from vidcalc.derivation.time import ops, weakened
from vidcalc.rates.utilisation import bandwidth
from vidcalc.training.flops import frozen
from vidcalc.training.memory import ROWS
from vidcalc.training.states import STAY

HOUR = 3600
# parts of a step in which the accelerator waits, and where they are reckoned
WAITED = {"launch": "data/kernels/laws.toml", "transfer": "vidcalc.training.time"}


def per_weight(case: Case, name: str) -> Step:
    """Weights, gradients or optimizer states: trained elements times the recipe's bytes; beside weights, frozen ones
    and a moving average."""
    training, found = case.plan.training, case.cell.micro.found
    quantity, value = "memory.training." + name, getattr(case.report.memory.training, name)
    if training.offload not in STAY and not value:  # all of it waits in host memory
        return given(quantity, value, "vidcalc.training.states, offload " + training.offload, "byte")
    chosen, states = recipe(training.recipe), optimizer(training.optimizer)
    trained = Term("trained", found.trained)
    source = chosen.source
    if name == "optimizer":
        rule, source = trained * _held(chosen, states), f"{chosen.source}; {states.source}"
    else:
        rule = trained * Term("bytes_per_param", getattr(chosen, name))
    parts: tuple[Step, ...] = (given("trained", trained.value, case.model.name),)
    average = case.cell.states.ema if name == "weights" else 0
    frozen_ones = value - average - round(rule.value) if name == "weights" else 0
    for word, nbytes in (("frozen", frozen_ones), ("ema", average)):
        if nbytes > 0:
            rule = rule + Term(word, nbytes)
            parts = (*parts, given(word, nbytes, "vidcalc.training.states", "byte"))
    made = product(quantity, "byte", rule, parts, source=source, note=training.recipe)
    return replace(made, value=value)  # whole bytes


def _held(chosen: Recipe, states: Optimizer) -> Term:
    """Bytes per trained weight of the master copy and all states."""
    each = states.each(chosen)
    return Term("master", chosen.master) + Term("states", states.states) * Term("state_bytes", each)


def walked(case: Case, name: str) -> Step:
    """Live bytes that the walk over the tape found."""
    value = getattr(case.report.memory.training, name)
    note = case.plan.training.checkpointing
    return Step(id="memory.training." + name, value=value, unit="byte", source="vidcalc.tape.backward", note=note)


def training_vae(case: Case) -> Step:
    """The VAE that encodes the videos in the loop."""
    online = case.plan.training.latents == "online"
    rows = tuple(component(case, row.id) for row in case.report.model.components if row.role == "vae" and online)
    return added("memory.training.vae", "byte", rows)


def encoders(case: Case) -> Step:
    """The text encoders that run in the loop."""
    online = case.plan.training.texts == "online"
    rows = tuple(
        component(case, row.id) for row in case.report.model.components if row.role == "text_encoder" and online
    )
    return added("memory.training.encoders", "byte", rows)


def training_total(case: Case) -> Step:
    """The five documented rows and the process."""
    rows = (
        per_weight(case, "weights"),
        training_vae(case),
        encoders(case),
        per_weight(case, "optimizer"),
        per_weight(case, "gradients"),
        walked(case, "activations"),
        training_other(case),
    )
    return added("memory.training.total", "byte", rows)


def training_other(case: Case) -> Step:
    """The process, what passes between ranks and formats, and what another phase of the step needs beyond."""
    states = case.cell.states
    rows = list(other(process("context") + process("workspace")).parts)
    found = {"buckets": states.buckets, "gathered": states.gathered, "cast": states.cast}
    found["other_phases"] = case.cell.rows["other"] - sum(row.value for row in rows) - sum(found.values())
    source = "vidcalc.training.states"
    rows += [given(name, nbytes, source, "byte", "assumed") for name, nbytes in found.items() if nbytes]
    return added("other", "byte", tuple(rows))


def training_peak(case: Case) -> Step:
    """The largest phase of a step, each the sum of what it holds."""
    rows = []
    for phase in case.cell.phases:
        held = tuple(
            Step(id=row, value=getattr(phase, row), unit="byte", source="vidcalc.training.memory")
            for row in ROWS
            if getattr(phase, row)
        )
        rows.append(added(phase.id, "byte", held))
    return largest("memory.training.peak", "byte", tuple(rows))


def training_step(case: Case) -> Step:
    """Forward, backward, recomputation and encoders, once a micro-batch; waiting; the optimizer."""
    found, mode, count = case.cell.micro.step, case.plan.training.mode, case.plan.training.grad_accum
    moving = tuple(op for op in found.ops if not frozen(op, mode))
    still = tuple(op for op in found.ops if frozen(op, mode))
    run = plain(case.plan)
    rows = [ops("forward", found.ops, case, count, run=run), ops("backward", moving, case, count, True, run)]
    rows += [ops("backward_frozen", still, case, count, run=run)] if still else []
    rows += [ops("recompute", found.again, case, count, run=run)] if found.again else []
    encode = case.job.encode
    if encode is not None and case.plan.training.latents == "online":
        rows.append(ops("vae_encode", encode.trace.ops, case, count * encode.calls))
    if case.plan.training.texts == "online":
        texts = (phase for phase in case.job.phases if phase.id == "text_encode")
        rows += [ops(each.id, each.trace.ops, case, count * each.component.runs) for each in texts]
    waited = {name: case.cell.seconds[name].likely for name in WAITED}
    rows += [given(name, spent, WAITED[name], "s", "assumed") for name, spent in waited.items() if spent]
    rows.append(update(case))
    return weakened(added("time.training.per_step", "s", tuple(rows)))


def update(case: Case) -> Step:
    """The optimizer: bound by memory, gradients read, weights and states read and written once."""
    training = case.plan.training
    chosen, states = recipe(training.recipe), optimizer(training.optimizer)
    if training.offload not in STAY:
        spent = case.cell.seconds["optimizer"].likely
        return given("optimizer", spent, "vidcalc.training.time, offload " + training.offload, "s", "assumed")
    moved = Term("gradients", chosen.gradients) + 2 * _held(chosen, states) + 2 * Term("weights", chosen.weights)
    known, trained = bandwidth(case.hardware.accelerator), Term("trained", case.cell.micro.found.trained)
    parts = (
        given("trained", trained.value, case.model.name),
        given("bandwidth", known.likely, known.source, "byte/s", known.provenance),
    )
    rule = trained * moved / Term("bandwidth", known.likely)
    source = f"{chosen.source}; {states.source}"
    return product("optimizer", "s", rule, parts, source=source, provenance=known.provenance)


def training_run(case: Case) -> Step:
    """Steps of the run."""
    return _run(case, "time.training.total", "s")


def gpu_hours(case: Case) -> Step:
    """Hours of all accelerators together."""
    return _run(case, "time.training.gpu_hours", "h")


def _run(case: Case, name: str, unit: str) -> Step:
    one, steps = training_step(case), case.workload.train_steps
    rule = Term("per_step", one.value) * Term("train_steps", steps)
    parts: tuple[Step, ...] = (one, given("train_steps", steps, "workload", provenance="assumed"))
    if unit == "h":
        rule = rule * Term("gpus", case.hardware.total) / HOUR
        parts = (*parts, given("gpus", case.hardware.total, "hardware"))
    return product(name, unit, rule, parts, provenance=one.provenance)


QUANTITIES: dict[str, Callable[[Case], Step]] = {
    "memory.training.weights": lambda case: per_weight(case, "weights"),
    "memory.training.vae": training_vae,
    "memory.training.encoders": encoders,
    "memory.training.optimizer": lambda case: per_weight(case, "optimizer"),
    "memory.training.gradients": lambda case: per_weight(case, "gradients"),
    "memory.training.activations": lambda case: walked(case, "activations"),
    "memory.training.kept_for_backward": lambda case: walked(case, "kept_for_backward"),
    "memory.training.forward_backward_peak": lambda case: walked(case, "forward_backward_peak"),
    "memory.training.peak": training_peak,
    "memory.training.margin": lambda case: margin(case, "memory.training.margin", training_peak(case)),
    "memory.training.total": training_total,
    "time.training.per_step": training_step,
    "time.training.total": training_run,
    "time.training.gpu_hours": gpu_hours,
}
