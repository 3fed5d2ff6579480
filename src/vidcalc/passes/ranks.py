"""One rank's part of a call, as ops of their own: smaller products are slower ones, so they are priced at their shape.

Ulysses and ring leave a rank its share of the tokens, rounded up: the slowest rank sets the pace. Ulysses gives it all
tokens of its heads inside self-attention, for four copies that bring tensors into the order of the exchange. Ring walks
over the keys in as many turns as there are ranks and merges what each turn gave. Tensor parallelism cuts the wider side
of the linear layers inside attention and feed-forward; norms and sums over the hidden states are done by every rank.
PipeFusion gives a rank some layers, and every patch of the tokens in turn. Short rows (a prompt) every rank does.

Every degree is neutral at 1. Source: arXiv 2309.14509, 2310.01889, 1909.08053, 2405.14430.
"""

from typing import Any

from msgspec.structs import replace

from vidcalc.base.number import ceil_div, is_array, minimum, unchanged, where
from vidcalc.describe.plan import Plan
from vidcalc.ops import Attention, Convolution, Matmul, Op, Pointwise

EXCHANGED = 4  # tensors of self-attention that ranks exchange: queries, keys, values, results
COPIES = 4  # reads and writes of each: into the order of the exchange, and out of it
MERGED = 3  # reads and writes of a turn's result: the sum so far is read, the new part is read, the sum is written
SUM_BYTES = 4  # float32


def shared(ops: tuple[Op, ...], beside: Any, plan: Plan) -> tuple[Op, ...]:
    """The ops of one rank of a denoiser call.

    beside  rows up to this many (a prompt's) are not tokens of the video and stay whole
    """
    if unchanged(pieces(plan) * plan.tensor_degree, 1):
        return ops
    inside = modules(ops)
    found: list[Op] = []
    for op in ops:
        if isinstance(op, Attention):
            found += _attention(op, plan)
        elif isinstance(op, Matmul):
            found.append(_matmul(op, beside, plan, _module(op) in inside))
        elif isinstance(op, Pointwise):
            cut = plan.tensor_degree if _module(op) in inside else 1
            found.append(replace(op, moved=ceil_div(op.moved, pieces(plan) * cut)))
        elif isinstance(op, Convolution):
            places = ceil_div(op.positions, pieces(plan)), ceil_div(op.input_positions, pieces(plan))
            found.append(replace(op, positions=places[0], input_positions=places[1]))
        else:
            found.append(op)
    return tuple(found)


def pieces(plan: Plan) -> Any:
    """Pieces the tokens are in, whether different ranks or one after the other work on them."""
    return plan.ulysses_degree * plan.ring_degree * plan.pipefusion_degree


def modules(ops: tuple[Op, ...]) -> frozenset[str]:
    """Names, one below a repeated block, of what does linear work there: "blocks.*.ffn" of Wan."""
    return frozenset(_module(op) for op in ops if op.kind != "pointwise") - {""}


def summed(ops: tuple[Op, ...]) -> list[Matmul]:
    """Linear layers whose results tensor parallelism sums up over the ranks: those that end a cut.

    After an attention, the layers of its module; without one, those that narrow.
    """
    found, attended = [], set()
    inside = modules(ops)
    for op in ops:
        name = _module(op)
        if isinstance(op, Attention):
            attended.add(name)
        elif isinstance(op, Matmul) and op.weight == 1 and name in inside and _ends(op, name in attended):
            found.append(op)
    return found


def _ends(op: Matmul, attended: bool) -> bool:
    return attended or bool(op.d_in > op.d_out and ".attn" not in op.path)


def _module(op: Op) -> str:
    """ "blocks.*.ffn" of "blocks.*.ffn.net.2"; empty outside of modules of repeated blocks, and for norms."""
    head, repeated, rest = op.path.partition(".*.")
    below = "." in rest or op.kind != "pointwise"  # a pointwise op's path ends in its own name
    return f"{head}.*.{rest.partition('.')[0]}" if repeated and below and "norm" not in rest else ""


def crossed(op: Attention) -> Any:
    """1 where an attention is not of the tokens with themselves: its keys, a prompt's, are on every rank; else 0."""
    return where(op.keys >= op.queries, 0, 1)


def _matmul(op: Matmul, beside: Any, plan: Plan, cut: bool) -> Matmul:
    """A product of a rank's rows, and under tensor parallelism of its slice of the layer."""
    many = pieces(plan)
    split = where(op.batch * op.rows > beside, many, 1)
    by_batch = op.batch >= op.rows
    rows, batch = (
        where(by_batch, op.rows, ceil_div(op.rows, split)),
        where(by_batch, ceil_div(op.batch, split), op.batch),
    )
    # PipeFusion does short rows once for each patch, as a rank's layers are run again
    slices = plan.tensor_degree if cut else 1
    wide = op.d_in > op.d_out
    d_in = where(wide, ceil_div(op.d_in, slices), op.d_in)
    d_out = where(wide, op.d_out, ceil_div(op.d_out, slices))
    return replace(op, rows=rows, batch=batch, d_in=d_in, d_out=d_out)


def attended(op: Attention, plan: Plan) -> Attention:
    """A rank's part of an attention: its heads of its rows, in as many turns as the ring has ranks."""
    apart = crossed(op)
    turns = plan.ring_degree - apart * (plan.ring_degree - 1)
    by_heads = plan.ulysses_degree - apart * (plan.ulysses_degree - 1)
    rows = pieces(plan) // by_heads
    heads = ceil_div(op.heads, by_heads * plan.tensor_degree)
    queries, keys = ceil_div(op.queries, rows), ceil_div(op.keys, turns)
    return replace(op, heads=heads, queries=queries, keys=keys, count=op.count * turns)


def _attention(op: Attention, plan: Plan) -> list[Op]:
    """A rank's attention, and the copies and sums that sharing it takes."""
    own, ring = 1 - crossed(op), plan.ring_degree
    layer = op.batch * op.heads * op.queries * op.d_head * own
    of_a_rank = ceil_div(layer, plan.ulysses_degree * ring * plan.tensor_degree)
    exchanges = minimum(plan.ulysses_degree - 1, 1)
    copied = of_a_rank * op.element_bytes * EXCHANGED * COPIES * exchanges
    work = Pointwise(
        path=op.path + ".shared",
        count=op.count,
        precision=op.precision,
        moved=copied + of_a_rank * SUM_BYTES * MERGED * (ring - 1),
        launches=EXCHANGED * COPIES // 2 * exchanges + ring - 1,
    )
    part = attended(op, plan)
    return [part, work] if is_array(work.moved) or work.moved else [part]
