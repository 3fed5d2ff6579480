"""Exchanges among ranks: what goes over links instead of through a chip."""

from typing import ClassVar

from vidcalc.base.number import Number, maximum
from vidcalc.base.place import NOWHERE, Place
from vidcalc.ops.base import Op


class Collective(Op, frozen=True, eq=False, gc=False):
    """`ranks` ranks exchange `nbytes` by an `operation`; among one rank nothing happens.

    way        what it is for, an id: "ulysses", "ring", "gather", "tensor", "pipefusion", "guidance", "shards" …
    operation  "all_reduce", "all_gather", "reduce_scatter", "all_to_all", or "send": each to the next rank
    nbytes     an all-gather's, a reduce-scatter's and an all-reduce's whole tensor; of an all-to-all and a send one
               rank's part [byte]
    stride     every so many-th rank belongs to the group: those between talk more, and sit closer
    messages   exchanges of that size that follow each other
    behind     what it runs beside: "nothing", "attention" or "work" of the rank's call
    share      of the seconds of that; it hides at most so much
    apart      share of its own seconds that nothing hides
    stall      what the work it runs beside loses by being done in turns, of its seconds
    Source: arXiv 1910.02054, 1909.08053, 2309.14509, 2310.01889, 2405.14430.
    """

    way: str
    operation: str
    nbytes: Number
    ranks: Number
    stride: Number = 1
    messages: Number = 1
    behind: str = "nothing"
    share: Number = 1
    apart: Number = 0
    stall: Number = 0
    place: Place = NOWHERE

    kind: ClassVar[str] = "collective"

    def exposed(self, exchange: Number, work: Number) -> Number:
        """Seconds that a rank waits beyond its work, where the exchange takes `exchange` and what it runs beside
        `work` seconds [second]."""
        # seconds that hide some of the exchange: the part of it that nothing hides is waited for anyway
        beside = work * self.share
        return exchange * self.apart + maximum(exchange * (1 - self.apart) - beside, 0) + beside * self.stall
