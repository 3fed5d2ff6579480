"""What to change so that jobs in a row fit: ways out for each job that is too large, as those of a single job.

A job has less room where the networks of the others stay on the accelerator beside it; a way of offloading that takes
networks away once they have run takes those away as well.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from vidcalc.account.chain import STAYING
from vidcalc.describe.handoff import Handed
from vidcalc.describe.question import Question
from vidcalc.passes.formats import of_a_chip
from vidcalc.report.chain import ChainJob, ChainReport
from vidcalc.report.estimate import Relief
from vidcalc.search.relief import MOST, relief


def advised(report: ChainReport, parts: Sequence[Handed]) -> ChainReport:
    """The report with ways out in `memory.inference.relief` of each job that is too large."""
    if report.memory.verdict != "too_big":
        return report
    jobs = [_job(job, part, report.memory.capacity) for job, part in zip(report.jobs, parts, strict=True)]
    return replace(report, jobs=jobs)


def _job(job: ChainJob, part: Handed, capacity: float) -> ChainJob:
    needed = job.report.memory.inference
    if max(needed.peak, needed.device) + job.beside <= capacity:
        return job
    question, seconds = of_a_chip(part.job), job.report.time.inference.total
    ways = relief(with_less(question, int(job.beside)), seconds, left_out=part.left_out)
    if job.beside:
        gone = [way for way in relief(question, seconds, left_out=part.left_out) if leaves(way)]
        ways += [way for way in gone if all(way.changes != each.changes for each in ways)]
        ways.sort(key=lambda way: way.seconds)
    memory = replace(job.report.memory, inference=replace(needed, relief=ways[:MOST]))
    return replace(job, report=replace(job.report, memory=memory))


def leaves(way: Relief) -> bool:
    """Whether networks leave the accelerator once they have run."""
    return way.changes.get("offload", STAYING[0]) not in STAYING


def with_less(question: Question, taken: int) -> Question:
    """The question on an accelerator of which so many bytes are taken [byte]."""
    hardware = question.hardware
    return question._replace(hardware=replace(hardware, accelerator=hardware.accelerator.without(taken)))
