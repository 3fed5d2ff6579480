"""Videos that a framework makes section by section: the calls of each, and decodes that overlap.

A section of w latent frames is sampled and decoded before the next. The first decode has what there is, each later one
a section more, so that pixels can be blended over the border, and the last one the picture that the video starts from.
Source: lllyasviel/FramePack@97fe5db demo_gradio.py worker.
"""

from msgspec.structs import replace

from vidcalc.base.number import Number, is_array, maximum, minimum, nearest
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.plan import Plan
from vidcalc.ledger.types import Ledger, Phase


def sections(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The denoiser's calls of all sections, and the decodes of each."""
    width = plan.runtime.section.get(ledger.model)
    if width is None:
        return ledger
    # latent frames / those that a section adds, to the nearest whole number
    count = maximum(nearest(ledger.latent[1] / width), 1)
    phases: list[Phase] = []
    for phase in ledger.phases:
        if phase.id == "denoise":
            phases.append(replace(phase, calls=count * ledger.steps, turns=count * ledger.steps))
        elif phase.id == "vae_decode":
            phases += _decodes(phase, width, count)
        else:
            phases.append(phase)
    return replace(ledger, phases=tuple(phases))


def _decodes(phase: Phase, width: int, count: Number) -> list[Phase]:
    """The last decode, those between, and the first; what never happens is left out."""
    several = minimum(count - 1, 1)
    made = (
        (2 * width + 1, several),
        (2 * width, maximum(count - 2, 0)),
        (width + 1 - several, 1),
    )
    decodes = (
        replace(
            phase,
            call=replace(phase.call, shape=replace(phase.call.shape, frames=frames)),
            calls=phase.calls * times,
            turns=phase.turns * times,
        )
        for frames, times in made
    )
    return [each for each in decodes if is_array(each.calls) or each.calls]
