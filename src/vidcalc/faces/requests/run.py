"""What flags say of a training run apart from its degrees: sizes of samples, what is seen, how it is trained."""

from typing import Any, NamedTuple

from msgspec.structs import replace

from vidcalc.account import samples
from vidcalc.catalog import fill
from vidcalc.catalog.snap import snapped
from vidcalc.catalog.trainers import trainer
from vidcalc.catalog.training import networks
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.model import Model
from vidcalc.describe.question import Question, Run
from vidcalc.describe.training import TrainingPlan
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.requests import estimate as request
from vidcalc.faces.requests.settings import fields, flag_of
from vidcalc.faces.words import _
from vidcalc.rates.standing_in import runnable

OF_A_SIZE = ("resolution", "frames", "seconds")
OF_MANY = ("bucket", "training_parallel", "gpus", "nodes")  # of many sizes, and of many accelerators
STEPS = 1000


class Stated(NamedTuple):
    """A training run as far as flags say it without degrees: what is asked of one accelerator, and sizes of samples."""

    question: Question
    buckets: tuple[Bucket, ...]
    clips: int | None = None  # of a data set that was read

    @property
    def training(self) -> TrainingPlan:
        """How it is trained."""
        return self.question.plan.training

    def run(self, data: Data) -> Run:
        """The run on that data, still on one accelerator."""
        return Run(self.question.model, data, self.question.hardware, self.question.plan)


def stated(flags: dict[str, Any]) -> Stated:
    """What the flags other than those of many GPUs ask for. Raises InputError."""
    sizes = flags.get("bucket", ())
    settled = ("batch_size", *(OF_A_SIZE if "model" in flags or "from" in flags else ()))  # a count asks for a size
    for name in settled if sizes else ():
        if name in flags:
            flag = "--" + name.replace("_", "-")
            raise Refused(flag, None, _("not together with {flag}, which settles it", flag="--bucket"), None, ())
    one = {name: value for name, value in flags.items() if name not in OF_MANY}
    profile = trainer(flags["trainer"]) if flags.get("trainer", fill.NOBODY) != fill.NOBODY else None
    if profile is not None:
        one = {"framework": profile.framework, **one}
    question = request.request(one)
    if profile is not None:
        kernel = flags.get("attention") or runnable(question.hardware.accelerator, profile.attention)
        question = question._replace(
            plan=replace(fill.run_as(question.plan, profile, question.model), attention=kernel)
        )
    model, workload, plan = question.model, question.workload, question.plan
    if "text_tokens" in flags:  # every size of sample has prompts of that length
        model = replace(model, defaults=replace(model.defaults, text_tokens=flags["text_tokens"]))
        question = question._replace(model=model)
    buckets = _buckets(sizes) or (
        Bucket(width=workload.width, height=workload.height, frames=workload.frames, batch=workload.batch),
    )
    clips: int | None = None
    if "dataset" in flags:
        from vidcalc.faces.requests.dataset import sorted_in

        found, cautions = sorted_in(flags, question)
        buckets, clips = found.buckets, found.clips
        question = question._replace(model=replace(model, cautions=(*model.cautions, *cautions)))
    if flags.get("snap"):
        buckets = tuple(_snapped(model, workload, size) for size in buckets)
    settings = fields(TrainingPlan, flags, model.name, "run")
    _meant(settings, model)
    trained = question._replace(plan=replace(plan, training=replace(plan.training, **settings)))
    return Stated(trained, buckets, clips)


def _meant(settings: dict[str, Any], model: Model) -> None:
    """Refuses a flag that changes nothing in the run asked for."""
    if "rollout_steps" in settings and networks(settings.get("networks", "alone")).rollouts != "yes":
        only("rollout_steps", settings, "--networks distillation, --networks rl")
    if "validation_every" in settings and settings.get("validation", "off") == "off":
        only("validation_every", settings, "--validation on")
    if settings.get("experts") == "both" and model.denoiser.copies == 1:
        expects = _("one: {model} has no second expert", model=model.name)
        raise Refused("--experts", "both", expects, "one", ("one",))


def only(name: str, given: dict[str, Any], flags: str) -> None:
    """Raises Refused for a flag that says something only together with others."""
    raise Refused(flag_of(name), given[name], _("only together with {flags}", flags=flags), None, ())


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


def seen(flags: dict[str, Any], setup: Stated, training: TrainingPlan) -> Data:
    """What is seen: clips × samples of a clip × epochs, else as many samples as the steps take."""
    buckets, fps = setup.buckets, setup.question.workload.fps
    if setup.clips is not None and "train_steps" not in flags:
        return Data(buckets=buckets, samples=setup.clips * flags.get("epochs", 1), clips=setup.clips)
    if "clips" in flags:
        if "train_steps" in flags:
            raise Refused("--train-steps", None, _("not together with --clips, which settles it"), None, ())
        distinct = samples.of_clips(flags["clips"], flags.get("clip_seconds"), fps, buckets)
        return Data(buckets=buckets, samples=distinct * flags.get("epochs", 1), clips=distinct)
    if setup.clips is not None and "epochs" in flags:
        raise Refused("--epochs", None, _("not together with {flag}, which settles it", flag="--train-steps"), None, ())
    for name in ("clip_seconds", "epochs"):
        if name in flags:
            raise Refused(flag_of(name), None, _("only together with --clips"), None, ())
    seen = samples.of_steps(flags.get("train_steps", STEPS), buckets, training)
    return Data(buckets=buckets, samples=seen, clips=seen if setup.clips is None else min(seen, setup.clips))
