"""Refusals as exceptions: the facts of the command line's line, and that line as their text.

InputError: --steps cannot be '0'; allowed: a whole number from 1 to 1,000,000; nearest: 1
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from keyword import iskeyword

import click

from vidcalc.base.errors import InputError as Refusal


class InputError(Refusal, ValueError):
    """A value that is not allowed.

    flag       the flag of the command line ("--batch-size"), "" where there is none
    parameter  the keyword of the call ("batch_size")
    value      what was given; None where something is missing or does not go together
    allowed    what it may be
    nearest    the closest choice, or None
    message    the sentence that the command line prints, in the language in use; str(error) is the same
    """

    def __init__(
        self, flag: str, value: object, allowed: Iterable[object] = (), nearest: str | None = None, message: str = ""
    ) -> None:
        super().__init__(flag, value, allowed, nearest)
        self.parameter = keyword_of(flag)
        self.message = message
        self.args = (flag, value, self.allowed, nearest, message)

    def __str__(self) -> str:
        return self.message


def keyword_of(flag: str) -> str:
    """The keyword of a flag: "--batch-size" -> "batch_size"; one that Python keeps for itself ends in "_": "from_"."""
    name = flag.lstrip("-").replace("-", "_").lower()
    return name + "_" if iskeyword(name) else name


@contextmanager
def refusals() -> Iterator[None]:
    """Whatever is refused inside is raised as an InputError of this face."""
    try:
        yield
    except (Refusal, ModuleNotFoundError, click.UsageError) as error:
        from vidcalc.faces.errors import describe, unbuilt

        raise InputError(**describe(unbuilt(error))) from None
