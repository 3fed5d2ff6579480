"""FLOPs of one trained sample: forward, the gradients that are wanted, what is computed again; and utilisation.

Model FLOPs are forward plus backward; hardware FLOPs add recomputation and the scores that a fused attention kernel
computes again. MFU and HFU divide them by what the accelerators could do in the step's time (arXiv 2204.02311,
appendix B). Where weights are frozen their gradient is not wanted, only that of the input.
"""

from typing import Any

import msgspec

from vidcalc.ops import Attention, Convolution, Matmul, Op


class StepFlops(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """FLOPs of one micro-batch [FLOP]: forward, backward by convention, recomputed, and in fused attention's backward
    beyond the convention."""

    forward: Any
    backward: Any
    recompute: Any
    rescored: Any

    @property
    def model(self) -> Any:
        """Forward and backward: what MFU counts [FLOP]."""
        return self.forward + self.backward

    @property
    def hardware(self) -> Any:
        """Everything executed: what HFU counts [FLOP]."""
        return self.model + self.recompute + self.rescored


def frozen(op: Op) -> bool:
    """Whether an op is a product with weights that are not trained."""
    return isinstance(op, Convolution | Matmul) and not op.trained


def flops(ops: tuple[Op, ...], again: tuple[Op, ...]) -> StepFlops:
    """FLOPs of one micro-batch with those forward ops, of which `again` run a second time."""
    backward: Any = 0
    rescored: Any = 0
    for op in ops:
        wanted = op.flops if frozen(op) else op.backward_flops
        backward = backward + wanted * op.count
        if isinstance(op, Attention):
            rescored = rescored + (op.recomputed_backward_flops - op.backward_flops) * op.count
    return StepFlops(
        forward=sum(op.flops * op.count for op in ops),
        backward=backward,
        recompute=sum(op.flops * op.count for op in again),
        rescored=rescored,
    )
