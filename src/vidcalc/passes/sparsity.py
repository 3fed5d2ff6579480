"""Sparse attention: of the score blocks of self-attention only a share is computed; a density of 1 changes nothing.

Windows (sliding tiles, neighbourhoods) and masks chosen while running (Sparse VideoGen, NABLA, VSA) alike: all queries,
keys and values are read, and exchanged among ranks. Attention to a prompt stays whole. The choice of the blocks takes
no time of its own here; a density by name (data/speedups.toml) is an effective one, fitted to seconds, that holds it.

Source: arXiv 2502.01776 (Sparse VideoGen), 2502.04507 (STA), 2505.13389 (VSA), 2507.13546 (NABLA).
"""

from msgspec.structs import replace

from vidcalc.describe.plan import Plan
from vidcalc.ops import Attention, Op
from vidcalc.passes.ranks import crossed


def thinned(ops: tuple[Op, ...], plan: Plan) -> tuple[Op, ...]:
    """The ops with that share of the score blocks in self-attention."""
    if plan.sparse_attention == "none":
        return ops
    density = plan.attention_density
    return tuple(
        replace(op, density=density + (1 - density) * crossed(op)) if isinstance(op, Attention) else op for op in ops
    )
