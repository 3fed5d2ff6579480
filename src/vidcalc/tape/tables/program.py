"""Formulas written out as straight-line Python: each sum, product and rounding once, in the order they are needed.

The same text runs on whole numbers and on float64 arrays; what differs between the two has names (`up`, `most` …) that
`vidcalc.tape.tables.arithmetic` gives a meaning for each.
"""

from fractions import Fraction
from math import lcm

from vidcalc.base.place import Place
from vidcalc.base.symbolic import Formula, Symbolic
from vidcalc.tape.tables.choice import Either, Word
from vidcalc.tape.tables.domain import Axis, Domain, Monomial
from vidcalc.tape.tables.polynomial import Polynomial

DENSE = 1 << 40  # a common denominator up to which sums of fractions are whole numbers over it


class Program:
    """A function under construction.

    lines   its statements;  places  names of the places of ops, which stand outside of it
    """

    def __init__(self, domain: Domain, places: dict[Place, str]) -> None:
        self.domain, self.places = domain, places
        self.lines: list[str] = []
        self._names: dict[Formula, str] = {}
        for name, axis in domain.axes.items():
            if axis.step:
                self._names[name] = name if axis == Axis(axis.least, 1) else self.let(_steps(name, axis))

    def let(self, text: str) -> str:
        """A new name for an expression."""
        name = f"t{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        return name

    def value(self, item: Formula) -> str:
        """Anything that a field may be, as an expression."""
        if isinstance(item, Polynomial):
            return self.sum(item)
        if isinstance(item, Place):
            return self.places.setdefault(item, f"P{len(self.places)}")
        if isinstance(item, Word | Either):
            return f"pick({self.sum(item.condition)}, {self.value(item.yes)}, {self.value(item.no)})"
        if isinstance(item, tuple):
            return "(" + "".join(f"{self.value(each)}, " for each in item) + ")"
        settled = getattr(item, "settled", None)
        if settled is not None:
            return self.value(settled())
        assert not isinstance(item, Symbolic)
        if isinstance(item, Fraction):
            return repr(float(item))
        return "endless" if item == float("inf") else repr(item)

    def sum(self, item: Polynomial) -> str:
        """A polynomial."""
        found = self._names.get(id(item))
        if found is None:
            found = self._names[id(item)] = self._sum(item)
        return found

    def _sum(self, item: Polynomial) -> str:
        if not item.terms:
            return "0.0" if item.real else "0"
        over = lcm(*(Fraction(c).denominator for c in item.terms.values()))
        if over > DENSE:
            text = " + ".join(self._term(m, float(c)) for m, c in item.terms.items())
            return self.let(text.replace("+ -", "- "))
        terms = [self._term(monomial, int(c * over)) for monomial, c in sorted(item.terms.items(), key=_degree)]
        text = " + ".join(terms).replace("+ -", "- ")
        if over > 1:
            return self.let(f"({text}) / {over}")
        if item.real:
            return self.let(f"({text}) * 1.0")
        return text if text.isidentifier() else self.let(text)

    def _term(self, monomial: Monomial, factor: Formula) -> str:
        if not monomial:
            return repr(factor)
        product = self._product(monomial)
        return product if factor == 1 else f"-{product}" if factor == -1 else f"{factor!r} * {product}"

    def _product(self, monomial: Monomial) -> str:
        found = self._names.get(monomial)
        if found is None:
            *rest, (index, power) = monomial
            left = (*rest, (index, power - 1)) if power > 1 else tuple(rest)
            one = self._atom(index)
            found = self._names[monomial] = self.let(f"{self._product(left)} * {one}") if left else one
        return found

    def _atom(self, index: int) -> str:
        atom = self.domain.atoms[index]
        if atom.kind == "variable":
            return self._names[atom.name]
        found = self._names.get(index)
        if found is None:
            args = [self.value(each) for each in atom.args]
            if atom.kind == "positive":
                text = f"({args[0]} > 0) * 1"
            elif atom.kind == "zero":
                text = f"({args[0]} == 0) * 1"
            elif atom.kind in ("most", "least"):
                text = args[0]
                for further in args[1:]:
                    text = f"{atom.kind}({text}, {further})"
            else:
                text = f"{atom.kind}({', '.join(args)})"
            found = self._names[index] = self.let(text)
        return found


def _degree(term: tuple[Monomial, Formula]) -> tuple[int, Monomial]:
    return sum(power for _, power in term[0]), term[0]


def _steps(name: str, axis: Axis) -> str:
    beyond = axis.least % axis.step
    return f"steps({name}{f' - {beyond}' if beyond else ''}, {axis.step})"
