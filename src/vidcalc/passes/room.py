"""What a stage leaves free for the weights of the network that runs, where a framework fills the card with them.

A framework either lets the work take what it takes and keeps a little free (a page that is wanted pushes weights out),
or sets memory aside beforehand: a fixed amount, or its own estimate of the work, which is linear in the latent grid.
What it sets aside without using it is lost to the weights, so the larger of the two counts.
"""

from vidcalc.base.guest import given
from vidcalc.base.number import Number, maximum
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.plan import Plan
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.tape.trace import configuration


def room(ledger: Ledger, phase: Phase, plan: Plan, hardware: Hardware) -> Number:
    """Bytes of the card that are left for weights while the phase runs [byte]."""
    facts, source = plan.runtime, "; ".join(plan.runtime.sources)
    capacity = given("capacity", hardware.accelerator.capacity, ledger.pixels, "", "byte")
    headroom, aside = (
        given(name, value, ledger.pixels, source, "byte", "exact") if value else value
        for name, value in (("headroom", facts.headroom), ("set_aside", facts.set_aside))
    )
    # what else is on the card: blocks gathered from other ranks, further models
    others = ledger.further.process + sum(phase.resident.values()) + headroom
    guessed = estimate(ledger, phase, plan) if facts.budget == "estimate" else 0
    work = maximum(phase.activations + phase.workspace, maximum(aside, guessed))
    return maximum(capacity - others - work, 0)


def estimate(ledger: Ledger, phase: Phase, plan: Plan, predictions: Number = 1) -> Number:
    """The framework's own estimate of a phase's activations; 0 where it has none for the network [byte]."""
    network, runtime = phase.component.network, plan.runtime
    if network in runtime.estimate_by_width:
        # bytes of each hidden channel x hidden channels
        each = runtime.estimate_by_width[network] * getattr(configuration(phase.component), "width")  # noqa: B009
    elif network in runtime.estimate:
        each = runtime.estimate[network]
    else:
        return 0
    _, frames, height, width = ledger.latent
    nbytes = given("estimated", each, ledger.pixels, "; ".join(plan.runtime.sources), "byte")
    # bytes of a place in the latent grid [frames, height, width] x videos x predictions of a step
    return nbytes * frames * height * width * ledger.batch * predictions
