"""The grammar of command lines, made of what the commands declare: their flags, what each takes, and its words.

Nothing here lists a flag or a value by hand: a type that has bounds gives numbers around them, one that has choices
gives those, and any other is asked for what it allows by being given nonsense.
"""

import re
from functools import cache, lru_cache
from typing import Any

import click
from hypothesis import strategies as st

from vidcalc.base.errors import InputError
from vidcalc.catalog.load import names
from vidcalc.faces.cli import vidcalc
from vidcalc.faces.flags.inputs import Size, Whole

NONSENSE = "?!"
OWN = ("--lang", "--help", "--version")  # that every command has; the language is chosen apart
FILES = ("FILE", "PATH", "FILE|RANK[:TARGETS]", "NAME|FILE[:SCALE]")  # metavars of what is read or written
EXAMPLE = re.compile(r"[\w.$:+/@-]*\d[\w.:+/%x-]*")  # the words of a help text that hold a digit
FEW = 40  # choices of a type worth trying
HUGE = "9" * 400
NUMBERS = st.one_of(st.integers(-10, 10**6), st.integers(), st.floats()).map(str)
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="/\\\0"), max_size=20)
JUNK = st.one_of(
    TEXTS, NUMBERS, st.tuples(NUMBERS, st.sampled_from("x:,=@/ "), NUMBERS).map("".join), st.just(HUGE), st.just("")
)
JOINED = st.lists(st.sampled_from(["fsdp=2", "dp=2", "ulysses=2", "cfg=2", "tp=2", "ring=2", "vae=2"]), max_size=3)


@lru_cache
def commands() -> dict[str, click.Command]:
    """Every command by its name."""
    group = vidcalc()
    context = click.Context(group)
    assert isinstance(group, click.Group)
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None and name not in STAYING}


STAYING = ("serve",)  # answers until it is stopped


@lru_cache
def declared(command: str, flag: str) -> click.Parameter:
    """A parameter as the command that reads single values has it."""
    for place in (command, "estimate", "train"):
        for each in commands()[place].params:
            if flag in each.opts and (command != "sweep" or place != "sweep" or flag not in _estimated()):
                return each
    raise KeyError(flag)


@lru_cache
def _estimated() -> frozenset[str]:
    return frozenset(name for each in commands()["estimate"].params for name in each.opts)


def named(param: click.Parameter) -> str:
    """The longest of its names."""
    return max(param.opts, key=len)


@cache
def allowed(param: click.Parameter) -> tuple[str, ...]:
    """Values that a parameter takes, by its own word."""
    found = [*_of_type(param)]
    try:
        param.type.convert(NONSENSE, param, click.Context(commands()["estimate"]))
    except InputError as refusal:
        found += [str(each) for each in refusal.allowed]
        if refusal.nearest is not None:
            found.append(refusal.nearest)
    except click.ClickException:
        pass
    found += EXAMPLE.findall(getattr(param, "help", None) or "")
    metavar = str(param.metavar or "")
    if "|" in metavar and metavar.islower():
        found += metavar.split("|")
    return tuple(dict.fromkeys(each.strip(".;,") for each in found)) or (NONSENSE,)


def _of_type(param: click.Parameter) -> list[str]:
    takes: Any = param.type
    if getattr(takes, "low", None) is not None:
        low, high = takes.low, takes.high
        return [str(each) for each in (low, low + 1, min(low * 2 + 3, high), high) if each <= high]
    if isinstance(getattr(takes, "kind", None), str):
        return list(names(takes.kind))
    if isinstance(takes, Size):
        return ["480p", "720p", "256x256", "832x480", "16x16", "100000x100000"]
    choices = getattr(takes, "choices", ())
    return [str(each) for each in (choices() if callable(choices) else choices)]


def values(param: click.Parameter, files: tuple[str, ...]) -> st.SearchStrategy[str]:
    """What may be typed for a parameter: mostly what it takes, else anything."""
    if str(param.metavar) in FILES and files:
        right = st.sampled_from(files)
    elif isinstance(param.type, Whole):
        low, high = param.type.low, param.type.high
        right = st.one_of(st.sampled_from(allowed(param)), st.integers(low, min(high, low + 64)).map(str))
    elif named(param) == "--parallel":
        right = st.one_of(JOINED.map(",".join), st.sampled_from(allowed(param)))
    else:
        right = st.sampled_from(allowed(param))
    return st.integers(0, 9).flatmap(lambda turn: right if turn else JUNK)


@st.composite
def lines(
    draw: st.DrawFn, command: str, models: tuple[str, ...], files: tuple[str, ...], most: int = 4
) -> tuple[str, ...]:
    """A command line: a subject, some flags with values, now and then a stray word."""
    options = [each for each in commands()[command].params if isinstance(each, click.Option)]
    operands = [each for each in commands()[command].params if isinstance(each, click.Argument)]
    typed = [command]
    for each in operands:
        typed += draw(_operand(command, each, models, files))
    has = {name for each in options for name in each.opts}
    if "--model" in has and draw(st.integers(0, 9)):
        if draw(st.booleans()) or "--params" not in has:
            typed += ["-m", draw(st.sampled_from(models))]
        else:
            typed += ["-p", draw(st.sampled_from(("600M", "3B"))), "-r", "480p", "-f", "17"]
    free = [each for each in options if each.opts[0] not in (*OWN, *typed)]
    for option in draw(st.lists(st.sampled_from(free), max_size=most, unique_by=id)) if free else ():
        asked = declared(command, named(option))
        if getattr(option, "is_flag", False):
            typed.append(named(option))
            continue
        value = values(asked, files)
        if command == "sweep" and named(option) in _estimated():
            value = st.lists(value, min_size=1, max_size=2).map(",".join)
        typed += [named(option), draw(value)]
    if not draw(st.integers(0, 19)):
        typed.append(draw(JUNK))
    if draw(st.booleans()):
        typed += ["--lang", draw(st.sampled_from(("ko", "ko", "en", "xx")))]
    return tuple(typed)


def _operand(
    command: str, operand: click.Parameter, models: tuple[str, ...], files: tuple[str, ...]
) -> st.SearchStrategy[list[str]]:
    """What stands for an operand: jobs, files, names, or nothing."""
    model = st.sampled_from(models)
    job = st.one_of(
        model, st.tuples(model, st.sampled_from(("-r 480p", "-f 17", "-s 4", "-s 4", "-f", "'"))).map(" ".join)
    )
    if operand.name == "job":
        return st.lists(st.integers(0, 9).flatmap(lambda turn: job if turn else JUNK), min_size=1, max_size=3)
    if operand.name == "file":
        return st.lists(st.one_of(st.sampled_from(files or ("x",)), JUNK), max_size=1)
    if operand.name == "model":
        return st.lists(st.one_of(model, JUNK), max_size=1)
    if operand.name == "quantity":
        from vidcalc.derivation import quantities

        every = (*quantities(), *quantities("training"))
        return st.lists(st.one_of(st.sampled_from(every), st.sampled_from(every), JUNK), max_size=1)
    return st.lists(st.one_of(st.sampled_from(allowed(operand)), JUNK), max_size=1)
