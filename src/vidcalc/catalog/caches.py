"""Step and block caches, from `data/caches.toml`: methods with their rules, and what a user writes of one.

teacache   teacache:threshold=0.2   teacache:0.2   taylorseer:interval=5,order=2   and the makers' own shorthands,
teacache-0.2 and magcache-e024k6r02
"""

import re
from functools import cache
from math import exp, log
from typing import NamedTuple

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table
from vidcalc.catalog.stated import name_of, numbers

FLAG = "step-cache"
REACH = {"0.42": "cache_reach", "0.35": "cache_reach_0_35"}  # data files, by release of diffusers, the newest first
NEWEST = next(iter(REACH))
SHORT = re.compile(r"^magcache-e(\d)(\d+)k(\d+)r(\d)(\d+)$")  # threshold, longest run of skipped steps, retention


class Method(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One method; the fields are described in the data file.

    first, last  steps at both ends that are always computed: a number of steps, or the parameter that states it
    blocks       repeated blocks that a skipped step still runs: a number, or the parameters that add up to it
    """

    title: str
    source: str
    rule: str
    parameters: dict[str, float]
    ranges: dict[str, tuple[int | float, int | float]]
    holds: dict[str, int]
    by_class: dict[str, dict[str, int]] = {}
    words: tuple[str, ...] = ()
    made_in: str = ""
    share_of: str = "prediction"
    needs: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    usual: float = 0
    first: float | str = 0
    last: float | str = 0
    blocks: int | str = 0


class Cache(NamedTuple):
    """A method with its parameters as they were stated."""

    name: str
    method: Method
    parameters: dict[str, float]

    def number(self, field: float | str) -> float:
        """A number of the method: itself, or the sum of the parameters that a text names."""
        return sum(self.parameters[name] for name in field.split()) if isinstance(field, str) else field


class Ratios(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Published ratios of a model's residual to that of the step before."""

    models: tuple[str, ...]
    steps: tuple[float, ...]
    source: str
    jump: float = 0


@cache
def methods() -> dict[str, Method]:
    """Every method by its name."""
    return {name: msgspec.convert(facts, Method) for name, facts in table("caches")["methods"].items()}


@cache
def words() -> dict[str, str]:
    """Every word for a method -> its name."""
    return {word: name for name, method in methods().items() for word in (name, *method.words)}


def read(text: str) -> Cache:
    """What a user wrote. Raises InputError("step-cache", …) with the methods, or with the parameters of the method."""
    if short := SHORT.match(text):
        whole, part, run, kept, kept_part = short.groups()
        text = f"magcache:threshold={whole}.{part},k={run},retention={kept}.{kept_part}"
    name, stated = name_of(FLAG, text, words())
    method = methods()[name]
    return Cache(name, method, numbers(FLAG, text, name, stated, method.parameters, method.ranges))


def usual(found: Cache, model: str) -> tuple[float, bool]:
    """The threshold that the makers offer for a model, their middle, and whether they offer any for it; the method's
    own default otherwise."""
    for each in table("caches")["offered"]:
        if each["method"] == found.name and model in each["models"]:
            offered = each["thresholds"]
            return exp(sum(map(log, offered)) / len(offered)), True
    return found.method.usual or found.parameters["threshold"] or 1.0, False


@cache
def fitted() -> tuple[str, ...]:
    """Ids of the measured rows that the law was fitted to."""
    return tuple(each["row"] for each in table("caches")["example"] if each["role"] == "fit")


def law() -> Facts:
    """The law of change against threshold."""
    facts: Facts = table("caches")["law"]
    return facts


@cache
def ratios(model: str) -> tuple[Ratios, ...]:
    """Published ratios of a model; of every model that there are some of where none are its own."""
    every = tuple(msgspec.convert(each, Ratios) for each in table("caches")["ratios"])
    return tuple(each for each in every if model in each.models) or every


def reach(class_: str, release: str = "") -> Facts | None:
    """What diffusers' caches hook of a network class; None of a class that is not there.

    release  of diffusers, of those in `REACH`; "" (of a program that is none): the newest
    """
    facts: Facts | None = table(REACH[release or NEWEST])["classes"].get(class_)
    return facts
