"""Which degrees go together with a model: they divide the heads, layers and predictions that they share."""

from vidcalc.base.errors import InputError
from vidcalc.base.number import Condition, Number
from vidcalc.describe.model import Model
from vidcalc.describe.plan import WAYS
from vidcalc.describe.question import Question
from vidcalc.describe.sharing import Sharing
from vidcalc.describe.training import TrainingPlan, offloads
from vidcalc.passes import formats, guidance
from vidcalc.passes.degrees import context, layers, ranks, replicas
from vidcalc.tape.trace import configuration

PIPELINED = ("none", "zero1")  # a pipeline keeps gradients over micro-batches, so only states are sharded beside it
SPLITTING = ("tp", "ulysses", "ring", "pipefusion")  # the ways that cut one forward


def settled(question: Question) -> Question:
    """A question with its plan as it is on its accelerator, checked.

    Raises InputError for what does not go together, to generate or to train.
    """
    plan = formats.settled(question.plan, question.model, question.hardware.accelerator)
    checked(question.model, plan, guidance.possible(plan))
    checked_training(question.model, plan.training)
    return question._replace(plan=plan)


def checked(model: Model, plan: Sharing, predictions: Number) -> None:
    """Refuses degrees that do not divide what they share: heads, layers, and the predictions of a step.

    Raises InputError("parallel", …) with the legal ones. A U-Net is not split: its levels differ in tokens and heads. A
    denoiser whose configuration counts no layers has no PipeFusion.
    """
    if model.kind == "unet":
        for way in SPLITTING:
            _divides(plan, way, 1)
    heads = model.denoiser.heads
    _divides(plan, "ulysses", heads)
    # both cut the heads of attention: their product has to divide these
    _divides(plan, "tp", heads // plan.ulysses_degree)
    _divides(plan, "pipefusion", depth(model) or 1)
    _divides(plan, "cfg", predictions)
    # the ranks that hold slices of the text encoders are among those of the denoiser
    _divides(plan, "text", int(ranks(plan)))


def _divides(plan: Sharing, way: str, whole: Number) -> None:
    """Raises InputError where the plan's degree of a way does not divide `whole`."""
    divides(way, getattr(plan, WAYS[way]), whole)


def divides(way: str, degree: Number, whole: Number) -> None:
    """Raises InputError("parallel", …) where a degree does not divide `whole`; 0 is divided by all."""
    if whole and whole % degree:
        legal = [number for number in range(1, int(whole) + 1) if whole % number == 0]
        near = max(number for number in legal if number <= degree)
        raise InputError("parallel", f"{way}={degree}", [f"{way}={number}" for number in legal], f"{way}={near}")


def depth(model: Model) -> int:
    """Layers of the denoiser, two-stream and single-stream ones together; 0 where its configuration counts none."""
    config = configuration(model.denoiser)
    counts = (getattr(config, name, None) for name in ("num_layers", "num_single_layers"))
    return sum(count for count in counts if isinstance(count, int))


def checked_training(model: Model, plan: TrainingPlan) -> None:
    """Refuses what does not go together in training.

    Raises InputError("parallel", …) for degrees that do not divide heads, layers or ranks, and InputError("sharding",
    …) for a way of sharding that a pipeline does not allow, InputError("training-offload", …) for a frozen base where
    nothing is frozen, and for more swapped blocks than can wait.
    """
    if plan.offload not in offloads(plan.mode):
        raise InputError("training-offload", plan.offload, offloads(plan.mode), "optimizer+weights")
    most = max(depth(model) - 1, 0)  # the block that runs is on the device
    if plan.offload == "block-swap" and not 1 <= plan.swapped_blocks <= most:
        allowed = (
            (f"block-swap:1..{most}",) if most else tuple(way for way in offloads(plan.mode) if way != plan.offload)
        )
        near = f"block-swap:{min(max(int(plan.swapped_blocks), 1), most)}" if most else "base"
        raise InputError("training-offload", f"block-swap:{plan.swapped_blocks}", allowed, near)
    heads = model.denoiser.heads
    divides("tp", plan.tensor_degree, max(heads, 1))
    divides("ulysses", plan.ulysses_degree, max(heads, 1) // plan.tensor_degree)
    divides("pp", plan.pipeline_degree, max(depth(model), 1))
    # shards are spread over ranks that hold the same weights
    divides("fsdp", plan.shard_degree, replicas(plan))
    if heads == 0:  # a U-Net: its convolutions would need their neighbours' edges
        divides("ring", plan.ring_degree, 1)
        divides("gather", plan.gather_degree, 1)
    if plan.pipeline_degree > 1 and plan.sharding not in PIPELINED:
        raise InputError("sharding", plan.sharding, PIPELINED, "zero1")


def spread(tokens: Number, plan: TrainingPlan) -> None:
    """Refuses more ranks on a sample than it has tokens. Raises InputError("parallel", …)."""
    if context(plan) > tokens:
        raise InputError("parallel", f"ulysses × ring × gather = {context(plan)}", (f"1..{tokens}",), str(tokens))


def legal(heads: int, layers_: int, tokens: int, plan: TrainingPlan) -> Condition:
    """Whether the degrees go together, elementwise for arrays: the rules of `checked_training` and `spread`, without
    words."""
    widest = plan.ulysses_degree * plan.tensor_degree
    fits = (max(heads, 1) % widest == 0) & (max(layers_, 1) % plan.pipeline_degree == 0)
    whole = replicas(plan) % plan.shard_degree == 0
    several = context(plan) <= (tokens if heads else 1)
    # the second is true of every row: a column where the other rules give columns
    alone = plan.pipeline_degree == 1 if plan.sharding not in PIPELINED else plan.pipeline_degree >= 1
    return fits & whole & several & alone


def spread_in_nodes(plan: TrainingPlan, node: int) -> int:
    """Shards of hybrid sharding: as many as the ranks of a node that hold the same weights, and go into all of these.

    node  accelerators of one. Plain numbers only.
    """
    copies = int(replicas(plan))
    # ranks of one node with the same layers
    inside = max(node // int(layers(plan)), 1)
    return max(count for count in range(1, min(copies, inside) + 1) if copies % count == 0)
