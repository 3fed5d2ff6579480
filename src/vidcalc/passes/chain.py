"""The passes over the ops of a call, in their order: what is left out first, then what one rank does of the rest.

computed   merging of tokens, sparse attention, step caching: the work of a call that is really done, over all ranks
of_a_rank  one rank's part of it, at its own shapes
"""

from vidcalc.describe.plan import Plan
from vidcalc.ledger.unroll import Phase
from vidcalc.ops.base import Op
from vidcalc.passes import caching, merging, ranks, sparsity
from vidcalc.passes.decoding import shared


def computed(phase: Phase, plan: Plan) -> tuple[Op, ...]:
    """The ops of one call without what the plan leaves out."""
    if phase.id != "denoise":
        return phase.trace.ops
    return caching.averaged(sparsity.thinned(merging.merged(phase.trace.ops, plan), plan), plan)


def of_a_rank(phase: Phase, plan: Plan) -> tuple[Op, ...]:
    """The ops of one rank in one call."""
    ops = computed(phase, plan)
    if phase.id == "denoise":
        return ranks.shared(ops, phase.beside, plan)
    return shared(ops, plan) if phase.id == "vae_decode" else ops
