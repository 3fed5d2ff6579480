"""What machines do: one file per kind of work. All formulas of work and traffic live here, and nowhere else."""

from vidcalc.ops.attention import Attention
from vidcalc.ops.base import Op
from vidcalc.ops.collective import Collective
from vidcalc.ops.convolution import Convolution
from vidcalc.ops.copy import Copy
from vidcalc.ops.matmul import Matmul
from vidcalc.ops.pointwise import Pointwise
from vidcalc.ops.update import Update

__all__ = ["Attention", "Collective", "Convolution", "Copy", "Matmul", "Op", "Pointwise", "Update", "frozen"]


def frozen(op: Op) -> bool:
    """Whether an op is a product with weights that are not trained: of its gradients only the input's is wanted."""
    return isinstance(op, Convolution | Matmul) and not op.trained
