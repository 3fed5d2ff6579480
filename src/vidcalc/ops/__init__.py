"""What machines do: one file per kind of work. All formulas of work and traffic live here, and nowhere else."""

from vidcalc.ops.attention import Attention
from vidcalc.ops.base import Op
from vidcalc.ops.convolution import Convolution
from vidcalc.ops.matmul import Matmul
from vidcalc.ops.pointwise import Pointwise

__all__ = ["Attention", "Convolution", "Matmul", "Op", "Pointwise"]
