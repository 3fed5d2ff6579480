"""Memory in bars: each stage of a generation, and the rows of training, against what the GPU holds."""

from vidcalc.faces.terminal.cells import Cell, Paint, bar, clip, hanging, legend, pad, table, width
from vidcalc.faces.terminal.numbers import data, share
from vidcalc.report import Report
from vidcalc.words import _
from vidcalc.words.ids import STAGES, told

PARTS = (("weights", "█"), ("activations", "▓"), ("other", "▒"))


def titled(left: str, right: str, paint: Paint, cells: int) -> str:
    """A heading, with a figure at the right edge of the page where there is one."""
    if not right:
        return paint(clip(left, cells), "title")
    left = clip(left, cells - width(right) - 1)
    return paint(pad(left, cells - width(right)), "title") + paint(right, "dim")


def inference(report: Report, paint: Paint, cells: int) -> list[str]:
    """A bar per stage: weights, activations and the rest, as long as the GPU's memory (or the peak beyond it)."""
    memory = report.memory.inference
    whole = max(memory.capacity, memory.peak)
    names = {row.id: told(STAGES, row.id) for row in memory.stages}
    left = max(map(width, names.values()))
    figures = {row.id: data(row.total) for row in memory.stages}
    right = max(map(width, figures.values())) + 2
    room = cells - left - right - 5
    capacity = _("GPU memory {size}", size=data(memory.capacity))
    lines = [titled(_("GPU memory to generate"), capacity, paint, cells)]
    for row in memory.stages:
        drawn = bar([(getattr(row, part), letter, part) for part, letter in PARTS], whole, room, paint)
        figure = pad(figures[row.id], right - 2, ">") + (" *" if row.id == memory.peak_stage else "")
        lines.append(f"  {pad(names[row.id], left)}  {drawn} {figure}")
    if memory.peak > memory.capacity:
        place = left + 4 + round(room * memory.capacity / whole)
        after = place + width(f"▲ {capacity}") <= cells
        mark = f"▲ {capacity}" if after else f"{capacity} ▲"
        lines.append(" " * (place if after else place + 1 - width(mark)) + paint(mark, "bad"))
    names_of_parts = {"weights": _("weights"), "activations": _("activations"), "other": _("other")}
    peak = next(row for row in memory.stages if row.id == memory.peak_stage)
    entries = [(letter, f"{names_of_parts[part]} {data(getattr(peak, part))}", part) for part, letter in PARTS]
    lines.append(legend(entries, left + 4, cells, paint))
    counted = _(
        "peak: allocated {allocated}, reserved {reserved}, on the GPU {device} ({low} to {high})",
        **{name: data(getattr(memory, name)) for name in ("allocated", "reserved", "device", "low", "high")},
    )
    host = _(
        "host RAM: {resident} waiting ({pinned} of it pinned), {loading} while loading",
        resident=data(memory.host.resident),
        pinned=data(memory.host.pinned),
        loading=data(memory.host.loading_peak),
    )
    beside = [*hanging(counted, cells, "  * "), *hanging(host, cells, "    ")]
    return lines + [paint(line, "dim") for line in beside]


def training(report: Report, paint: Paint, cells: int) -> list[str]:
    """The documented rows with a bar each, as shares of the sum."""
    memory = report.memory.training
    if memory is None:
        return []
    rows = (
        (_("Model weights"), memory.weights, "weights"),
        (_("VAE"), memory.vae, "weights"),
        *(((_("Text encoders"), memory.encoders, "weights"),) if memory.encoders else ()),
        (_("Optimizer states"), memory.optimizer, "other"),
        (_("Gradients"), memory.gradients, "other"),
        (_("Activations"), memory.activations, "activations"),
        (_("Other (context, workspace)"), memory.other, "other"),
    )
    left, right = max(width(name) for name, *rest in rows), max(width(data(size)) for _name, size, _style in rows)
    right = max(right, width(data(memory.total)))
    room = cells - left - right - 13
    plan = report.plan["training"]
    pieces = (plan["mode"], plan["recipe"], plan["optimizer"], _("checkpointing {mode}", mode=plan["checkpointing"]))
    title, setting = _("GPU memory to train"), " · ".join(pieces)
    head = [titled(title, setting, paint, cells)]
    if width(title) + width(setting) >= cells:
        head = [titled(title, "", paint, cells), *hanging(setting, cells, "  ")]
    table_rows: list[list[Cell]] = []
    for name, size, style in rows:
        drawn = bar([(size, "█", style)], memory.total, room, Paint(False)).rstrip("░")
        table_rows.append([name, data(size), share(size / memory.total), (drawn, style)])
    table_rows.append([(_("Total"), "title"), (data(memory.total), "title"), "", ""])
    lines = table(table_rows, "<>><", paint)
    return [*head, *lines]
