"""Answers of a search as points: one amount across, another upwards, those that no other beats in colour.

drawn(title, beneath, across, upwards, points)
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from vidcalc.faces.picture.chart import COLOURS, EDGE, GRID, HEAD, INK, PALE, SMALL, TEXT, WIDTH
from vidcalc.faces.picture.front import steps
from vidcalc.faces.picture.shapes import Box, Line, Picture, Words, length

HEIGHT = 360  # of the plot
DOT, BIG = 8, 13
ROOM = 1.06  # of the largest amount: what an axis shows
NAMED = 12  # points that are listed below the plot
POINT, FIRST = COLOURS["denoiser"][0], COLOURS["activations"][0]


class Axis(NamedTuple):
    """What an axis shows: its name, how an amount is written, and how far its lines may lie apart."""

    name: str
    written: Callable[[float], str]
    apart: tuple[float, ...]


class Point(NamedTuple):
    """One answer: its amounts across and upwards, what it is, and whether none beats it."""

    x: float
    y: float
    words: str
    first: bool


def drawn(title: str, beneath: str, across: Axis, upwards: Axis, points: Sequence[Point]) -> Picture:
    """The picture of some points; there is at least one."""
    left, top = EDGE + 84, EDGE + 70
    right, bottom = WIDTH - EDGE - 12, top + HEIGHT
    longest, highest = (max(getattr(each, side) for each in points) * ROOM or 1 for side in ("x", "y"))
    shapes: list[Box | Line | Words] = [
        Words(EDGE, EDGE + HEAD, title, HEAD, INK, bold=True),
        Words(EDGE, EDGE + HEAD + 22, beneath, TEXT, PALE),
    ]
    for value in steps(highest, upwards.apart):
        y = bottom - value / highest * HEIGHT
        shapes += [Line(left, y, right, y, GRID), Words(left - 8, y + 4, upwards.written(value), SMALL, PALE, "end")]
    for value in steps(longest, across.apart):
        x = left + value / longest * (right - left)
        shapes += [Line(x, top, x, bottom, GRID), Words(x, bottom + 18, across.written(value), SMALL, PALE, "middle")]
    marked = sorted(points, key=lambda each: each.first)  # those in colour over the others
    for each in marked:
        x, y = left + each.x / longest * (right - left), bottom - each.y / highest * HEIGHT
        side, colour = (BIG, FIRST) if each.first else (DOT, POINT)
        shapes.append(Box(x - side / 2, y - side / 2, side, side, colour, each.words))
    below = bottom + 46
    shapes.append(Words(EDGE, below, f"→ {across.name} · ↑ {upwards.name}", SMALL, PALE))
    for each in [each for each in points if each.first][:NAMED]:
        below += 20
        shapes += [Box(EDGE, below - 11, BIG, BIG, FIRST), Words(EDGE + 22, below, _short(each.words), SMALL, INK)]
    words = "; ".join(each.words for each in points)
    return Picture(WIDTH, below + EDGE, title, f"{across.name}, {upwards.name}: {words}.", tuple(shapes))


def _short(words: str) -> str:
    """As many of the words as a line has room for."""
    while length(words, SMALL) > WIDTH - 2 * EDGE - 22 and " · " in words:
        words = words.rpartition(" · ")[0]
    return words
