"""Where seconds come from: a roofline per op at rates with a source."""

from collections.abc import Callable

from vidcalc.catalog.frameworks import framework
from vidcalc.cost import call, communication
from vidcalc.cost.decode import decode
from vidcalc.cost.execution import EAGER, Execution, execution
from vidcalc.cost.time import rate, rounded, travelled, weakest
from vidcalc.cost.transfer import host_rate, transfer
from vidcalc.derivation.case import Case, given, product, symbolic
from vidcalc.derivation.step import Step, added
from vidcalc.derivation.term import Term, maximum
from vidcalc.ledger.unroll import Phase
from vidcalc.ops import Attention, Op
from vidcalc.passes import chain
from vidcalc.rates.utilisation import bandwidth, elementwise, short_rows
from vidcalc.tape import ELEMENT_BYTES


def roofline(op: Op, case: Case, backward: bool = False, run: Execution = EAGER) -> Step:
    """The longer of an op's arithmetic at its achieved rate and its traffic at the achieved bandwidth."""
    chip, spread = case.hardware.accelerator, bandwidth(case.hardware.accelerator)
    twice = 2 if backward else 1
    if op.kind == "pointwise":
        spread = elementwise(case.hardware.accelerator, run.compile)
        moved = Term("moved", travelled(op, short_rows(case.hardware.accelerator, run.compile)) * twice)
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
    """A stage of a generation: a rank's work in each network, as often as the rank calls it, and what it waits for."""
    phases = [phase for phase in case.job.phases if phase.id == name]
    rows = []
    for phase in phases:
        found, network = chain.of_a_rank(phase, case.plan), phase.component.id
        rows.append(ops(network, found, case, phase.turns, run=_run_of(phase, case)))
    rows += [row for phase, work in zip(phases, tuple(rows), strict=True) if (row := travel(phase, work, case)).value]
    rows += [row for phase in phases if (row := launching(phase, case)).value]
    rows += [row for phase in phases if phase.id == "denoise" and (row := exchange(phase, case)).value]
    rows += [row for row in (unwritten(case),) if name == "vae_decode" and row.value]
    return weakened(added(quantity, "s", tuple(rows)))


def unwritten(case: Case) -> Step:
    """The decode of a VAE without a network here, by the work its framework's profile states."""
    seconds = decode(case.job, case.networks, case.plan, case.hardware.accelerator)
    return given("vae_decode", seconds.likely, "; ".join(framework(case.plan.framework).sources), "s", "assumed")


def _run_of(phase: Phase, case: Case) -> Execution:
    """How the phase's network is executed."""
    return execution(case.plan, case.networks[phase.component.id].precision)


def _rounding(found: tuple[Op, ...], case: Case, run: Execution) -> tuple[Step, ...]:
    """What a number format's own kernels move, where they are kernels of their own."""
    moved = sum(rounded(op, run) * op.count for op in found)
    if not moved:
        return ()
    known = elementwise(case.hardware.accelerator, run.compile)
    rule = Term("moved", moved) / Term("bandwidth", known.likely)
    parts = (
        given("moved", moved, "data/precisions.toml", "byte"),
        given("bandwidth", known.likely, known.source, "byte/s", known.provenance),
    )
    return (product("rounding", "s", rule, parts, provenance=known.provenance, note="pointwise"),)


def launching(phase: Phase, case: Case) -> Step:
    """What the calls of a phase wait for the host to start their kernels."""
    found = call.alone(phase, case.networks[phase.component.id], case.hardware, case.plan)
    return given("launch", found["launch"].likely * phase.turns, "data/kernels/laws.toml", "s", "assumed")


def exchange(phase: Phase, case: Case) -> Step:
    """What a rank waits for the others, in all its turns."""
    hardware, plan, network = case.hardware, case.plan, case.networks[phase.component.id]
    work = call.alone(phase, network, hardware, plan)
    found = communication.waits(case.job, phase, network.weights, work, hardware, plan, case.workload.steps)
    source = f"vidcalc.cost.communication, {hardware.link.name if hardware.link else ''}"
    ways = tuple(given(way, seconds, source, "s", "assumed") for way, seconds in found.items() if seconds)
    return added("communication", "s", ways, count=phase.turns, provenance="assumed")


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
    calls = 1 if found.once.likely else phase.turns
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
    beside = framework(case.plan.framework)
    source = "; ".join(beside.sources)
    rows += [stage("vae_decode", "vae_decode", case)] if "vae_decode" not in names else []
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
