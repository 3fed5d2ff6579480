"""A causal denoiser's cache of keys and values is still on the device while the video is decoded.

Pipelines hold it until they return (Self-Forcing pipeline/causal_inference.py keeps it between calls, diffusers 0.42.1
pipelines/anyflow/pipeline_anyflow_far.py in a local of the call); where a model's file says that it is freed before
(`Constraints.cache_stays`), nothing changes.
"""

from msgspec.structs import replace

from vidcalc.base.number import largest, unchanged
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.sharing import Sharing
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.passes.phases import DECODER, rewrite

KEPT = "kv_cache"


def kept(ledger: Ledger, plan: Sharing, hardware: Hardware) -> Ledger:
    """The decodes of a rank with its cache beside them."""
    held = largest(phase.live[KEPT] for phase in ledger.phases if phase.id == "denoise" and KEPT in phase.live)
    if not ledger.keeps or unchanged(held, 0):
        return ledger

    def beside(phase: Phase) -> Phase:
        return replace(phase, live={**phase.live, KEPT: held}) if phase.live else phase

    return rewrite(ledger, DECODER, beside)
