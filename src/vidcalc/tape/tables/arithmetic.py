"""What the names in a table's program mean: for whole numbers, and for float64 arrays."""

import math
from functools import cache
from typing import Any, TypeAlias

from vidcalc.base.place import Place
from vidcalc.base.symbolic import Formula
from vidcalc.ops import Attention, Collective, Convolution, Copy, Matmul, Pointwise, Update

Space: TypeAlias = dict[str, Any]  # what names in a program mean

OPS = (Attention, Collective, Convolution, Copy, Matmul, Pointwise, Update)


def up(a: int, b: int) -> int:
    """a / b, rounded up."""
    return -(-a // b)


def down(a: int, b: int) -> int:
    """a / b, rounded down."""
    return a // b


def pick(condition: int, yes: Formula, no: Formula) -> Formula:
    """A choice by 1 or 0."""
    return yes if condition else no


def top(values: tuple[Formula, ...], names: tuple[str, ...]) -> tuple[Formula, str]:
    """The largest, and the name of the first that is so large."""
    most = max(values)
    return most, names[values.index(most)]


def broken(*guards: Formula) -> bool:
    """Whether a number is not 0 that must be."""
    return any(guards)


def scalars() -> Space:
    """For whole numbers."""
    return {
        "up": up,
        "down": down,
        "ratio": down,
        "steps": down,
        "most": max,
        "least": min,
        "inverse": lambda a: 1 / a,
        "log2": math.log2,
        "power": pow,
        "round": round,
        "pick": pick,
        "top": top,
        "broken": broken,
    }


@cache
def columns() -> Space:
    """For float64 arrays, and numbers among them."""
    import numpy as np

    def largest(values: tuple[Formula, ...], names: tuple[str, ...]) -> tuple[Formula, str]:
        found = values[0]
        for value in values[1:]:
            found = np.maximum(found, value)
        return found, ""

    return {
        "up": lambda a, b: np.ceil(a / b),
        "down": lambda a, b: np.floor(a / b),
        "ratio": lambda a, b: np.floor(a / b),
        "steps": lambda a, b: a / b,
        "most": np.maximum,
        "least": np.minimum,
        "inverse": lambda a: 1 / a,
        "log2": np.log2,
        "power": np.power,
        "round": np.rint,
        "pick": lambda condition, yes, no: np.where(condition, yes, no),
        "top": largest,
        "broken": lambda *guards: any(np.any(each) for each in guards),
    }


def names() -> Space:
    """What a program needs beside arithmetic."""
    return {**{each.__name__: each for each in OPS}, "Place": Place, "endless": math.inf}
