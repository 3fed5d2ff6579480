"""A training run at a glance, on one screen: whether it fits, memory by phase, what to change, time, cost, data.

The whole page is `vidcalc.faces.terminal.training`.
"""

from vidcalc.base.units import HOUR
from vidcalc.faces.terminal import brief, training
from vidcalc.faces.terminal.cells import Cell, Paint, halved, hanging
from vidcalc.faces.terminal.memory import titled
from vidcalc.faces.terminal.notes import warned
from vidcalc.faces.terminal.numbers import data, duration, energy, hours, money, share, whole
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import PROVENANCE, PROVIDERS, STAGES, label
from vidcalc.report.training import TrainingReport

FIXES, SIZES = 3, 4  # ways out, and buckets
FEW = 0.02  # of a step: shorter parts are not named


def draw(report: TrainingReport, look: Look | None = None) -> str:
    """The short report as text, as standard output takes it where no look is named."""
    colour, cells = look or here()
    sections = (training.head, training.phases, ways, sizes, spent, seen)
    blocks = [lines for section in sections if (lines := section(report, colour, cells))]
    said = [warned(each) for each in report.warnings]
    return brief.screen(blocks, said, _("More: --full"), colour, cells)


def ways(report: TrainingReport, paint: Paint, cells: int) -> list[str]:
    """What to change, the first few ways, with what each costs and touches."""
    return training.ways(report, paint, cells, FIXES)


def sizes(report: TrainingReport, paint: Paint, cells: int) -> list[str]:
    """The most frequent buckets, where there are several."""
    if len(report.buckets) == 1:
        return []
    head: list[Cell] = ["", *((word, "dim") for word in (_("share"), _("batch"), _("peak"), _("step")))]
    rows = [head]
    for row in sorted(report.buckets, key=lambda each: -each.share)[:SIZES]:
        size = f"{row.width}×{row.height}×{row.frames}"
        rows.append([size, share(row.share), whole(row.batch), data(row.peak), duration(row.seconds_per_step)])
    rest = len(report.buckets) - SIZES
    more = _("{count} more", count=rest) if rest > 0 else ""
    return [titled(_("Buckets"), more, paint, cells), *halved(rows, "<>>>>", 3, paint, cells)]


def spent(report: TrainingReport, paint: Paint, cells: int) -> list[str]:
    """Seconds of a step and of the run, money and energy."""
    time, cost, used = report.time, report.cost, report.energy
    band = f"{duration(time.low)} – {duration(time.high)} ({label(PROVENANCE, time.provenance)})"
    lines = [titled(_("Time of {steps} steps", steps=whole(report.run.steps)), band, paint, cells)]
    parts = [
        f"{label(STAGES, name)} {duration(each)}" for name, each in time.parts.items() if each > FEW * time.per_step
    ]
    step = _("{time} a step", time=duration(time.per_step))
    lines += hanging(" · ".join([*parts, step, f"MFU {share(time.mfu)}"]), cells, "  ", "    ")
    paid = [_("{hours} GPU-hours", hours=hours(time.gpu_hours))]
    if cost is not None:
        price = " – ".join(dict.fromkeys(money(end) for end in (cost.low, cost.high)))
        paid.append(f"{price} ({', '.join(filter(None, (label(PROVIDERS, cost.provider), cost.as_of)))})")
    if used is not None:
        paid.append(energy(used.energy))
    return [*lines, *hanging(" · ".join(paid), cells, "  ", "    ")]


def seen(report: TrainingReport, paint: Paint, cells: int) -> list[str]:
    """What is seen, and what lies on disk."""
    run = report.run
    pieces = [_("{count} samples", count=whole(run.samples)), _("checkpoint {size}", size=data(run.checkpoint))]
    if run.latents or run.texts:
        pieces.append(_("latents and texts on disk {size}", size=data(run.latents + run.texts)))
        pieces.append(_("made beforehand in {hours} GPU-hours", hours=hours(run.encode_seconds / HOUR)))
    return [titled(_("Data"), "", paint, cells), *hanging(" · ".join(pieces), cells, "  ", "    ")]
