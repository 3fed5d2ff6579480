"""Tensor parallelism: every linear layer inside attention and feed-forward is cut among ranks; 1 changes nothing.

The wider side of a layer is cut, and the heads of attention; results are summed up after attention and after the
feed-forward. Norms and sums over the hidden states every rank does for all tokens, unless `sequence_parallel` shares
the tokens between the cuts too: the sum is then scattered, and gathered again before the next cut, at the same bytes.

Source: arXiv 1909.08053 (tensor parallel), 2205.05198 (sequence parallel).
"""

from msgspec.structs import replace

from vidcalc.base.number import Number, ceil_div, unchanged, where
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.sharing import Sharing
from vidcalc.ledger.types import Phase
from vidcalc.ledger.weights import Weights
from vidcalc.ops import Attention, Collective, Matmul, Op, Pointwise
from vidcalc.passes.phases import DENOISER, Job, rewrite

SIZES = ("total", "copy", "blocks", "block", "module")


def cut(ledger: Job, plan: Sharing, hardware: Hardware) -> Job:
    """The denoiser's calls with one rank's slice of the layers, and the sums among the ranks; its slice of the weights.

    Live activations stay: what is inside attention and feed-forward shrinks, which is not where a block is widest for
    long.
    """
    if unchanged(plan.tensor_degree, 1):
        return ledger

    def slices(phase: Phase) -> Phase:
        return replace(phase, ops=(*sliced(phase.ops, plan), *sums(phase.ops, plan)))

    ledger = rewrite(ledger, DENOISER, slices)
    networks = {
        name: replace(each, stored=cut_weights(each.stored, plan.tensor_degree)) if each.role == "denoiser" else each
        for name, each in ledger.weights.items()
    }
    return replace(ledger, weights=networks)


def sliced(ops: tuple[Op, ...], plan: Sharing) -> tuple[Op, ...]:
    """One rank's slice of the ops."""
    inside = parts(ops)
    # sequence parallelism shares the tokens between the cut layers too (arXiv 2205.05198)
    outside = where(plan.sequence_parallel == "on", plan.tensor_degree, 1)
    mine: list[Op] = []
    for op in ops:
        many = plan.tensor_degree if _part(op) in inside else outside
        if isinstance(op, Attention):
            whole = op.whole or (op.batch * op.heads, op.queries)
            # whole heads [batch, heads / tensor, queries, d]: the one with the most sets the pace
            mine.append(replace(op, heads=ceil_div(op.heads, plan.tensor_degree), whole=whole))
        elif isinstance(op, Matmul):
            mine.append(_narrower(op, plan.tensor_degree) if _part(op) in inside else op)
        elif isinstance(op, Pointwise):
            mine.append(replace(op, moved=ceil_div(op.moved, many)))
        else:
            mine.append(op)
    return tuple(mine)


def _narrower(op: Matmul, slices: Number) -> Matmul:
    """A layer with its wider side cut: [rows, d_in] x [d_in, d_out / slices], or [rows, d_in / slices] x [...]."""
    wide = op.d_in > op.d_out
    d_in = where(wide, ceil_div(op.d_in, slices), op.d_in)
    return replace(op, d_in=d_in, d_out=where(wide, op.d_out, ceil_div(op.d_out, slices)))


def parts(ops: tuple[Op, ...]) -> frozenset[str]:
    """Parts of the repeated blocks that do linear work: "blocks.*.ffn" of Wan."""
    return frozenset(_part(op) for op in ops if isinstance(op, Matmul | Attention)) - {""}


def inside(ops: tuple[Op, ...]) -> Number:
    """Share of the traffic of some ops that is inside the parts which are cut: what of the live bytes shrinks."""
    cut_parts = parts(ops)
    within = sum(op.activation_bytes * op.count for op in ops if _part(op) in cut_parts)
    return within / sum(op.activation_bytes * op.count for op in ops)


def _part(op: Op) -> str:
    """The part an op belongs to; none for norms and what modulates them, which are not cut."""
    return "" if op.place.role == "norm" else op.place.part


def summed(ops: tuple[Op, ...]) -> list[Matmul]:
    """Linear layers whose results are summed up over the ranks: those that end a cut.

    After an attention, the layers of its part; without one, those that narrow. What a LoRA makes is summed up with the
    layer that it is beside, its few inner values apart.
    """
    inside, ends = parts(ops), []
    attended: set[str] = set()
    for op in ops:
        name = _part(op)
        if isinstance(op, Attention):
            attended.add(name)
        elif op.place.role == "lora":
            continue
        elif isinstance(op, Matmul) and op.weight == 1 and name in inside and _ends(op, name in attended):
            ends.append(op)
    return ends


def _ends(op: Matmul, attended: bool) -> bool:
    return attended or bool(op.d_in > op.d_out and op.place.role != "attention")


def sums(ops: tuple[Op, ...], plan: Sharing) -> tuple[Op, ...]:
    """The sums over the ranks of one rank's rows."""
    return tuple(
        Collective(
            path=op.path,
            count=op.count,
            precision=op.precision,
            place=op.place,
            way="tensor",
            operation="all_reduce",
            # each rank has a sum over its part of d_in, for all of [batch x rows, d_out]
            nbytes=op.batch * op.rows * op.d_out * op.element_bytes,
            ranks=plan.tensor_degree,
        )
        for op in summed(ops)
    )


def cut_weights(whole: Weights, degree: Number) -> Weights:
    """The bytes of a rank whose repeated blocks are cut to 1/degree, each of them."""
    return replace(
        blocks_cut(whole, degree),
        block=ceil_div(whole.block, degree),
        module=ceil_div(whole.module, degree),
    )


def blocks_cut(whole: Weights, degree: Number) -> Weights:
    """All weights with 1/degree of the repeated blocks' bytes."""
    return replace(
        whole,
        total=_cut(whole.total, whole, degree),
        copy=_cut(whole.copy, whole, degree),
        blocks=ceil_div(whole.blocks, degree),
    )


def _cut(nbytes: Number, whole: Weights, degree: Number) -> Number:
    # bytes of the repeated blocks, in all copies alike
    share = nbytes * whole.blocks // whole.copy if whole.copy else 0
    return nbytes - share + ceil_div(share, degree)
