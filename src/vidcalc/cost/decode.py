"""Seconds of decoding with a VAE whose network is not written here: its FLOPs per pixel, as the profile states them."""

from vidcalc.catalog.frameworks import framework
from vidcalc.catalog.precisions import precision
from vidcalc.cost.execution import execution
from vidcalc.cost.memory import Network
from vidcalc.cost.time import NOTHING, Seconds
from vidcalc.describe.hardware import Accelerator
from vidcalc.describe.model import Vae
from vidcalc.describe.plan import Plan
from vidcalc.ledger.unroll import COLOURS, Job
from vidcalc.passes.decoding import share
from vidcalc.rates.utilisation import convolution

WIDTH, TAPS = 128, 27  # of the widest maps' convolutions, where most of the work is


def decode(job: Job, held: dict[str, Network], plan: Plan, chip: Accelerator) -> Seconds:
    """A rank's decode as convolutions of the usual shape; nothing where the VAE has a network or no known FLOPs."""
    known = framework(plan.framework).decode_flops
    vae = next((network for network in held.values() if isinstance(network.component, Vae)), None)
    if vae is None or vae.component.network or vae.component.class_ not in known:
        return NOTHING
    pixels = job.batch * job.pixels / COLOURS
    work = pixels * known[vae.component.class_] * share(plan)
    run, computed = execution(plan, vae.precision), precision(vae.precision).compute
    rate = convolution(chip, computed, pixels, WIDTH * TAPS, WIDTH, run.stack)
    return Seconds(work / rate.high, work / rate.likely, work / rate.low, rate.provenance)
