"""Where the figures of a training step come from: bytes per trained weight, live activations, seconds by part."""

from collections.abc import Callable

from vidcalc.catalog.training import optimizer, recipe
from vidcalc.cost.execution import plain
from vidcalc.cost.utilisation import bandwidth
from vidcalc.explain.case import Case, given, product
from vidcalc.explain.memory import component, margin, other
from vidcalc.explain.step import Step, added, largest
from vidcalc.explain.term import Term
from vidcalc.explain.time import ops, weakened
from vidcalc.training.flops import frozen
from vidcalc.training.memory import ROWS

HOUR = 3600


def per_weight(case: Case, name: str) -> Step:
    """Weights, gradients or optimizer states: trained elements times the recipe's bytes, and frozen weights beside."""
    training, found = case.plan.training, case.cell.micro.found
    chosen, states = recipe(training.recipe), optimizer(training.optimizer)
    trained = Term("trained", found.trained)
    source = chosen.source
    if name == "optimizer":
        each = states.each(chosen)
        per = Term("master", chosen.master) + Term("states", states.states) * Term("state_bytes", each)
        source = f"{chosen.source}; {states.source}"
    else:
        per = Term("bytes_per_param", getattr(chosen, name))
    rule = trained * per
    parts: tuple[Step, ...] = (given("trained", trained.value, case.model.name),)
    value = getattr(case.report.memory.training, name)
    beside = value - round(rule.value) if name == "weights" else 0
    if beside > 0:
        rule = rule + Term("frozen", beside)
        parts = (*parts, given("frozen", beside, "vidcalc.training.states", "byte"))
    made = product("memory.training." + name, "byte", rule, parts, source=source, note=training.recipe)
    return Step(**{**_fields(made), "value": value})


def _fields(step: Step) -> dict[str, object]:
    return {name: getattr(step, name) for name in step.__struct_fields__}


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
    trained = case.report.memory.training
    rows = (
        per_weight(case, "weights"),
        training_vae(case),
        encoders(case),
        per_weight(case, "optimizer"),
        per_weight(case, "gradients"),
        walked(case, "activations"),
        other(trained.other if trained is not None else 0),
    )
    return added("memory.training.total", "byte", rows)


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
    """Forward, backward, recomputation, the VAE, the optimizer."""
    found, mode = case.cell.micro.step, case.plan.training.mode
    moving = tuple(op for op in found.ops if not frozen(op, mode))
    still = tuple(op for op in found.ops if frozen(op, mode))
    run, launching = plain(case.plan), case.cell.seconds["launch"].likely
    batches = case.plan.training.grad_accum
    rows = [ops("forward", found.ops, case, batches, run=run)]
    rows += [ops("backward", moving, case, batches, backward=True, run=run)]
    rows += [ops("backward_frozen", still, case, batches, run=run)] if still else []
    rows += [ops("recompute", found.again, case, batches, run=run)] if found.again else []
    rows += [given("launch", launching, "data/kernels/laws.toml", "s", "assumed")] if launching else []
    if case.job.encode is not None and case.plan.training.latents == "online":
        rows.append(ops("vae_encode", case.job.encode.trace.ops, case, batches * case.job.encode.calls))
    if case.plan.training.texts == "online":
        texts = [phase for phase in case.job.phases if phase.id == "text_encode"]
        rows += [ops(phase.id, phase.trace.ops, case, batches * phase.component.runs) for phase in texts]
    rows.append(update(case))
    return weakened(added("time.training.per_step", "s", tuple(rows)))


def update(case: Case) -> Step:
    """The optimizer: bound by memory, gradients read, weights and states read and written once."""
    training = case.plan.training
    chosen, states = recipe(training.recipe), optimizer(training.optimizer)
    if training.offload != "none":
        spent = case.cell.seconds["optimizer"].likely
        return given("optimizer", spent, "vidcalc.training.time, offload " + training.offload, "s", "assumed")
    each = states.each(chosen)
    held = Term("master", chosen.master) + Term("states", states.states) * Term("state_bytes", each)
    moved = Term("gradients", chosen.gradients) + 2 * held + 2 * Term("weights", chosen.weights)
    known, trained = bandwidth(case.hardware.accelerator.id), Term("trained", case.cell.micro.found.trained)
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
