"""An explanation as an indented tree: each number, its formula in symbols and in digits, its source, its parts."""

from collections.abc import Callable
from typing import Any

import msgspec

from vidcalc.base.units import HOUR
from vidcalc.derivation.nouns import INPUT
from vidcalc.derivation.spell import spelled
from vidcalc.derivation.step import Step
from vidcalc.faces.terminal import numbers
from vidcalc.faces.terminal.cells import Paint, hanging
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.words import N_, _
from vidcalc.faces.words.ids import PROVENANCE, STAGES, label

FEW = 6  # rows of a sum shown, the largest first

READ: dict[str, Callable[[Any], str]] = {
    "FLOP": numbers.flop,
    "byte": numbers.data,
    "s": numbers.duration,
    "USD": numbers.money,
    "J": numbers.energy,
    "h": lambda value: _("{hours} GPU-hours", hours=numbers.hours(value)),
    "token": lambda value: _("{tokens} tokens", tokens=numbers.whole(value)),
    "FLOP/s": lambda value: numbers.flop(value) + "/s",
    "byte/s": numbers.rate,
    "USD/s": lambda value: numbers.money(value * HOUR) + "/h",
    "W": lambda value: numbers.significant(value) + " W",
}
JOINTS = {"sum": N_("the sum of"), "max": N_("the largest of")}


def draw(step: Step, every: bool, look: Look | None = None) -> str:
    """The chain as text; `every` row, or the largest of each sum."""
    return "\n".join(Chain(*(look or here()), every).lines(step))


class Chain:
    """Draws steps; an input that was shown once with its source is not repeated."""

    def __init__(self, colour: Paint, cells: int, every: bool) -> None:
        self.colour, self.cells, self.every = colour, cells, every
        self.shown: set[tuple[str, Any, str, Any]] = set()

    def lines(self, step: Step, depth: int = 0, share: float | None = None) -> list[str]:
        """One step and the steps below it."""
        below = self.parts(step, depth)
        lines = self.head(step if below else msgspec.structs.replace(step, parts=()), depth, share)
        inner = "  " * (depth + 1)
        if step.formula and step.formula not in JOINTS:
            lines += hanging(f"= {step.formula}", self.cells, inner, inner + "  ")
            lines += hanging(f"= {step.digits} = {spelled(step.value)}", self.cells, inner, inner + "  ")
        basis = [label(PROVENANCE, step.provenance)] if step.provenance != "exact" else []
        basis += [text for text in (step.note, _("input") if step.source == INPUT else step.source) if text]
        if basis:
            lines += [self.colour(line, "dim") for line in hanging(" · ".join(basis), self.cells, inner)]
        return lines + below

    def head(self, step: Step, depth: int, share: float | None = None) -> list[str]:
        """Name and value of a step, how often it counts, and its share of what it is a part of."""
        name = label(STAGES, step.id) if depth else step.id
        times = numbers.whole if isinstance(step.count, int) else numbers.significant
        often = "" if step.count == 1 else f"{times(step.count)} × "
        part = "" if share is None else f" ({numbers.share(share)})"
        joint = ", " + _(JOINTS[step.formula]) if step.formula in JOINTS and step.parts else ""
        head = f"{often}{name} = {read(step.value, step.unit)}{part}{joint}"
        lines = hanging(head, self.cells, "  " * depth, "  " * (depth + 1))
        lines[0] = self.colour(lines[0], "title" if depth == 0 else "")
        return lines

    def parts(self, step: Step, depth: int) -> list[str]:
        """The parts: of a sum the largest first and only so many, of the largest the others by name alone."""
        joined = step.formula in JOINTS
        parts = sorted(step.parts, key=lambda part: -part.total) if joined else list(step.parts)
        shown = parts if self.every or not joined else parts[:FEW]
        lines = []
        for place, part in enumerate(shown):
            if self.is_repeat(part):
                continue
            if step.formula == "max" and place > 0 and not self.every:
                lines += self.head(msgspec.structs.replace(part, parts=()), depth + 1)
                continue
            share = part.total / step.value if step.formula == "sum" and step.value and len(parts) > 1 else None
            lines += self.lines(part, depth + 1, share)
        rest = parts[len(shown) :]
        if rest:
            left = _("{count} smaller rows (--all shows them)", count=len(rest))
            total: Any = sum(part.total for part in rest)
            lines += hanging(f"{left} = {read(total, step.unit)}", self.cells, "  " * (depth + 1))
        return lines

    def is_repeat(self, step: Step) -> bool:
        """Whether it is an input that was shown before; remembers it."""
        key = (step.id, step.value, step.source, step.count)
        if step.parts or step.formula or key in self.shown:
            return key in self.shown
        self.shown.add(key)
        return False


def read(value: Any, unit: str) -> str:
    """A value in its unit as people read it, plain numbers with their digits."""
    if unit in READ:
        return READ[unit](value)
    return numbers.whole(value) if isinstance(value, int) else numbers.significant(value) + (f" {unit}" if unit else "")
