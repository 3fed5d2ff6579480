"""Plans of a training run on one screen: the winner, those behind it and why; the front as far as there is room.

The whole page is `vidcalc.faces.terminal.plan`.
"""

from msgspec.structs import replace

from vidcalc.faces.terminal import brief, plan
from vidcalc.faces.terminal.cells import Paint, hanging
from vidcalc.faces.terminal.currency import rate
from vidcalc.faces.terminal.notes import warned
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.words import _
from vidcalc.report.plan import PlanReport

BEHIND, FRONT = 3, 3  # plans of each list


def draw(report: PlanReport, look: Look | None = None) -> str:
    """The short report as text, as standard output takes it where no look is named."""
    colour, cells = look or here()
    short = replace(report, best=report.best[:BEHIND], front=report.front[:FRONT])
    sections = [plan.head, plan.best, plan.why, plan.counts]
    blocks = [lines for part in sections if (lines := part(short, colour, cells))]
    more = hanging(_("More: --full"), cells)
    room = brief.LINES - len(more) - bool(rate()) - sum(len(lines) + 1 for lines in blocks)
    front = plan.front(short, colour, cells)
    if len(front) + 1 <= room:
        blocks.append(front)
        room -= len(front) + 1
    notes = noted(report, colour, cells, room - 1)
    blocks += [notes] if notes else []
    return "\n\n".join("\n".join(block) for block in (*blocks, [colour(line, "dim") for line in more]))


def noted(report: PlanReport, paint: Paint, cells: int, room: int) -> list[str]:
    """Warnings, as many as have room."""
    return brief.within([warned(each) for each in report.warnings], paint, cells, room)
