"""What a data set holds: sizes and lengths of its clips, from a table of metadata or from the files themselves.

A table is CSV with a line of names, JSON lines, or a JSON list, as trainers and data sets have them; a folder is looked
through for videos and pictures, of which headers alone are read (extra `media`). Nothing is dropped in silence: what
cannot be told is counted by its reason.
"""

import csv
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TextIO, TypeAlias

from vidcalc.base import reading
from vidcalc.base.errors import Unreadable
from vidcalc.describe.data import Clip

Columns: TypeAlias = Mapping[str, object]  # of a row, by their names

TABLES = (".csv", ".tsv", ".jsonl", ".json")
# what columns are called, the first that a row has
WIDTH, HEIGHT = ("width", "image_width", "w"), ("height", "image_height", "h")
SIZE = ("resolution", "size")  # 1280x720
FRAMES = ("num_frames", "frames", "n_frames", "frame_count")
FPS, SECONDS = ("fps", "frame_rate", "framerate"), ("duration", "seconds", "duration_seconds", "length_seconds")
LONGEST_SIDE, MOST_FRAMES, MOST_FPS = 100_000, 10**9, 1000


class DataSet(NamedTuple):
    """How many clips there are of each size and length, and how many rows or files are left out, by reason."""

    clips: Counter[Clip]
    left_out: Counter[str]


def read(path: str) -> DataSet:
    """The clips of a table or a folder. Raises Unreadable."""
    if os.path.isdir(path):
        from vidcalc.modelfiles.media import measured

        return _counted(measured(path))
    if not os.path.isfile(path):
        raise Unreadable(path, "missing", "dataset")
    if os.path.splitext(path)[1].casefold() not in TABLES:
        raise Unreadable(path, "no_data_set", "dataset")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return _counted(map(_told, _rows(path, file)))
    except OSError as wrong:
        raise reading.unread(path, wrong, "dataset") from None
    except (UnicodeDecodeError, csv.Error):
        raise Unreadable(path, "no_data_set", "dataset") from None


def _counted(found: "Iterable[Clip | str]") -> DataSet:
    """Clips, and reasons why there is none, as counts."""
    clips: Counter[Clip] = Counter()
    left_out: Counter[str] = Counter()
    for each in found:
        if isinstance(each, str):
            left_out[each] += 1
        else:
            clips[each] += 1
    return DataSet(clips, left_out)


def _rows(path: str, file: TextIO) -> Iterator[Columns | None]:
    """Every row as its columns, None for one that cannot be read. Raises Unreadable where none says a size."""
    ending = os.path.splitext(path)[1].casefold()
    if ending in (".csv", ".tsv"):
        table = csv.DictReader(file, delimiter="\t" if ending == ".tsv" else ",")
        names = {str(name).strip().casefold() for name in table.fieldnames or ()}
        if not (names & set(WIDTH) and names & set(HEIGHT)) and not names & set(SIZE):
            raise Unreadable(path, "no_sizes", "dataset")
        yield from ({str(name).strip().casefold(): cell for name, cell in row.items()} for row in _whole(table))
        return
    lines = file if ending == ".jsonl" else _items(path, file)
    for line in lines:
        if isinstance(line, str) and not line.strip():
            continue
        try:
            row = reading.parsed_json(line) if isinstance(line, str) else line
        except ValueError:
            row = None
        yield {str(name).casefold(): cell for name, cell in row.items()} if isinstance(row, dict) else None


def _whole(table: "csv.DictReader[str]") -> Iterator[Columns]:
    """The rows of a CSV file; one that the reader cannot split is an empty one."""
    while True:
        try:
            yield next(table)
        except StopIteration:
            return
        except csv.Error:
            yield {}


def _items(path: str, file: TextIO) -> list[object]:
    """The entries of a JSON list. Raises Unreadable."""
    try:
        found = reading.parsed_json(file.read())
    except ValueError:
        raise Unreadable(path, "no_data_set", "dataset") from None
    if not isinstance(found, list):
        raise Unreadable(path, "no_data_set", "dataset")
    return found


def _told(row: Columns | None) -> Clip | str:
    """The clip of a row, or why there is none: "unreadable", "no_size" or "no_length"."""
    if row is None:
        return "unreadable"
    width, height = (_number(row, names, LONGEST_SIDE) for names in (WIDTH, HEIGHT))
    if not width or not height:
        text = next((str(row[name]) for name in SIZE if row.get(name)), "")
        texts = text.casefold().replace("×", "x").split("x")
        sides = [_number({"side": side}, ("side",), LONGEST_SIDE) for side in texts]
        width, height = (sides[0], sides[1]) if len(sides) == 2 else (None, None)
    if not width or not height:
        return "no_size"
    fps = _number(row, FPS, MOST_FPS)
    frames, seconds = _number(row, FRAMES, MOST_FRAMES), _number(row, SECONDS, MOST_FRAMES)
    if frames is None and seconds is not None and fps is not None:
        frames = seconds * fps
    if frames is None or frames < 1:
        return "no_length"
    return Clip(int(width), int(height), int(frames + 1e-6), fps)


def _number(row: Columns, names: tuple[str, ...], most: float) -> float | None:
    """The first of those columns that holds a number above zero; None without."""
    for name in names:
        try:
            value = float(str(row.get(name) or 0))
        except (TypeError, ValueError, OverflowError):
            continue
        if 0 < value <= most:
            return value
    return None
