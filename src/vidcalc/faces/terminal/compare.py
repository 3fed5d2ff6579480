"""Jobs side by side on one page: what differs, memory, time and cost of each, by stage, and why."""

from collections.abc import Callable, Sequence
from typing import Any

from vidcalc.describe.plan import SETTINGS
from vidcalc.faces.terminal.cells import Cell, Paint, hanging, table, width
from vidcalc.faces.terminal.memory import titled
from vidcalc.faces.terminal.numbers import data, duration, energy, money, times
from vidcalc.faces.terminal.overview import STYLES
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.terminal.relief import flags, taking
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import STAGES, VERDICTS, label
from vidcalc.report.compare import CompareJob, CompareReport, Difference

MAIN = (
    *("model", "gpu", "gpus", "resolution", "frames", "fps", "steps", "guidance", "batch", "precision", "framework"),
    *("offload", "vae_tiling"),
)
SAME = 0.02  # of a time or a factor: less is no difference worth a word
LITTLE = 2**26  # byte, of a peak
FEW = 0.005  # of the time: a stage below that in every job is not told
ASIDE = ("load", "post")  # stages whose memory is told only where it is the peak


def draw(report: CompareReport, look: Look | None = None) -> str:
    """The whole report as text, as standard output takes it where no look is named."""
    colour, cells = look or here()
    blocks = [part(report, colour, cells) for part in (head, figures, ways, memory, time, why)]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def named(settings: dict[str, Any]) -> list[str]:
    """Settings as people read them: model, GPU and size as they stand, the rest by its flag."""
    plain = [str(settings[name]) for name in ("model", "gpu", "resolution") if name in settings]
    rest = [f"{flag(name)} {value:g}" if isinstance(value, float) else f"{flag(name)} {value}"
            for name, value in settings.items() if name not in ("model", "gpu", "resolution")]  # fmt: skip
    return [*plain, *rest]


def own(job: CompareJob) -> list[str]:
    """What a job has of its own: of another model the main settings, of the same one all."""
    found = job.differs
    if "model" in found:
        found = {name: value for name, value in found.items() if name in MAIN}
    return named(found) or [job.title]


def flag(name: str) -> str:
    """A setting's name without the dashes of its flag."""
    own = SETTINGS[name].setting.flag if name in SETTINGS else ""
    return own or name.replace("_", "-")


def head(report: CompareReport, paint: Paint, cells: int) -> list[str]:
    """What all jobs share, then what each has of its own."""
    shared = named({name: report.alike[name] for name in MAIN if name in report.alike})
    lines = [paint(line, "title") for line in hanging(_("All: {settings}", settings=" · ".join(shared)), cells)]
    for place, job in enumerate(report.jobs, 1):
        lines += hanging(" · ".join(own(job)), cells, f"  {place}  ")
    return lines


def figures(report: CompareReport, paint: Paint, cells: int) -> list[str]:
    """Verdict, peak, time and cost of each job."""
    rows: list[list[Cell]] = [
        ["", *((word, "dim") for word in ("", _("peak"), _("time"), _("a second of video"), _("cost"), _("energy")))]
    ]
    quickest = min(job.seconds for job in report.jobs)
    for place, job in enumerate(report.jobs, 1):
        mark = "title" if job.seconds == quickest else ""
        rows.append(
            [
                str(place),
                (label(VERDICTS, job.verdict), STYLES.get(job.verdict, "")),
                data(job.peak),
                (duration(job.seconds), mark),
                duration(job.per_second),
                money(job.cost) if job.cost is not None else "–",
                energy(job.energy) if job.energy is not None else "–",
            ]
        )
    return table(rows, "><>>>>>", paint)


def ways(report: CompareReport, paint: Paint, cells: int) -> list[str]:
    """The first way out of each job that does not fit."""
    lines: list[str] = []
    for place, job in enumerate(report.jobs, 1):
        if job.verdict != "too_big":
            continue
        words = _("nothing that was tried")
        if job.relief:
            first = job.relief[0]
            words = f"{flags(first.changes)}: {data(first.peak)}, {taking(first, job.seconds)}"
        lines += hanging(words, cells, f"  {place}  ", "     ")
    return [titled(_("What to change"), _("peak, time"), paint, cells), *lines] if lines else []


def memory(report: CompareReport, paint: Paint, cells: int) -> list[str]:
    """Bytes by stage and job, with what each GPU has."""
    rows = _stages(report.jobs, lambda job: job.stages, data, _told)
    capacity: list[Cell] = [(_("GPU"), "dim"), *((data(job.capacity), "dim") for job in report.jobs)]
    lines = _columns([*rows, capacity], paint, cells)
    return [titled(_("GPU memory by stage"), "", paint, cells), *lines]


def time(report: CompareReport, paint: Paint, cells: int) -> list[str]:
    """Seconds by stage and job."""
    rows = _stages(report.jobs, lambda job: job.spent, duration, lambda job, name: job.spent[name] > FEW * job.seconds)
    total: list[Cell] = [(_("Generation"), "title"), *((duration(job.seconds), "title") for job in report.jobs)]
    return [titled(_("Time by stage"), "", paint, cells), *_columns([*rows, total], paint, cells)]


def _told(job: CompareJob, stage: str) -> bool:
    """Whether a stage's memory is told of a job."""
    return stage not in ASIDE or stage == job.peak_stage


def _stages(
    jobs: Sequence[CompareJob],
    of: Callable[[CompareJob], dict[str, Any]],
    written: Callable[[Any], str],
    counts: Callable[[CompareJob, str], bool],
) -> list[list[Cell]]:
    """A row for each stage that counts in any job."""
    order = {name: place for place, name in enumerate(STAGES)}
    told = {name for job in jobs for name in of(job) if counts(job, name)}
    ids = sorted(told, key=lambda name: order.get(name, len(order)))
    first = [name for name in ("load",) if name in ids]
    ids = [*first, *(name for name in ids if name not in first)]
    return [
        [label(STAGES, name), *(written(of(job)[name]) if name in of(job) else "–" for job in jobs)] for name in ids
    ]


def _columns(rows: list[list[Cell]], paint: Paint, cells: int) -> list[str]:
    """The rows with a column for each job, as many beside each other as the page is wide."""
    jobs = len(rows[0]) - 1
    head: list[Cell] = ["", *((str(place), "dim") for place in range(1, jobs + 1))]
    whole = [head, *rows]
    for most in range(jobs, 0, -1):
        parts = [[[row[0], *row[1 + start : 1 + start + most]] for row in whole] for start in range(0, jobs, most)]
        drawn = [table(part, "<" + ">" * (len(part[0]) - 1), Paint(False)) for part in parts]
        if most == 1 or max(width(line) for part in drawn for line in part) <= cells:
            return [line for part in parts for line in table(part, "<" + ">" * (len(part[0]) - 1), paint)]
    return []


def why(report: CompareReport, paint: Paint, cells: int) -> list[str]:
    """Where the differences come from, each job against the first."""
    lines: list[str] = []
    for each in report.differences:
        words = [_time(each), _memory(each)]
        text = "; ".join(word for word in words if word) or _("as the first")
        lines += hanging(text, cells, f"  {_('{job} against 1:', job=each.job + 1)} ", "     ")
    return [titled(_("Why"), "", paint, cells), *lines] if lines else []


def _time(each: Difference) -> str:
    if abs(each.ratio - 1) < SAME:
        return ""
    what = _("{ratio} the time, most of it {stage}", ratio=times(each.ratio), stage=label(STAGES, each.stage))
    if each.stage != "denoise":
        return what
    factors = (
        (each.calls, _("{ratio} the calls", ratio=times(each.calls))),
        (each.work, _("{ratio} the FLOPs of a call", ratio=times(each.work))),
        (each.speed, _("{ratio} the speed", ratio=times(each.speed))),
    )
    told = [words for ratio, words in factors if abs(ratio - 1) >= SAME]
    return f"{what} ({', '.join(told)})" if told else what


def _memory(each: Difference) -> str:
    if abs(each.bytes) < LITTLE:
        return ""
    parts = ((each.weights, _("weights")), (each.activations, _("activations")), (each.other, _("other")))
    told = [f"{name} {_signed(size)}" for size, name in parts if abs(size) >= LITTLE]
    return _("peak {size}", size=_signed(each.bytes)) + (f" ({', '.join(told)})" if told else "")


def _signed(size: float) -> str:
    return ("+" if size >= 0 else "−") + data(abs(size))
