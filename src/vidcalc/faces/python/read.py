"""From keywords to what a command is asked: a value is spelled as on a command line, then read by its flag's own type.

    read(command, {"resolution": (1280, 720), "steps": 30}) -> {"resolution": (1280, 720), "steps": 30}

Numbers and words may come as either, "3B" like 3_000_000_000; a size as "720p", "1280x720" or (1280, 720), ways of
sharing as "ulysses=4,cfg=2" or {"ulysses": 4, "cfg": 2}, on and off as words or as True and False.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from vidcalc.base.errors import nearest
from vidcalc.faces.flags.inputs import Refused, Whole
from vidcalc.faces.flags.spelled import spelled
from vidcalc.faces.python.errors import keyword_of

PRINTED = ("as_json", "svg", "png", "every", "full", "check", "how", "code", "ops")  # how a command prints: no keywords


def keywords(command: click.Command) -> dict[str, click.Parameter]:
    """The flags of a command by the keyword that stands for each."""
    flags = [each for each in command.params if each.expose_value and each.name not in PRINTED]
    return {keyword_of(max(each.opts, key=len)): each for each in flags}


def read(command: click.Command, given: Mapping[str, Any], swept: Sequence[str] = ()) -> dict[str, Any]:
    """What the command's `result` takes; None is as good as absent. `swept` names what may be an array.

    Raises InputError for a value, TypeError for a keyword that is not there.
    """
    flags = keywords(command)
    for name in given:
        if name not in flags:
            near = nearest(name, list(flags))
            hint = f". Did you mean '{near}'?" if near else ""
            raise TypeError(f"{command.name}() got an unexpected keyword argument '{name}'{hint}")
    stated = {name: value for name, value in given.items() if value is not None}
    return {str(flags[name].name): _value(flags[name], value, name in swept) for name, value in stated.items()}


def sweep_flags(command: click.Command, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the sweep command's `result` takes: settings as they are, which may be several values, its own flags read.

    Raises InputError for a value, TypeError for a keyword that is not there.
    """
    flags = keywords(command)
    own = {name: value for name, value in given.items() if name in flags and flags[name].type is not click.STRING}
    text = ("where", "output", "ray_address")
    settings = {name: value for name, value in given.items() if name in flags and name not in own and name not in text}
    known = {name: value for name, value in given.items() if name not in settings}
    axes = {str(flags[name].name): _axis(flags[name], value) for name, value in settings.items() if value is not None}
    return axes | read(command, known)


def _axis(flag: click.Parameter, value: Any) -> Any:
    """The values of an axis, a single one as a list of itself where it is no text."""
    return value if isinstance(value, str | list | tuple | range | set) or hasattr(value, "tolist") else [value]


def _value(flag: click.Parameter, value: Any, swept: bool) -> Any:
    """A value as the flag reads it. Raises InputError."""
    if getattr(flag, "is_flag", False):
        if not isinstance(value, bool):
            raise Refused(max(flag.opts, key=len), value, "True, False", None, (True, False))
        return value
    if getattr(flag, "multiple", False):
        several = value if isinstance(value, list) else [value]
        return tuple(flag.type.convert(spelled(each, flag.type), flag, None) for each in several)
    if swept and hasattr(value, "shape") and value.shape:
        return _array(flag, value)
    return flag.type.convert(spelled(value, flag.type), flag, None)


def _array(flag: click.Parameter, values: Any) -> Any:
    """An array of numbers, each of which the flag would take. Raises InputError for one that it would not."""
    import numpy as np

    numbers = np.asarray(values, dtype=np.float64)
    outer = [numbers.min(), numbers.max()]
    broken = numbers[numbers % 1 != 0] if isinstance(flag.type, Whole) else ()
    for number in (*outer, *broken[:1]):
        flag.type.convert(spelled(number, flag.type), flag, None)
    return numbers
