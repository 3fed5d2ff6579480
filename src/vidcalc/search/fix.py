"""A job that ran out of memory: where it did, what fills the device there, what to change, and what does not help.

    fix(question, said)       of a generation
    fix_run(run, said)        of a training run

`said` is what the program said (`vidcalc.modelfiles.complaint`), or nothing. Where the message shows more memory taken
than is predicted, something runs that was not described: the answer says by how much.
"""

from collections.abc import Iterator
from math import inf

from msgspec.structs import replace

from vidcalc.account.memory import inference_memory
from vidcalc.calculate import calculate, train
from vidcalc.catalog.precisions import precision
from vidcalc.describe.geometry import snap
from vidcalc.describe.question import Question, Run
from vidcalc.ledger.types import Ledger
from vidcalc.ledger.unroll import unroll
from vidcalc.modelfiles.complaint import Complaint
from vidcalc.passes import rewritten
from vidcalc.passes.formats import of_a_chip
from vidcalc.report.estimate import InferenceMemory, Relief, Report, StageRow, Warning_
from vidcalc.report.fix import FixReport, Reason, Remedy, Said, Useless
from vidcalc.report.training import PhaseRow, RunMemory, TrainingReport
from vidcalc.search import relief_training
from vidcalc.search.blame import MUCH, reasons, stage_of
from vidcalc.search.relief import relief
from vidcalc.search.smaller import ALL, Changes, Limit

MOST = 6  # ways listed
CLEARLY = 0.95  # of the peak: a way out of a job that should have fitted needs no more
HELPS = 0.98  # of the peak: what leaves more does not help
OTHER_CARD = 0.1  # by how much a message's capacity may differ from the accelerator's
BESIDE = 2**29  # byte: so much more than predicted, or of other programs, is worth a word
TRAINING = ("backward", "optimizer_step")
HALF = 2
# warnings of an estimate that are about memory
ABOUT_MEMORY = ("windows_", "unified_memory", "components_unsized", "host_", "streams", "estimate_only", "not_of_")


def fix(question: Question, said: Complaint) -> FixReport:
    """Of a generation. Raises InputError for a choice the catalogue does not have."""
    report = calculate(*question)
    question = of_a_chip(question)
    memory = report.memory.inference
    whole = unroll(question.model, question.workload)
    ledger = rewritten(whole, question.plan, question.hardware)
    stage, known = stage_of(said, memory, ledger)
    row = next(each for each in memory.stages if each.id == stage)
    running = tuple(phase.component.id for phase in ledger.phases if phase.id == stage)
    running += tuple(phase.component.id for phase in ledger.phases if stage == "post" and phase.id == "vae_decode")
    seconds = report.time.inference.total
    fills = any(phase.fills for phase in ledger.phases)
    ways = [_remedy(each) for each in _ways(question, seconds, said, memory, fills)]
    return FixReport(
        job="generate",
        model=report.model,
        workload=report.workload,
        hardware=report.hardware,
        said=_said(said),
        memory=_which(said, memory),
        stage=stage,
        known_by=known,
        stages=memory.stages,
        capacity=memory.capacity,
        peak=memory.peak,
        device=memory.device,
        margin=memory.margin,
        verdict=memory.verdict,
        host_ram=memory.host_ram,
        host_room=memory.host_room,
        seconds=seconds,
        reasons=reasons(row, memory, running, said),
        ways=sorted(ways, key=lambda way: _cost(way, seconds)),
        useless=list(_useless(question, whole, memory, fills)),
        warnings=[
            *_told(said, memory.capacity, memory.stages, memory.verdict),
            *_outside(said, memory, fills, ways),
            *_of_memory(report),
        ],
    )


def fix_run(run: Run, said: Complaint, *, sizes: str = "single") -> FixReport:
    """Of a training run; `sizes` how they were asked for (`relief_training.ways`). Raises InputError."""
    report = train(*run)
    memory = report.memory
    stage, known = _phase_of(said, memory)
    phase = next(each for each in memory.phases if each.id == stage)
    size = report.buckets[memory.peak_bucket]
    return FixReport(
        job="train",
        model=report.model,
        workload={"width": size.width, "height": size.height, "frames": size.frames, "batch": size.batch},
        hardware=report.hardware,
        said=_said(said),
        memory=_which(said, memory),
        stage=stage,
        known_by=known,
        stages=[_stage(each, memory.capacity) for each in memory.phases],
        capacity=memory.capacity,
        peak=memory.peak,
        device=memory.peak,
        margin=memory.margin,
        verdict=memory.verdict,
        host_ram=memory.host_ram,
        host_room=memory.host_room,
        seconds=report.time.per_step,
        reasons=_of_phase(phase, memory, said, run.model.denoiser.id),
        ways=[] if _fine(said, memory) else relief_training.ways(run, report, MOST, _limit(said, memory), sizes=sizes),
        useless=list(_useless_run(run, report)),
        warnings=[
            *_told(said, memory.capacity, [_stage(each, memory.capacity) for each in memory.phases], memory.verdict),
            *(each for each in report.warnings if each.id.startswith("host_")),
        ],
    )


def _which(said: Complaint, memory: InferenceMemory | RunMemory) -> str:
    """ "host" or "device": which memory ran out, or would."""
    if said.kind != "none":
        return "host" if said.kind == "host" or (said.kind == "cuda" and said.pinned) else "device"
    return "host" if memory.margin >= 0 and memory.verdict == "too_big" else "device"


def _fine(said: Complaint, memory: InferenceMemory | RunMemory) -> bool:
    """Whether nothing has to change: the job fits as predicted, and nobody says that it ran out."""
    return said.kind == "none" and memory.verdict in ("fits", "at_least")


def _limit(said: Complaint, memory: InferenceMemory | RunMemory) -> Limit:
    """What a way out may need: all there is where the job does not fit as predicted; where it ran out all the same, as
    much less than the prediction as what ran was more; of host memory that ran out, clearly less than it takes."""
    if _which(said, memory) == "host":
        known = memory.host_room is not None and memory.host_room.verdict == "too_big"
        return ALL if known else Limit(host=CLEARLY * memory.host_ram)
    if memory.verdict == "too_big":
        return ALL
    ran = (said.allocated or 0) + (said.asked or 0)
    # predicted bytes / what was there and asked for
    share = min(memory.capacity / ran, CLEARLY) if ran else CLEARLY
    return Limit(device=float(memory.peak) * share)


def _remedy(way: Relief) -> Remedy:
    return Remedy(**{name: getattr(way, name) for name in Remedy.__struct_fields__})


def _cost(way: Remedy, seconds: float) -> tuple[bool, int, float]:
    """Ways that take twice as long come last; then what touches least of the result; then the fastest."""
    return way.slower > seconds, len(way.touches), way.seconds


def _said(said: Complaint) -> Said:
    return Said(**{name: getattr(said, name) for name in Said.__struct_fields__})


def _ways(question: Question, seconds: float, said: Complaint, memory: InferenceMemory, fills: bool) -> list[Relief]:
    """The ways out. Where weights fill the device, its bytes say nothing of what is needed: a job that ran out all the
    same is asked of a smaller one, on which it may have room without any change."""
    limit = _limit(said, memory)
    if _fine(said, memory):
        return []
    if not fills or limit.device == inf:
        return relief(question, seconds, MOST, limit=limit)
    chip = question.hardware.accelerator
    taken = int((1 - CLEARLY) * memory.capacity)
    smaller = replace(question.hardware, accelerator=chip.without(taken))
    narrowed = question._replace(hardware=smaller)
    needed = inference_memory(rewritten(unroll(*narrowed[:2]), narrowed.plan, smaller), smaller)
    return relief(narrowed, seconds, MOST) if needed.verdict == "too_big" else []


def _outside(said: Complaint, memory: InferenceMemory, fills: bool, ways: list[Remedy]) -> Iterator[Warning_]:
    """That a job which fills the device by itself has room on a smaller one too."""
    if fills and not ways and said.kind not in ("none", "host") and memory.verdict != "too_big":
        yield Warning_(id="fills_the_card", values={"share": CLEARLY})


def _useless(question: Question, whole: Ledger, memory: InferenceMemory, fills: bool) -> Iterator[Useless]:
    """What people try that leaves the peak where it is: fewer steps always, the others where they do nothing here.

    fills  whether weights fill the device: then its peak tells of nothing else
    """
    yield Useless(changes={"steps": max(int(question.workload.steps) // HALF, 1)}, peak=memory.peak)
    if fills:
        return
    for changes in _tried(question):
        job = replace(question.workload, **changes) if "frames" in changes else question.workload
        plan = question.plan if "frames" in changes else replace(question.plan, **changes)
        other = unroll(question.model, job) if "frames" in changes else whole
        try:
            peak = inference_memory(rewritten(other, plan, question.hardware), question.hardware).peak
        except ArithmeticError:  # weights beyond what a number holds
            continue
        if peak >= HELPS * memory.peak:
            yield Useless(changes=changes, peak=peak)


def _tried(question: Question) -> Iterator[Changes]:
    """Changes that people try first, of those that the plan does not have yet."""
    job, plan = question.workload, question.plan
    fewer = int(snap(question.model, job.width, job.height, int(job.frames) // HALF)[2])
    if fewer < job.frames:
        yield {"frames": fewer}
    if plan.vae_tiling == "none" and question.model.vae.network:
        yield {"vae_tiling": "default"}
    if plan.offload == "none" and "encoders" in plan.runtime.offers.get("offload", ("encoders",)):
        yield {"offload": "encoders"}
    if precision(plan.precision).covers == "all":
        yield {"precision": "fp8"}


def _useless_run(run: Run, asked: TrainingReport) -> Iterator[Useless]:
    """Of training: fewer steps, a smaller rank, gradient accumulation, where they do nothing here."""
    training = run.plan.training
    trials: list[Changes] = [{"grad_accum": 4}]
    if training.mode in ("lora", "qlora") and training.rank > 4:
        trials.append({"rank": 4})
    yield Useless(changes={"train_steps": max(int(asked.run.steps // 2), 1)}, peak=asked.memory.peak)
    for changes in trials:
        report = relief_training.tried(run, changes)
        if report is not None and report.memory.peak >= HELPS * asked.memory.peak:
            yield Useless(changes=changes, peak=report.memory.peak)


def _told(said: Complaint, capacity: float, rows: list[StageRow], verdict: str) -> Iterator[Warning_]:
    """What the message says against the prediction: another card, other programs, more than was described."""
    if said.capacity is not None and abs(said.capacity / capacity - 1) > OTHER_CARD:
        yield Warning_(id="other_card", values={"capacity": said.capacity, "card": capacity})
    used_by_others = None
    if None not in (said.capacity, said.free, said.in_use):
        used_by_others = (said.capacity or 0) - (said.free or 0) - (said.in_use or 0)
        if used_by_others > BESIDE:
            yield Warning_(id="other_programs", values={"taken": used_by_others})
    held = max((row.total for row in rows), default=0)
    wanted = (said.allocated or 0) + (said.asked or 0)
    if said.kind in ("torch", "async") and said.allocated is not None and wanted > held + BESIDE:
        yield Warning_(id="more_than_described", values={"taken": wanted, "predicted": held})
    elif said.kind in ("torch", "async", "cuda") and verdict == "fits" and not (used_by_others or 0) > BESIDE:
        yield Warning_(id="ran_out_though_it_fits")


def _of_memory(report: Report) -> Iterator[Warning_]:
    """The report's own warnings about memory."""
    yield from (each for each in report.warnings if each.id.startswith(ABOUT_MEMORY))


def _phase_of(said: Complaint, memory: RunMemory) -> tuple[str, str]:
    """(the phase of a step, how it is known)."""
    named = {
        "backward": "forward_backward",
        "denoise": "forward_backward",
        "text_encode": "encode",
        "vae_encode": "encode",
    }
    there = [each.id for each in memory.phases]
    found = named.get(said.stage, said.stage)
    if found in there:
        return found, "trace"
    short = [each.id for each in memory.phases if each.total > memory.capacity and said.kind != "none"]
    return (short[0], "order") if short else (memory.peak_phase, "peak")


def _of_phase(phase: PhaseRow, memory: RunMemory, said: Complaint, trained: str) -> list[Reason]:
    """What fills the device in a phase of a step, the most first."""
    found = [
        Reason(id="running", bytes=phase.weights, component=trained),
        Reason(id="idle", bytes=phase.vae + phase.encoders, component="vae" if phase.vae > phase.encoders else "text"),
        Reason(id="states", bytes=phase.optimizer + phase.gradients),
        Reason(id="activations", bytes=phase.activations),
        Reason(id="pieces", bytes=said.unallocated or 0),
    ]
    kept = [each for each in found if each.bytes >= MUCH * min(memory.capacity, phase.total)]
    return sorted(kept, key=lambda each: -each.bytes)


def _stage(phase: PhaseRow, capacity: float) -> StageRow:
    """A phase of a step as a stage: states are among the weights."""
    there = {
        "weights": phase.weights,
        "vae": phase.vae,
        "encoders": phase.encoders,
        "optimizer": phase.optimizer,
        "gradients": phase.gradients,
    }
    return StageRow(
        id=phase.id,
        weights=sum(there.values()),
        activations=phase.activations,
        other=phase.other,
        total=phase.total,
        workspace=0,
        missing=max(phase.total - capacity, 0),
        resident=there,
    )
