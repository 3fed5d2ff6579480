"""Classifier-free guidance: further predictions of the same step, in the same denoiser call or in calls of their own.

A plan states how many forwards a step takes and how many of them share a call; with one of each nothing changes. It may
run them at a share of the steps only (a guidance interval, arXiv 2404.07724); the other steps take one forward. Ranks
may share the predictions of a step (CFG parallel) and then exchange them.
"""

from msgspec.structs import replace

from vidcalc.base.guest import named
from vidcalc.base.number import Number, ceil_div, is_array, minimum, product, unchanged, where
from vidcalc.catalog.precisions import precision
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.plan import Guided, Plan
from vidcalc.describe.setting import words
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ops import Collective
from vidcalc.passes.degrees import inner, several
from vidcalc.passes.phases import DENOISER, rewrite
from vidcalc.passes.pipeline import hidden_states
from vidcalc.passes.room import estimate
from vidcalc.rates.allocator import process_bytes
from vidcalc.tape import ELEMENT_BYTES

ESTIMATES = 1.5  # times its estimate: what ComfyUI wants free (0.33.0 comfy/samplers.py _calc_cond_batch)
GUIDED = words(Guided)


def predictions(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The denoiser's calls with every forward of the plan, and outside of guidance's interval; prompts of both."""
    phases: list[Phase] = []
    for phase in ledger.phases:
        if phase.id == "denoise" and not phase.guided:
            phases.append(phase)  # once a step, for all predictions
        elif phase.id == "denoise":
            phases += _calls(phase, replace(plan, batched_forwards=fitting(ledger, phase, plan, hardware)))
        elif phase.id == "text_encode":
            phases.append(replace(phase, calls=phase.calls * prompts(plan), turns=phase.turns * prompts(plan)))
        else:
            phases.append(phase)
    return replace(ledger, phases=tuple(phases), forwards=forwards(plan))


def _calls(phase: Phase, plan: Plan) -> list[Phase]:
    """The calls of the steps that are guided, and of those that are not; what never happens is left out."""
    share, together = guided(plan), shared(plan)
    calls, turns = named("calls_per_step", calls_per_step(plan)), named("turns_per_step", turns_per_step(plan))
    # calls of the batch, and those of every other forward alone, which are the same where nothing is batched
    apart = 0 if unchanged(plan.batched_forwards, 1) else plan.forwards_per_step - plan.batched_forwards
    wide, soon = calls - apart, turns - minimum(apart, turns - ceil_div(calls - apart, plan.guidance_degree))
    shape, at_once = phase.call.shape, ceil_div(calls, turns)
    alone = replace(phase, calls=phase.calls * share * apart, turns=phase.turns * share * (turns - soon))
    # guided steps: `together` forwards stacked along the batch, the others alone; the other steps: one forward alone
    made = (
        replace(
            phase,
            call=replace(phase.call, shape=replace(shape, batch=shape.batch * together)),
            calls=phase.calls * share * wide,
            turns=phase.turns * share * soon,
            at_once=at_once,
            together=soon if plan.runtime.joint else 1,
            prompt_rows=phase.prompt_rows * together,
        ),
        replace(alone, at_once=at_once),
        replace(phase, calls=phase.calls * (1 - share), turns=phase.turns * (1 - share)),
    )
    return [each for each in made if is_array(each.calls) or each.calls]


def fitting(ledger: Ledger, phase: Phase, plan: Plan, hardware: Hardware) -> Number:
    """Forwards of a batch: those of the plan, or one where the framework's estimate of them leaves no memory [count].

    It asks for half as much again as it estimates, of all that weights do not take that stay whatever the work.
    """
    if plan.guidance_mode != "fitting":
        return plan.batched_forwards
    stays = not (plan.offload == "partial" and plan.runtime.budget == "work")
    weights = (phase.component.params or 0) * precision(plan.precision).stored * stays
    asked = estimate(ledger, phase, plan.runtime, plan.batched_forwards) * ESTIMATES
    free = hardware.accelerator.capacity - process_bytes(1, hardware.accelerator) - weights
    return 1 + (plan.batched_forwards - 1) * where(asked < free, 1, 0)


def walked(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """Predictions that walk the blocks together: the hidden states of the others wait while one of them is computed."""
    if not plan.runtime.joint:
        return ledger

    def waiting(phase: Phase) -> Phase:
        states = hidden_states(phase.executed) * (phase.together - 1)
        return replace(phase, live={**phase.live, "waiting": states})

    return rewrite(ledger, DENOISER, waiting)


def exchanged(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """Ranks that make different predictions of a step gather them."""
    if not several(plan):
        return ledger
    element = ELEMENT_BYTES[precision(plan.precision).compute]
    # a prediction has the latent's shape [channels, frames, height, width], for each video
    nbytes = product(ledger.latent) * ledger.batch * element

    def gathered(phase: Phase) -> Phase:
        gather = Collective(
            path="predictions",
            count=1,
            precision=plan.precision,
            way="guidance",
            operation="all_gather",
            # an all-gather's bytes are the whole tensor: those of every rank
            nbytes=nbytes * phase.at_once,
            ranks=phase.at_once,
            stride=inner(plan),
        )
        return replace(phase, ops=(*phase.ops, gather))

    return rewrite(ledger, DENOISER, gathered)


def shared(plan: Plan) -> Number:
    """Forwards that share a call: those of a batch, less what other ranks take (CFG parallel)."""
    return ceil_div(plan.batched_forwards, plan.guidance_degree)


def forwards(plan: Plan) -> Number:
    """Forwards of the average step."""
    # guided steps take every forward, the others one
    return plan.forwards_per_step * guided(plan) + 1 - guided(plan)


def possible(plan: Plan) -> Number:
    """Predictions of a step that ranks can share: guidance's, where there is any."""
    return plan.forwards_per_step if plan.guidance_mode in GUIDED else 1


def guided(plan: Plan) -> Number:
    """Share of the steps that take every forward of the plan: all, where the further ones are not guidance's."""
    return plan.guided_share if plan.guidance_mode in GUIDED else 1


def calls_per_step(plan: Plan) -> Number:
    """Denoiser calls of one guided step, over all ranks: those of the batch, and every other forward's own."""
    return ceil_div(plan.batched_forwards, shared(plan)) + plan.forwards_per_step - plan.batched_forwards


def turns_per_step(plan: Plan) -> Number:
    """Those that one rank makes of them."""
    # ceil: the rank with the most calls sets the pace
    return ceil_div(calls_per_step(plan), plan.guidance_degree)


def prompts(plan: Plan) -> int:
    """Prompts the text encoders see: the prompt, and the negative prompt where guidance runs on both."""
    return 2 if plan.guidance_mode in GUIDED else 1
