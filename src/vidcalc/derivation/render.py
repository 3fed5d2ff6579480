"""From a guest to the step that explains it: no formula stands here, the guest brings its own.

An expression is cut at its atoms: numbers with a name, which become parts of the step and are explained by themselves.
A sum, or a largest, of many rows is said as "sum" or "max" over its parts; everything else in symbols and digits.
"""

from functools import reduce
from typing import Any

from msgspec.structs import replace

from vidcalc.base.guest import Guest, Label, plain
from vidcalc.base.number import product
from vidcalc.base.provenance import weakest
from vidcalc.derivation.spell import flat, spell, spelled
from vidcalc.derivation.step import Step

LONG = 24  # numbers of a formula beyond which parts of it become steps of their own, by what they are
LONGER = {
    "+": "sum",
    "max": "largest",
    "*": "product",
    "/": "quotient",
    "-": "difference",
    "//": "floor",
    "ceil": "ceiling",
}
SPELLED = 3  # rows of a sum up to which its formula says more than its rows


class Renderer:
    """Renders guests of one calculation; equal guests give one and the same step.

    leaves  what guests are called that are numbers of the report, by their identity: path and unit
    """

    def __init__(self, leaves: dict[int, Label]) -> None:
        self.leaves = leaves
        self.steps: dict[int, Step] = {}

    def named(self, guest: Guest) -> Label | None:
        """What a guest is called where it is a number of its own."""
        if guest.op in ("symbol", "named"):
            return guest.label
        return self.leaves.get(id(guest))

    def atom(self, guest: Guest, below: str = "") -> str:
        """What a guest is called in a formula, as a side of an operation; "" where it is spelled out."""
        label = self.named(guest)
        if label is None:
            return self.cut(guest, below)
        return label.name if guest.label else short(label.name)

    def cut(self, guest: Guest, below: str) -> str:
        """What stands for an expression that would make the formula around it too long; "" where it would not."""
        if guest.size <= LONG or guest.op == below or guest.op not in LONGER:
            return ""
        self.leaves[id(guest)] = Label(LONGER[guest.op])
        return LONGER[guest.op]

    def step(self, guest: Guest) -> Step:
        """The step of a guest with a name."""
        if id(guest) not in self.steps:
            label = self.named(guest)
            assert label is not None
            self.steps[id(guest)] = self.explained(guest, label)
        return self.steps[id(guest)]

    def explained(self, guest: Guest, label: Label) -> Step:
        """The step of a guest under that name."""
        inner = guest
        while inner.op in ("named", "as") and (inner is guest or self.named(inner) is None):
            inner = inner.args[0]
        if inner.op == "symbol" and inner.label is not None:
            own = inner.label
            source, note = label.source or own.source, label.note or own.note
            unit = label.unit or own.unit
            weaker = weakest(label.provenance, own.provenance)
            return Step(id=label.name, value=guest.value, unit=unit, source=source, provenance=weaker, note=note)
        if inner is not guest and self.named(inner) is not None:  # the same number under another name
            return self.renamed(self.step(inner), guest, label)
        return self.rows(guest, inner, label) or self.formula(guest, inner, label)

    def renamed(self, step: Step, guest: Guest, label: Label) -> Step:
        """A step under another name."""
        weaker = weakest(step.provenance, label.provenance)
        said = {"source": label.source or step.source, "note": label.note or step.note, "provenance": weaker}
        return replace(step, id=label.name, unit=label.unit or step.unit, value=typed(step.value, guest.value), **said)

    def rows(self, guest: Guest, inner: Guest, label: Label) -> Step | None:
        """A sum, or a largest, over rows: where each is a named number times a count, or where it is a long sum."""
        if inner.op not in ("+", "max"):
            return None
        sides = [side for side in self.flat(inner, inner.op) if isinstance(side, Guest) or side]
        rows = [self.row(side, label.unit) for side in sides]
        of_ops = all(isinstance(side, Guest) and label_of(side).home for side in sides)
        if None in rows and len(sides) <= SPELLED and not of_ops:
            return None
        made = [row or self.unnamed(side, label) for row, side in zip(rows, sides, strict=True)]
        if inner.op == "max" and any(row.total < 0 for row in made):  # the largest may be a plain 0
            return None
        parts = tuple(row for row in made if row.total)
        totals = [row.total for row in parts]
        value = sum(totals) if inner.op == "+" else max(totals, default=0)
        return Step(
            id=label.name,
            value=typed(value, guest.value),
            unit=label.unit,
            formula={"+": "sum", "max": "max"}[inner.op] if parts else "",
            parts=parts,
            source=label.source,
            provenance=reduce(weakest, (row.provenance for row in parts), label.provenance),
            note=label.note,
        )

    def row(self, side: object, unit: str) -> Step | None:
        """A side of a sum in that unit as a named number that counts so often; None where it is something else."""
        if not isinstance(side, Guest):
            return None
        factors = [side] if self.named(side) else self.flat(side, "*")
        atoms = [each for each in factors if isinstance(each, Guest) and self.named(each) and not counting(each)]
        wide = [each for each in atoms if self.unit(each) == unit]
        if not wide and len(atoms) == 1 and not self.unit(atoms[0]) and atoms[0].op == "symbol":
            wide = atoms if not any(isinstance(each, Guest) for each in factors if each is not atoms[0]) else []
        if len(wide) != 1 or (not unit and len(atoms) > 1):
            return None
        own = self.step(wide[0])
        rest: list[Any] = [each for each in factors if each is not wide[0]]
        return replace(own, id=self.home(wide[0]) or own.id, count=plain(product(rest)))

    def flat(self, guest: Guest, op: str) -> list[Any]:
        """The sides of one operation on and on, down to those with a name."""
        return flat(guest, op, self.atom)

    def unnamed(self, side: Any, label: Label) -> Step:
        """A side of a long sum that has no name: the op it is of, else its own formula as its name."""
        if not isinstance(side, Guest):
            return Step(id=spelled(side), value=side, unit=label.unit, source=label.source)
        factors = self.flat(side, "*")
        often = [each for each in factors if counting(each)]
        rest = [each for each in factors if not counting(each)]
        if not rest:
            rest, often = [1], factors
        inner = product(rest)
        if not isinstance(inner, Guest):
            first = label_of(often[0])
            return Step(id=first.home, value=inner, count=plain(product(often)), source=first.source, note=first.note)
        first = label_of(inner)
        if inner.op == "symbol":
            own = self.step(inner)
            return replace(own, id=first.home or own.id, unit=own.unit or label.unit, count=plain(product(often)))
        name = first.home or symbols(inner)[0].label.name  # type: ignore[union-attr]
        made = self.formula(inner, inner, Label(name, label.unit, first.source if first.home else ""))
        return replace(made, count=plain(product(often)), note=first.note if first.home else "")

    def formula(self, guest: Guest, inner: Guest, label: Label) -> Step:
        """A step in symbols and digits, with its atoms as parts."""
        writing = spell(inner, self.atom)
        atoms = self.atoms(inner)
        parts = tuple(replace(self.step(each), count=1) for each in atoms if not self.home(each))
        fields = dict.fromkeys(label_of(each).source for each in atoms if self.home(each))
        return Step(
            id=label.name,
            value=guest.value,
            unit=label.unit,
            formula=writing.text,
            digits=writing.digits,
            parts=parts,
            source=label.source or "; ".join(fields),
            provenance=reduce(weakest, (part.provenance for part in parts), label.provenance),
            note=label.note,
        )

    def atoms(self, inner: Guest) -> list[Guest]:
        """The named numbers of an expression, each once, in the order they are read."""
        parts: dict[int, Guest] = {}
        seen: set[int] = set()
        left: list[Any] = [inner]
        while left:
            side = left.pop()
            if not isinstance(side, Guest) or id(side) in seen:
                continue
            seen.add(id(side))
            if side is not inner and self.named(side):
                parts[id(side)] = side
            else:
                left += reversed(side.args)
        return list(parts.values())

    def unit(self, guest: Guest) -> str:
        """The unit of a named guest; that of what it is made of, where it says none."""
        label = self.named(guest)
        return label.unit if label else ""

    def home(self, guest: Guest) -> str:
        """The path of the op of whose fields a symbol is."""
        return guest.label.home if guest.label else ""


def counting(side: object) -> bool:
    """Whether a factor only says how often an op runs: made of its count, shares and plain numbers."""
    if not isinstance(side, Guest) or side.size > LONG:
        return False
    labels = [each.label for each in symbols(side) if each.label is not None]
    return any(label.counts for label in labels) and not any(
        label.unit or (label.home and not label.counts) for label in labels
    )


def symbols(side: Guest) -> list[Guest]:
    """The symbols and named numbers of an expression, as they are read."""
    leaves: list[Guest] = []
    left: list[Any] = [side]
    while left:
        each = left.pop()
        if isinstance(each, Guest):
            if each.label is not None:
                leaves.append(each)
            else:
                left += reversed(each.args)
    return leaves


def label_of(guest: Guest) -> Label:
    """The label of the first symbol of an op in an expression; an empty one where there is none."""
    return next((each.label for each in symbols(guest) if each.label is not None and each.label.home), Label(""))


def typed(value: Any, like: Any) -> Any:
    """The reported number where it is the same, which keeps whole numbers whole."""
    return like if value == like else value


def short(path: str) -> str:
    """What a number of the report is called in a formula: the end of its path."""
    *before, last = path.split(".")
    general = last in ("total", "likely", "low", "high", "peak", "per_step") and before
    return f"{before[-1]}.{last}" if general else last
