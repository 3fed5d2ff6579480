"""What a picture is made of: boxes, lines and words at places in pixels, drawn in order."""

from typing import NamedTuple

from vidcalc.faces.terminal.cells import width as cells


class Box(NamedTuple):
    """A filled rectangle; `tip` is what pointing at it says."""

    left: float
    top: float
    width: float
    height: float
    fill: str
    tip: str = ""


class Line(NamedTuple):
    """A straight line; `dash` is the length of its dashes, 0 for a whole one."""

    left: float
    top: float
    right: float
    bottom: float
    stroke: str
    width: float = 1
    dash: float = 0


class Words(NamedTuple):
    """A text whose baseline is at `bottom`; `anchor` is "start", "middle" or "end"."""

    left: float
    bottom: float
    text: str
    size: float
    fill: str
    anchor: str = "start"
    bold: bool = False


class Picture(NamedTuple):
    """Shapes on a sheet of paper, and what it shows in words."""

    width: float
    height: float
    title: str
    words: str
    shapes: tuple[Box | Line | Words, ...]


PAPER = "#ffffff"


def length(text: str, size: float) -> float:
    """About how long a text is: letters a little over half as wide as high, Hangul as wide as high [pixel]."""
    return 0.56 * size * cells(text)
