"""One video by the number of GPUs as a picture: a bar of seconds per count, what it is of, and what it costs.

picture = chart(scaling)
"""

from vidcalc.faces.picture.shapes import Box, Line, Picture, Words, length
from vidcalc.faces.terminal.numbers import data, duration, money, share, times, whole
from vidcalc.faces.terminal.scale import ways
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import KINDS, STAGES, VERDICTS, label
from vidcalc.search.scale import Row, Scaling

WIDTH, EDGE = 960, 32
BAR, GAP = 30, 30
TEXT, SMALL, HEAD = 14, 12, 20
INK, PALE, IDEAL = "#1d2733", "#5c6875", "#c62828"
DENOISE, EXCHANGE, OTHER = "#174a7c", "#f0a02c", "#8a9aa9"


def chart(scaling: Scaling) -> Picture:
    """The picture, in the language in use."""
    job = scaling.workload
    size = _("{width}×{height}, {frames} frames", **{name: job[name] for name in ("width", "height", "frames")})
    title = f"{scaling.title} · {size}"
    names = {row.count: _("{count} × GPU", count=whole(row.count)) for row in scaling.rows}
    left = EDGE + max(length(name, TEXT) for name in names.values()) + 14
    right = WIDTH - EDGE - max(length(figures(row), SMALL) for row in scaling.rows) - 12
    longest = max(row.seconds for row in scaling.rows)
    scale = max(right - left, 100) / longest
    top = EDGE + 66
    beneath = " · ".join(piece for piece in (scaling.name, scaling.link, scaling.framework) if piece)
    shapes: list[Box | Line | Words] = [
        Words(EDGE, EDGE + HEAD, title, HEAD, INK, bold=True),
        Words(EDGE, EDGE + HEAD + 22, beneath, TEXT, PALE),
    ]
    alone = scaling.rows[0].seconds
    for place, row in enumerate(scaling.rows):
        y = top + place * (BAR + GAP) + 8
        best = row.count == scaling.best_time
        shapes.append(Words(left - 12, y + BAR / 2 + 5, names[row.count], TEXT, INK, "end", best))
        x = float(left)
        for name, colour, seconds in parts(row):
            shapes.append(Box(x, y, seconds * scale, BAR, colour, f"{name}: {duration(seconds)}"))
            x += seconds * scale
        shapes.append(Words(x + 8, y + BAR / 2 + 5, figures(row), SMALL, INK, bold=best))
        if row.parallel:
            shapes.append(Words(left, y + BAR + 14, ways(row), SMALL, PALE))
        ideal = left + alone / row.count * scale
        shapes.append(Line(ideal, y - 4, ideal, y + BAR + 4, IDEAL, 2, 4))
    below = top + len(scaling.rows) * (BAR + GAP) + 28
    x = float(EDGE)
    for name, colour in legend():
        shapes += [Box(x, below - 11, 12, 12, colour), Words(x + 18, below, name, SMALL, INK)]
        x += 18 + length(name, SMALL) + 22
    shapes.append(Line(x + 6, below - 12, x + 6, below + 2, IDEAL, 2, 4))
    shapes.append(Words(x + 18, below, _("time of one GPU over their number"), SMALL, INK))
    words = "; ".join(f"{names[row.count]}: {ways(row)}, {figures(row)}" for row in scaling.rows)
    return Picture(WIDTH, below + EDGE, title, f"{beneath}. {words}.", tuple(shapes))


def figures(row: Row) -> str:
    """What stands behind a bar: time, speed-up, efficiency, cost, memory of a GPU and whether that fits."""
    pieces = [duration(row.seconds), times(row.speedup), share(row.efficiency)]
    pieces += [] if row.cost is None else [money(row.cost)]
    return " · ".join([*pieces, f"{data(row.peak)} ({label(VERDICTS, row.fits)})"])


def parts(row: Row) -> list[tuple[str, str, float]]:
    """Name, colour and seconds of what a generation is made of."""
    values = (row.denoise - row.communication, row.communication, row.seconds - row.denoise)
    return [(name, colour, value) for (name, colour), value in zip(legend(), values, strict=True) if value > 0]


def legend() -> list[tuple[str, str]]:
    """Names and colours of the parts."""
    return [
        (label(STAGES, "denoise"), DENOISE),
        (label(KINDS, "communication"), EXCHANGE),
        (_("other stages"), OTHER),
    ]
