"""Training recipes and optimizers, from `data/training.toml`."""

from functools import cache
from typing import Any

import msgspec

from vidcalc.catalog.load import table
from vidcalc.errors import InputError, nearest


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bytes per weight element of each thing a precision recipe holds; `compute` is the activations' dtype."""

    compute: str
    weights: float
    gradients: float
    master: float
    states: float
    source: str


class Optimizer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many states per weight element, and their bytes where the recipe does not decide."""

    states: float
    source: str
    state_bytes: float | None = None

    def each(self, chosen: Recipe) -> float:
        """Bytes per weight element of one state."""
        return chosen.states if self.state_bytes is None else self.state_bytes

    def held(self, chosen: Recipe) -> float:
        """Bytes per weight element of the master copy and all states."""
        return chosen.master + self.states * self.each(chosen)


def recipe(name: str) -> Recipe:
    """Raises InputError("recipe", …)."""
    return msgspec.convert(_row("recipes", "recipe", name), Recipe)


def optimizer(name: str) -> Optimizer:
    """Raises InputError("optimizer", …)."""
    return msgspec.convert(_row("optimizers", "optimizer", name), Optimizer)


def choices(table: str) -> tuple[str, ...]:
    """The names of a table: "recipes" or "optimizers"."""
    return tuple(_tables()[table])


def _row(table: str, flag: str, name: str) -> dict[str, Any]:
    rows: dict[str, dict[str, Any]] = _tables()[table]
    if name not in rows:
        raise InputError(flag, name, tuple(rows), nearest(name, list(rows)))
    return rows[name]


@cache
def _tables() -> dict[str, Any]:
    return table("training")
