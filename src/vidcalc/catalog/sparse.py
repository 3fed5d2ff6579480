"""Sparse attention, from `data/sparse.toml`: methods with their rules, and what a user writes of one.

radial   radial:decay=0.3   vsa:0.8   sparse-videogen
"""

from functools import cache
from typing import NamedTuple

import msgspec

from vidcalc.base.errors import InputError
from vidcalc.catalog.load import table
from vidcalc.catalog.stated import ANY_SHARE, name_of, numbers

FLAG = "attention-density"


class Sparse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One method; the fields are described in the data file."""

    title: str
    source: str
    rule: str
    parameters: dict[str, float]
    ranges: dict[str, tuple[int | float, int | float]] = {}
    words: tuple[str, ...] = ()
    by_class: dict[str, dict[str, float]] = {}


class Windows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Published windows of a model's layers: (height, width, how many layers)."""

    method: str
    models: tuple[str, ...]
    base: tuple[int, int]
    layers: tuple[tuple[int, int, int], ...]
    source: str


class Mask(NamedTuple):
    """A method with what was stated of its parameters."""

    name: str
    method: Sparse
    stated: dict[str, float]

    def parameters(self, class_: str) -> dict[str, float]:
        """Its parameters for a network class: stated, or the class's, or the method's."""
        return self.method.parameters | self.method.by_class.get(class_, {}) | self.stated


@cache
def methods() -> dict[str, Sparse]:
    """Every method by its name."""
    return {name: msgspec.convert(facts, Sparse) for name, facts in table("sparse")["methods"].items()}


@cache
def words() -> dict[str, str]:
    """Every word for a method -> its name."""
    return {word: name for name, method in methods().items() for word in (name, *method.words)}


@cache
def windows() -> tuple[Windows, ...]:
    """Every model's published windows."""
    return tuple(msgspec.convert(each, Windows) for each in table("sparse")["windows"])


def read(text: str) -> Mask:
    """What a user wrote. Raises InputError("attention-density", …) with the methods, or the method's parameters."""
    name, stated = name_of(FLAG, text, words())
    known = methods()[name].parameters
    every = numbers(FLAG, text, name, stated, known, methods()[name].ranges)
    named = {each.partition("=")[0] if "=" in each else next(iter(known), "") for each in stated.split(",") if each}
    return Mask(name, methods()[name], {key: value for key, value in every.items() if key in named})


def windows_of(text: str, model: str) -> Windows:
    """The published windows of a model. Raises InputError("attention-density", …) where there are none."""
    name = read(text).name
    found = [each for each in windows() if each.method == name and model in each.models]
    if not found:
        others = (each for each, method in methods().items() if method.rule != "windows")
        raise InputError(FLAG, text, (*others, ANY_SHARE), ANY_SHARE, model)
    return found[0]
