"""Many accelerators on one video: what each rank holds. Every degree is neutral at 1.

guidance_degree  the guided forwards of a step run on different ranks (CFG parallel)
ulysses_degree   the tokens of a forward are split; attention exchanges heads
ring_degree      the tokens of a forward are split; attention passes keys and values on
tensor_degree    the linear layers of the denoiser's blocks are split over ranks
pipefusion_degree  the denoiser's layers are split over ranks; each works on one patch of the tokens at a time, and
                 attends to the other patches as they were a step before (PipeFusion)
shard_degree     weights are stored in pieces and gathered block by block (FSDP, ZeRO-3); ranks that hold a slice of
                 their own (tensor parallelism, PipeFusion) are among them
decode_degree    the VAE's decode is split in patches or tiles

Replicated weights do not shrink: only shards, split layers and tensor parallelism do that.
Source: arXiv 2309.14509 (Ulysses), 2310.01889 (ring), 2304.11277 (FSDP), 2405.14430 (PipeFusion), 2411.01738 (xDiT).
"""

from typing import Any

from vidcalc.base.errors import InputError
from vidcalc.base.number import ceil_div, maximum, minimum
from vidcalc.describe.model import Model
from vidcalc.describe.plan import WAYS, Plan
from vidcalc.ledger.weights import Weights
from vidcalc.ops import Attention
from vidcalc.passes import guidance
from vidcalc.passes.ranks import crossed
from vidcalc.tape.trace import Trace, configuration

SPLITTING = ("tp", "ulysses", "ring", "pipefusion")  # the ways that cut one forward
GATHERED = 2  # blocks whole at once under FSDP: the one that runs and the next


def checked(model: Model, plan: Plan) -> None:
    """Refuses degrees that do not divide what they share: heads, layers, predictions of a step.

    Raises InputError("parallel", …) with the legal ones. A U-Net is not split: its levels differ in tokens and heads. A
    denoiser whose configuration counts no layers has no PipeFusion.
    """
    if model.kind == "unet":
        for way in SPLITTING:
            _divides(plan, way, 1)
    heads = model.denoiser.heads
    _divides(plan, "ulysses", heads)
    _divides(plan, "tp", heads // plan.ulysses_degree)
    _divides(plan, "pipefusion", layers(model) or 1)
    _divides(plan, "cfg", guidance.predictions(plan))


def _divides(plan: Plan, way: str, whole: int) -> None:
    """Raises InputError where the plan's degree of a way does not divide `whole`."""
    divides(way, getattr(plan, WAYS[way]), whole)


def divides(way: str, degree: Any, whole: int) -> None:
    """Raises InputError("parallel", …) where a degree does not divide `whole`; 0 is divided by all."""
    if whole and whole % degree:
        legal = [number for number in range(1, whole + 1) if whole % number == 0]
        near = max(number for number in legal if number <= degree)
        raise InputError("parallel", f"{way}={degree}", [f"{way}={number}" for number in legal], f"{way}={near}")


def layers(model: Model) -> int:
    """Layers of the denoiser, two-stream and single-stream ones together; 0 where its configuration counts none."""
    config = configuration(model.denoiser)
    found = (getattr(config, name, None) for name in ("num_layers", "num_single_layers"))
    return sum(count for count in found if isinstance(count, int))


def ranks(plan: Plan) -> Any:
    """Accelerators that work on one video."""
    return plan.guidance_degree * sequence(plan) * plan.tensor_degree * plan.pipefusion_degree


def sequence(plan: Plan) -> Any:
    """Pieces the tokens of one forward are in."""
    return plan.ulysses_degree * plan.ring_degree


def activations(peak: Any, stage: str, plan: Plan) -> Any:
    """Live activations of one rank in a stage, from those of one accelerator alone [byte].

    Split tokens leave 1/degree of them. Split layers leave the hidden states whole (`tensor_degree` shrinks only
    what is inside attention and feed-forward, which is not where a block is widest for long), so they stay.
    """
    if stage == "denoise":
        return ceil_div(peak, sequence(plan) * plan.pipefusion_degree)
    return ceil_div(peak, plan.decode_degree) if stage == "vae_decode" else peak


def stale(found: Trace, plan: Plan) -> Any:
    """Bytes of keys and values that PipeFusion keeps of a rank's layers, for the patches that other ranks work on."""
    kept: Any = 0
    for op in found.ops:
        if isinstance(op, Attention):
            own = 1 - crossed(op)  # a prompt's keys do not change
            kept = kept + 2 * op.batch * op.heads * op.keys * op.d_head * op.element_bytes * op.count * own
    return ceil_div(kept, sequence(plan) * plan.pipefusion_degree) * minimum(plan.pipefusion_degree - 1, 1)


def stored(found: Weights, role: str, plan: Plan) -> Weights:
    """The bytes of a component that one rank stores: shards of what is sharded, a slice of split blocks."""
    split = plan.tensor_degree * plan.pipefusion_degree if role == "denoiser" else 1
    stages = plan.pipefusion_degree if role == "denoiser" else 1
    sliced = plan.tensor_degree if role == "denoiser" else 1
    whole = plan.shard_degree if plan.shards == "encoders" and role == "text_encoder" else 1
    shards = pieces(plan) if role == "denoiser" else whole
    return Weights(
        total=ceil_div(_sliced(found.total, found, split), shards),
        copy=ceil_div(_sliced(found.copy, found, split), shards),
        blocks=ceil_div(found.blocks, split * shards),
        block=ceil_div(found.block, sliced * shards),
        count=ceil_div(found.count, stages),
        module=ceil_div(found.module, sliced * shards),
        movable=found.movable,
    )


def pieces(plan: Plan) -> Any:
    """Pieces that a rank's slice of the denoiser is stored in: shards are spread over the ranks that hold the same."""
    return maximum(plan.shard_degree // (plan.tensor_degree * plan.pipefusion_degree), 1)


def _sliced(nbytes: Any, found: Weights, degree: Any) -> Any:
    """All weights with the repeated blocks cut to 1/degree."""
    share = nbytes * found.blocks // found.copy if found.copy else 0
    return nbytes - share + ceil_div(share, degree)


def gathered(found: Weights, plan: Plan) -> Any:
    """Bytes of a rank's blocks that sharded weights are gathered into while their network runs [byte]."""
    return minimum(pieces(plan) - 1, 1) * minimum(found.count, GATHERED) * ceil_div(found.block, plan.tensor_degree)
