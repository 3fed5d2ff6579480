"""Which whole a source belongs to, and whether it is in view when patterns and constants are made.

origin   a repository, a paper or a site: every page, issue and pull request of one is one source
view     "seen"    rows that patterns and constants may be made with
         "cell"    rows of a seen source whose settings are held aside
         "source"  rows of a source that is held aside, or that a later release added

The rule is a fixed draw, the same for everyone: a fifth of the origins and a fifth of the cells of the others, by a
checksum of their names. A source with a row that a constant was fitted to stays seen. Rows of another file are held
against the collection: an origin that is not there is a new source, settings that are not there are a new cell.
"""

import re
from functools import cache
from typing import TypeVar
from zlib import crc32

from msgspec.structs import replace

from vidcalc.catalog import load
from vidcalc.catalog.load import DATA
from vidcalc.validate import table, text
from vidcalc.validate.table import Row
from vidcalc.validate.training_table import TrainingRow

SEEN, CELL, SOURCE = VIEWS = "seen", "cell", "source"
FIFTH = 5  # one in so many is held aside
HOSTS = re.compile(
    r"(?:https?://)?(?:www\.)?(?:github\.com|huggingface\.co)/?\s*"
    r"|github (?:issue|pull request)s?\s+|(?:discussion|post by|datasets/?)\s*"
)
REPOSITORY = re.compile(r"([\w.-]+/[\w.-]+)")
PAPER = re.compile(r"arxiv[: ]*(\d{4}\.\d{4,5})")
CELLS = ("model", "mode", "width", "height", "frames", "steps", "gpu", "n_gpus", "parallelism", "precision", "offload")

Measured = Row | TrainingRow
Kind = TypeVar("Kind", Row, TrainingRow)


def origin(source: str) -> str:
    """The repository, paper or site that a source is part of, in small letters; empty of no source.

    >>> origin("GitHub pull request vllm-project/vllm-omni#7737 with tests/dfx/perf")
    'vllm-project/vllm-omni'
    """
    told = source.casefold().strip()
    paper = PAPER.match(told)
    if paper:
        return "arxiv " + paper.group(1)
    found = REPOSITORY.match(HOSTS.sub("", told))
    return found.group(1) if found else re.split(r"[,;(]", told)[0].strip()


def cell(row: Measured) -> tuple[str, ...]:
    """What tells a row's settings from those of the other rows of its source."""
    return (origin(row.source), *(str(getattr(row, name, "")).casefold() for name in CELLS))


def drawn(name: str) -> bool:
    """Whether the draw holds a name aside."""
    return crc32(name.encode()) % FIFTH == 0


@cache
def collection() -> dict[str, Measured]:
    """The rows of data/measured/ by id."""
    generations = table.rows(Row, table.lines_of(f"{DATA}/measured/inference.csv")[1])
    trainings = table.rows(TrainingRow, table.lines_of(f"{DATA}/measured/training.csv")[1])
    rows: list[Measured] = [*generations, *trainings]
    return {row.id: row for row in rows}


@cache
def _fitted() -> frozenset[str]:
    """Origins of the rows that a constant was fitted to: they were in view."""
    return frozenset(origin(row.source) for row in collection().values() if row.role == "fit")


@cache
def _known() -> tuple[frozenset[str], frozenset[tuple[str, ...]]]:
    """Origins and cells of the collection that were in view."""
    held = [(row, own_view(row)) for row in collection().values()]
    origins = frozenset(origin(row.source) for row, seen in held if seen != SOURCE)
    return origins, frozenset(cell(row) for row, seen in held if seen == SEEN)


def own_view(row: Measured) -> str:
    """The view of a row of the collection itself."""
    whole = origin(row.source)
    if row.role == "fit":
        return SEEN
    if row.added or (drawn(whole) and whole not in _fitted()):
        return SOURCE
    return CELL if drawn("|".join(cell(row))) else SEEN


def view(row: Measured) -> str:
    """How much of a row's source was in view; see the head of this file."""
    own = collection().get(row.id)
    if own is not None and own.source == row.source:
        return own_view(own)
    origins, cells = _known()
    if origin(row.source) not in origins:
        return SOURCE
    return SEEN if cell(row) in cells else CELL


def completed(row: Kind) -> Kind:
    """A row with what the collection knows of the same row beside its own columns: the engine, a doubt, and what its
    source says of columns that were read otherwise."""
    own = collection().get(row.id)
    if own is None or own.source != row.source or not isinstance(own, type(row)):
        return row
    return replace(table.completed(row, own), **readings().get(row.id, {}))


@cache
def readings() -> dict[str, dict[str, str]]:
    """By row the columns that its source fills otherwise than the collection does (data/validation/readings.toml)."""
    found: dict[str, dict[str, str]] = {}
    for each in load.entry(text.KIND, "readings")["reading"]:
        columns = {name: value for name, value in each.items() if name not in ("rows", "source")}
        for row in each["rows"]:
            found.setdefault(row, {}).update(columns)
    return found


def doubt_of(row: Measured) -> str:
    """Why a row is not to be trusted: the data's own column, else what the row says of itself; empty where it is."""
    missaid = text.first("missaid", f"{row.source}: {row.parallelism}")
    note = row.mem_note if isinstance(row, TrainingRow) else row.mem_unit_note
    return row.doubt or str((missaid or text.first("doubt", f"{row.note}; {note}")).get("doubt", ""))
