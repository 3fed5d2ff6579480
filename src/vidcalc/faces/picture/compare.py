"""Jobs side by side as a picture: a bar of memory and a bar of time for each.

picture = chart(report)
"""

from vidcalc.faces.picture.shapes import Box, Line, Picture, Words, length
from vidcalc.faces.terminal.compare import named, own
from vidcalc.faces.terminal.numbers import data, duration
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import VERDICTS, label
from vidcalc.report.compare import CompareJob, CompareReport

WIDTH, EDGE = 960, 32
BAR, GAP, ROW = 16, 6, 84
TEXT, SMALL, HEAD = 14, 12, 20
INK, PALE, LIMIT = "#1d2733", "#5c6875", "#c62828"
MEMORY, TIME = "#174a7c", "#f0a02c"


def chart(report: CompareReport) -> Picture:
    """The picture, in the language in use."""
    title = " · ".join(dict.fromkeys(job.title for job in report.jobs))
    beneath = " · ".join(named({name: report.alike[name] for name in ("gpu", "framework") if name in report.alike}))
    most = max(max(job.peak, job.capacity) for job in report.jobs)
    longest = max(job.seconds for job in report.jobs)
    room = WIDTH - 2 * EDGE - max(length(words(job), SMALL) for job in report.jobs) - 12
    shapes: list[Box | Line | Words] = [
        Words(EDGE, EDGE + HEAD, title, HEAD, INK, bold=True),
        Words(EDGE, EDGE + HEAD + 22, beneath, TEXT, PALE),
    ]
    top = EDGE + 66
    for place, job in enumerate(report.jobs):
        y = top + place * ROW
        name = " · ".join(own(job))
        shapes.append(Words(EDGE, y + 12, f"{place + 1}  {name}", TEXT, INK, bold=True))
        bars = ((MEMORY, job.peak / most, data(job.peak)), (TIME, job.seconds / longest, duration(job.seconds)))
        for line, (colour, share, figure) in enumerate(bars):
            at = y + 20 + line * (BAR + GAP)
            shapes.append(Box(EDGE, at, share * room, BAR, colour, figure))
            words_ = words(job) if line == 0 else figure
            shapes.append(Words(EDGE + share * room + 8, at + BAR - 4, words_, SMALL, INK))
        limit = EDGE + job.capacity / most * room
        shapes.append(Line(limit, y + 17, limit, y + 20 + BAR + 3, LIMIT, 2, 4))
    below = top + len(report.jobs) * ROW + 12
    x = float(EDGE)
    for colour, text in ((MEMORY, _("GPU memory at the peak")), (TIME, _("time of a generation"))):
        shapes += [Box(x, below - 11, 12, 12, colour), Words(x + 18, below, text, SMALL, INK)]
        x += 18 + length(text, SMALL) + 22
    told = "; ".join(f"{place}: {words(job)}, {duration(job.seconds)}" for place, job in enumerate(report.jobs, 1))
    return Picture(WIDTH, below + EDGE, title, f"{beneath}. {told}.", tuple(shapes))


def words(job: CompareJob) -> str:
    """What stands behind a job's bar of memory."""
    return f"{data(job.peak)} ({label(VERDICTS, job.verdict)})"
