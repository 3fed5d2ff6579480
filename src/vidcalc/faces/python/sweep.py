"""What `vidcalc.sweep` answers with: rows by column, as arrays, dictionaries or a data frame."""

from collections.abc import Iterator
from typing import Any

from vidcalc.faces.python.shown import Shown
from vidcalc.faces.sweeping.asked import Asked
from vidcalc.faces.sweeping.document import document, rows
from vidcalc.faces.sweeping.run import Swept, whole
from vidcalc.faces.terminal.page import Look
from vidcalc.faces.words import _


def array(values: Any, kind: str) -> Any:
    """A column as an array of its kind."""
    import numpy as np

    return np.asarray(values, dtype={"word": object, "whole": np.int64, "number": np.float64}[kind])


class Sweep(Shown):
    """Rows of a sweep.

    columns    each column as a NumPy array: the settings, then the results, in SI units or USD (`units`)
    left_out   how many rows are of combinations that are not allowed, by reason
    kept, looked_at, of   rows that are here (or in the file), that were worked out or left out, that there are
    output     the file they went to, or ""

    It has a length, gives dictionaries row by row, and `frame()` is a polars data frame.
    """

    def __init__(self, asked: Asked, swept: Swept) -> None:
        self._asked, self._swept = asked, swept
        block = whole(swept)
        self.columns: dict[str, Any] = {}
        if block is not None:
            self.columns = {name: array(block.column(name), kind) for name, kind in asked.kinds.items()}
        self.left_out = dict(swept.left_out)
        self.kept, self.looked_at, self.of, self.output = swept.rows, swept.looked_at, swept.of, swept.path

    def __len__(self) -> int:
        return sum(block.rows for block in self._swept.blocks)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for block in self._swept.blocks:
            yield from rows(block, self._asked.kinds)

    def __getitem__(self, name: str) -> Any:
        return self.columns[name]

    def units(self) -> dict[str, str]:
        """The unit of each column of results; "" of words."""
        from vidcalc.search.sweeps.columns import COLUMNS

        return {name: COLUMNS[name].unit for name in self._asked.columns}

    def frame(self) -> Any:
        """The rows as a polars data frame; needs the extra `sweep`."""
        from vidcalc.faces.sweeping.files import frame

        return frame(self._swept.blocks, self._asked.kinds)

    def to_json(self) -> str:
        """The line that the command prints with --json."""
        from vidcalc.faces.python.shown import encoded

        return encoded(document(self._asked, self._swept)).decode()

    def _drawn(self, look: Look) -> str:
        from vidcalc.faces.terminal.sweep import draw

        return draw(self._asked, self._swept, look)

    def _line(self) -> str:
        return _("{rows} of {of} rows.", rows=f"{self.kept:,}", of=f"{self.of:,}")
