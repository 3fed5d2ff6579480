"""One measured row -> the job it describes, or the id of the setting that is missing.

A row that can be mapped is mapped: how well it then comes out plays no part.
"""

import msgspec

from vidcalc.base.errors import InputError
from vidcalc.base.facts import Facts
from vidcalc.catalog import fill, speedups
from vidcalc.catalog.frameworks import framework as profile
from vidcalc.catalog.precisions import precision
from vidcalc.describe.model import Model
from vidcalc.describe.question import Question
from vidcalc.describe.workload import Workload
from vidcalc.rates.machines import hardware
from vidcalc.validate import text
from vidcalc.validate.table import Row, whole

STANDING_IN = "h100-sxm"  # for rows without an accelerator: memory hardly depends on it, and no time is predicted
TILES = {"yes": "default", "no": "none"}
HALVES = ("bf16", "fp16")
KERNELS = ("cudnn", "flash2", "sdpa")  # tried in turn where the accelerator does not run the one stated


class Case(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A row as a job.

    framework  profile it ran under
    beside     share of the framework's further models that stay on the device
    since      "load" where the reading covers loading the weights before they are quantised, else "generate"
    no_time    id of what its time would need to know; empty where time can be predicted
    """

    question: Question
    framework: str
    beside: float
    since: str
    no_time: str


class Unmapped(Exception):
    """A setting is missing: `reason` is its id."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def case(row: Row) -> Case:
    """The job of a row. Raises Unmapped."""
    chosen, workload = _job(row)
    framework = framework_of(row)
    gpu = text.gpu(row.gpu) if row.gpu else None
    count = whole(row.n_gpus) or 1
    machine = hardware(gpu or STANDING_IN, count=count)
    given, beside = _plan(row, chosen, framework, count)
    guidance = 1.0 if row.cfg in ("no", "distilled") else None
    try:
        question = Question(chosen, workload, machine, fill.plan(chosen, guidance=guidance, **given))
    except InputError:
        raise Unmapped("unknown_setting") from None
    return Case(
        question=_kernel(row, question),
        framework=framework,
        beside=beside,
        since=str(text.first("precision", row.precision).get("since", "generate")),
        no_time=_no_time(row, gpu, chosen.name),
    )


def framework_of(row: Row) -> str:
    """The profile that a row's source, optimisations or precision name; diffusers where none is."""
    words = "; ".join((row.source, row.other_optim, row.precision, row.parallelism))
    return str(text.first("framework", words).get("framework", "diffusers"))


def _job(row: Row) -> tuple[Model, Workload]:
    width, height, frames = whole(row.width), whole(row.height), whole(row.frames)
    if not row.model:
        raise Unmapped("no_model")
    name = text.model(row.model, width or 0)
    if name is None:
        raise Unmapped("unknown_model")
    if width is None or height is None:
        raise Unmapped("no_size")
    if frames is None:
        raise Unmapped("no_frames")
    chosen = fill.model(name)
    sizes: Facts = {"width": width, "height": height, "frames": frames}
    return chosen, fill.workload(chosen, **sizes, steps=whole(row.steps), batch=whole(row.batch))


def _plan(row: Row, chosen: Model, framework: str, count: int) -> tuple[Facts, float]:
    """The row's settings, to go over the framework's, and the share of further models on the device."""
    given: Facts = {"framework": framework, "vae_tiling": TILES.get(row.vae_tiling)}
    formats = _rule("precision", row.precision, "unknown_precision")
    if "precision" in formats and not _names_arithmetic(formats["precision"], framework):
        given["precision"] = formats["precision"]
        if formats.get("everywhere") or (text.first("everywhere", row.source) and formats["precision"] not in HALVES):
            given["text_encoder_precision"] = given["vae_precision"] = formats["precision"]
    if "vae_precision" in formats:
        given["vae_precision"] = formats["vae_precision"]
    moves = _rule("offload", row.offload, "unknown_offload")
    given.update({name: moves[name] for name in ("offload", "swapped_blocks") if name in moves})
    own = profile(framework).settings(chosen).get("offload", "none")
    if str(given.get("offload", "")).startswith("encoders") and own not in ("none", "encoders"):
        del given["offload"]  # where encoders leave and the framework does more by itself, it still does
    if count > 1 or row.parallelism:
        degrees = text.degrees(text.meant(row.parallelism, row.source), count)
        if degrees is None:
            raise Unmapped("no_parallel_plan")
        given.update(degrees)
        if "t5" in row.parallelism:
            given["shards"] = "encoders"
        if "shard_degree" in degrees and "offload" not in moves:
            given["offload"] = "none"
    if "fuse_qkv" in row.other_optim:
        given["fused_projections"] = "kept"
    given.update(_left_out(row, chosen.name)[0])
    fused = text.first("compile", row.other_optim)
    given.update({name: fused[name] for name in ("compile",) if name in fused})
    if row.cfg == "yes" and chosen.defaults.guidance_mode in ("none", "distilled"):
        given.update(guidance_mode="sequential", forwards_per_step=2, batched_forwards=1)
    return given, float(moves.get("beside", 1.0))


def _names_arithmetic(stated: str, framework: str) -> bool:
    """Whether a stated 16-bit format is what the framework computes in, over weights it keeps wider (autocast)."""
    own = str(profile(framework).plan.get("precision", ""))
    return bool(own) and stated in ("bf16", "fp16") and precision(own).stored > precision(stated).stored


def _rule(table: str, words: str, reason: str) -> Facts:
    rule = text.first(table, words)
    if text.OPEN in rule.values():
        raise Unmapped(reason)
    return rule


def _kernel(row: Row, question: Question) -> Question:
    """What is asked, with the stated attention kernel, or the nearest that the accelerator runs."""
    from vidcalc.rates.utilisation import attention

    stated = str(text.first("attention", row.attention_backend).get("attention", question.plan.attention))
    for kernel in (stated, *KERNELS):
        try:
            attention(question.hardware.accelerator, kernel, "bf16", 128, 1024, 1024)
        except (InputError, KeyError):
            continue
        return question._replace(plan=msgspec.structs.replace(question.plan, attention=kernel))
    return question


def _left_out(row: Row, model: str) -> tuple[Facts, str]:
    """Fields of a plan for the work that a row leaves out, and what its text says beside it.

    A setting that was not published for the model stays in the text.
    """
    words = f"{row.other_optim}; {row.attention_backend}; {row.precision}"
    names, rest = text.speedups(words)
    try:
        fields = [speedups.FIELDS[kind](name, model) for kind, name in names.items()]
    except InputError:
        return {}, words
    return {name: value for each in fields for name, value in each.items()}, rest


def _no_time(row: Row, gpu: str | None, model: str) -> str:
    """The id of what a prediction of this row's time would need and the row does not say; empty where nothing is."""
    if not row.time_s:
        return "not_measured"
    if not row.gpu:
        return "no_gpu"
    if gpu is None:
        return "unknown_gpu"
    scope = text.first("time", row.time_scope).get("scope", text.OPEN)
    if scope == text.OPEN:
        return "no_time_scope"
    if scope in ("total", "denoise", "gpu_seconds") and whole(row.steps) is None:
        return "no_steps"
    skipping = text.first("skipping", _left_out(row, model)[1])
    return str(skipping.get("reason", ""))
