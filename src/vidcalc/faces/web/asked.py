"""From a question as JSON to what a command takes: {"model": "ltx-2", "gpus": 2} is `-m ltx-2 --gpus 2`.

Names are the command line's long flags with underscores; operands go by their own names (job, quantity). What would
reach beyond the program (files, the network, the machine that answers) is refused before anything reads it.
"""

import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import click

from vidcalc.base.errors import nearest
from vidcalc.faces.flags.inputs import LONGEST, Refused
from vidcalc.faces.flags.reach import reaches
from vidcalc.faces.flags.spelled import spelled
from vidcalc.faces.words import _

SHARED = "currency"  # what money is told in: no command's own, and set by reading it
UNTOLD = ("explain",)  # whose JSON tells no money in it
PRINTED = ("as_json", "every", "full", "check", "svg", "png", "ops")  # how a command prints, which is settled here
MOST = 64  # values of one flag
DEEP = 400  # letters of one value
JOB = "job"
ROWS = ("compare", "chain")  # commands whose question has several jobs


@cache
def command(name: str) -> click.Command:
    """The command of that name."""
    found: click.Command = import_module("vidcalc.faces.commands." + name).command
    return found


@cache
def named(of: click.Command) -> dict[str, click.Parameter]:
    """What a question may name, by its name."""
    every = [each for each in of.params if (each.expose_value or each.name == SHARED) and each.name not in PRINTED]
    return {name_of(each): each for each in every if each.name != SHARED or of.name not in UNTOLD}


def name_of(flag: click.Parameter) -> str:
    """What a flag is called in a question: "--host-ram" is host_ram."""
    return max(flag.opts, key=len).lstrip("-").replace("-", "_").lower()


def read(of: click.Command, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the command's `result` takes. Raises what the command line raises, and Refused for what reaches beyond."""
    jobs = [_job(of, job) for job in _several(asked.get(JOB))] if JOB in named(of) else []
    words = _words(of, {name: value for name, value in asked.items() if name != JOB or not jobs})
    ctx = of.make_context(of.name, words)
    taken = {name: value for name, value in ctx.params.items() if name not in PRINTED}
    return {**taken, JOB: tuple(jobs)} if jobs else taken


def _words(of: click.Command, asked: Mapping[str, Any]) -> list[str]:
    """The question as words of a command line. Raises Refused."""
    flags, operands = [], []
    for name, value in asked.items():
        param = _known(of, name)
        if value is None:
            continue
        flag = max(param.opts, key=len)
        if getattr(param, "is_flag", False):
            if not isinstance(value, bool):
                raise Refused(flag, _short(value), "true, false", None, (True, False))
            flags += [flag] if value else []
            continue
        for text in _texts(param, value):
            if reaches(param.type, text):
                raise beyond(flag, text)
            if isinstance(param, click.Argument):
                operands.append(text)
            else:
                flags.append(f"{flag}={text}")
    return [*flags, *(["--", *operands] if operands else [])]


def _known(of: click.Command, name: str) -> click.Parameter:
    """What a question names so. Raises Refused."""
    known = named(of)
    if name not in known:
        if name == SHARED and of.name in UNTOLD:
            raise untold()
        flag = "--" + name[:LONGEST].replace("_", "-")
        if of.name in ROWS and name in named(command(of.name)):
            raise Refused(flag, None, _("belongs to all jobs: beside `{job}`, not inside of it", job=JOB), None, ())
        near = nearest(name[:LONGEST], list(known))
        raise Refused(flag, None, _("`vidcalc {command}` has none of that name", command=of.name), near, tuple(known))
    return known[name]


def untold() -> Refused:
    """The refusal of a currency where money stays in USD."""
    return Refused("--" + SHARED, None, _("has no effect here: the amounts of this answer are in USD"), None, ())


def _texts(param: click.Parameter, value: Any) -> Iterator[str]:
    """A value as one types it, several for a flag that stands several times. Raises Refused for what is no value."""
    multiple = getattr(param, "multiple", False) or param.nargs == -1
    several = value if multiple and isinstance(value, list) else [value]
    flag = max(param.opts, key=len)
    if len(several) > MOST or (isinstance(value, list) and len(value) > MOST):
        raise Refused(flag, len(value), _("at most {most} values", most=MOST), None, (f"..{MOST}",))
    for each in several:
        text = spelled(each, param.type)
        if len(text) > DEEP:
            raise Refused(flag, _short(text), _("at most {most} letters", most=DEEP), None, (f"..{DEEP}",))
        yield text


def _several(jobs: Any) -> list[Any]:
    """The jobs of a question that has several."""
    return [] if jobs is None else jobs[: MOST + 1] if isinstance(jobs, list) else [jobs]


def _job(of: click.Command, job: Any) -> Any:
    """A job, in quotes as on the command line or as a question of its own. Raises Refused, and what click raises."""
    one: click.Command = import_module("vidcalc.faces.commands." + str(of.name)).of_a_job
    if isinstance(job, Mapping):
        return {name: value for name, value in read(one, job).items() if value is not None and value != ()}
    text = str(job)
    if len(text) > DEEP or text.casefold().endswith(".json"):
        raise beyond("JOB", text)
    for flag, value in _typed(one, text):
        if reaches(flag.type, value):
            raise beyond(max(flag.opts, key=len), value)
    return text


def _typed(one: click.Command, text: str) -> Iterator[tuple[click.Parameter, str]]:
    """The flags of a job in quotes with their texts as they stand; none where the job cannot be read at all."""
    try:
        words = shlex.split(text)
        values, _rest, order = one.make_parser(click.Context(one)).parse_args(args=words)
    except (ValueError, click.UsageError):
        return
    for flag in dict.fromkeys(order):
        value = values.get(str(flag.name))
        for each in value if isinstance(value, list) else [value]:
            if each is not None and not getattr(flag, "is_flag", False):
                yield flag, str(each)


def beyond(flag: str, value: object) -> Refused:
    """The refusal of a value that reaches beyond the program."""
    expects = _("names and numbers (files, the hub and the hardware of this machine are not read for others)")
    return Refused(flag, _short(value), expects, None, ())


def _short(value: object) -> str:
    """A value of any kind as a short text."""
    return str(value)[: 2 * LONGEST]
