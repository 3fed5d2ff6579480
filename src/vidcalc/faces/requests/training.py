"""From flags to what a training run is: model, data, hardware and a plan whose degrees fill all GPUs."""

from typing import Any

from msgspec.structs import replace

from vidcalc.catalog import fill
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.question import Run
from vidcalc.describe.sharing import ALIKE
from vidcalc.describe.training import TrainingPlan
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.flags.links import linked
from vidcalc.faces.flags.parallel import AUTO
from vidcalc.faces.requests.recipes import merged
from vidcalc.faces.requests.run import Stated, only, seen, stated
from vidcalc.faces.requests.settings import fields
from vidcalc.faces.requests.settings import stated as given_flags
from vidcalc.faces.words import _
from vidcalc.passes import legal
from vidcalc.passes.degrees import replicas, world


def run(given: dict[str, Any]) -> Run:
    """What the flags ask for. Raises InputError."""
    flags = merged(given_flags(given))
    setup = stated(flags)
    training = _searched(flags, setup) or _shared(flags, setup, flags.get("gpus", 0))
    if (
        flags.get("sequence_parallel") == "off"
        and training.tensor_degree == 1
        and flags.get("training_parallel") != AUTO
    ):
        only("sequence_parallel", flags, "--parallel tp")
    machine = _placed(flags, setup, training)
    plan = replace(setup.question.plan, training=training)
    return setup.run(seen(flags, setup, training))._replace(hardware=machine, plan=plan)


def _searched(flags: dict[str, Any], setup: Stated) -> TrainingPlan | None:
    """The plan that a search finds, with --parallel auto; None without."""
    if flags.get("training_parallel") != AUTO:
        return None
    from vidcalc.faces.requests.search import searched

    return searched(flags, setup)


def _placed(flags: dict[str, Any], setup: Stated, training: TrainingPlan) -> Hardware:
    """The accelerators that the degrees take, in nodes. Raises Refused where nodes would differ in size."""
    return linked(replace(setup.question.hardware, count=world(training)), flags)


def _shared(flags: dict[str, Any], setup: Stated, gpus: int) -> TrainingPlan:
    """The plan with its degrees: what is left of the GPUs sees samples of its own.

    Raises Refused where the degrees ask for another number of GPUs.
    """
    degrees = dict(flags.get("training_parallel", {}))
    usual = setup.training.sharding  # the trainer's
    word = flags.get("sharding", "zero3" if "shard_degree" in degrees and usual == "none" else usual)
    if "reshard" in flags and ALIKE.get(word, word) != "zero3":
        only("reshard", flags, "--sharding zero3, fsdp, hybrid")
    if word == "none" and "shard_degree" in degrees:
        given = f"fsdp={degrees['shard_degree']}"
        raise Refused("--parallel", given, _("not together with {flag}", flag="--sharding none"), None, ())
    plan = replace(setup.training, sharding=ALIKE.get(word, word), **degrees)
    plan = fill.sharded(plan, setup.question.model, **fields(TrainingPlan, flags, "", "train"))
    together = world(replace(plan, data_degree=1))
    if "data_degree" not in degrees:
        shards = degrees.get("shard_degree", 1)
        needed = gpus or max(together, shards)
        plan = replace(plan, data_degree=max(needed // together, 1))
    if gpus and world(plan) != gpus:
        whole = str(world(plan))
        expects = _("a multiple of the {count} that share a sample, as --parallel asks for", count=together)
        raise Refused("--gpus", gpus, expects, whole, (whole,))
    if "shard_degree" not in degrees and word != "none":
        inside = word == "hybrid"
        node = int(_placed(flags, setup, plan).count)
        plan = replace(plan, shard_degree=legal.spread_in_nodes(plan, node) if inside else replicas(plan))
    return plan


def sizes_of(flags: dict[str, Any]) -> str:
    """How the sizes of a run were asked for: "single", as "buckets", or by the clips of a "dataset"."""
    if flags.get("dataset"):
        return "dataset"
    return "buckets" if flags.get("bucket") else "single"
