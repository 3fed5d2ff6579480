"""The report on one page: what fits, memory, FLOPs, time, and what all of it rests on."""

from vidcalc.faces.terminal import compute, fleet, memory, notes, overview, relief, time
from vidcalc.faces.terminal.page import columns, paint
from vidcalc.report.estimate import Report


def draw(report: Report) -> str:
    """The whole report as text for standard output."""
    colour, cells = paint(), columns()
    sections = (overview.head, overview.glance, memory.inference, relief.relief, memory.training)
    rest = (compute.shape, compute.work, time.time, time.money, fleet.fleet, notes.notes)
    blocks = [section(report, colour, cells) for section in (*sections, *rest)]
    return "\n\n".join("\n".join(block) for block in blocks if block)
