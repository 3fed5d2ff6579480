"""The questions every op answers: how much arithmetic, how many bytes moved, which weights.

An op is a frozen record; its fields are the symbols of its formulas. A field may be a Python int (exact) or a
float64 array (a sweep): a formula is plain arithmetic over fields and never branches on a number.
"""

from typing import ClassVar

import msgspec

from vidcalc.base.number import Number
from vidcalc.base.place import NOWHERE, Place


class Op(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One kind of work, executed `count` times.

    path       where it stands in the network, dots between module names: `blocks.*.attn1.to_q`
    count      how often it runs in one pass through the network (repeated layers are taped once)
    precision  the arithmetic class the matrix units run in: fp32, tf32, fp16, bf16, fp8, int8, fp4
    place      block, part and role in the network
    trained    whether the weights it reads are trained, where any are
    """

    path: str
    count: Number
    precision: str

    kind: ClassVar[str] = "op"
    launches: ClassVar[int] = 0
    """Kernels that the host starts for one execution."""

    @property
    def place(self) -> Place:
        """Where in its network it stands."""
        return NOWHERE

    @property
    def key(self) -> tuple[object, ...]:
        """What its cost depends on: equal keys cost the same."""
        return (self.kind, self.precision)

    @property
    def flops(self) -> Number:
        """Floating-point operations of one execution, 2 per multiply-add [FLOP]."""
        return 0

    @property
    def backward_flops(self) -> Number:
        """FLOPs of the two gradients (input and weight), as counted by the usual convention [FLOP]."""
        # out = x · w: the gradient of x is one such product (dout · wᵀ), that of w another (xᵀ · dout)
        return 2 * self.flops

    @property
    def activation_bytes(self) -> Number:
        """Bytes of activations read and written once each [byte]."""
        return 0

    @property
    def weights(self) -> Number:
        """Weight elements read by one execution [elements]."""
        return 0
