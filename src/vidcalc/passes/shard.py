"""Sharded weights (FSDP, ZeRO-3): each rank stores a piece and gathers block by block while the one before runs.

What is outside of the blocks is a piece too, the root's: gathered before the first block runs and given back after the
last. Ranks that hold a slice of their own (tensor parallelism, PipeFusion) are among those that share. Text encoders
are sharded where the plan says so; a degree of 1 changes nothing.
Source: arXiv 2304.11277; PyTorch 2.13.0 torch/distributed/fsdp/_fully_shard/_fsdp_state.py (_root_pre_forward,
_lazy_init), torch/distributed/fsdp/_runtime_utils.py (_root_pre_forward).
"""

from msgspec.structs import replace

from vidcalc.base.number import Number, ceil_div, maximum, minimum, nearest, unchanged
from vidcalc.catalog.load import table
from vidcalc.catalog.precisions import precision
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.sharing import Sharing
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ledger.weights import Network, Weights
from vidcalc.ops import Collective
from vidcalc.passes.degrees import shards
from vidcalc.passes.phases import DENOISER, rewrite
from vidcalc.passes.tensor import SIZES
from vidcalc.rates.wires import fabric
from vidcalc.tape import ELEMENT_BYTES

GATHERED = 2  # blocks whole at once: the one that runs and the next


def sharded(ledger: Ledger, plan: Sharing, hardware: Hardware) -> Ledger:
    """What a rank stores, the blocks that it gathers while the denoiser runs, and the gathers of a call."""
    if unchanged(plan.shard_degree, 1):
        return rewrite(ledger, DENOISER, lambda phase: replace(phase, resident={**phase.resident, "gathered": 0}))
    apart = table("parallel")["overlap"][fabric(hardware)]

    def gathers(phase: Phase) -> Phase:
        network = ledger.weights[phase.component.id]
        gather = Collective(
            path="blocks",
            count=1,
            precision=network.precision,
            way="shards",
            operation="all_gather",
            nbytes=_block(network, plan),
            ranks=shards(plan),
            stride=plan.tensor_degree,
            # PipeFusion's fewer layers are run, and gathered, for each patch
            messages=network.weights.count * phase.blocks_run,
            behind="work",
            apart=apart,
        )
        return replace(
            phase, ops=(*phase.ops, gather), resident={**phase.resident, "gathered": gathered(network, plan)}
        )

    networks = {name: replace(each, stored=_stored(each, plan)) for name, each in ledger.weights.items()}
    return replace(rewrite(ledger, DENOISER, gathers), weights=networks)


def _block(network: Network, plan: Sharing) -> Number:
    """Bytes of a rank's slice of one block, in the dtype that is computed in."""
    whole = network.weights
    # bytes of the network / blocks / slices
    return whole.copy * _narrowed(network) / maximum(whole.count, 1) / plan.tensor_degree


def _narrowed(network: Network) -> Number:
    """Bytes that travel over those that are stored: what is wider than computed in is cast before."""
    chosen = precision(network.precision)
    return minimum(ELEMENT_BYTES[chosen.compute] / chosen.stored, 1)


def _stored(network: Network, plan: Sharing) -> Weights:
    """The pieces of a network that one rank stores."""
    many: Number = 1
    if network.role == "denoiser":
        many = shards(plan)
    elif plan.shards == "encoders" and network.role == "text_encoder":
        many = plan.shard_degree
    sizes = {name: ceil_div(getattr(network.stored, name), many) for name in SIZES}
    return replace(network.stored, **sizes)


def gathered(network: Network, plan: Sharing) -> Number:
    """Bytes of a rank's slices that are whole while their network runs: blocks, and what is outside of them [byte]."""
    # 0 where one rank stores all of its slice and gathers nothing
    several, whole = minimum(shards(plan) - 1, 1), network.weights
    block, root = (ceil_div(nbytes, plan.tensor_degree) for nbytes in (whole.block, whole.copy - whole.blocks))
    return several * (minimum(whole.count, GATHERED) * block + nearest(root * _narrowed(network)))
