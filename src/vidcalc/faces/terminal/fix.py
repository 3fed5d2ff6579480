"""Out of memory on one page: what was said, where it ran out and why, what to change, and what does not help."""

from collections.abc import Sequence
from typing import Any

from vidcalc.describe.setting import declared
from vidcalc.describe.training import TrainingPlan
from vidcalc.faces.terminal.cells import Cell, Paint, clip, hanging, table, width
from vidcalc.faces.terminal.memory import PARTS, stages, titled
from vidcalc.faces.terminal.notes import warned
from vidcalc.faces.terminal.numbers import data, whole
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.terminal.relief import MORE_HOST, difference, flags, stacked, unsure
from vidcalc.faces.words import _
from vidcalc.faces.words.fix import AMOUNTS, KNOWN, REASONS, SAID, TOUCHES
from vidcalc.faces.words.ids import PHASES, STAGES, label
from vidcalc.report.fix import FixReport, Remedy

SIZE = ("width", "height")  # one flag


def draw(report: FixReport, look: Look | None = None) -> str:
    """The whole report as text, as standard output takes it where no look is named."""
    colour, cells = look or here()
    blocks = [part(report, colour, cells) for part in (head, where, why, ways, useless, notes)]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def named(report: FixReport, stage: str) -> str:
    """A stage, or a phase of a training step, in words."""
    return label(PHASES if report.job == "train" and stage in PHASES else STAGES, stage)


def head(report: FixReport, paint: Paint, cells: int) -> list[str]:
    """The job, and what was said of it."""
    job, gpu, said = report.workload, report.hardware, report.said
    size = f"{job['width']}×{job['height']} · {_('{frames} frames', frames=whole(job['frames']))}"
    title = f"{report.model.title} · {size} · {gpu.count} × {gpu.name}, {data(gpu.capacity)}"
    lines = [paint(line, "title") for line in hanging(title, cells)]
    amounts = [label(AMOUNTS, name, size=data(size)) for name in AMOUNTS if (size := getattr(said, name)) is not None]
    if said.kind != "none":
        lines += hanging(
            ": ".join([label(SAID, said.kind), ", ".join(amounts)]) if amounts else label(SAID, said.kind), cells
        )
    return lines


def where(report: FixReport, paint: Paint, cells: int) -> list[str]:
    """The stages as bars, and the one in which it ran out."""
    if report.memory == "host":
        needed = report.host_room.needed if report.host_room else report.host_ram
        words = _("It is the host memory that runs out: the job needs {size} of it.", size=data(needed))
        return hanging(words, cells)
    rows = [
        (row.id, named(report, row.id), row.total, [(getattr(row, part), letter, part) for part, letter in PARTS])
        for row in report.stages
    ]
    of = {"weights": _("weights"), "activations": _("activations"), "other": _("other")}
    key = [(letter, of[part], part) for part, letter in PARTS]
    title = _("Where: {stage} ({how})", stage=named(report, report.stage), how=label(KNOWN, report.known_by))
    limits = report.capacity, max(report.peak, report.capacity)
    lines = stages(clip(title, cells), rows, report.stage, limits, key, paint, cells)
    if width(title) + width(_("GPU memory {size}", size=data(report.capacity))) >= cells:
        lines[:1] = [paint(line, "title") for line in hanging(title, cells)]
    return lines


def why(report: FixReport, paint: Paint, cells: int) -> list[str]:
    """What fills the GPU there."""
    if report.memory == "host":
        return []
    rows: list[list[Cell]] = [
        [data(each.bytes), label(REASONS, each.id, component=each.component)] for each in report.reasons
    ]
    lines = table(rows, "><", paint)
    return [titled(_("Why"), "", paint, cells), *(clip(line, cells) for line in lines)] if rows else []


def fine(report: FixReport) -> bool:
    """Whether the job fits as predicted, and nobody says that it ran out."""
    return report.said.kind == "none" and report.verdict == "fits"


def ways(report: FixReport, paint: Paint, cells: int) -> list[str]:
    """The changes, the best first, with what each costs and touches."""
    if fine(report):
        return hanging(_("It fits as predicted: nothing has to change."), cells)
    beside = report.memory == "host"
    if not report.ways and not beside and report.verdict != "too_big":
        return []  # a note says why
    return listed(report.ways, report.job, report.seconds, beside, paint, cells)


def listed(found: Sequence[Remedy], job: str, seconds: float, beside: bool, paint: Paint, cells: int) -> list[str]:
    """Changes of a job of so many seconds; `beside` whether host memory is what is short. Or that there is none."""
    if not found and beside:
        return hanging(_(MORE_HOST), cells)
    if not found:
        return hanging(_("Nothing that was tried makes it fit here: it takes a larger GPU, or more of them."), cells)
    rows: list[list[Cell]] = [
        [
            spelled(each.changes, job),
            data(each.host_ram if beside else each.peak),
            difference(each.slower, seconds),
            ", ".join([*unsure(each.verdict), *(label(TOUCHES, word) for word in each.touches)]),
        ]
        for each in found
    ]
    of_gpu, of_host = _("peak, time, what it touches"), _("host RAM, time, what it touches")
    title, right = _("What to change"), of_host if beside else of_gpu
    return [titled(title, right, paint, cells), *stacked(rows, "<><<", paint, cells)]


def useless(report: FixReport, paint: Paint, cells: int) -> list[str]:
    """What people try in vain."""
    if not report.useless or report.memory == "host" or fine(report):
        return []
    words = [
        _("{change} (peak {size})", change=spelled(each.changes, report.job), size=data(each.peak))
        for each in report.useless
    ]
    return hanging(", ".join(words), cells, _("Does not help:") + " ", "  ")


def notes(report: FixReport, paint: Paint, cells: int) -> list[str]:
    """What to know beside it."""
    lines = [line for each in report.warnings for line in hanging(warned(each), cells, "  ! ")]
    return [paint(_("Note"), "tight"), *lines] if lines else []


def spelled(changes: dict[str, Any], job: str) -> str:
    """Changes as a command line has them."""
    if job != "train":
        return flags(changes)
    fields = declared(TrainingPlan)
    words: list[str] = []
    size = {name: value for name, value in changes.items() if name in SIZE}
    for name, value in changes.items():
        if name in size:
            continue
        if name == "swapped_blocks":
            words[-1] += f":{value}"
        elif name == "buckets":
            sizes = str(value).split(", ")
            words += [f"--bucket {size}" for size in sizes]
        elif name in fields and fields[name].setting.flag:
            words.append(f"--{fields[name].setting.flag} {value}")
        else:
            words.append(flags({name: value}))
    return " ".join([*words, *([flags(size)] if size else [])])
