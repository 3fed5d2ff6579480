"""Where seconds, money and energy come from: a roofline per op at rates with a source, then prices and power."""

from collections.abc import Callable

from vidcalc.catalog.defaults import defaults, pue
from vidcalc.catalog.precisions import precision
from vidcalc.catalog.training import optimizer, recipe
from vidcalc.cost import communication, money
from vidcalc.cost.time import by_kind, rate, total, weakest
from vidcalc.cost.transfer import host_rate, transfer
from vidcalc.cost.utilisation import bandwidth
from vidcalc.explain.case import Case, given, product, symbolic
from vidcalc.explain.step import Step, added
from vidcalc.explain.term import Term, maximum
from vidcalc.ops import Attention, Op
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.unroll import Phase

HOUR = 3600


def roofline(op: Op, case: Case, backward: bool = False, arithmetic: str = "") -> Step:
    """The longer of an op's arithmetic at its achieved rate and its traffic at the achieved bandwidth."""
    chip, spread = case.hardware.accelerator.id, bandwidth(case.hardware.accelerator.id)
    twice = 2 if backward else 1
    if op.kind == "pointwise":
        moved = Term("moved", op.activation_bytes * twice)
        rule = moved / Term("bandwidth", spread.likely)
        parts: tuple[Step, ...] = (_traffic(op, moved),)
        provenance = spread.provenance
    else:
        achieved = rate(op, chip, case.plan.attention, backward, arithmetic)
        work = op.flops
        if backward:
            work = op.recomputed_backward_flops if isinstance(op, Attention) else op.backward_flops
        flops = Term("flops", work)
        moved = Term("moved", twice * (op.activation_bytes + op.weights * ELEMENT_BYTES[op.precision]))
        rule = maximum(flops / Term("rate", achieved.likely), moved / Term("bandwidth", spread.likely))
        parts = (
            _arithmetic(op, flops, backward),
            given("rate", achieved.likely, achieved.source, "FLOP/s", achieved.provenance),
            _traffic(op, moved),
        )
        provenance = achieved.provenance
    known = given("bandwidth", spread.likely, spread.source, "byte/s", spread.provenance)
    row = product(op.path, "s", rule, (*parts, known), provenance=provenance, note=op.kind)
    return Step(**{**{name: getattr(row, name) for name in row.__struct_fields__}, "count": op.count})


def _arithmetic(op: Op, flops: Term, backward: bool) -> Step:
    """The op's FLOPs with their formula."""
    name = "flops" if not backward else "recomputed_backward_flops" if isinstance(op, Attention) else "backward_flops"
    term, source = getattr(symbolic(op), name), f"vidcalc.ops.{op.kind}"
    return Step(id="flops", value=flops.value, unit="FLOP", formula=term.text, digits=term.digits, source=source)


def _traffic(op: Op, moved: Term) -> Step:
    """The op's bytes read and written."""
    return Step(id="moved", value=moved.value, unit="byte", source=f"vidcalc.ops.{op.kind}")


def ops(
    name: str, found: tuple[Op, ...], case: Case, count: object = 1, backward: bool = False, arithmetic: str = ""
) -> Step:
    """Ops one after the other; the weakest provenance among them."""
    rows = tuple(roofline(op, case, backward, arithmetic) for op in found)
    provenance = "measured"
    for row in rows:
        provenance = weakest(provenance, row.provenance)
    return added(name, "s", rows, count=count, provenance=provenance)


def stage(name: str, quantity: str, case: Case) -> Step:
    """A stage of a generation: each network that works in it, as often as it is called."""
    phases = [phase for phase in case.job.phases if phase.id == name]
    formats = {row.id: precision(row.precision).arithmetic for row in case.report.model.components}
    rows = [
        ops(phase.component.id, phase.trace.ops, case, _calls(phase, case), arithmetic=formats[phase.component.id])
        for phase in phases
    ]
    rows += [row for phase, work in zip(phases, tuple(rows), strict=True) if (row := travel(phase, work, case)).value]
    rows += [row for phase in phases if phase.id == "denoise" and (row := exchange(phase, case)).value]
    return _weakest(added(quantity, "s", tuple(rows)))


def _calls(phase: Phase, case: Case) -> float:
    """Whole calls that a rank's work comes to: its turns, over the pieces each call is in."""
    turns, pieces = communication.turns(phase.id, phase.calls, case.plan), communication.pieces(phase.id, case.plan)
    whole: float = turns // pieces if turns % pieces == 0 else turns / pieces
    return whole


def exchange(phase: Phase, case: Case) -> Step:
    """What a rank waits for the others, in all its turns."""
    chip, plan, network = case.hardware.accelerator.id, case.plan, case.networks[phase.component.id]
    whole = total(by_kind(phase.trace.ops, chip, plan.attention, arithmetic=precision(network.precision).arithmetic))
    work = communication.piece(phase.id, whole, plan)
    told = communication.told(phase.trace.ops, network.weights, work, chip, plan)
    turns = communication.turns(phase.id, phase.calls, plan)
    return given("communication", told.likely * turns, "vidcalc.cost.communication", "s", "assumed")


def travel(phase: Phase, work: Step, case: Case) -> Step:
    """Weights on their way from host memory: bytes over the link, once or at each call; streamed: beyond the work."""
    chip, plan = case.hardware.accelerator, case.plan
    network = case.networks[phase.component.id]
    found = transfer(network.weights, chip, plan, network.role)
    kind = "pinned" if found.hidden else "pageable"
    rate, ways = host_rate(chip, kind), f"vidcalc.cost.transfer, offload {plan.offload}"
    copied = max(found.once.likely, found.call.likely)
    if not copied:
        return given("transfer", 0, ways, "s")
    calls = 1 if found.once.likely else phase.calls
    nbytes = Term("bytes", round(copied * rate))
    rule = nbytes / Term("host_rate", rate)
    parts: tuple[Step, ...] = (
        given("bytes", nbytes.value, ways, "byte"),
        given("host_rate", rate, f"data/accelerators/{chip.id}.toml, {kind}", "byte/s", "assumed"),
    )
    if found.hidden:  # only what outlasts the work waits
        rule = maximum(rule - Term("work", work.value), Term("0", 0))
        parts = (*parts, given("work", work.value, "the work of the call", "s", work.provenance))
    made = product("transfer", "s", rule, parts, source=ways, provenance="assumed", note=phase.component.id)
    return Step(**{**{name: getattr(made, name) for name in made.__struct_fields__}, "count": calls})


def generation(case: Case) -> Step:
    """All stages."""
    names = dict.fromkeys(phase.id for phase in case.job.phases)
    return _weakest(added("time.inference.total", "s", tuple(stage(name, name, case) for name in names)))


def inference_step(case: Case) -> Step:
    """Denoising over the number of steps."""
    whole = stage("denoise", "time.inference.denoise", case)
    rule = Term("denoise", whole.value) / Term("steps", case.workload.steps)
    return product("time.inference.per_step", "s", rule, (whole,), provenance=whole.provenance)


def training_step(case: Case) -> Step:
    """Forward, backward, recomputation, the VAE, the optimizer."""
    found = case.step
    rows = [ops("forward", found.ops, case), ops("backward", found.ops, case, backward=True)]
    if found.again:
        rows.append(ops("recompute", found.again, case))
    if case.job.encode is not None:
        rows.append(ops("vae_encode", case.job.encode.trace.ops, case))
    rows.append(update(case))
    return _weakest(added("time.training.per_step", "s", tuple(rows)))


def update(case: Case) -> Step:
    """The optimizer: bound by memory, gradients read, weights and states read and written once."""
    chosen, states = recipe(case.plan.recipe), optimizer(case.plan.optimizer)
    each = states.each(chosen)
    held = Term("master", chosen.master) + Term("states", states.states) * Term("state_bytes", each)
    moved = Term("gradients", chosen.gradients) + 2 * held + 2 * Term("weights", chosen.weights)
    known, params = bandwidth(case.hardware.accelerator.id), Term("params", case.report.model.params)
    parts = (
        given("model.params", params.value, case.model.name),
        given("bandwidth", known.likely, known.source, "byte/s", known.provenance),
    )
    rule = params * moved / Term("bandwidth", known.likely)
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
        rule = rule * Term("gpus", case.hardware.count) / HOUR
        parts = (*parts, given("gpus", case.hardware.count, "hardware"))
    return product(name, unit, rule, parts, provenance=one.provenance)


def dollars(case: Case, job: str) -> Step:
    """Accelerator-seconds at the geometric mean of the price range."""
    name, seconds = f"cost.{job}.likely", generation(case) if job == "inference" else training_run(case)
    found = money.price(case.hardware.accelerator)
    if found is None:
        return given(name, 0, "", "USD", "assumed")
    likely = (found.low * found.high) ** 0.5
    rule = Term("seconds", seconds.value) * Term("gpus", case.hardware.count) * Term("price", likely)
    price = given("price", likely, f"{found.source} ({found.provider}, {found.as_of})", "USD/s", "measured")
    return product(name, "USD", rule, (seconds, price), provenance=seconds.provenance)


def joules(case: Case, job: str) -> Step:
    """Nominal power over the accelerator-seconds, facility included."""
    seconds, chip = generation(case) if job == "inference" else training_run(case), case.hardware.accelerator
    power, facility = Term("power", chip.tdp or 0), Term("pue", pue(case.hardware.site.place))
    rule = power * Term("seconds", seconds.value) * Term("gpus", case.hardware.count) * facility
    parts = (
        given("power", power.value, "; ".join(chip.sources), "W"),
        seconds,
        given("pue", facility.value, defaults()["energy"]["pue"]["source"], "", "assumed"),
    )
    return product("energy." + job, "J", rule, parts, provenance="assumed")


def _weakest(step: Step) -> Step:
    provenance = "measured"
    for part in step.parts:
        provenance = weakest(provenance, part.provenance)
    return Step(**{**{name: getattr(step, name) for name in step.__struct_fields__}, "provenance": provenance})


QUANTITIES: dict[str, Callable[[Case], Step]] = {
    "time.inference.text_encode": lambda case: stage("text_encode", "time.inference.text_encode", case),
    "time.inference.denoise": lambda case: stage("denoise", "time.inference.denoise", case),
    "time.inference.vae_decode": lambda case: stage("vae_decode", "time.inference.vae_decode", case),
    "time.inference.per_step": inference_step,
    "time.inference.total": generation,
    "time.training.per_step": training_step,
    "time.training.total": training_run,
    "time.training.gpu_hours": gpu_hours,
    "cost.inference.likely": lambda case: dollars(case, "inference"),
    "cost.training.likely": lambda case: dollars(case, "training"),
    "energy.inference": lambda case: joules(case, "inference"),
    "energy.training": lambda case: joules(case, "training"),
}
