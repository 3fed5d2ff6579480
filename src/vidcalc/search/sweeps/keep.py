"""Which rows of a stream are kept: all, the first N of an order, or those that nothing beats (a Pareto front).

A keeper is handed blocks and holds no more rows than it keeps; `done` gives what is left in its order. Of rows that are
equal in what is asked the first of the sweep stays, so that the answer does not depend on how the sweep was cut.
Numbers that are not known (NaN: no price) come last in an order and are on no front.
"""

from typing import NamedTuple

from vidcalc.search import front
from vidcalc.search.sweeps.block import Array, Block, joined

SHARE = 2  # blocks wait until they are this many times what is kept, then the best are taken


class Key(NamedTuple):
    """A column, the smallest first; `falling`: the largest first."""

    name: str
    falling: bool = False

    def of(self, block: Block) -> Array:
        """The column as numbers of which small ones come first."""
        import numpy as np

        values = block.column(self.name)
        if values.dtype == object:
            raise TypeError(self.name)
        numbers = np.asarray(values, dtype=np.float64)
        return -numbers if self.falling else numbers


class Top:
    """The first `count` rows by a key."""

    def __init__(self, key: Key, count: int) -> None:
        self.key, self.count = key, count
        self.blocks: list[Block] = []
        self.waiting = 0
        self.limit = float("inf")

    def add(self, block: Block) -> None:
        """Rows that may be among them wait; all others go."""
        import numpy as np

        if self.limit < float("inf"):
            block = block.of(np.flatnonzero(self.key.of(block) <= self.limit))
        if block.rows:
            self.blocks.append(block)
            self.waiting += block.rows
        if self.waiting > SHARE * self.count + 65_536:
            self._settle()

    def _settle(self) -> None:
        whole = joined(self.blocks)
        keys = self.key.of(whole)
        order = front.best(keys, whole.places, self.count)
        kept = whole.of(order)
        self.blocks, self.waiting = [kept], kept.rows
        if kept.rows == self.count:
            last = float(keys[order[-1]])
            self.limit = float("inf") if last != last else last

    def done(self) -> list[Block]:
        """Them, in order."""
        if self.blocks:
            self._settle()
        return self.blocks


class Front:
    """Rows that no other beats in all of several columns at once."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        self.keys = keys
        self.kept: Block | None = None
        self.points: Array | None = None

    def add(self, block: Block) -> None:
        """Take a block's rows that are on the front; those that they beat go."""
        import numpy as np

        points = np.stack([key.of(block) for key in self.keys], axis=1)
        known = np.flatnonzero(~np.isnan(points).any(axis=1))
        rows = known[front.front(*points[known].T)]
        if self.points is not None and len(rows):
            rows = rows[~beaten(points[rows], self.points)]
        if not len(rows):
            return
        whole = block.of(rows) if self.kept is None else joined([self.kept, block.of(rows)])
        both = points[rows] if self.points is None else np.concatenate([self.points, points[rows]])
        left = front.front(*both.T)
        self.kept, self.points = whole.of(left), both[left]

    def done(self) -> list[Block]:
        """The front, the best by the first key first."""
        return [] if self.kept is None else [self.kept]


def beaten(points: Array, others: Array) -> Array:
    """Whether one of the others is as small in every column as each point."""
    import numpy as np

    if points.shape[1] == 2:
        order = np.argsort(others[:, 0], kind="stable")
        least = np.minimum.accumulate(others[order, 1])
        before = np.searchsorted(others[order, 0], points[:, 0], side="right")
        return (before > 0) & (least[np.maximum(before - 1, 0)] <= points[:, 1])
    worse = np.zeros(len(points), dtype=bool)
    for other in others:
        worse |= (other <= points).all(axis=1)
    return worse
