"""The stages of a generation as bars against the GPU's memory: weights by component, activations, workspace, the rest.

picture = chart(report)
"""

from collections.abc import Iterator

from vidcalc.faces.picture.shapes import Box, Line, Picture, Words, length
from vidcalc.faces.terminal.numbers import data, whole
from vidcalc.report import Report, StageRow
from vidcalc.words import _
from vidcalc.words.ids import PARTS, STAGES, VERDICTS, told

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
    "activations": ("#f0a02c",),
    "workspace": ("#d9743f",),
    "process": ("#c4cad0",),
}
DARK = ("#174a7c", "#3f83c4", "#7b6fb8", "#2a8f84", "#d9743f")  # words on these are white

Part = tuple[str, str, float]  # name, colour, bytes


def chart(report: Report) -> Picture:
    """The picture of a report, in the language in use."""
    memory, gpu = report.memory.inference, report.hardware
    names = {row.id: told(STAGES, row.id) for row in memory.stages}
    left = EDGE + max(length(name, TEXT) for name in names.values()) + 14
    right = WIDTH - EDGE - length(_("{size} peak", size=data(memory.peak)), TEXT) - 12
    longest = max(memory.capacity, memory.peak) * 1.02
    scale = (right - left) / longest
    top = EDGE + 76
    bottom = top + len(memory.stages) * (BAR + GAP)
    job = report.workload
    size = _("{width}×{height}, {frames} frames", **{name: job[name] for name in ("width", "height", "frames")})
    title = f"{report.model.title} · {size}"
    verdict = told(VERDICTS, memory.verdict)
    stage = names[memory.peak_stage]
    peak = _("peak {size} in {stage}: {verdict}", size=data(memory.peak), stage=stage, verdict=verdict)
    shapes: list[Box | Line | Words] = [
        Words(EDGE, EDGE + HEAD, title, HEAD, INK, bold=True),
        Words(EDGE, EDGE + HEAD + 22, f"{whole(gpu.count)} × {gpu.name} · {peak}", TEXT, PALE),
    ]
    shapes += axis(longest, left, scale, top - 8, bottom)
    known = {row.id: row.role for row in report.model.components}
    legend: dict[str, Part] = {}
    for place, row in enumerate(memory.stages):
        y = top + place * (BAR + GAP) + GAP / 2
        at_peak = row.id == memory.peak_stage
        shapes.append(Words(left - 12, y + BAR / 2 + 5, names[row.id], TEXT, INK, "end", at_peak))
        x = float(left)
        for part in parts(row, known):
            held = legend.get(part[0])
            legend[part[0]] = part if held is None or held[2] < part[2] else held
            long = part[2] * scale
            shapes.append(Box(x, y, long, BAR, part[1], f"{part[0]}: {data(part[2])}"))
            if long > length(data(part[2]), SMALL) + 10:
                ink = "#ffffff" if part[1] in DARK else INK
                shapes.append(Words(x + long / 2, y + BAR / 2 + 4, data(part[2]), SMALL, ink, "middle"))
            x += long
        figure = _("{size} peak", size=data(row.total)) if at_peak else data(row.total)
        shapes.append(Words(x + 8, y + BAR / 2 + 5, figure, TEXT, INK, bold=at_peak))
    limit = left + memory.capacity * scale
    shapes.append(Line(limit, top - 6, limit, bottom + 4, LIMIT, 2, 6))
    capacity = _("GPU memory {size}", size=data(memory.capacity))
    near_edge = limit + length(capacity, SMALL) > WIDTH - EDGE
    shapes.append(
        Words(WIDTH - EDGE if near_edge else limit, top - 12, capacity, SMALL, LIMIT, "end" if near_edge else "start")
    )
    below: float = bottom + 40
    order = [colour for colours in COLOURS.values() for colour in colours]
    for name, colour, x, y in placed(sorted(legend.values(), key=lambda part: order.index(part[1])), below):
        shapes += [Box(x, y - 11, 12, 12, colour), Words(x + 18, y, name, SMALL, INK)]
        below = y
    beside = _("Sizes below the chart are the largest over the stages. Host RAM {host}.", host=data(memory.host_ram))
    shapes.append(Words(EDGE, below + 28, beside, SMALL, PALE))
    told_stages = "; ".join(f"{names[row.id]} {data(row.total)}" for row in memory.stages)
    return Picture(WIDTH, below + 28 + EDGE, title, f"{peak}. {told_stages}. {capacity}.", tuple(shapes))


def parts(row: StageRow, roles: dict[str, str]) -> Iterator[Part]:
    """What a stage holds, in the order it is drawn; what is nothing is left out."""
    used: dict[str, int] = {}
    for component, nbytes in row.resident.items():
        role = roles.get(component, "other")
        colours = COLOURS.get(role, COLOURS["other"])
        place = used.get(role, 0)
        used[role] = place + 1
        if nbytes:
            name = told(PARTS, role)
            several = sum(other == role for other in roles.values()) > 1 or role == "other"
            yield (f"{name} {told(PARTS, component)}" if several else name), colours[place % len(colours)], nbytes
    for name, value in (
        ("activations", row.activations),
        ("workspace", row.workspace),
        ("process", row.other - row.workspace),
    ):
        if value:
            yield told(PARTS, name), COLOURS[name][0], value


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
