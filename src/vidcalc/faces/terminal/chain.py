"""An explanation as an indented tree: each number, its formula in symbols and in digits, its source, its parts."""

from typing import Any

from vidcalc.explain.step import Step
from vidcalc.explain.term import spelled
from vidcalc.faces.terminal import numbers
from vidcalc.faces.terminal.cells import Paint, hanging
from vidcalc.faces.terminal.page import columns, paint, written
from vidcalc.words import N_, _
from vidcalc.words.ids import PROVENANCE, STAGES, told

FEW = 6  # rows of a sum shown, the largest first

READ = {
    "FLOP": numbers.flop,
    "byte": numbers.data,
    "s": numbers.duration,
    "USD": numbers.money,
    "J": numbers.energy,
    "h": lambda value: numbers.hours(value) + " GPU-h",
    "token": lambda value: numbers.whole(value) + " tokens",
    "FLOP/s": lambda value: numbers.flop(value) + "/s",
    "byte/s": lambda value: " ".join(numbers.scaled(value, 1000, numbers.SI)) + "B/s",
    "USD/s": lambda value: numbers.money(value * 3600) + "/h",
    "W": lambda value: numbers.significant(value) + " W",
}
JOINTS = {"sum": N_("the sum of"), "max": N_("the largest of")}


def draw(step: Step, every: bool) -> str:
    """The chain as text; `every` row, or the largest of each sum."""
    return written("\n".join(lines(step, paint(), columns(), every, depth=0, share=None)))


def lines(step: Step, colour: Paint, cells: int, every: bool, depth: int, share: float | None) -> list[str]:
    """One step and the steps below it."""
    lead, inner = "  " * depth, "  " * (depth + 1)
    name = told(STAGES, step.id) if depth else step.id
    often = "" if step.count == 1 else f"{numbers.whole(step.count)} × "
    part = "" if share is None else f"  ({numbers.share(share)})"
    joint = "  " + _(JOINTS[step.formula]) if step.formula in JOINTS and step.parts else ""
    head = f"{often}{name} = {read(step.value, step.unit)}{part}{joint}"
    found = hanging(head, cells, lead, inner)
    found[0] = colour(found[0], "title" if depth == 0 else "")
    if step.formula and step.formula not in JOINTS:
        found += hanging(f"= {step.formula}", cells, inner)
        found += hanging(f"= {step.digits} = {spelled(step.value)}", cells, inner)
    basis = [told(PROVENANCE, step.provenance)] if step.provenance != "exact" else []
    basis += [text for text in (step.note, step.source) if text]
    if basis:
        found += [colour(line, "dim") for line in hanging(" · ".join(basis), cells, inner)]
    return found + _parts(step, colour, cells, every, depth)


def _parts(step: Step, colour: Paint, cells: int, every: bool, depth: int) -> list[str]:
    """The parts, of a sum the largest first and only so many."""
    summed = step.formula in JOINTS
    parts = sorted(step.parts, key=lambda part: -part.total) if summed else list(step.parts)
    shown = parts if every or not summed else parts[:FEW]
    found = []
    for part in shown:
        share = part.total / step.value if step.formula == "sum" and step.value and len(parts) > 1 else None
        found += lines(part, colour, cells, every, depth + 1, share)
    rest = parts[len(shown) :]
    if rest:
        left = _("{count} smaller rows (--all shows them)", count=len(rest))
        total: Any = sum(part.total for part in rest)
        found += hanging(f"{left} = {read(total, step.unit)}", cells, "  " * (depth + 1))
    return found


def read(value: Any, unit: str) -> str:
    """A value in its unit as people read it, plain numbers with their digits."""
    if unit in READ:
        return str(READ[unit](value))
    return numbers.whole(value) if isinstance(value, int) else numbers.significant(value) + (f" {unit}" if unit else "")
