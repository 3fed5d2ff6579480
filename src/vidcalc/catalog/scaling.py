"""Scaling laws from `data/scaling_laws.toml`: how a training compute is best split between parameters and tokens."""

import msgspec

from vidcalc.base.errors import InputError, nearest
from vidcalc.base.facts import Facts
from vidcalc.base.number import Number
from vidcalc.catalog.load import table

PER_TOKEN = 6  # FLOPs per parameter and token, forward and backward, where attention is left out


class Law(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A power law N = scale · C^exponent of parameters in compute [FLOP]; see the data file for its fields."""

    id: str
    title: str
    data: str
    counting: str
    scale: float
    exponent: float
    fitted: tuple[float, float]
    checked: float
    unit: str
    date: str
    source: str
    tokens_scale: float | None = None
    tokens_exponent: float | None = None

    def params(self, compute: Number) -> Number:
        """Parameters that a compute is best spent on, by the law's own way of counting."""
        return self.scale * compute**self.exponent

    def compute(self, params: Number) -> Number:
        """The compute at which that many parameters are best, by the law's own way of counting [FLOP]."""
        return (params / self.scale) ** (1 / self.exponent)

    def tokens(self, params: Number, flops_per_token: Number) -> Number:
        """Tokens that go with that many parameters, where the real network takes `flops_per_token` of training."""
        each = {"network": flops_per_token, "6nd": PER_TOKEN * params}[self.counting]
        return self.compute(params) / each


def law(name: str) -> Law:
    """Raises InputError("law", …)."""
    rows: Facts = table("scaling_laws")["laws"]
    if name not in rows:
        raise InputError("law", name, tuple(rows), nearest(name, list(rows)))
    return msgspec.convert({"id": name, **rows[name]}, Law)


def names() -> tuple[str, ...]:
    """All laws, those of video first."""
    return tuple(table("scaling_laws")["laws"])
