"""Time, money and energy: of one generation with its band, and of the training run."""

from vidcalc.faces.terminal.cells import Cell, Paint, hanging, table
from vidcalc.faces.terminal.compute import shares
from vidcalc.faces.terminal.memory import titled
from vidcalc.faces.terminal.numbers import duration, energy, hours, whole
from vidcalc.faces.terminal.numbers import money as dollars
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import PROVENANCE, PROVIDERS, STAGES, label
from vidcalc.report.estimate import Report


def time(report: Report, paint: Paint, cells: int) -> list[str]:
    """Seconds stage by stage, where they go, and the training step by part."""
    spent, training = report.time.inference, report.time.training
    band = f"{duration(spent.low)} – {duration(spent.high)} ({label(PROVENANCE, spent.provenance)})"
    lines = [titled(_("GPU time on {gpu}", gpu=report.hardware.name), band, paint, cells)]
    stages = ("text_encode", "image_encode", "vae_encode", "denoise", "vae_decode")
    rows: list[list[Cell]] = [
        [label(STAGES, name), duration(getattr(spent, name))] for name in stages if getattr(spent, name, 0)
    ]
    for row in rows:
        if row[0] == label(STAGES, "denoise"):
            row.append(_("{time} a step", time=duration(spent.per_step)))
    rows.append([(_("Generation"), "title"), (duration(spent.total), "title")])
    lines += table(rows, "<><", paint)
    lines += shares(spent.parts, paint, cells)
    if spent.load:
        lines += hanging(_("Weights onto the GPU, once before: {time}", time=duration(spent.load)), cells, "  ", "    ")
    if training is not None:
        steps = ", ".join(f"{label(STAGES, name)} {duration(value)}" for name, value in training.parts.items() if value)
        lines += hanging(
            _("Training step {time}: {parts}", time=duration(training.per_step), parts=steps), cells, "  ", "    "
        )
        whole_run = _(
            "Training, {steps} steps: {time}, {hours} GPU-hours",
            steps=whole(training.steps),
            time=duration(training.total),
            hours=hours(training.gpu_hours),
        )
        lines += hanging(whole_run, cells, "  ", "    ")
    return lines


def money(report: Report, paint: Paint, cells: int) -> list[str]:
    """What it costs at a dated range of prices, and the energy at nominal power."""
    cost, spent = report.cost, report.energy
    rows: list[list[Cell]] = []
    if cost is not None:
        rows.append([_("Cost"), *(_range(part) for part in (cost.inference, cost.training))])
    if spent is not None:
        rows.append([_("Energy"), energy(spent.inference), energy(spent.training)])
    if not rows:
        return []
    steps = whole(report.time.training.steps) if report.time.training else "0"
    head: list[Cell] = ["", (_("one generation"), "dim"), (_("{steps} training steps", steps=steps), "dim")]
    price = ""
    if cost is not None:
        rates = " – ".join(dict.fromkeys(dollars(end) for end in (cost.per_hour_low, cost.per_hour_high)))
        price = ", ".join(
            filter(None, (_("{rates} / GPU-h", rates=rates), label(PROVIDERS, cost.provider), cost.as_of))
        )
    return [titled(_("Cost and energy"), price, paint, cells), *table([head, *rows], "<>>", paint, gap=4)]


def _range(part: dict[str, float]) -> str:
    return " – ".join(dict.fromkeys(dollars(part[end]) for end in ("low", "high")))
