"""What came and went during a call, in order, and what the caching allocator makes of it."""

import msgspec

from vidcalc.base.memo import once
from vidcalc.base.number import SINGLE, Number
from vidcalc.tape.replay import Cache, replayed


class History(msgspec.Struct, frozen=True, eq=False, dict=True):
    """Storages and workspaces of a call.

    log    what came and went, in order (see `vidcalc.tape.records`);  apart  storages that stand for several
    """

    log: tuple[tuple[int, Number], ...] = ()
    apart: dict[int, Number] = {}

    @property
    def kept(self) -> bool:
        """Whether it was written down at all."""
        return bool(self.log)

    def entries(self) -> tuple[tuple[int, Number], ...]:
        """What came and went."""
        return self.log

    def several(self) -> dict[int, Number]:
        """Storages that stand for several."""
        return self.apart

    @property
    def swept(self) -> bool:
        """Whether its sizes are arrays."""
        return not all(issubclass(kind, SINGLE) for kind in {type(nbytes) for _, nbytes in self.log})

    @once
    def cached(self, segments: str) -> Cache | None:
        """What the call makes of the allocator whose segments are "fixed", or grow ("expandable"); None of a sweep."""
        if not self.kept or self.swept:
            return None
        return replayed(self.entries(), self.several(), segments)
