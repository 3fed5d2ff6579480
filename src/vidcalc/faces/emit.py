"""JSON on standard output, whatever letters the stream can write."""

import sys
from typing import TYPE_CHECKING, Any

import click
import msgspec

if TYPE_CHECKING:
    from vidcalc.catalog.currencies import Currency


def emit(value: Any, indent: int | None = None, currency: "Currency | None" = None) -> None:
    """Print a value as one JSON document; letters the stream lacks are written as escapes.

    currency  another than the USD of all amounts, in which they are to be told: it stands beside them with its rate
    """
    packed = msgspec.json.encode(value)
    if currency is not None:
        packed = msgspec.json.encode({**msgspec.json.decode(packed), "currency": currency})
    text = (packed if indent is None else msgspec.json.format(packed, indent=indent)).decode()
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = "".join(letter if letter.isascii() else escaped(letter) for letter in text)
    click.echo(text)


def escaped(letter: str) -> str:
    """A letter as JSON escapes of its UTF-16 units."""
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))
