"""Ranks that share the tokens of a forward: Ulysses, ring, gathered keys. Every degree is neutral at 1.

A rank has its share of the tokens, rounded up: the slowest rank sets the pace. Ulysses gives it all tokens of its heads
inside self-attention, for four all-to-alls and the copies that bring tensors into their order; nothing hides these.
Ring walks over the keys in as many turns as there are ranks, sends them on while it works, and merges what each turn
gave; attention in turns is slower than at once. Gathering brings all keys and values to every rank first. Attention of
many short rows (over the frames at each place, within windows) stays on the rank that has them: nothing is exchanged.
Short rows (a prompt) every rank does. Constants: data/parallel.toml.

Source: arXiv 2309.14509 (Ulysses), 2310.01889 (ring); of attention over time: xfuser 0.4.1 from PyPI
model_executor/layers/attention_processor.py (latte_temporal_attention), Open-Sora 1.2 STDiT3Block.
"""

from msgspec.structs import replace

from vidcalc.base.guest import named
from vidcalc.base.number import Number, ceil_div, is_array, minimum, unchanged, where
from vidcalc.catalog.load import table
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.sharing import Sharing
from vidcalc.ledger.types import Phase
from vidcalc.ops import Attention, Collective, Convolution, Matmul, Op, Pointwise
from vidcalc.passes.degrees import context, pieces
from vidcalc.passes.phases import DENOISER, Job, rewrite
from vidcalc.rates.wires import fabric

EXCHANGED = 4  # tensors of self-attention that ranks exchange: queries, keys, values, results
COPIES = 4  # reads and writes of each: into the order of the exchange, and out of it
MERGED = 3  # reads and writes of a turn's result: the sum so far is read, the new part is read, the sum is written
SUM_BYTES = 4  # float32


def shared(ledger: Job, plan: Sharing, hardware: Hardware) -> Job:
    """The denoiser's calls with one rank's tokens, the exchanges for them, and live bytes of its share."""
    if unchanged(pieces(plan), 1):
        return ledger
    kind = fabric(hardware)

    def of_a_rank(phase: Phase) -> Phase:
        ops = (*tokens(phase.ops, phase.prompt_rows, plan), *exchanges(phase.ops, plan, kind))
        live = {name: ceil_div(nbytes, pieces(plan)) for name, nbytes in phase.live.items()}
        return replace(phase, ops=ops, live=live, workspace=ceil_div(phase.workspace, pieces(plan)))

    return rewrite(ledger, DENOISER, of_a_rank)


def tokens(ops: tuple[Op, ...], prompt_rows: Number, plan: Sharing) -> tuple[Op, ...]:
    """The ops of one rank's tokens.

    prompt_rows  rows up to this many (a prompt's) are not tokens of the video and stay whole
    """
    many = pieces(plan)
    mine: list[Op] = []
    for op in ops:
        if isinstance(op, Attention):
            mine += _attention(op, plan)
        elif isinstance(op, Matmul):
            mine.append(_rows(op, where(op.batch * op.rows > prompt_rows, many, 1)))
        elif isinstance(op, Pointwise):
            mine.append(replace(op, moved=ceil_div(op.moved, many)))
        elif isinstance(op, Convolution):
            places = ceil_div(op.positions, many), ceil_div(op.input_positions, many)
            mine.append(replace(op, positions=places[0], input_positions=places[1]))
        else:
            mine.append(op)
    return tuple(mine)


def _rows(op: Matmul, split: Number) -> Matmul:
    """A product of 1/split of the rows, or of the batch where there are more of these."""
    by_batch = op.batch >= op.rows
    rows = where(by_batch, op.rows, ceil_div(op.rows, split))
    # PipeFusion does short rows once for each patch, as a rank's layers are run again
    return replace(op, rows=rows, batch=where(by_batch, ceil_div(op.batch, split), op.batch))


def exchanged(op: Attention) -> Number:
    """1 where what an attention looks at is spread over the ranks: the tokens of a video, which are more than there are
    rows of them. 0 of keys of a prompt, and where the ranks split the rows."""
    return (1 - op.crossed) * where(op.batch >= op.queries, 0, 1)


def attended(op: Attention, plan: Sharing) -> Attention:
    """A rank's part of an attention: its heads of its rows, in as many turns as the ring has ranks."""
    # one turn, and no heads to exchange, where the keys are on the rank
    spread = exchanged(op)
    turns, by_heads = 1 + spread * (plan.ring_degree - 1), 1 + spread * (plan.ulysses_degree - 1)
    by_rows = named("by_rows", pieces(plan) // by_heads)
    many = op.batch >= op.queries
    # [batch, heads, queries, d] x [batch, heads, keys, d]: heads or queries are split, keys come in turns
    return replace(
        op,
        batch=where(many, ceil_div(op.batch, by_rows), op.batch),
        heads=ceil_div(op.heads, by_heads),
        queries=where(many, op.queries, ceil_div(op.queries, by_rows)),
        keys=ceil_div(op.keys, turns),
        count=op.count * turns,
        whole=(op.batch * op.heads, op.queries),
    )


def _attention(op: Attention, plan: Sharing) -> list[Op]:
    """A rank's attention, and the copies and sums that sharing it takes."""
    own, ring = exchanged(op), plan.ring_degree
    # one tensor of self-attention [batch, heads, queries, d_head]
    layer = op.batch * op.heads * op.queries * op.d_head * own
    of_a_rank = ceil_div(layer, plan.ulysses_degree * ring)
    several = minimum(plan.ulysses_degree - 1, 1)
    copied = of_a_rank * op.element_bytes * EXCHANGED * COPIES * several
    work = Pointwise(
        path=op.path + ".shared",
        count=op.count,
        precision=op.precision,
        # the first turn's result has nothing to be merged with: n - 1 merges, in float32
        moved=copied + of_a_rank * SUM_BYTES * MERGED * (ring - 1),
        # a copy reads and writes: half as many kernels as passes over memory
        launches=(EXCHANGED * COPIES // 2 * several + ring - 1) * own,
        place=op.place,
    )
    part = attended(op, plan)
    return [part, work] if is_array(work.moved) or work.moved else [part]


def exchanges(ops: tuple[Op, ...], plan: Sharing, kind: str) -> tuple[Op, ...]:
    """What self-attention of the whole ops exchanges; kind: of the links, "pcie" or "fabric"."""
    attentions = [op for op in ops if isinstance(op, Attention)]
    scored = sum(op.flops * op.count for op in attentions)
    made: list[Op] = []
    for op in attentions:
        own = exchanged(op) * op.count
        # bytes of one token in one tensor of attention, in the heads of a tensor-parallel rank
        element = op.batch * op.heads * op.d_head * op.element_bytes / plan.tensor_degree
        made.append(
            Collective(
                path=op.path,
                precision=op.precision,
                place=op.place,
                count=own * EXCHANGED,
                way="ulysses",
                operation="all_to_all",
                nbytes=element * op.queries / context(plan),
                ranks=plan.ulysses_degree,
                stride=plan.tensor_degree,
            )
        )
        made.append(
            Collective(
                path=op.path,
                precision=op.precision,
                place=op.place,
                # own keys are there: a ring sends n - 1 times
                count=own * (plan.ring_degree - 1),
                way="ring",
                operation="send",
                nbytes=2 * element * op.keys / context(plan),  # keys and values
                ranks=plan.ring_degree,
                stride=plan.tensor_degree * plan.ulysses_degree,
                behind="attention",
                share=op.flops / (scored * plan.ring_degree),  # seconds of attention between two sends
                apart=table("parallel")["overlap"][kind],
                stall=table("parallel")["ring"]["slower"][kind],
            )
        )
        made.append(
            Collective(
                path=op.path,
                precision=op.precision,
                place=op.place,
                count=own,
                way="gather",
                operation="all_gather",
                # whole tensor of the group: the keys that ulysses and ring leave to it
                nbytes=element * op.keys / (plan.ulysses_degree * plan.ring_degree),
                ranks=plan.gather_degree,
                stride=plan.tensor_degree * plan.ulysses_degree * plan.ring_degree,
                messages=2,  # keys and values
            )
        )
    return tuple(made)
