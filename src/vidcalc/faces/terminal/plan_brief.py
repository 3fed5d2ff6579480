"""Plans of a training run on one screen: the winner, those behind it and why; the front as far as there is room.

The whole page is `vidcalc.faces.terminal.plan`.
"""

from msgspec.structs import replace

from vidcalc.faces.terminal import brief, plan
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
    said = [warned(each) for each in report.warnings]
    return brief.screen(blocks, said, _("More: --full"), colour, cells, spare=plan.front(short, colour, cells))
