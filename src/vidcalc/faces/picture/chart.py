"""The stages of a generation as bars against the GPU's memory: weights by component, activations, workspace, the rest.

picture = chart(report)
"""

from collections.abc import Iterator
from typing import NamedTuple

from vidcalc.faces.picture.shapes import Box, Line, Picture, Words, length
from vidcalc.faces.terminal.numbers import data, whole
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import PARTS, STAGES, VERDICTS, label
from vidcalc.report.estimate import Report, StageRow

WIDTH, EDGE = 960, 32
BAR, GAP = 34, 18
TEXT, SMALL, HEAD = 14, 12, 20
INK, PALE, GRID, LIMIT = "#1d2733", "#5c6875", "#e3e7eb", "#c62828"
# the denoiser, then encoders, the VAE, whatever else: told apart by lightness too, so that grey prints and eyes agree
COLOURS = {
    "denoiser": ("#174a7c",),
    "text_encoder": ("#3f83c4", "#6fa8dc", "#9cc6ec"),
    "image_encoder": ("#7b6fb8", "#a59cd4"),
    "vae": ("#2a8f84",),
    "other": ("#8a9aa9", "#aab6c1"),
    "optimizer": ("#5b8a3c",),
    "gradients": ("#93b874",),
    "activations": ("#f0a02c",),
    "workspace": ("#d9743f",),
    "process": ("#c4cad0",),
}
DARK = ("#174a7c", "#3f83c4", "#7b6fb8", "#2a8f84", "#d9743f", "#5b8a3c")  # words on these are white

Part = tuple[str, str, float]  # name, colour, bytes


class Bar(NamedTuple):
    """One row of the chart: its name, what it is made of, their sum in bytes, and whether it is the largest."""

    name: str
    parts: tuple[Part, ...]
    total: float
    at_peak: bool


def chart(report: Report) -> Picture:
    """The picture of a report: the stages of a generation, in the language in use."""
    memory, gpu, job = report.memory.inference, report.hardware, report.workload
    names = {row.id: label(STAGES, row.id) for row in memory.stages}
    size = _("{width}×{height}, {frames} frames", **{name: job[name] for name in ("width", "height", "frames")})
    verdict = label(VERDICTS, memory.verdict)
    stage = names[memory.peak_stage]
    peak = _("peak {size} in {stage}: {verdict}", size=data(memory.peak), stage=stage, verdict=verdict)
    roles = {row.id: row.role for row in report.model.components}
    bars = [
        Bar(names[row.id], tuple(parts(row, roles)), row.total, row.id == memory.peak_stage) for row in memory.stages
    ]
    title = f"{report.model.title} · {size}"
    beside = _("Sizes below the chart are the largest over the stages. Host RAM {host}.", host=data(memory.host_ram))
    return drawn(bars, memory.capacity, title, f"{whole(gpu.count)} × {gpu.name}", peak, beside)


def drawn(bars: list[Bar], capacity: float, title: str, machine: str, peak: str, beside: str) -> Picture:
    """Bars against the GPU's memory, with a legend below."""
    left = EDGE + max(length(row.name, TEXT) for row in bars) + 14
    most = max(row.total for row in bars)
    right = WIDTH - EDGE - length(_("{size} peak", size=data(most)), TEXT) - 12
    longest = max(capacity, most) * 1.02
    scale = (right - left) / longest
    top = EDGE + 76
    bottom = top + len(bars) * (BAR + GAP)
    shapes: list[Box | Line | Words] = [
        Words(EDGE, EDGE + HEAD, title, HEAD, INK, bold=True),
        Words(EDGE, EDGE + HEAD + 22, f"{machine} · {peak}", TEXT, PALE),
    ]
    shapes += axis(longest, left, scale, top - 8, bottom)
    legend: dict[str, Part] = {}
    for place, row in enumerate(bars):
        y = top + place * (BAR + GAP) + GAP / 2
        shapes.append(Words(left - 12, y + BAR / 2 + 5, row.name, TEXT, INK, "end", row.at_peak))
        x = float(left)
        for part in row.parts:
            entry = legend.get(part[0])
            legend[part[0]] = part if entry is None or entry[2] < part[2] else entry
            long = part[2] * scale
            shapes.append(Box(x, y, long, BAR, part[1], f"{part[0]}: {data(part[2])}"))
            if long > length(data(part[2]), SMALL) + 10:
                ink = "#ffffff" if part[1] in DARK else INK
                shapes.append(Words(x + long / 2, y + BAR / 2 + 4, data(part[2]), SMALL, ink, "middle"))
            x += long
        figure = _("{size} peak", size=data(row.total)) if row.at_peak else data(row.total)
        shapes.append(Words(x + 8, y + BAR / 2 + 5, figure, TEXT, INK, bold=row.at_peak))
    limit = left + capacity * scale
    shapes.append(Line(limit, top - 6, limit, bottom + 4, LIMIT, 2, 6))
    holds = _("GPU memory {size}", size=data(capacity))
    near_edge = limit + length(holds, SMALL) > WIDTH - EDGE
    shapes.append(
        Words(WIDTH - EDGE if near_edge else limit, top - 12, holds, SMALL, LIMIT, "end" if near_edge else "start")
    )
    below: float = bottom + 40
    order = [colour for colours in COLOURS.values() for colour in colours]
    for name, colour, x, y in placed(sorted(legend.values(), key=lambda part: order.index(part[1])), below):
        shapes += [Box(x, y - 11, 12, 12, colour), Words(x + 18, y, name, SMALL, INK)]
        below = y
    shapes.append(Words(EDGE, below + 28, beside, SMALL, PALE))
    all_told = "; ".join(f"{row.name} {data(row.total)}" for row in bars)
    return Picture(WIDTH, below + 28 + EDGE, title, f"{peak}. {all_told}. {holds}.", tuple(shapes))


def parts(row: StageRow, roles: dict[str, str]) -> Iterator[Part]:
    """What a stage holds, in the order it is drawn; what is nothing is left out."""
    used: dict[str, int] = {}
    for component, nbytes in row.resident.items():
        role = roles.get(component, "other")
        colours = COLOURS.get(role, COLOURS["other"])
        place = used.get(role, 0)
        used[role] = place + 1
        if nbytes:
            name = label(PARTS, role)
            several = sum(other == role for other in roles.values()) > 1 or role == "other"
            yield (f"{name} {label(PARTS, component)}" if several else name), colours[place % len(colours)], nbytes
    for name, value in (
        ("activations", row.activations),
        ("workspace", row.workspace),
        ("process", row.other - row.workspace),
    ):
        if value:
            yield label(PARTS, name), COLOURS[name][0], value


def axis(longest: float, left: float, scale: float, top: float, bottom: float) -> list[Line | Words]:
    """Light lines at round amounts of memory, named below."""
    step = 2**30 / 8
    while longest / step > 8:
        step *= 2
    shapes: list[Line | Words] = []
    for place in range(int(longest / step) + 1):
        x = left + place * step * scale
        name = data(place * step).replace(".00", "").replace(".0 ", " ")
        shapes += [Line(x, top, x, bottom, GRID), Words(x, bottom + 16, name, SMALL, PALE, "middle")]
    return shapes


def placed(legend: list[Part], top: float) -> Iterator[tuple[str, str, float, float]]:
    """Name, colour and place of each entry of the legend, in as many rows as it takes."""
    x, y = float(EDGE), top
    for name, colour, nbytes in legend:
        told_name = f"{name} {data(nbytes)}"
        long = 18 + length(told_name, SMALL) + 22
        if x + long > WIDTH - EDGE and x > EDGE:
            x, y = float(EDGE), y + 22
        yield told_name, colour, x, y
        x += long
