"""The optimizer's update on one rank: bound by memory, on the device or by the host's processor.

Gradients are read, weights, master copy and states read and written once. On the CPU the gradients come and the weights
go over the link to the host beside that. Replicas that each updated a share of the weights gather them.
"""

from msgspec.structs import replace

from vidcalc.catalog.training import optimizer, recipe
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.training import TrainingPlan
from vidcalc.ledger.step import Step
from vidcalc.ledger.types import Phase
from vidcalc.ops import Collective, Op, Update
from vidcalc.passes.degrees import shards_of
from vidcalc.passes.states import STAY, of_a_rank


def updated(step: Step, plan: TrainingPlan, hardware: Hardware) -> Step:
    """The step with its update."""
    chosen, states = recipe(plan.recipe), optimizer(plan.optimizer)
    there = plan.offload in STAY
    update = Update(
        path="update",
        count=1,
        precision="",
        # each rank updates the shard whose states it has
        elements=of_a_rank(step.trained, plan) / shards_of(plan, "optimizer"),
        reads=chosen.gradients + states.bytes_per_element(chosen) + chosen.weights,
        writes=states.bytes_per_element(chosen) + chosen.weights,
        # over the link: gradients to the host, weights back
        over=0 if there else chosen.gradients + chosen.weights,
        memory="device" if there else "host",
    )
    phase = Phase(id="optimizer", call=step.forward.call, ops=(update, *_gather(step, plan)))
    return replace(step, phases=(*step.phases, phase))


def _gather(step: Step, plan: TrainingPlan) -> tuple[Op, ...]:
    """Gathers of the weights that each rank updated a share of."""
    if plan.sharding not in ("zero1", "zero2"):
        return ()
    nbytes = of_a_rank(step.trained, plan) * recipe(plan.recipe).weights
    return (
        Collective(
            path="update",
            count=1,
            precision="",
            way="update",
            operation="all_gather",
            nbytes=nbytes,
            ranks=plan.shard_degree,
            stride=plan.tensor_degree,
        ),
    )
