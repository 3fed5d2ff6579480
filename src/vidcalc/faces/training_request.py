"""From flags to what a training run is: model, data, hardware and a plan whose degrees fill all GPUs."""

from typing import Any, NamedTuple

from msgspec.structs import replace

from vidcalc.catalog.snap import snapped
from vidcalc.catalog.training import networks
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.training import EXPERTS, TrainingPlan
from vidcalc.faces import request
from vidcalc.faces.inputs import Refused
from vidcalc.training import ranks, samples
from vidcalc.words import _

OF_A_RUN = ("reshard", "networks", "rollout_steps", "experts", "mixing", "validation", "validation_every", "save_every")
OF_A_SIZE = ("resolution", "frames", "seconds")
ALIKE = {"fsdp": "zero3", "hybrid": "zero3"}
STEPS = 1000


class Run(NamedTuple):
    """The four nouns of a training run."""

    model: Model
    data: Data
    hardware: Hardware
    plan: Plan


def run(given: dict[str, Any]) -> Run:
    """What the flags ask for. Raises InputError."""
    asked = {name: value for name, value in given.items() if value is not None}
    found = stated(asked)
    training = _searched(asked, found) or _shared(asked, found.plan.training, asked.get("gpus", 0))
    machine, plan = ranks.placed(found.hardware, ranks.world(training)), replace(found.plan, training=training)
    return Run(found.model, seen(asked, found.buckets, found.fps, training), machine, plan)


class Stated(NamedTuple):
    """A training run as far as flags say it without degrees: sizes of samples, and one accelerator."""

    model: Model
    buckets: tuple[Bucket, ...]
    fps: Any
    hardware: Hardware
    plan: Plan


def stated(asked: dict[str, Any]) -> Stated:
    """What the flags other than those of many GPUs ask for. Raises InputError."""
    sizes = asked.get("bucket", ())
    settled = ("batch_size", *(OF_A_SIZE if "model" in asked or "from" in asked else ()))  # a count asks for a size
    for name in settled if sizes else ():
        if name in asked:
            flag = "--" + name.replace("_", "-")
            raise Refused(flag, None, _("not together with {flag}, which settles it", flag="--bucket"), None, ())
    left_out = ("bucket", "training_parallel", "gpus")
    one = {name: value for name, value in asked.items() if name not in left_out}
    model, workload, machine, plan = request.request(one)
    buckets = _buckets(sizes) or (
        Bucket(width=workload.width, height=workload.height, frames=workload.frames, batch=workload.batch),
    )
    if asked.get("snap"):
        buckets = tuple(_snapped(model, workload, size) for size in buckets)
    found = {name: asked[name] for name in OF_A_RUN if name in asked}
    _meant(found, model)
    return Stated(model, buckets, workload.fps, machine, replace(plan, training=replace(plan.training, **found)))


def _meant(found: dict[str, Any], model: Model) -> None:
    """Refuses a flag that changes nothing in the run asked for."""
    if "rollout_steps" in found and networks(found.get("networks", "alone")).rollouts != "yes":
        _only("rollout_steps", found, "--networks distillation, --networks rl")
    if "validation_every" in found and found.get("validation", "off") == "off":
        _only("validation_every", found, "--validation on")
    if found.get("experts") == "both" and model.denoiser.copies == 1:
        expects = _("one: {model} has no second expert", model=model.name)
        raise Refused("--experts", "both", expects, "one", EXPERTS[:1])


def _only(name: str, asked: dict[str, Any], flags: str) -> None:
    """Raises Refused for a flag that says something only together with others."""
    raise Refused("--" + name.replace("_", "-"), asked[name], _("only together with {flags}", flags=flags), None, ())


def _searched(asked: dict[str, Any], found: Stated) -> TrainingPlan | None:
    """The plan that a search finds, with --parallel auto; None without."""
    from vidcalc.faces.parallel_flag import AUTO

    if asked.get("training_parallel") != AUTO:
        return None
    from vidcalc.faces.search_request import searched

    return searched(asked, found)


def _shared(asked: dict[str, Any], training: TrainingPlan, gpus: int) -> TrainingPlan:
    """The plan with its degrees: what is left of the GPUs sees samples of its own.

    Raises Refused where the degrees ask for another number of GPUs.
    """
    degrees = dict(asked.get("training_parallel", {}))
    word = asked.get("sharding", "zero3" if "shard_degree" in degrees else "none")
    if "reshard" in asked and ALIKE.get(word, word) != "zero3":
        _only("reshard", asked, "--sharding zero3, fsdp, hybrid")
    if word == "none" and "shard_degree" in degrees:
        given = f"fsdp={degrees['shard_degree']}"
        raise Refused("--parallel", given, _("not together with {flag}", flag="--sharding none"), None, ())
    plan = replace(training, sharding=ALIKE.get(word, word), **degrees)
    together = ranks.world(replace(plan, data_degree=1))
    if "data_degree" not in degrees:
        shards = degrees.get("shard_degree", 1)
        needed = gpus or max(together, shards)
        plan = replace(plan, data_degree=max(needed // together, 1))
    if gpus and ranks.world(plan) != gpus:
        whole = str(ranks.world(plan))
        expects = _("a multiple of the {count} that share a sample, as --parallel asks for", count=together)
        raise Refused("--gpus", gpus, expects, whole, (whole,))
    if "shard_degree" not in degrees and word != "none":
        spread = ranks.spread_in_nodes if word == "hybrid" else ranks.replicas
        plan = replace(plan, shard_degree=spread(plan))
    return plan


def _buckets(texts: tuple[Any, ...]) -> tuple[Bucket, ...]:
    """The sizes stated; shares add up to 1, those left open share what is left. Raises Refused where nothing is."""
    stated = sum(share for *_size, share, _batch in texts if share is not None)
    open_ = sum(share is None for *_size, share, _batch in texts)
    if open_ and stated >= 1:
        expects = _("shares that add up to less than 1 beside a bucket without one")
        raise Refused("--bucket", f"{stated:g}", expects, None, ("< 1",))
    rest = (1 - stated) / open_ if open_ else 0
    whole = stated + rest * open_
    return tuple(
        Bucket(
            width=width,
            height=height,
            frames=frames,
            share=(rest if share is None else share) / whole if whole else 1 / len(texts),
            batch=batch,
        )
        for width, height, frames, share, batch in texts
    )


def _snapped(model: Model, workload: Any, size: Bucket) -> Bucket:
    """The nearest size and length that the model accepts."""
    _model, job = snapped(model, replace(workload, width=size.width, height=size.height, frames=size.frames))
    return replace(size, width=job.width, height=job.height, frames=job.frames)


def seen(asked: dict[str, Any], buckets: tuple[Bucket, ...], fps: Any, training: TrainingPlan) -> Data:
    """What is seen: clips × samples of a clip × epochs, else as many samples as the steps take."""
    if "clips" in asked:
        if "train_steps" in asked:
            raise Refused("--train-steps", None, _("not together with --clips, which settles it"), None, ())
        distinct = samples.of_clips(asked["clips"], asked.get("clip_seconds"), fps, buckets)
        return Data(buckets=buckets, samples=distinct * asked.get("epochs", 1), clips=distinct)
    for name in ("clip_seconds", "epochs"):
        if name in asked:
            raise Refused("--" + name.replace("_", "-"), None, _("only together with --clips"), None, ())
    seen = samples.of_steps(asked.get("train_steps", STEPS), buckets, training)
    return Data(buckets=buckets, samples=seen, clips=seen)
