"""Requests made of what the commands declare, the same of each seed: as words of a command line, and as a question."""

import random
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import click

from vidcalc.base.errors import InputError
from vidcalc.catalog.load import names
from vidcalc.derivation import quantities
from vidcalc.faces.flags.inputs import Named, Whole
from vidcalc.faces.flags.reach import reaches
from vidcalc.faces.web.asked import command, name_of, named

NONSENSE = "?!"
SHARES = {"estimate": 11, "train": 5, "compare": 2, "explain": 2, "chain": 1}  # of all requests; none needs arrays
SUBJECT = ("model", "params", "from", "preset")  # what a request is about stands before its flags
MOST, FEW = 2, 64  # flags of a request; numbers above the least


class Request(NamedTuple):
    """A request: the words of the command line without --json, and the question of the API."""

    words: list[str]
    name: str
    asked: dict[str, Any]
    lang: str


def requests(count: int, seed: int) -> Iterator[Request]:
    """So many requests."""
    chance = random.Random(seed)
    for _ in range(count):
        (name,) = chance.choices(list(SHARES), list(SHARES.values()))
        yield request(chance, name)


def request(chance: random.Random, name: str) -> Request:
    """A request of a command: its subject, some flags with a value that their type declares, a language."""
    words, operands, asked = [name], [], {}
    models = names("models")
    if name in ("compare", "chain"):
        asked["job"] = operands = [f"{chance.choice(models)} -f {chance.choice((17, 25, 33))}" for _ in range(2)]
    else:
        asked["model"] = chance.choice(models)
        words += ["-m", asked["model"]]
    if name == "explain":
        operands = [chance.choice(list(quantities()))]
        asked["quantity"] = operands[0]
    options = [each for each in named(command(name)).values() if isinstance(each, click.Option)]
    free = [each for each in options if name_of(each) not in SUBJECT and allowed(each)]
    for option in chance.sample(free, chance.randint(0, MOST)):
        value = True if option.is_flag else str(chance.choice(allowed(option)))
        asked[name_of(option)] = value
        flag = max(option.opts, key=len)
        words.append(flag if option.is_flag else f"{flag}={value}")
    return Request([*words, *(["--", *operands] if operands else [])], name, asked, chance.choice(("en", "ko")))


@cache
def allowed(option: click.Option) -> tuple[Any, ...]:
    """Values that an option takes: of its bounds, its choices, or as it answers nonsense; none that reaches out."""
    kind = option.type
    if option.is_flag:
        return (True,)
    if isinstance(kind, Whole):
        return tuple(range(kind.low, min(kind.high, kind.low + FEW) + 1))
    if isinstance(kind, Named) and kind.kind is not None:
        found: list[Any] = list(names(kind.kind))
    else:
        choices = getattr(kind, "choices", ())
        found = list(choices() if callable(choices) else choices) or said(option)
    return tuple(each for each in found if not reaches(kind, each) and takes(option, each))


def takes(option: click.Option, value: Any) -> bool:
    """Whether the type alone takes a value: the form of one ("WIDTHxHEIGHT") is none."""
    try:
        option.type.convert(value, option, None)
    except (InputError, click.ClickException):
        return False
    return True


def said(option: click.Option) -> list[Any]:
    """What a type names as right when it is given nonsense."""
    try:
        option.type.convert(NONSENSE, option, click.Context(command("estimate")))
    except InputError as wrong:
        return [*wrong.allowed, *([] if wrong.nearest is None else [wrong.nearest] * 4)]
    except click.ClickException:
        pass
    return []
