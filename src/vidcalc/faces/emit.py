"""JSON on standard output, whatever letters the stream can write."""

import sys
from typing import Any

import click
import msgspec

from vidcalc.faces.terminal.currency import used


def emit(value: Any, indent: int | None = None) -> None:
    """Print a value as one JSON document; letters the stream lacks are written as escapes."""
    whole = packed(value)
    text = (whole if indent is None else msgspec.json.format(whole, indent=indent)).decode()
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = "".join(letter if letter.isascii() else escaped(letter) for letter in text)
    click.echo(text)


def packed(value: Any) -> bytes:
    """A value as JSON. Its amounts stay in USD: of a document that has a schema id another currency, in which they are
    to be told, stands beside them with its rate."""
    whole, currency = msgspec.json.encode(value), used()
    if currency is None:
        return whole
    found = msgspec.json.decode(whole)
    named = isinstance(found, dict) and "schema" in found
    return msgspec.json.encode({**found, "currency": currency}) if named else whole


def escaped(letter: str) -> str:
    """A letter as JSON escapes of its UTF-16 units."""
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))
