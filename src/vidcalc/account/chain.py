"""Jobs that make one video in a row, put together: the most that any of them needs, and the sum of their seconds."""

from collections.abc import Sequence

from msgspec.structs import replace

from vidcalc.account.model import hardware_part
from vidcalc.account.money import energy_part, money_part
from vidcalc.base.number import Number
from vidcalc.cost.verdict import verdict
from vidcalc.describe.handoff import Handed, in_latent
from vidcalc.describe.model import Component
from vidcalc.report.chain import ChainJob, ChainMemory, ChainReport, ChainTime
from vidcalc.report.estimate import Report

HOUR = 3600
STAYING = ("none", "encoders")  # ways of offloading with which a network stays once it is on the device
OF_TRAINING = ("training_too_big", "checkpointing_helps")
Held = dict[str, int]  # networks by what they are, and their bytes


def chain_report(parts: Sequence[Handed], reports: Sequence[Report]) -> ChainReport:
    """The jobs with the reports of each, in the order they run."""
    hardware = parts[0].job.hardware
    stay = all(part.job.plan.offload in STAYING for part in parts)
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
    spent = time.total * hardware.total
    cost = money_part(hardware.accelerator, spent, 0)
    energy = energy_part(hardware, spent, 0)
    return ChainReport(
        hardware=hardware_part(hardware),
        jobs=jobs,
        memory=chain_memory(jobs, [0 if stay else others(held, place) for place in range(len(jobs))], stay),
        time=time,
        cost=cost.inference if cost else {},
        provider=cost.provider if cost else "",
        energy=energy.per_video if energy else {},
    )


def generating(report: Report) -> Report:
    """A report without what it says of training."""
    return replace(
        report,
        memory=replace(report.memory, training=None),
        time=replace(report.time, training=None),
        warnings=[each for each in report.warnings if each.id not in OF_TRAINING],
    )


def chain_memory(jobs: Sequence[ChainJob], waiting: Sequence[int], stay: bool) -> ChainMemory:
    """The largest job, with what stays beside each; `waiting` are bytes of others in host memory meanwhile."""
    rows = [job.report.memory.inference for job in jobs]
    needs = [row.device + job.beside for row, job in zip(rows, jobs, strict=True)]
    place = max(range(len(jobs)), key=needs.__getitem__)
    most, beside = rows[place], jobs[place].beside
    high = max(row.high + job.beside for row, job in zip(rows, jobs, strict=True))
    unsized = sorted({name for row in rows for name in row.unsized})
    peak = most.peak + beside
    return ChainMemory(
        between="stay" if stay else "leave",
        peak=peak,
        peak_job=place,
        device=needs[place],
        low=most.low + beside,
        high=high,
        capacity=most.capacity,
        margin=most.capacity - (needs[place] if needs[place] > most.capacity else peak),
        verdict=verdict(needs[place], high, most.capacity, unsized),
        host_ram=max(row.host_ram + beyond for row, beyond in zip(rows, waiting, strict=True)),
        unsized=unsized,
    )


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
    before, after = parts[place - 1].job.model, parts[place].job.model
    return "latent" if in_latent(before, after) else "pixels"


def networks(part: Handed, report: Report) -> Held:
    """The networks of a job by what they are, so that two jobs with the same one hold it once."""
    model = part.job.model
    every = (model.denoiser, model.vae, *model.text_encoders, *model.image_encoders, *model.others)
    named = {each.id: each for each in every}
    return {_what(named[row.id], row.precision): int(row.bytes) for row in report.model.components}


def others(held: Sequence[Held], place: int) -> int:
    """Bytes of the other jobs' networks that this one does not have itself."""
    every = {name: nbytes for each in held for name, nbytes in each.items()}
    return sum(nbytes for name, nbytes in every.items() if name not in held[place])


def _what(each: Component, precision: str) -> str:
    return f"{each.class_} {each.network} {each.config} {each.params} {precision}"
