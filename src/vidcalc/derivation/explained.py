"""One calculation done with guests: from it every number of its report can be explained, or is marked as an input."""

from typing import Any

from vidcalc.base.guest import Guest, Label
from vidcalc.derivation.leaves import matches, numbers
from vidcalc.derivation.nouns import INPUT
from vidcalc.derivation.render import Renderer
from vidcalc.derivation.step import Step
from vidcalc.derivation.units import unit

# where plain numbers of a report are from that no formula makes
FACTS = (
    ("model.*", "model"),
    ("*.hidden_dim", "model"),
    ("*.layers", "model"),
    ("plan.*", INPUT),
    ("workload.*", INPUT),
)
NEUTRAL = (0, 1)  # what is left where a part of the calculation does not apply
NOTHING = "nothing"  # source of these


class Explained:
    """A report of guests, and the steps behind its numbers.

    report  what the calculation gave: its numbers are guests, and plain ones that nothing calculates
    """

    def __init__(self, report: Any) -> None:
        self.report = report
        self.numbers: dict[str, Any] = dict(numbers(report))
        leaves: dict[int, Label] = {}
        for path, value in self.numbers.items():
            if isinstance(value, Guest):
                leaves.setdefault(id(value), Label(path, unit(path)))
        self.renderer = Renderer(leaves)

    def step(self, path: str) -> Step:
        """The step of a number of the report. Raises KeyError for a path that it has not."""
        value = self.numbers[path]
        if isinstance(value, Guest):
            return self.renderer.explained(value, Label(path, unit(path)))
        return Step(id=path, value=value, unit=unit(path), source=self.source(path, value))

    def source(self, path: str, value: Any) -> str:
        """Where a plain number is from: the model's file, a flag, a record that says so itself; "" of none."""
        if path.startswith("assumptions."):
            return self.basis(path.split(".")[1])
        fact = next((source for pattern, source in FACTS if matches(pattern, path)), "")
        return fact or (NOTHING if value in NEUTRAL else "")

    def basis(self, name: str) -> str:
        """The source that an assumption names."""
        rows = self.report.assumptions
        record = next((row for row in rows if row.id == name), None) or rows[int(name)]
        return str(record.source) or INPUT

    @property
    def unexplained(self) -> list[str]:
        """Paths whose numbers have neither a formula nor a source."""
        return [
            path
            for path, value in self.numbers.items()
            if not isinstance(value, Guest) and not self.source(path, value)
        ]
