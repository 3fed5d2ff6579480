"""One measured training run -> the run it describes, or the id of the setting that is missing.

A row that can be mapped is mapped: how well it then comes out plays no part. Words come from
data/validation/training.toml, what a row leaves open from the trainer's profile.
"""

import re
from fractions import Fraction

import msgspec
from msgspec.structs import replace

from vidcalc.base.facts import Facts
from vidcalc.catalog import fill
from vidcalc.catalog.load import entry
from vidcalc.catalog.trainers import Trainer, trainer
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.model import Model
from vidcalc.describe.question import Run
from vidcalc.describe.training import ADAPTED, Mode, TrainingPlan
from vidcalc.passes.degrees import replicas, world
from vidcalc.rates.machines import hardware, placed
from vidcalc.rates.standing_in import runnable
from vidcalc.validate import text
from vidcalc.validate.mapping import STANDING_IN
from vidcalc.validate.table import number, whole
from vidcalc.validate.training_table import TrainingRow
from vidcalc.validate.unmapped import Unmapped

FILE = "training"
PLAIN = "diffusers"  # the trainer of a row that names none: said, and of a wider band
SETTLED = re.compile(r"(\d+)x(\d+)x(\d+)")
MODES: dict[str, Mode] = {"lora": "lora", "full-ft": "full", "pretrain": "pretrain"}
LATENTS = {
    **dict.fromkeys(("yes", "y", "true", "1"), "precomputed"),
    **dict.fromkeys(("no", "n", "false", "0"), "online"),
}


class TrainingCase(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A row as a run of one size; no_time is the id of what its time would need to know, empty where it has one."""

    run: Run
    trainer: Trainer
    no_time: str

    @property
    def bucket(self) -> Bucket:
        """Its one size."""
        return self.run.data.buckets[0]


def case(row: TrainingRow) -> TrainingCase:
    """The run of a row. Raises Unmapped."""
    profile = trainer(trainer_of(row) or PLAIN)
    model = fill.model(model_of(row))
    width, height, frames = size(row, model.vae.temporal_compression)
    gpu = text.gpu(row.gpu) if row.gpu else None
    training, batch = _shared(row, _training(row, profile, model))
    machine = placed(hardware(gpu or STANDING_IN), int(world(training)))
    plan = fill.plan(model, framework=profile.framework)
    plan = fill.run_as(replace(plan, training=training), profile, model)
    bucket = Bucket(width=width, height=height, frames=frames, batch=batch)
    data = Data(buckets=(bucket,), samples=batch, clips=batch)  # how long it ran is not asked
    return TrainingCase(
        run=_kernel(Run(model, data, machine, plan), profile),
        trainer=profile,
        no_time=_no_time(row, gpu),
    )


def trainer_of(row: TrainingRow) -> str:
    """The profile of the program that a row's columns, source or note name; empty where none does."""
    words = "; ".join((row.engine, row.parallelism, row.optimizer, row.checkpointing, row.source))
    found = first("trainer", words) or first("trainer", row.note)
    return str(found.get("trainer", ""))


def first(table: str, words: str) -> Facts:
    """The first rule of a table of data/validation/training.toml that matches; empty where none does."""
    return text.first(table, words, FILE)


def model_of(row: TrainingRow) -> str:
    """The catalogue's id of the row's model. Raises Unmapped."""
    if not row.model:
        raise Unmapped("no_model")
    name = first("model", row.model).get("model") or text.model(row.model, whole(row.width) or 0)
    if name is None or name == text.OPEN:
        raise Unmapped("unknown_model")
    return str(name)


def size(row: TrainingRow, temporal: int = 1) -> tuple[int, int, int]:
    """Width, height and frames: the row's own, or by its words; of a bucket, so many frames as the VAE takes. Raises
    Unmapped."""
    settled = SETTLED.match(row.settled)
    if settled:
        width, height, frames = (int(number) for number in settled.groups())
        return width, height, frames
    words = "; ".join((row.note, row.mem_note, row.time_note))
    stated, bucket = _stated(row), _bucket(words)
    sides, count = stated or bucket, whole(row.frames) or _frames(words)
    if sides is None:
        raise Unmapped("no_size")
    if count is None:
        raise Unmapped("no_frames")
    return (*sides, count if stated else (count - 1) // temporal * temporal + 1)


def _stated(row: TrainingRow) -> tuple[int, int] | None:
    """Width and height of a row's own columns; a class of definition by its height alone."""
    width, height, about = whole(row.width), whole(row.height), entry("validation", FILE)["class"]
    if width and height:
        return width, height
    if height is None or height not in about["heights"]:
        return None
    return 2 * round(height * about["aspect"] / 2), height


def _bucket(words: str) -> tuple[int, int] | None:
    """Width and height of a bucket by area; None where the words name none."""
    found = text.found("area", words, FILE)
    if found is None:
        return None
    match, rule = found
    area = int(match.group(rule["side"])) ** 2 if "side" in rule else float(match.group(rule["megapixels"])) * 1e6
    long, short = (area * rule["aspect"]) ** 0.5, (area / rule["aspect"]) ** 0.5
    return int(long // rule["grid"] * rule["grid"]), int(short // rule["grid"] * rule["grid"])


def _frames(words: str) -> int | None:
    found = text.found("clip", words, FILE)
    return int(found[0].group(found[1]["frames"])) if found else None


def _training(row: TrainingRow, profile: Trainer, model: Model) -> TrainingPlan:
    """What is trained and how, on one rank: the row's words over the trainer's. Raises Unmapped."""
    mode = MODES.get(row.mode)
    if mode is None:
        raise Unmapped("no_mode")
    given = profile.settings(mode, model.denoiser.network)
    who = f"{trainer_of(row) or PLAIN}, {row.model}"
    rules = (
        ("optimizer", row.optimizer, "unknown_optimizer"),
        ("average", f"{row.optimizer}; {row.precision}", ""),
        ("checkpointing", f"{who}: {row.checkpointing}; {row.offload}", "no_checkpointing"),
        ("sharding", row.parallelism, "no_parallel_plan"),
        ("offload", row.offload, "unknown_offload"),
        ("precision", f"{who}: {row.precision}; {row.offload}", "unknown_precision"),
    )
    for table, words, reason in rules:
        fields = {name: value for name, value in first(table, words).items() if name not in text.ABOUT}
        if text.OPEN in fields.values():
            raise Unmapped(str(fields.get("reason", reason)))
        if "swapped_blocks" in fields:  # the group of the pattern that is their number
            match = text.found(table, words, FILE)
            fields["swapped_blocks"] = int(match[0].group(fields["swapped_blocks"])) if match else 0
        given.update(fields)
    if row.precomputed_latents:
        supply = LATENTS.get(row.precomputed_latents.casefold())
        if supply is None:
            raise Unmapped("unknown_latents")
        given["latents"] = given["texts"] = supply
    if mode in ADAPTED and whole(row.lora_rank):
        given["rank"] = whole(row.lora_rank)
    if mode not in ADAPTED:
        given = {name: value for name, value in given.items() if name not in ("base", "base_keeps", "adapter_dropout")}
    return TrainingPlan(mode=mode, grad_accum=whole(row.grad_accum) or 1, **given)


def _shared(row: TrainingRow, training: TrainingPlan) -> tuple[TrainingPlan, int]:
    """The plan with its degrees, and samples of a micro-batch of the ranks that share it. Raises Unmapped."""
    count = whole(row.n_gpus) or 1
    given = {rule["field"]: _degree(match) for match, rule in text.every("degree", row.parallelism, FILE)}
    plan = replace(training, **given)
    together = int(world(replace(plan, data_degree=1)))
    if count % together:
        if whole(row.n_gpus):
            raise Unmapped("no_parallel_plan")
        count = together
    plan = replace(plan, data_degree=count // together)
    if plan.sharding != "none" and "shard_degree" not in given:
        plan = replace(plan, shard_degree=replicas(plan))
    stated = number(row.batch_per_gpu)
    each = Fraction(row.batch_per_gpu) * together if stated and stated < 1 else Fraction(stated or 1)
    if each.denominator != 1 or each < 1:
        raise Unmapped("no_batch")
    return plan, int(each)


def _degree(match: re.Match[str]) -> int:
    """The number that a pattern found in one of its groups."""
    return int(next(group for group in match.groups() if group))


def _kernel(run: Run, profile: Trainer) -> Run:
    """The run with the trainer's attention kernel, or the nearest that the accelerator runs."""
    kernel = runnable(run.hardware.accelerator, profile.attention)
    return run._replace(plan=replace(run.plan, attention=kernel))


def _no_time(row: TrainingRow, gpu: str | None) -> str:
    """The id of what a prediction of this row's time would need and the row does not say; empty where nothing is."""
    if not (row.time or row.mfu_or_tflops):
        return "not_measured"
    if not row.gpu:
        return "no_gpu"
    if gpu is None:
        return "unknown_gpu"
    if row.time and first("time", row.time_note).get("scope", text.OPEN) == text.OPEN:
        return "no_time_scope"
    return str(first("unpriced", f"{row.precision}; {row.offload}; {row.time_note}").get("reason", ""))
