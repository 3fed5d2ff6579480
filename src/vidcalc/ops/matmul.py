"""Matrix products: linear layers, and the score and value products of attention that a network spells out."""

from typing import ClassVar

from vidcalc.base.number import Number
from vidcalc.base.place import NOWHERE, Place
from vidcalc.ops.base import Op


class Matmul(Op, frozen=True, eq=False, gc=False):
    """out[b, rows, d_out] = x[b, rows, d_in] · w[(b,) d_in, d_out].

    Counted: the product, 2 FLOP per multiply-add. Not: the bias, the activation.
    `batch` products share nothing; `weight` is 1 for a linear layer and 0 where both factors are activations.
    Source: torch.utils.flop_counter (mm, addmm, bmm).
    """

    rows: Number
    d_in: Number
    d_out: Number
    batch: Number
    weight: int
    element_bytes: int
    place: Place = NOWHERE
    trained: bool = True

    kind: ClassVar[str] = "matmul"
    launches: ClassVar[int] = 1

    @property
    def key(self) -> tuple[object, ...]:
        return ("matmul", self.precision, self.rows, self.d_in, self.d_out, self.batch, self.weight, self.quantised)

    @property
    def quantised(self) -> bool:
        """Whether a factor is in the network's number format: its own weights are, those of a LoRA beside them not."""
        return self.weight == 1 and self.place.role != "lora"

    @property
    def flops(self) -> Number:
        # batch · [rows, d_in] × [d_in, d_out]; a multiply-add is two
        return 2 * self.batch * self.rows * self.d_in * self.d_out

    @property
    def activation_bytes(self) -> Number:
        # x [rows, d_in] and out [rows, d_out]; the other factor [d_in, d_out] too where it is no weight
        factors = self.rows * (self.d_in + self.d_out) + (1 - self.weight) * self.d_in * self.d_out
        return self.batch * factors * self.element_bytes

    @property
    def weights(self) -> Number:
        # one matrix for the whole batch: [d_in, d_out]
        return self.weight * self.d_in * self.d_out
