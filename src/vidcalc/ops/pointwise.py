"""Work that is bound by memory: elementwise arithmetic, norms, casts, copies, softmax, embeddings."""

from typing import ClassVar

from vidcalc.base.number import Number
from vidcalc.base.place import NOWHERE, Place
from vidcalc.ops.base import Op

LONG = 1 << 20  # elements: a row so long that its length costs nothing


class Pointwise(Op, frozen=True, eq=False, gc=False):
    """Reads and writes each element; its FLOPs are not counted, as in torch.utils.flop_counter.

    `moved` is the traffic of the separate kernels eager PyTorch launches for it, in bytes, `launches` their number,
    `row` the elements of the innermost dimension they work along: short ones (a head) are slow.
    `way`: what paces a kernel beside memory, an id: "vector" (nothing: contiguous, of one dtype, several elements at
    once), "single" (an element at a time: dtypes are mixed, or an operand is spread over the others), "norm" (sums over
    rows), "statistics" (sums over few long rows); `each` its bytes per element, `blocks` the rows of statistics.
    """

    moved: Number
    launches: Number  # type: ignore[misc, assignment]  # of each op; of other kinds the same for all
    row: Number = LONG
    place: Place = NOWHERE
    way: str = "vector"
    each: Number = 0
    blocks: Number = 0

    kind: ClassVar[str] = "pointwise"

    @property
    def activation_bytes(self) -> Number:
        return self.moved
