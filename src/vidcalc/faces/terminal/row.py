"""Jobs in a row on one page: each in a line, what they come to, memory by job and stage, seconds of each."""

from vidcalc.faces.terminal.cells import Cell, Paint, clip, hanging, table
from vidcalc.faces.terminal.memory import PARTS, stages, titled
from vidcalc.faces.terminal.notes import warned
from vidcalc.faces.terminal.numbers import data, duration, energy, money, significant, whole
from vidcalc.faces.terminal.overview import STYLES
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.terminal.relief import flags, stacked, taking
from vidcalc.faces.words import N_, _
from vidcalc.faces.words.ids import PROVIDERS, STAGES, VERDICTS, label
from vidcalc.report.chain import ChainJob, ChainReport

TITLE = 56  # cells of a job's title beside its time
TAKES = {
    "latent": N_("takes up the latent"),
    "pixels": N_("takes up the decoded video"),
}
BETWEEN = {
    "stay": N_("All networks stay on the GPU throughout."),
    "leave": N_("The networks of a job wait in host memory while another runs."),
}


def draw(report: ChainReport, look: Look | None = None) -> str:
    """The whole report as text, as standard output takes it where no look is named."""
    colour, cells = look or here()
    sections = (head, glance, memory, ways, time, notes)
    return "\n\n".join("\n".join(lines) for section in sections if (lines := section(report, colour, cells)))


def head(report: ChainReport, paint: Paint, cells: int) -> list[str]:
    """The jobs, a line or two each, and the hardware."""
    lines = []
    for place, job in enumerate(report.jobs, 1):
        lines += [paint(line, "title") for line in hanging(job.report.model.title, cells, f"{place}  ", "   ")]
        lines += hanging(" · ".join(_settings(job)), cells, "   ", "   ")
    gpu = report.hardware
    return [*lines, *hanging(f"{gpu.count} × {gpu.name} · {data(gpu.capacity)}", cells)]


def _settings(job: ChainJob) -> list[str]:
    asked = job.report.workload
    frames, seconds = whole(asked["frames"]), significant(asked["frames"] / asked["fps"])
    words = [
        f"{asked['width']}×{asked['height']}",
        _("{frames} frames ({seconds} s at {fps} fps)", frames=frames, seconds=seconds, fps=whole(asked["fps"])),
        _("{steps} steps", steps=whole(asked["steps"])),
        job.report.plan["precision"],
    ]
    return [*words, label(TAKES, job.takes)] if job.takes else words


def glance(report: ChainReport, paint: Paint, cells: int) -> list[str]:
    """Verdict, memory, margin, time and cost of all of it."""
    room, spent = report.memory, report.time
    free = (
        _("{size} free", size=data(room.margin)) if room.margin >= 0 else _("{size} missing", size=data(-room.margin))
    )
    if room.host_room is not None and room.host_room.margin < 0 <= room.margin:  # the machine lacks it, not the GPU
        free = _("{size} of host RAM missing", size=data(-room.host_room.margin))
    verdict = (label(VERDICTS, room.verdict), STYLES.get(room.verdict, ""))
    cost = money(report.cost["likely"]) if report.cost else ""
    needed = data(room.capacity - room.margin)
    row: list[Cell] = [(_("All jobs"), "title"), verdict, needed, free, duration(spent.total), cost]
    return table([row], "<<><<<", paint)


def memory(report: ChainReport, paint: Paint, cells: int) -> list[str]:
    """A bar for each stage of each job."""
    rows, top = [], ""
    for place, job in enumerate(report.jobs, 1):
        for stage in job.report.memory.inference.stages:
            if stage.id == "load":
                continue
            sizes = {"weights": stage.weights + job.beside, "activations": stage.activations, "other": stage.other}
            id_ = f"{place} {stage.id}"
            bars = [(sizes[part], letter, part) for part, letter in PARTS]
            rows.append((id_, f"{place} {label(STAGES, stage.id)}", stage.total + job.beside, bars))
            if place - 1 == report.memory.peak_job and stage.id == job.report.memory.inference.peak_stage:
                top = id_
    names = {"weights": _("weights"), "activations": _("activations"), "other": _("other")}
    key = [(letter, names[part], part) for part, letter in PARTS]
    limits = report.memory.capacity, report.memory.peak
    lines = stages(_("GPU memory to generate"), rows, top, limits, key, paint, cells)
    shown = {name: data(getattr(report.memory, name)) for name in ("device", "low", "high")}
    read = _("on the GPU {device} ({low} to {high})", **shown)
    host = _("host RAM {size}", size=data(report.memory.host_ram))
    return [*lines, *(paint(line, "dim") for line in hanging(f"{read} · {host}", cells, "    "))]


def ways(report: ChainReport, paint: Paint, cells: int) -> list[str]:
    """What to change in each job that is too large."""
    rows: list[list[Cell]] = []
    for place, job in enumerate(report.jobs, 1):
        spent = job.report.time.inference.total
        rows += [
            [f"{place}  {flags(way.changes)}", data(way.peak), taking(way, spent)]
            for way in job.report.memory.inference.relief
        ]
    title = titled(_("What to change"), _("job, peak, time"), paint, cells)
    return [title, *stacked(rows, "<><", paint, cells)] if rows else []


def time(report: ChainReport, paint: Paint, cells: int) -> list[str]:
    """Seconds of each job, and of what comes between them."""
    spent = report.time
    band = f"{duration(spent.low)} – {duration(spent.high)}"
    rows: list[list[Cell]] = [
        [clip(f"{place} {job.report.model.title}", TITLE), duration(job.report.time.inference.total)]
        for place, job in enumerate(report.jobs, 1)
    ]
    if spent.arrivals:
        rows.append([_("Weights that come between the jobs"), duration(spent.arrivals)])
    rows.append([(_("Generation"), "title"), (duration(spent.total), "title")])
    lines = [titled(_("GPU time on {gpu}", gpu=report.hardware.name), band, paint, cells), *table(rows, "<>", paint)]
    if report.cost:
        ends = " – ".join(dict.fromkeys(money(report.cost[end]) for end in ("low", "high")))
        lines += hanging(f"{ends} ({label(PROVIDERS, report.provider)})", cells, "  ")
    if report.energy:
        lines += hanging(energy(report.energy["likely"]), cells, "  ")
    return lines


def notes(report: ChainReport, paint: Paint, cells: int) -> list[str]:
    """What to know of each job, and what the whole rests on."""
    lines = [line for each in report.warnings for line in hanging(warned(each), cells, "  ! ")]
    for place, job in enumerate(report.jobs, 1):
        lines += [line for each in job.report.warnings for line in hanging(warned(each), cells, f"  ! {place}: ")]
    found = [paint(_("Note"), "tight"), *lines] if lines else []
    between = hanging(label(BETWEEN, report.memory.between), cells, "  · ")
    return [*found, paint(_("Assumptions"), "title"), *between]
