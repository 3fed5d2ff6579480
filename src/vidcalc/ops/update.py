"""An optimizer's update: elementwise over all trained weights, bound by memory."""

from typing import Any, ClassVar

from vidcalc.ops.base import Op


class Update(Op, frozen=True, eq=False, gc=False):
    """Each of `elements` weights with its gradient, master copy and states, read and written once.

    reads, writes  bytes per element
    over           bytes per element that cross the link to the host, where the CPU updates [byte]
    memory         "device" or "host": whose memory holds the states
    """

    elements: Any
    reads: Any
    writes: Any
    over: Any = 0
    memory: str = "device"

    kind: ClassVar[str] = "update"

    @property
    def activation_bytes(self) -> Any:
        return self.elements * (self.reads + self.writes)
