"""One link of an explanation: a value, how it comes about, and the rows it is made of."""

from typing import Any

import msgspec

from vidcalc.base.number import Number


class Step(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A number and where it comes from.

    id          of a quantity (its path in the report), a stage, an op (its path in the network) or an input
    value       the number;  unit  "FLOP", "byte", "s", "USD", "J", "token", "h" or "" for a plain number
    formula     in symbols: "2·batch·rows·d_in·d_out"; "sum" and "max" are over the parts' value × count
    digits      the formula with the numbers in place of the symbols
    count       how often it enters the step above
    source      where the formula or figure is from;  provenance  exact, measured, interpolated or assumed
    note        what it depends on, as an id or a name (an attention kernel, the module where memory peaks)
    parts       the steps it is made of
    """

    id: str
    value: Any
    unit: str = ""
    formula: str = ""
    digits: str = ""
    count: Any = 1
    source: str = ""
    provenance: str = "exact"
    note: str = ""
    parts: tuple["Step", ...] = ()

    @property
    def total(self) -> Number:
        """The value times how often it counts."""
        total: Number = self.value * self.count
        return total
