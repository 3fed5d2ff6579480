"""Jobs that make one video in a row, put together: the most that any of them needs, and the sum of their seconds."""

from collections.abc import Sequence

from msgspec.structs import replace

from vidcalc.account.assumptions import HOST_SHORT, host_short
from vidcalc.account.model import hardware_part
from vidcalc.account.money import energy_part, money_part
from vidcalc.base.number import Number
from vidcalc.base.units import HOUR
from vidcalc.cost.host import WORST, beside_others, worse
from vidcalc.cost.verdict import verdict
from vidcalc.describe.handoff import Handed, identity, in_latent
from vidcalc.report.chain import ChainJob, ChainMemory, ChainReport, ChainTime
from vidcalc.report.estimate import HostRoom, InferenceMemory, Report, Warning_

STAYING = ("none", "encoders")  # ways of offloading with which a network stays once it is on the device
# of training, and what is said of all jobs together instead
NOT_OF_A_JOB = (
    "training_too_big",
    "checkpointing_helps",
    "inference_too_big",
    "windows_spill",
    "windows_shared",
    *HOST_SHORT,
)
Held = dict[str, int]  # networks by what they are, and their bytes


def chain_report(parts: Sequence[Handed], reports: Sequence[Report], ways: Sequence[str]) -> ChainReport:
    """The jobs with the reports of each, in the order they run; `ways` are those in which each really offloads."""
    hardware = parts[0].job.hardware
    stay = all(way in STAYING for way in ways)
    held = [networks(part, report) for part, report in zip(parts, reports, strict=True)]
    jobs = [
        ChainJob(
            report=generating(report),
            takes=taken(parts, place),
            left_out=list(parts[place].left_out),
            beside=others(held, place) if stay else 0,
            arrival=report.time.inference.load if place and not stay else 0.0,
        )
        for place, report in enumerate(reports)
    ]
    time = chain_time(jobs, hardware.total)
    memory = chain_memory(
        jobs, [0 if stay else others(held, place) for place in range(len(jobs))], stay, hardware.count
    )
    spent = time.total * hardware.total
    cost = money_part(hardware.accelerator, spent, 0)
    energy = energy_part(hardware, spent, 0)
    return ChainReport(
        hardware=hardware_part(hardware),
        jobs=jobs,
        memory=memory,
        time=time,
        cost=cost.inference if cost else {},
        provider=cost.provider if cost else "",
        energy=energy.per_video if energy else {},
        warnings=chain_warnings(memory, reports),
    )


def generating(report: Report) -> Report:
    """A report without what it says of training, and of whether this job alone has room."""
    return replace(
        report,
        memory=replace(report.memory, training=None),
        time=replace(report.time, training=None),
        warnings=[each for each in report.warnings if each.id not in NOT_OF_A_JOB],
    )


def chain_memory(jobs: Sequence[ChainJob], waiting: Sequence[int], stay: bool, each_machine: Number) -> ChainMemory:
    """The largest job, with what stays beside each; `waiting` are bytes of others in host memory meanwhile."""
    rows = [job.report.memory.inference for job in jobs]
    capacity, unsized = rows[0].capacity, sorted({name for row in rows for name in row.unsized})

    def each(field: str) -> list[Number]:
        return [getattr(row, field) + job.beside for row, job in zip(rows, jobs, strict=True)]

    peaks, device, high = each("peak"), max(each("device")), max(each("high"))
    peak = max(peaks)
    # as many processes of a machine hold them as it has accelerators
    beyond = [each * each_machine for each in waiting]
    judged, beside = verdict(device, high, capacity, unsized), host_room(rows, beyond)
    return ChainMemory(
        between="stay" if stay else "leave",
        peak=peak,
        peak_job=peaks.index(peak),
        device=device,
        low=max(each("low")),
        high=high,
        capacity=capacity,
        margin=capacity - (device if device > capacity else peak),
        verdict=worse(judged, beside.verdict) if beside else judged,
        host_ram=max(row.host_ram + others for row, others in zip(rows, beyond, strict=True)),
        unsized=unsized,
        host_room=beside,
    )


def host_room(rows: Sequence[InferenceMemory], beyond: Sequence[Number]) -> HostRoom | None:
    """Host memory of the job for which it is worst, with the `beyond` bytes of the others that wait meanwhile."""
    rooms = [
        shared(row.host_room, others) for row, others in zip(rows, beyond, strict=True) if row.host_room is not None
    ]
    return min(rooms, key=lambda each: (-WORST.index(each.verdict), each.margin), default=None)


def shared(room: HostRoom, others: Number) -> HostRoom:
    """A job's host memory with others in it; alone it is judged as it was."""
    margin = room.margin - others
    judged = beside_others(room.verdict, room.limit, margin) if others else room.verdict
    return replace(room, needed=room.needed + others, margin=margin, verdict=judged)


def chain_warnings(memory: ChainMemory, reports: Sequence[Report]) -> list[Warning_]:
    """What is to be known of all jobs together."""
    large = memory.verdict == "too_big" and memory.margin < 0
    rows = [Warning_(id="inference_too_big", values={"missing": -memory.margin})] if large else []
    rows += host_short(memory.host_room)
    spilling = any(each.id == "windows_spill" for report in reports for each in report.warnings)
    return [*rows, Warning_(id="windows_spill")] if spilling and memory.high > memory.capacity else rows


def chain_time(jobs: Sequence[ChainJob], gpus: Number) -> ChainTime:
    """The jobs one after the other, and the weights that come between them."""
    spans = [job.report.time.inference for job in jobs]
    arrivals = sum(job.arrival for job in jobs)
    total = arrivals + sum(span.total for span in spans)
    return ChainTime(
        total=total,
        low=arrivals + sum(span.low for span in spans),
        high=arrivals + sum(span.high for span in spans),
        arrivals=arrivals,
        gpu_hours=total * gpus / HOUR,
    )


def taken(parts: Sequence[Handed], place: int) -> str:
    """What a job takes up of the one before."""
    if place == 0:
        return ""
    return "latent" if in_latent(parts[place - 1].job, parts[place].job) else "pixels"


def networks(part: Handed, report: Report) -> Held:
    """The networks of a job by what they are, so that two jobs with the same one hold it once."""
    model = part.job.model
    beside = (each.network for each in model.controls)
    every = (model.denoiser, model.vae, *model.text_encoders, *model.image_encoders, *beside, *model.others)
    named = {each.id: each for each in every}
    stages = report.memory.inference.stages
    # what one rank stores of it; the whole where it is never on the device by itself
    most = {row.id: max(stage.resident.get(row.id, 0) for stage in stages) for row in report.model.components}
    return {
        f"{identity(named[row.id])} {row.precision}": int(most[row.id] or row.bytes) for row in report.model.components
    }


def others(held: Sequence[Held], place: int) -> int:
    """Bytes of the other jobs' networks that this one does not have itself."""
    every = {name: nbytes for each in held for name, nbytes in each.items()}
    return sum(nbytes for name, nbytes in every.items() if name not in held[place])
