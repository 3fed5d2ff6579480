"""How the framework runs the pipeline: networks that it runs otherwise, further models, and what a process holds."""

from msgspec.structs import replace

from vidcalc.base.number import Number, maximum, minimum
from vidcalc.catalog.defaults import nccl, process
from vidcalc.catalog.precisions import precision
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Vae
from vidcalc.describe.plan import Plan
from vidcalc.ledger.types import Call, Further, Ledger, Phase
from vidcalc.ledger.unroll import COLOURS
from vidcalc.ledger.weights import Network
from vidcalc.ops import Convolution
from vidcalc.passes.degrees import ranks
from vidcalc.passes.phases import rewrite_calls

# a decode whose network is not written here, as convolutions of the widest maps, where most of its work is
WIDTH, TAPS = 128, 27


def networks(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """Calls of the networks that the framework runs, and the decode of a VAE it knows by its work alone."""
    runtime = plan.runtime

    def run(phase: Phase) -> Phase:
        component = phase.component
        network = runtime.networks.get(component.network, component.network)
        timestep = runtime.timesteps.get(ledger.model, component.timestep) if phase.id == "denoise" else ""
        if network == component.network and timestep in ("", component.timestep):
            return phase
        swapped = replace(component, network=network, timestep=timestep or component.timestep)
        shape = replace(phase.call.shape, timestep=swapped.timestep)
        return replace(phase, call=replace(phase.call, component=swapped, shape=shape))

    return _decoding(rewrite_calls(ledger, run), plan)


def _decoding(ledger: Ledger, plan: Plan) -> Ledger:
    """The ledger with the decode of a VAE without a network here, where the framework's profile knows its work."""
    vae = next((each.component for each in ledger.weights.values() if isinstance(each.component, Vae)), None)
    runtime = plan.runtime
    if vae is None or vae.network or vae.class_ not in {**runtime.decode_bytes, **runtime.decode_flops}:
        return ledger
    return ledger


def further(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The process, the framework's further models, and what formats leave on the device after a network's first run."""
    runtime, left = plan.runtime, {}
    phases: list[Phase] = []
    for phase in ledger.phases:
        own = ledger.weights[phase.component.id]
        left[own.component.id] = _left(own)
        beside = runtime.beside + sum(left.values())
        phases.append(replace(phase, resident={**phase.resident, "beside": beside}))
    held = process("context") + process("workspace") + nccl(maximum(ranks(plan), plan.shard_degree))
    return replace(
        ledger,
        phases=tuple(phases),
        loaded={**ledger.loaded, "beside": runtime.beside},
        further=Further(process=held, models=runtime.beside, seconds=runtime.seconds),
    )


def _left(own: Network) -> Number:
    """Bytes that a network's run leaves on the device in its format [byte]."""
    kept = precision(own.precision).kept
    return round(own.params * kept) if kept else 0
