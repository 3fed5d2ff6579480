"""Whether a flag's value reaches beyond the program: a file, the network, the machine. What answers others refuses it.

A type of this package says so by a method `reaches(text)`, or is about names and numbers alone. click's own types say
nothing of what the text is used for, so they count as reaching: a new flag is closed to others until it has a type.
"""

from typing import Any

import click


class Plain(click.ParamType):  # type: ignore[type-arg]
    """Text that is only looked up or compared: the name of a preset, a condition."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it is."""
        return str(value)


class File(Plain):
    """The path of a file or folder, or where on the hub it is: read or written on the machine that answers."""

    name = "file"

    @staticmethod
    def reaches(text: str) -> bool:
        """Always."""
        return True


class Address(File):
    """Another machine's address."""

    name = "address"


def reaches(kind: click.ParamType, value: Any) -> bool:  # type: ignore[type-arg]
    """Whether a value that a flag of that type has not read yet reaches beyond the program."""
    says = getattr(kind, "reaches", None)
    if says is not None:
        return bool(says(str(value)))
    return kind is not click.BOOL and type(kind).__module__.partition(".")[0] == "click"
