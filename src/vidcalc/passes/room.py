"""What a stage leaves free for the weights of the network that runs, where a framework fills the card with them.

A framework either lets the work take what it takes and keeps a little free (a page that is wanted pushes weights out),
or sets memory aside beforehand: a fixed amount, or its own estimate of the work, which is linear in the latent grid.
What it sets aside without using it is lost to the weights, so the larger of the two counts.
"""

from vidcalc.base.guest import given
from vidcalc.base.number import Number, maximum, minimum, nearest
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.runtime import Runtime
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.tape.trace import configuration

WIDTH = "width"  # the hidden size, as every transformer's configuration here calls it


def room(ledger: Ledger, phase: Phase, runtime: Runtime, hardware: Hardware) -> Number:
    """Bytes of the card that are left for weights while the phase runs [byte]."""
    source = "; ".join(runtime.sources)
    capacity = given("capacity", hardware.accelerator.capacity, ledger.pixels, "", "byte")
    headroom, aside = (
        given(name, value, ledger.pixels, source, "byte", "exact") if value else value
        for name, value in (("headroom", runtime.headroom), ("set_aside", runtime.set_aside))
    )
    # what else is on the card: blocks gathered from other ranks, further models
    others = ledger.further.process + sum(phase.resident.values()) + headroom
    guessed = estimate(ledger, phase, runtime) if runtime.budget == "estimate" else 0
    work = maximum(phase.activations + phase.workspace, maximum(aside, guessed))
    return maximum(capacity - others - work, 0)


def estimate(ledger: Ledger, phase: Phase, runtime: Runtime, predictions: Number = 1) -> Number:
    """The framework's own estimate of a phase's activations; 0 where it has none for the network [byte]."""
    network = phase.component.network
    each: Number = runtime.estimate.get(network, 0)
    if network in runtime.estimate_by_width:
        hidden: Number = getattr(configuration(phase.component), WIDTH)
        # bytes of each hidden channel x hidden channels
        each = runtime.estimate_by_width[network] * hidden
    nbytes = given("estimated", each, ledger.pixels, "; ".join(runtime.sources), "byte") if each else each
    _, frames, height, width = ledger.latent
    # of a video made in windows it counts one
    frames = minimum(frames, phase.call.shape.frames)
    # bytes of a place in the latent grid [channels, frames, height, width] x videos x predictions of a step
    return nearest(nbytes * frames * height * width * ledger.batch * predictions)
