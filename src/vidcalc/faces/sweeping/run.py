"""A sweep from its parts to a file, or to the rows of a table; by the engine that makes the parts."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from vidcalc.faces.progress import Meter
from vidcalc.faces.sweeping.asked import Asked
from vidcalc.faces.sweeping.files import content, join, kind_of
from vidcalc.faces.sweeping.folder import Folder
from vidcalc.search.sweeps.block import Block, joined


class Made(NamedTuple):
    """A part that is made: its content as a file, or its rows where a keeper or a table goes on with them."""

    number: int
    rows: int
    looked_at: int
    left_out: Counter[str]
    blocks: list[Block]
    content: bytes


class Swept(NamedTuple):
    """What came of a sweep.

    rows       that are kept;  looked_at  that were worked out or left out;  of  all there are
    left_out   how many combinations were not allowed, by reason
    blocks     the rows, where no file was asked for;  path  the file
    """

    rows: int
    looked_at: int
    of: int
    left_out: Counter[str]
    blocks: list[Block]
    path: str = ""


class Interrupted(KeyboardInterrupt):
    """Somebody stopped a sweep whose finished parts are in a folder."""

    def __init__(self, folder: str, finished: int, parts: int) -> None:
        super().__init__(folder)
        self.folder, self.finished, self.parts = folder, finished, parts


def made(asked: Asked, number: int, kind: str) -> Made:
    """One part, whoever asks for it; `kind` of file, or "" where its rows are wanted."""
    part, left_out, keeper = asked.part(number), Counter[str](), asked.keeper()
    kept: list[Block] = []
    for block in asked.blocks(part, left_out):
        (kept.append if keeper is None else keeper.add)(block)
    blocks = kept if keeper is None else keeper.done()
    rows = sum(block.rows for block in blocks)
    if not kind or keeper is not None:
        return Made(number, rows, part.rows, left_out, blocks, b"")
    return Made(number, rows, part.rows, left_out, [], content(blocks, asked.kinds, kind))


def local(asked: Asked, numbers: Iterable[int], kind: str) -> Iterator[Made]:
    """The parts one after the other, in this process."""
    for number in numbers:
        yield made(asked, number, kind)


Engine = Callable[[Asked, Iterable[int], str], Iterator[Made]]


def rows_of(asked: Asked, engine: Engine, meter: Meter, enough: int = 0) -> Swept:
    """The rows that are kept, in memory; where `enough` is stated no more parts are made once there are so many."""
    left_out, keeper, looked_at = Counter[str](), asked.keeper(), 0
    blocks: list[Block] = []
    waiting: dict[int, list[Block]] = {}
    following = 0
    for part in engine(asked, range(asked.parts), ""):
        left_out += part.left_out
        looked_at += part.looked_at
        waiting[part.number] = part.blocks
        while following in waiting:  # in the order of the sweep, in whatever order parts come
            for block in waiting.pop(following):
                (blocks.append if keeper is None else keeper.add)(block)
            following += 1
        meter(looked_at, asked.combined.rows)
        if enough and sum(block.rows for block in blocks) >= enough:
            break
    blocks = blocks if keeper is None else keeper.done()
    return Swept(sum(block.rows for block in blocks), looked_at, asked.combined.rows, left_out, blocks)


def file_of(asked: Asked, engine: Engine, path: str, resume: bool, meter: Meter) -> Swept:
    """The rows that are kept, in a file. Raises Refused, and Interrupted where somebody stops it."""
    kind = kind_of(path)
    if asked.keeper() is not None:  # few rows, of a stream that writes none
        swept = rows_of(asked, engine, meter)
        _single(asked, swept.blocks, path, kind)
        return swept._replace(path=path)
    folder = Folder(asked, path, kind, resume)
    finished = folder.finished()
    looked_at = sum(asked.part(number).rows for number in finished)
    try:
        for part in engine(asked, (number for number in range(asked.parts) if number not in finished), kind):
            folder.add(part.number, part.content, part.rows, part.left_out)
            finished[part.number] = {"rows": part.rows, "left_out": part.left_out}
            looked_at += part.looked_at
            meter(looked_at, asked.combined.rows)
        join([folder.file(number) for number in sorted(finished)], path, kind, asked.written)
    except KeyboardInterrupt:
        raise Interrupted(folder.path, len(finished), asked.parts) from None
    except Exception:
        if not finished:  # nothing to resume
            folder.remove()
        raise
    folder.remove()
    left_out: Counter[str] = Counter()
    for note in finished.values():
        left_out.update(note["left_out"])
    rows = sum(note["rows"] for note in finished.values())
    return Swept(rows, looked_at, asked.combined.rows, left_out, [], path)


def _single(asked: Asked, blocks: list[Block], path: str, kind: str) -> None:
    """A few rows as a file."""
    part = path + ".part"
    with open(part, "wb") as out:
        out.write(content(blocks, asked.kinds, kind))
    join([part], path, kind, asked.written)
    os.remove(part)


def whole(swept: Swept) -> Any:
    """All rows as one block; None where there are none."""
    return joined(swept.blocks) if swept.blocks else None
