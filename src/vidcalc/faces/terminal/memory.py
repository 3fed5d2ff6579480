"""Memory in bars: each stage of a generation, and the rows of training, against what the GPU holds."""

from collections.abc import Sequence

from vidcalc.faces.terminal.cells import Cell, Paint, bar, clip, hanging, legend, pad, table, width
from vidcalc.faces.terminal.numbers import data, share
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import STAGES, label
from vidcalc.report.estimate import Report

PARTS = (("weights", "█"), ("activations", "▓"), ("other", "▒"))

Stage = tuple[str, str, float, list[tuple[float, str, str]]]
Limits = tuple[float, float]
Key = Sequence[tuple[str, str, str]]


def titled(left: str, right: str, paint: Paint, cells: int) -> str:
    """A heading, with a figure at the right edge of the page where there is one."""
    if not right:
        return paint(clip(left, cells), "title")
    left = clip(left, cells - width(right) - 1)
    return paint(pad(left, cells - width(right)), "title") + paint(right, "dim")


def stages(
    title: str, rows: Sequence[Stage], most: str, limits: Limits, key: Key, paint: Paint, cells: int
) -> list[str]:
    """A bar per stage, as long as the GPU's memory (or the peak beyond it, with a mark where the memory ends).

    `rows`: (id, name, bytes, parts of the bar); `most`: id of the stage that needs most; `limits`: (capacity, peak) in
    bytes; `key`: what the letters stand for.
    """
    limit, peak = limits
    whole = max(limit, peak)
    left = max(width(name) for _id, name, *_rest in rows)
    right = max(width(data(size)) for _id, _name, size, _parts in rows)
    room = cells - left - right - 7
    capacity = _("GPU memory {size}", size=data(limit))
    lines = [titled(title, capacity, paint, cells)]
    for id_, name, size, parts in rows:
        figure = pad(data(size), right, ">") + (" *" if id_ == most else "")
        lines.append(f"  {pad(name, left)}  {bar(parts, whole, room, paint)} {figure}")
    if peak > limit:
        place = left + 4 + round(room * limit / whole)
        after = place + width(f"▲ {capacity}") <= cells
        mark = f"▲ {capacity}" if after else f"{capacity} ▲"
        lines.append(" " * (place if after else place + 1 - width(mark)) + paint(mark, "bad"))
    return [*lines, legend(key, left + 4, cells, paint)]


def inference(report: Report, paint: Paint, cells: int) -> list[str]:
    """A bar per stage of a generation: weights, activations and the rest."""
    memory = report.memory.inference
    rows = [
        (row.id, label(STAGES, row.id), row.total, [(getattr(row, part), letter, part) for part, letter in PARTS])
        for row in memory.stages
    ]
    names_of_parts = {"weights": _("weights"), "activations": _("activations"), "other": _("other")}
    peak = next(row for row in memory.stages if row.id == memory.peak_stage)
    entries = [(letter, f"{names_of_parts[part]} {data(getattr(peak, part))}", part) for part, letter in PARTS]
    limits = memory.capacity, memory.peak
    lines = stages(_("GPU memory to generate"), rows, memory.peak_stage, limits, entries, paint, cells)
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
    each = int(report.hardware.count) // int(report.hardware.nodes)
    if each > 1:
        host += " · " + _("the {count} processes of a machine: {size}", count=each, size=data(memory.host_ram))
    beside = [*hanging(counted, cells, "  * "), *hanging(host, cells, "    ")]
    if memory.kv_cache:
        cache = _("cache of keys and values: {size} of the activations", size=data(memory.kv_cache))
        beside += hanging(cache, cells, "    ")
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
