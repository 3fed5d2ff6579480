"""What came and went during a call, in order, and what the caching allocator makes of it."""

import msgspec

from vidcalc.base.memo import once
from vidcalc.base.number import SINGLE, Number, is_array, of_each
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

    @once
    def shares(self, segments: str) -> tuple[Number, Number] | None:
        """Bytes reserved over those allocated, less one: in all, and without segments that are free; None without a
        log. In a sweep each of its sizes is replayed: use it where there are few."""
        if not self.kept:
            return None
        log, apart = self.entries(), self.several()
        varying = {id(each): each for each in (*(nbytes for _, nbytes in log), *apart.values()) if is_array(each)}
        if not varying:
            cache = self.cached(segments)
            return None if cache is None else _shares(cache)
        places = {key: place for place, key in enumerate(varying)}
        found: dict[tuple[float, ...], tuple[float, float]] = {}

        def at(*sizes: float) -> tuple[float, float]:
            if sizes not in found:
                whole = [int(size) for size in sizes]
                one = [(what, whole[places[id(each)]] if id(each) in places else each) for what, each in log]
                few = {key: whole[places[id(each)]] if id(each) in places else each for key, each in apart.items()}
                found[sizes] = _shares(replayed(one, few, segments))
            return found[sizes]

        return (
            of_each(lambda *sizes: at(*sizes)[0], *varying.values()),
            of_each(lambda *sizes: at(*sizes)[1], *varying.values()),
        )


def _shares(cache: Cache) -> tuple[float, float]:
    """What is reserved, and needed, over what is allocated, less one."""
    return cache.reserved / max(cache.allocated, 1) - 1, cache.needed / max(cache.allocated, 1) - 1
