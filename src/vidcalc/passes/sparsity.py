"""Sparse attention: of the score blocks of self-attention only a share is computed; a density of 1 changes nothing.

Windows (sliding tiles, neighbourhoods) and masks chosen while running (Sparse VideoGen, NABLA, VSA) alike: all queries,
keys and values are read, and exchanged among ranks. Attention to a prompt stays whole. The choice of the blocks takes
no time of its own here; a density by name (data/speedups.toml) is an effective one, fitted to seconds, that holds it.

Source: arXiv 2502.01776 (Sparse VideoGen), 2502.04507 (STA), 2505.13389 (VSA), 2507.13546 (NABLA).
"""

from msgspec.structs import replace

from vidcalc.base.number import Number
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.plan import Plan
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ops import Attention, Op
from vidcalc.passes.phases import DENOISER, rewrite


def sparse(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The denoiser's calls with that share of the score blocks in self-attention."""
    if plan.sparse_attention == "none":
        return ledger

    def chosen(phase: Phase) -> Phase:
        return replace(phase, ops=tuple(_of_density(op, plan.attention_density) for op in phase.ops))

    return rewrite(ledger, DENOISER, chosen)


def _of_density(op: Op, density: Number) -> Op:
    """An attention of that density, whole where it looks at a prompt; other ops as they are."""
    return replace(op, density=density + (1 - density) * op.crossed) if isinstance(op, Attention) else op
