"""Networks of the denoiser's size beside the trained one: a teacher, a critic, a reference; alone, nothing.

A teacher or a reference only runs forward. A critic is trained too, on samples that the student makes for it: as many
forward passes as a rollout has steps and one more. Where a sample is rolled out first and trained at every step of its
rollout (policy gradients), all its passes add up to one update. Guidance is off in rollouts; what scores a sample
(a reward model) is not counted.

Source: arXiv 2405.14867 (DMD2), 2505.05470 (Flow-GRPO); the figures: data/training.toml.
"""

from msgspec.structs import replace

from vidcalc.base.number import Number, maximum
from vidcalc.catalog.training import networks
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.training import TrainingPlan
from vidcalc.ledger.step import Auxiliary, Step


def beside(step: Step, plan: TrainingPlan, hardware: Hardware) -> Step:
    """The step with how often the further networks run, and every pass of a rollout as a micro-batch of its own."""
    company, times = networks(plan.networks), passes(plan)
    rolled = plan.rollout_steps * (company.rollouts == "yes")
    auxiliary = Auxiliary(
        forwards=company.forwards,
        updates=company.updates,
        # the student's rollout; for each critic a rollout of its own and one forward more (arXiv 2405.14867)
        samples=rolled * (1 + company.updates) + company.updates,
        decodes=1 * (company.decoded == "yes"),
        passes=times,
    )
    # every pass over a sample is a micro-batch, but a sample is encoded once: `fed`
    return replace(step, auxiliary=auxiliary, micro_batches=plan.grad_accum * times, fed=plan.grad_accum)


def passes(plan: TrainingPlan) -> Number:
    """How often each sample is trained on: once, or at every step of its rollout."""
    return maximum(plan.rollout_steps, 1) if networks(plan.networks).trains == "every_step" else 1
