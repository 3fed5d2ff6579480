"""An optimizer's update: elementwise over all trained weights, bound by memory."""

from typing import ClassVar

from vidcalc.base.number import Number
from vidcalc.ops.base import Op


class Update(Op, frozen=True, eq=False, gc=False):
    """Each of `elements` weights with its gradient, master copy and states, read and written once.

    reads, writes  bytes per element
    over           bytes per element that cross the link to the host, where the CPU updates [byte]
    memory         "device" or "host": whose memory holds the states
    """

    elements: Number
    reads: Number
    writes: Number
    over: Number = 0
    memory: str = "device"

    kind: ClassVar[str] = "update"

    @property
    def activation_bytes(self) -> Number:
        # bytes of all states and weights: no element is used twice
        return self.elements * (self.reads + self.writes)
