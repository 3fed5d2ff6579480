"""Rows as files: CSV, JSON lines, Parquet, by the ending of the path; parts first, then one file of them.

Parquet, and speed with the others, come with polars (the extra `sweep`); without it CSV and JSON lines are written by
the standard library.
"""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from vidcalc.base.errors import nearest
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.words import _
from vidcalc.search.sweeps.block import Block, Words, joined

ENDINGS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}


def kind_of(path: str) -> str:
    """What a path's ending asks for. Raises Refused for another ending, and without polars for Parquet."""
    ending = os.path.splitext(path)[1].casefold()
    if ending not in ENDINGS:
        near = nearest(ending, list(ENDINGS)) or ".csv"
        expects = _("a file that ends in {endings}", endings=", ".join(ENDINGS))
        raise Refused("--output", path, expects, os.path.splitext(path)[0] + near, tuple(ENDINGS))
    if ENDINGS[ending] == "parquet" and find_spec("polars") is None:
        expects = _("{ending}; Parquet needs vidcalc[{extra}]", ending=".csv", extra="sweep")
        raise Refused("--output", path, expects, None, (".csv", ".jsonl"))
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise Refused("--output", path, _("a file in a folder that is there"), None, ())
    if os.path.isdir(path):
        near = os.path.join(path, "rows" + ending)
        raise Refused("--output", path, _("a file; there is a folder of that name"), near, ())
    return ENDINGS[ending]


Kinds = Mapping[str, str]  # of each column written: "word", "whole" or "number"


def content(blocks: Sequence[Block], kinds: Kinds, kind: str) -> bytes:
    """Rows as a file's content; CSV without its first line (`heading`)."""
    if find_spec("polars") is not None:
        return _with_polars(blocks, kinds, kind)
    return "".join(_lines(blocks, kinds, kind)).encode()


def heading(names: Iterable[str]) -> bytes:
    """The first line of a CSV file."""
    return (",".join(names) + "\n").encode()


def _with_polars(blocks: Sequence[Block], kinds: Kinds, kind: str) -> bytes:
    import io

    if kind != "parquet" and not blocks:
        return b""
    table, out = frame(blocks, kinds), io.BytesIO()
    if kind == "csv":
        table.write_csv(out, include_header=False)
    elif kind == "jsonl":
        table.write_ndjson(out)
    else:
        table.write_parquet(out, compression="lz4", statistics=False)
    return out.getvalue()


def frame(blocks: Sequence[Block], kinds: Kinds) -> Any:
    """Rows as a polars data frame: words as such, whole settings as integers, what is not known as null."""
    import polars as pl

    types = {"word": pl.String, "whole": pl.Int64, "number": pl.Float64}
    if not blocks:
        return pl.DataFrame(schema={name: types[kind] for name, kind in kinds.items()})
    whole = joined(blocks)
    return pl.DataFrame([_series(name, whole.columns[name], whole.rows, types[kind]) for name, kind in kinds.items()])


def _series(name: str, values: Any, rows: int, kind: Any) -> Any:
    import polars as pl

    if isinstance(values, Words):
        return pl.Series(name, values.names, dtype=pl.String).gather(values.codes.astype("uint32"))
    if kind == pl.String:
        return pl.repeat(str(values), rows, eager=True).alias(name)
    if not getattr(values, "shape", ()):
        values = pl.repeat(float(values), rows, eager=True, dtype=pl.Float64)
    series = pl.Series(name, values, dtype=pl.Float64).fill_nan(None)
    return series.cast(kind) if kind != pl.Float64 else series


def _lines(blocks: Sequence[Block], kinds: Kinds, kind: str) -> Iterable[str]:
    """Rows as lines of text, by the standard library."""
    import csv
    import io
    import json

    for block in blocks:
        rows = zip(*(plain(block.column(name), each) for name, each in kinds.items()), strict=True)
        if kind == "jsonl":
            for row in rows:
                yield json.dumps(dict(zip(kinds, row, strict=True)), ensure_ascii=False) + "\n"
            continue
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        yield text.getvalue()


def plain(values: Any, kind: str) -> list[Any]:
    """A column as Python's own values; None for what is not known."""
    if kind == "word":
        return list(map(str, values.tolist()))
    read = int if kind == "whole" else float
    return [None if value != value else read(value) for value in values.tolist()]


def join(parts: Sequence[str], path: str, kind: str, names: Iterable[str]) -> None:
    """Parts as one file, which is there whole or not at all."""
    fresh = path + ".unfinished"
    if kind == "parquet":
        import polars as pl

        if len(parts) == 1:
            shutil.copyfile(parts[0], fresh)
        else:
            pl.scan_parquet(list(parts)).sink_parquet(fresh, compression="lz4", statistics=False)
    else:
        with open(fresh, "wb") as out:
            out.write(heading(names) if kind == "csv" else b"")
            for part in parts:
                with open(part, "rb") as file:
                    shutil.copyfileobj(file, out)
    os.replace(fresh, path)
