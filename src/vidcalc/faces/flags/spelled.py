"""From values back to what one types: a keyword's value as its flag takes it, and a whole command line.

spelled((1280, 720), Size()) -> "1280x720"
command_line("estimate", {"model": "ltx-2", "resolution": (1280, 720)}) -> "vidcalc estimate -m ltx-2 -r 1280x720"
"""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from vidcalc.faces.flags.bucket import BucketOf
from vidcalc.faces.flags.inputs import Size, Window


def spelled(value: Any, kind: click.ParamType) -> str:  # type: ignore[type-arg]
    """A value as one types it: True is "on", (1280, 720) is "1280x720", {"fsdp": 8} is "fsdp=8"."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Mapping):
        return ",".join(f"{name}={each}" for name, each in value.items())
    if isinstance(value, list | tuple | range | set | frozenset):
        joint = "x" if isinstance(kind, Size | BucketOf) else ":" if isinstance(kind, Window) else ","
        return joint.join(map(str, value))
    return str(value)


def command_line(command: str, asked: Mapping[str, Any]) -> str:
    """The line that asks a command for what flags were read into; each flag by its shortest name.

    asked  flag (underscores for dashes) -> its value, as its type reads it
    """
    return f"vidcalc {command} {flag_line(asked)}"


def flag_line(asked: Mapping[str, Any]) -> str:
    """Those flags as one types them."""
    import shlex

    return " ".join(map(shlex.quote, _words(asked)))


def _words(asked: Mapping[str, Any]) -> Iterator[str]:
    """The words of those flags, in the order of the catalogue."""
    from vidcalc.faces.flags.catalogue import FLAGS

    for name, spec in FLAGS.items():
        value = asked.get(name)
        several = value if getattr(spec.takes, "multiple", False) and isinstance(value, tuple) else (value,)
        for each in several:
            if each is None or each is False:
                continue
            yield min(spec.names, key=len)
            if spec.takes is not click.BOOL:
                back = getattr(spec.takes, "spelled", None)  # of a type that reads one thing and gives another
                yield back(each) if back else spelled(each, spec.takes)
