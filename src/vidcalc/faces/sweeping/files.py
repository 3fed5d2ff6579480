"""Rows as files: CSV, JSON lines, Parquet, by the ending of the path; parts first, then one file of them.

Parquet, and speed with the others, come with polars (the extra `sweep`); without it CSV and JSON lines are written by
the standard library.
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from typing import Any

from vidcalc.base.errors import nearest
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.words import _
from vidcalc.sweeps.block import Block, Words, joined

ENDINGS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
COMPRESSED = "lz4"  # four times as fast as zstd here, for a file a tenth larger


def kind_of(path: str) -> str:
    """What a path's ending asks for. Raises Refused for another ending, and without polars for Parquet."""
    ending = os.path.splitext(path)[1].casefold()
    if ending not in ENDINGS:
        near = nearest(ending, list(ENDINGS)) or ".csv"
        expects = _("a file that ends in {endings}", endings=", ".join(ENDINGS))
        raise Refused("--output", path, expects, os.path.splitext(path)[0] + near, tuple(ENDINGS))
    if ENDINGS[ending] == "parquet" and find_spec("polars") is None:
        expects = _("a file that ends in {endings}", endings=".csv, .jsonl")
        expects += "; " + _("Parquet needs the extra {extra}: pip install 'vidcalc[{extra}]'", extra="sweep")
        raise Refused("--output", path, expects, None, (".csv", ".jsonl"))
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise Refused("--output", path, _("a file in a folder that is there"), None, ())
    return ENDINGS[ending]


def content(blocks: Sequence[Block], names: Sequence[str], kind: str) -> bytes:
    """Rows as a file's content; CSV without its first line (`heading`)."""
    if find_spec("polars") is not None:
        return _with_polars(blocks, names, kind)
    return "".join(_lines(blocks, names, kind)).encode()


def heading(names: Sequence[str]) -> bytes:
    """The first line of a CSV file."""
    return (",".join(names) + "\n").encode()


def _with_polars(blocks: Sequence[Block], names: Sequence[str], kind: str) -> bytes:
    import io

    if kind != "parquet" and not blocks:
        return b""
    table, out = frame(blocks, names), io.BytesIO()
    if kind == "csv":
        table.write_csv(out, include_header=False)
    elif kind == "jsonl":
        table.write_ndjson(out)
    else:
        table.write_parquet(out, compression=COMPRESSED, statistics=False)
    return out.getvalue()


def frame(blocks: Sequence[Block], names: Sequence[str]) -> Any:
    """Rows as a polars data frame: words as such, whole settings as integers, what is not known as null."""
    import polars as pl

    if not blocks:
        return pl.DataFrame({name: [] for name in names})
    whole = joined(blocks)
    return pl.DataFrame([_series(name, whole.columns[name], whole.rows) for name in names])


def _series(name: str, values: Any, rows: int) -> Any:
    import polars as pl

    if isinstance(values, Words):
        return pl.Series(name, values.names, dtype=pl.String).gather(values.codes.astype("uint32"))
    if isinstance(values, str):
        return pl.repeat(values, rows, eager=True).alias(name)
    if not getattr(values, "shape", ()):
        return pl.repeat(float(values), rows, eager=True, dtype=pl.Float64).fill_nan(None).alias(name)
    return pl.Series(name, values).fill_nan(None)


def _lines(blocks: Sequence[Block], names: Sequence[str], kind: str) -> Iterable[str]:
    """Rows as lines of text, by the standard library."""
    import csv
    import io
    import json

    for block in blocks:
        columns = [_plain(block.column(name)) for name in names]
        if kind == "jsonl":
            for row in zip(*columns, strict=True):
                yield json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n"
            continue
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(zip(*columns, strict=True))
        yield text.getvalue()


def _plain(values: Any) -> list[Any]:
    """A column as Python's own values; None for what is not known."""
    return [None if value != value else value for value in values.tolist()]


def join(parts: Sequence[str], path: str, kind: str, names: Sequence[str]) -> None:
    """Parts as one file, which is there whole or not at all."""
    fresh = path + ".unfinished"
    if kind == "parquet":
        import polars as pl

        if len(parts) == 1:
            shutil.copyfile(parts[0], fresh)
        else:
            pl.scan_parquet(list(parts)).sink_parquet(fresh, compression=COMPRESSED, statistics=False)
    else:
        with open(fresh, "wb") as out:
            out.write(heading(names) if kind == "csv" else b"")
            for part in parts:
                with open(part, "rb") as file:
                    shutil.copyfileobj(file, out)
    os.replace(fresh, path)
