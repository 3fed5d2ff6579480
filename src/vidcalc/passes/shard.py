"""Sharded weights (FSDP, ZeRO-3): each rank stores a piece and gathers block by block while the one before runs.

Ranks that hold a slice of their own (tensor parallelism, PipeFusion) are among those that share. Text encoders are
sharded where the plan says so; a degree of 1 changes nothing. Source: arXiv 2304.11277.
"""

from msgspec.structs import replace

from vidcalc.base.number import Number, ceil_div, maximum, minimum, unchanged
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
    chosen, whole = precision(network.precision), network.weights
    # weights stored wider than computed in are cast before they travel; narrower ones go as they are
    narrow = minimum(ELEMENT_BYTES[chosen.compute] / chosen.stored, 1)
    # bytes of the network / blocks / slices
    return whole.copy * narrow / maximum(whole.count, 1) / plan.tensor_degree


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
    """Bytes of a rank's blocks that are whole while their network runs [byte]."""
    # 0 where one rank stores all of its slice and gathers nothing
    several, block = minimum(shards(plan) - 1, 1), ceil_div(network.weights.block, plan.tensor_degree)
    return several * minimum(network.weights.count, GATHERED) * block
