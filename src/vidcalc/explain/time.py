"""Where seconds come from: a roofline per op at rates with a source."""

from collections.abc import Callable

from vidcalc.catalog.frameworks import framework
from vidcalc.cost import communication
from vidcalc.cost.decode import decode
from vidcalc.cost.execution import EAGER, Execution, execution
from vidcalc.cost.time import by_kind, rate, rounded, total, travelled, waiting, weakest
from vidcalc.cost.transfer import host_rate, transfer
from vidcalc.cost.utilisation import bandwidth, elementwise, short_rows
from vidcalc.explain.case import Case, given, product, symbolic
from vidcalc.explain.step import Step, added
from vidcalc.explain.term import Term, maximum
from vidcalc.ops import Attention, Op
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.unroll import Phase


def roofline(op: Op, case: Case, backward: bool = False, run: Execution = EAGER) -> Step:
    """The longer of an op's arithmetic at its achieved rate and its traffic at the achieved bandwidth."""
    chip, spread = case.hardware.accelerator.id, bandwidth(case.hardware.accelerator.id)
    twice = 2 if backward else 1
    if op.kind == "pointwise":
        spread = elementwise(case.hardware.accelerator.id, run.compile)
        moved = Term("moved", travelled(op, short_rows(case.hardware.accelerator.id, run.compile)) * twice)
        rule = moved / Term("bandwidth", spread.likely)
        parts: tuple[Step, ...] = (_traffic(op, moved),)
        provenance = spread.provenance
    else:
        achieved = rate(op, chip, case.plan.attention, backward, run)
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
    name: str, found: tuple[Op, ...], case: Case, count: object = 1, backward: bool = False, run: Execution = EAGER
) -> Step:
    """Ops one after the other; the weakest provenance among them."""
    rows = tuple(roofline(op, case, backward, run) for op in found) + _rounding(found, case, run)
    provenance = "measured"
    for row in rows:
        provenance = weakest(provenance, row.provenance)
    return added(name, "s", rows, count=count, provenance=provenance)


def stage(name: str, quantity: str, case: Case) -> Step:
    """A stage of a generation: each network that works in it, as often as it is called."""
    phases = [phase for phase in case.job.phases if phase.id == name]
    rows = [
        ops(phase.component.id, phase.trace.ops, case, _calls(phase, case), run=_run_of(phase, case))
        for phase in phases
    ]
    rows += [row for phase, work in zip(phases, tuple(rows), strict=True) if (row := travel(phase, work, case)).value]
    rows += [row for phase in phases if (row := launching(phase, case)).value]
    rows += [row for phase in phases if phase.id == "denoise" and (row := exchange(phase, case)).value]
    return weakened(added(quantity, "s", tuple(rows)))


def _run_of(phase: Phase, case: Case) -> Execution:
    """How the phase's network is executed."""
    return execution(case.plan, case.networks[phase.component.id].precision)


def _rounding(found: tuple[Op, ...], case: Case, run: Execution) -> tuple[Step, ...]:
    """What a number format's own kernels move, where they are kernels of their own."""
    moved = sum(rounded(op, run) * op.count for op in found)
    if not moved:
        return ()
    known = elementwise(case.hardware.accelerator.id, run.compile)
    rule = Term("moved", moved) / Term("bandwidth", known.likely)
    parts = (
        given("moved", moved, "data/precisions.toml", "byte"),
        given("bandwidth", known.likely, known.source, "byte/s", known.provenance),
    )
    return (product("rounding", "s", rule, parts, provenance=known.provenance, note="pointwise"),)


def launching(phase: Phase, case: Case) -> Step:
    """What the calls of a phase wait for the host to start their kernels."""
    chip, run = case.hardware.accelerator.id, _run_of(phase, case)
    work = communication.piece(phase.id, total(by_kind(phase.trace.ops, chip, case.plan.attention, run=run)), case.plan)
    wait = waiting(phase.trace.ops, chip, work, run)
    turns = communication.turns(phase.id, phase.calls, case.plan)
    return given("launch", wait.likely * turns, "data/kernels/laws.toml", "s", "assumed")


def _calls(phase: Phase, case: Case) -> float:
    """Whole calls that a rank's work comes to: its turns, over the pieces each call is in."""
    turns, pieces = communication.turns(phase.id, phase.calls, case.plan), communication.pieces(phase.id, case.plan)
    whole: float = turns // pieces if turns % pieces == 0 else turns / pieces
    return whole


def exchange(phase: Phase, case: Case) -> Step:
    """What a rank waits for the others, in all its turns."""
    chip, plan, network = case.hardware.accelerator.id, case.plan, case.networks[phase.component.id]
    whole = total(by_kind(phase.trace.ops, chip, plan.attention, run=_run_of(phase, case)))
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
    rows = [stage(name, name, case) for name in names]
    chip, beside = case.hardware.accelerator.id, framework(case.plan.framework)
    unwritten = communication.piece("vae_decode", decode(case.job, case.networks, case.plan, chip), case.plan).likely
    source = "; ".join(beside.sources)
    rows += [given("vae_decode", unwritten, source, "s", "assumed")] if unwritten else []
    rows += [given("beside", beside.seconds, source, "s", "assumed")] if beside.seconds else []
    return weakened(added("time.inference.total", "s", tuple(rows)))


def inference_step(case: Case) -> Step:
    """Denoising over the number of steps."""
    whole = stage("denoise", "time.inference.denoise", case)
    rule = Term("denoise", whole.value) / Term("steps", case.workload.steps)
    return product("time.inference.per_step", "s", rule, (whole,), provenance=whole.provenance)


def weakened(step: Step) -> Step:
    """A sum with the weakest provenance among its parts."""
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
}
