"""The report on one page: what fits, memory, FLOPs, time, and what all of it rests on."""

from vidcalc.faces.terminal import compute, fleet, memory, notes, overview, relief, time
from vidcalc.faces.terminal.page import Look, here
from vidcalc.report.estimate import Report


def draw(report: Report, look: Look | None = None) -> str:
    """The whole report as text, as standard output takes it where no look is named."""
    colour, cells = look or here()
    sections = (overview.head, overview.glance, memory.inference, relief.relief, memory.training)
    rest = (compute.shape, compute.work, time.time, time.money, fleet.fleet, notes.notes)
    blocks = [section(report, colour, cells) for section in (*sections, *rest)]
    return "\n\n".join("\n".join(block) for block in blocks if block)
