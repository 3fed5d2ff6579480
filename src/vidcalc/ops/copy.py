"""Copies between host memory and the device: what offloading pays."""

from typing import ClassVar

from vidcalc.base.number import Number, maximum
from vidcalc.ops.base import Op


class Copy(Op, frozen=True, eq=True, gc=False):
    """`nbytes` over the link between host and device.

    memory   the host memory it comes from or goes to: "pinned", "pageable", or "fresh" (pages that nobody has touched);
             or what precedes a copy: "gathered" into pinned memory by a core, read from "disk"
    hidden   1 where it has a stream of its own and runs beside the work of its call, 0 where everything waits
    share    of the seconds of that work; it hides at most so much
    tensors  that the host hands over one by one, and `halts` at which it waits for the device, while the device waits
             for it
    """

    nbytes: Number
    memory: str
    hidden: int = 0
    share: Number = 1
    tensors: Number = 0
    halts: Number = 0

    kind: ClassVar[str] = "copy"

    def exposed(self, copy: Number, work: Number) -> Number:
        """Seconds that a call waits for one execution, where the copy takes `copy` and the work of the call `work`
        seconds [second]."""
        # a stream of its own waits only for what outlasts the work beside it
        return maximum(copy - work * self.hidden * self.share, 0)
