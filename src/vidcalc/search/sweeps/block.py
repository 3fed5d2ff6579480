"""Rows in columns: what engines hand to whoever keeps or writes them.

A column of a block is a float64 array, an array of words (`Words`), or one number or word that all rows have in common.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
else:
    Array: TypeAlias = Any
Column: TypeAlias = Any  # an array, words, or what all rows have in common
Columns: TypeAlias = Mapping[str, Column]


class Words:
    """An array of words as numbers: `codes` are places in `names`."""

    __slots__ = ("codes", "names")

    def __init__(self, codes: Array, names: Sequence[str]) -> None:
        self.codes, self.names = codes, tuple(names)

    def __eq__(self, other: object) -> Column:
        """Where the word is that one; elementwise."""
        import numpy as np

        if isinstance(other, Words):
            return np.asarray(self.listed()) == np.asarray(other.listed())
        return self.codes == (self.names.index(str(other)) if other in self.names else -1)

    def __ne__(self, other: object) -> Column:
        return ~(self == other)

    def __hash__(self) -> int:
        return id(self)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, places: Array) -> "Words":
        return Words(self.codes[places], self.names)

    def listed(self) -> Array:
        """The words themselves."""
        import numpy as np

        return np.asarray(self.names, dtype=object)[self.codes]


def words_of(values: Array) -> Words:
    """An array of text as words."""
    import numpy as np

    names, codes = np.unique(values, return_inverse=True)
    return Words(codes.astype(np.int16), [str(name) for name in names])


class Block:
    """So many rows, beginning at row `start` of the whole sweep; `places` are theirs where some were left out."""

    __slots__ = ("columns", "places", "rows")

    def __init__(self, columns: Columns, places: Array) -> None:
        self.columns, self.places = dict(columns), places
        self.rows = len(places)

    def of(self, rows: Array) -> "Block":
        """Some of the rows: places of them, or whether each is one."""
        taken = {
            name: column[rows] if isinstance(column, Words) or hasattr(column, "shape") else column
            for name, column in self.columns.items()
        }
        return Block(taken, self.places[rows])

    def column(self, name: str) -> Column:
        """A column as an array with a value for each row; words as a list of them."""
        import numpy as np

        values = self.columns[name]
        if isinstance(values, Words):
            return values.listed()
        if hasattr(values, "shape") and values.shape:
            return values
        return np.full(self.rows, values, dtype=object if isinstance(values, str) else None)


def joined(blocks: Sequence[Block]) -> Block:
    """Blocks as one, rows in their order."""
    import numpy as np

    if len(blocks) == 1:
        return blocks[0]
    columns: dict[str, Column] = {}
    for name in blocks[0].columns:
        parts = [block.columns[name] for block in blocks]
        if any(isinstance(part, str | Words) for part in parts):
            columns[name] = _joined_words(parts, [block.rows for block in blocks])
        else:
            columns[name] = np.concatenate([block.column(name) for block in blocks])
    return Block(columns, np.concatenate([block.places for block in blocks]))


def _joined_words(parts: Sequence[Column], rows: Sequence[int]) -> Words:
    """Columns of words as one."""
    import numpy as np

    names: dict[str, int] = {}
    codes = []
    for part, count in zip(parts, rows, strict=True):
        own = part.names if isinstance(part, Words) else (str(part),)
        renamed = np.asarray([names.setdefault(name, len(names)) for name in own], dtype=np.int32)
        codes.append(renamed[part.codes] if isinstance(part, Words) else np.full(count, renamed[0], dtype=np.int32))
    return Words(np.concatenate(codes), list(names))
