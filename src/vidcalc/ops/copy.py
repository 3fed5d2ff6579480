"""Copies between host memory and the device: what offloading pays."""

from typing import ClassVar

from vidcalc.base.number import Number, maximum
from vidcalc.ops.base import Op


class Copy(Op, frozen=True, eq=False, gc=False):
    """`nbytes` over the link between host and device.

    memory  "pinned" or "pageable": the host memory it comes from
    hidden  1 where it has a stream of its own and runs beside the work of its call, 0 where everything waits
    """

    nbytes: Number
    memory: str
    hidden: int = 0

    kind: ClassVar[str] = "copy"

    def exposed(self, copy: Number, work: Number) -> Number:
        """Seconds that a call waits, where the copy takes `copy` and the work of the call `work` seconds [second]."""
        # a stream of its own waits only for what outlasts the work
        return maximum(copy - work * self.hidden, 0)
