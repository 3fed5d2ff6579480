"""Measured rows, read from a CSV file with the columns of data/measured/inference.csv."""

import csv
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from vidcalc.base.errors import Unreadable
from vidcalc.base.reading import unread

Line = dict[str | Any, str | Any]  # a line of a CSV file by column; what has none stands under None
Kind = TypeVar("Kind", bound=msgspec.Struct)
ALIASES = {"quote_or_note": "note", "quote": "note", "notes": "note"}  # a column's name in a file -> field of a row


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One published measurement, every field as its source has it; empty: the source does not say.

    width, height, frames, steps, batch, n_gpus  whole numbers
    cfg            "yes" (two forwards a step), "distilled" (one), "no"
    peak_mem_gb    of one accelerator, mostly GiB whatever the source calls it;  mem_unit_note  which counter it was
    time_s         seconds;  time_scope  of what
    engine         the program that ran, where the source names it outside these columns
    note           what else the source says; a file may call the column quote_or_note
    added          the release that added the row after patterns and constants were made; empty: before that
    doubt          why its source contradicts itself, after "memory: " or "time: " where the other figure is sound
    role           "fit": a constant was fitted to it, "check": nothing was
    """

    id: str
    model: str = ""
    task: str = ""
    width: str = ""
    height: str = ""
    frames: str = ""
    steps: str = ""
    cfg: str = ""
    batch: str = ""
    gpu: str = ""
    n_gpus: str = ""
    parallelism: str = ""
    precision: str = ""
    attention_backend: str = ""
    offload: str = ""
    vae_tiling: str = ""
    other_optim: str = ""
    peak_mem_gb: str = ""
    mem_unit_note: str = ""
    time_s: str = ""
    time_scope: str = ""
    source: str = ""
    engine: str = ""
    note: str = ""
    added: str = ""
    doubt: str = ""
    role: str = ""


LARGEST = 1e18  # of any cell: beyond bytes and seconds of any machine
MOST = 10**9  # of a whole number: beyond any side, length or count
NEEDED = ("id", "model", "width", "height", "frames")


def read(path: str) -> list[Row]:
    """The rows of a file, in its order. Raises Unreadable."""
    columns, lines = lines_of(path)
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise Unreadable(path, "no_columns", "FILE", missing=", ".join(missing))
    return rows(Row, lines)


def lines_of(path: str) -> tuple[set[str], list[Line]]:
    """The columns of a CSV file and its lines. Raises Unreadable."""
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            lines: list[Line] = list(reader)
            return set(reader.fieldnames or ()), lines
    except (UnicodeDecodeError, csv.Error):
        raise Unreadable(path, "not_csv", "FILE") from None
    except (OSError, ValueError) as wrong:
        raise unread(path, wrong, "FILE") from None


def rows(kind: type[Kind], lines: list[Line]) -> list[Kind]:
    """Lines as rows of a kind, whose fields are all texts; further columns are passed over."""
    fields = set(kind.__struct_fields__)
    named = ({ALIASES.get(name, name): (value or "").strip() for name, value in line.items()} for line in lines)
    return [kind(**{name: value for name, value in line.items() if name in fields}) for line in named]


def completed(row: Kind, own: Kind) -> Kind:
    """A row with what another gives in the fields that it leaves empty."""
    both = {name: getattr(row, name) or getattr(own, name) for name in row.__struct_fields__}
    return type(row)(**both)


def number(text: str) -> float | None:
    """A positive number below LARGEST, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < LARGEST else None


def whole(text: str) -> int | None:
    """A positive whole number of at most MOST, or None."""
    value = number(text)
    return int(value) if value is not None and value <= MOST and value == int(value) else None
