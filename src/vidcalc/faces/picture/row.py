"""The stages of jobs in a row as bars against the GPU's memory.

picture = chart(report)
"""

from vidcalc.faces.picture.chart import Bar, drawn, parts
from vidcalc.faces.picture.shapes import Picture
from vidcalc.faces.terminal.numbers import data, whole
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import STAGES, VERDICTS, label
from vidcalc.report.chain import ChainReport

STAYING = "#aab6c1"


def chart(report: ChainReport) -> Picture:
    """The picture of a chain: a bar for each stage of each job, in the language in use."""
    memory, gpu, bars = report.memory, report.hardware, []
    for place, job in enumerate(report.jobs, 1):
        roles = {row.id: row.role for row in job.report.model.components}
        own = job.report.memory.inference
        beside = ((_("weights of other jobs"), STAYING, job.beside),) if job.beside else ()
        for row in own.stages:
            if row.id == "load":
                continue
            most = place - 1 == memory.peak_job and row.id == own.peak_stage
            name = f"{place} {label(STAGES, row.id)}"
            bars.append(Bar(name, (*beside, *parts(row, roles)), row.total + job.beside, most))
    title = " → ".join(job.report.model.title for job in report.jobs)
    verdict = label(VERDICTS, memory.verdict)
    peak = _("peak {size}: {verdict}", size=data(memory.peak), verdict=verdict)
    beside_host = _("host RAM {size}", size=data(memory.host_ram))
    return drawn(bars, memory.capacity, title, f"{whole(gpu.count)} × {gpu.name}", peak, beside_host)
