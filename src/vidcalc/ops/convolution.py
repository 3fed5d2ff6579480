"""Convolutions in one to three dimensions, plain, grouped or depthwise."""

from typing import ClassVar

from vidcalc.base.number import Condition, Number, minimum, where
from vidcalc.base.place import NOWHERE, Place
from vidcalc.ops.base import Op


class Convolution(Op, frozen=True, eq=False, gc=False):
    """out[b, c_out, positions] = w[c_out, c_in / groups, kernel] * x.

    `positions` is the number of output places (time × height × width), `kernel` the number of taps.
    `input_positions` are the places read. Counted: every tap at every place, padding included, as
    torch.utils.flop_counter does. Not: the bias.
    """

    batch: Number
    c_in: Number
    c_out: Number
    positions: Number
    input_positions: Number
    kernel: Number
    groups: Number
    element_bytes: int
    place: Place = NOWHERE
    trained: bool = True

    kind: ClassVar[str] = "convolution"
    launches: ClassVar[int] = 1

    @property
    def key(self) -> tuple[object, ...]:
        sizes = self.batch, self.c_in, self.c_out, self.positions, self.input_positions, self.kernel, self.groups
        return ("convolution", self.precision, *sizes)

    @property
    def depthwise(self) -> Condition:
        """Whether every channel has a filter of its own: no sum over channels, so no matrix product."""
        return self.c_in == self.groups

    @property
    def flops(self) -> Number:
        # per group: [batch · positions, c_in / groups · kernel] × [c_in / groups · kernel, c_out / groups]
        return 2 * self.batch * self.positions * self.c_out * (self.c_in // self.groups) * self.kernel

    @property
    def activation_bytes(self) -> Number:
        # x [c_in, input places] read once, out [c_out, positions] written once: neighbours share their reads
        places = self.c_in * self.input_positions + self.c_out * self.positions
        return self.batch * places * self.element_bytes

    @property
    def turned_bytes(self) -> Number:
        """Traffic of bringing x and out to channels-last and back, where there is more than one tap [byte]."""
        # both read and written once more; a depthwise one has kernels that take them as they are
        turned = where(self.depthwise, 0, 1) * minimum(self.kernel - 1, 1)
        return 2 * self.activation_bytes * turned

    @property
    def weights(self) -> Number:
        # [c_out, c_in / groups, kernel]: a channel sees those of its own group alone
        return self.c_out * (self.c_in // self.groups) * self.kernel
