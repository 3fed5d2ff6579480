"""One measured row -> the job it describes, or the id of the setting that is missing.

A row that can be mapped is mapped: how well it then comes out plays no part. What its text leaves open makes it
unmapped, or a range over what it may have been; nothing is assumed in silence.
"""

import re
from typing import NamedTuple

import msgspec

from vidcalc.base.errors import InputError
from vidcalc.base.facts import Facts
from vidcalc.catalog import fill, speedups
from vidcalc.catalog.frameworks import framework as profile
from vidcalc.catalog.precisions import precision
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import SETTINGS
from vidcalc.describe.question import Question
from vidcalc.describe.workload import Workload
from vidcalc.passes.formats import by_card
from vidcalc.rates.machines import hardware
from vidcalc.validate import sharing, text
from vidcalc.validate.beyond import beyond
from vidcalc.validate.engine import Engine, engine
from vidcalc.validate.placement import placement
from vidcalc.validate.table import Row, whole
from vidcalc.validate.unmapped import Unmapped

STANDING_IN = "h100-sxm"  # for rows without an accelerator: memory hardly depends on it, and no time is predicted
HALVES = ("bf16", "fp16")
UNSAID = re.compile(r"[^;,(]*\bnot stated\b[^;,)]*", re.IGNORECASE)  # words of what a source does not say
ANY = "."  # the pattern of a table's last rule
KERNELS = ("cudnn", "flash2", "sdpa")  # tried in turn where the accelerator does not run the one stated


class Asking(NamedTuple):
    """What a row asks for, before it is said how it is run."""

    model: Model
    workload: Workload
    hardware: Hardware


class Case(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A row as a job.

    engine     the program it ran under;  others  the same job under each other program that it may have been, and as it
               may have run where its row guesses
    beside     share of the program's further models that stay on the device
    stage      the stage that its memory is of; empty: of the whole run
    scope      what its time covers: "total", "denoise", "per_step", "vae_decode", "gpu_seconds"
    no_time    id of what its time would need to know; empty where time can be predicted
    """

    question: Question
    engine: Engine
    others: tuple[Question, ...]
    beside: float
    stage: str
    scope: str
    no_time: str


def case(row: Row) -> Case:
    """The job of a row. Raises Unmapped."""
    chosen, workload = _job(row)
    found = engine(row, chosen.name)
    gpu = text.gpu(row.gpu) if row.gpu else None
    machine = hardware(gpu or STANDING_IN, count=whole(row.n_gpus) or 1)
    names = found.framework, *found.others
    run = [_kernel(row, _question(row, Asking(chosen, workload, machine), name)) for name in names]
    if gpu and beyond(run[0]):
        raise Unmapped("encoder_beyond_card")
    run += [each for question in run for each in _otherwise(row, question)]
    scope = _scope(row)
    return Case(
        question=run[0],
        engine=found,
        others=tuple(run[1:]),
        beside=float(text.first("beside", f"{row.offload}; {row.note}").get("beside", 1.0)),
        stage=str(text.first("stage", f"{row.mem_unit_note}; {row.note}").get("stage", "")),
        scope=scope,
        no_time=_no_time(row, gpu, chosen.name, scope),
    )


def model_of(row: Row) -> str:
    """The catalogue's id of a row's model; empty where the row names none or the catalogue has it not."""
    return (text.model(row.model, whole(row.width) or 0) if row.model else None) or ""


def _job(row: Row) -> tuple[Model, Workload]:
    width, height, frames = whole(row.width), whole(row.height), whole(row.frames)
    if not row.model:
        raise Unmapped("no_model")
    name = model_of(row)
    if not name:
        raise Unmapped("unknown_model")
    if width is None or height is None:
        raise Unmapped("no_size")
    if frames is None:
        raise Unmapped("no_frames")
    chosen = fill.model(name)
    sizes: Facts = {"width": width, "height": height, "frames": frames}
    return chosen, fill.workload(chosen, **sizes, steps=whole(row.steps), batch=whole(row.batch))


def _question(row: Row, asking: Asking, framework: str) -> Question:
    """A job with the row's settings over those of a program. Raises Unmapped."""
    chosen = asking.model
    given: Facts = {"framework": framework, **_formats(row, framework), **placement(row, chosen, framework)}
    given["vae_tiling"] = _tiling(row)
    degrees = _degrees(row)
    given.update(degrees)
    if "t5" in row.parallelism:
        given["shards"] = "encoders"
    if "shard_degree" in degrees and "offload" not in given:
        given["offload"] = "none"
    if "fuse_qkv" in row.other_optim:
        given["fused_projections"] = "kept"
    given.update(_left_out(row, chosen.name)[0])
    fused = text.first("compile", row.other_optim)
    given.update({name: fused[name] for name in ("compile",) if name in fused})
    if row.cfg == "yes" and chosen.defaults.guidance_mode in ("none", "distilled"):
        given.update(guidance_mode="sequential", forwards_per_step=2, batched_forwards=1)
    vendor = asking.hardware.accelerator.vendor
    try:
        return Question(*asking, fill.plan(chosen, _guidance(row), vendor, **given))
    except InputError:
        raise Unmapped("unknown_setting") from None


def _formats(row: Row, framework: str) -> Facts:
    """Number formats that the row states, where they are not what the program computes in anyway. Raises Unmapped."""
    stated = text.rule("precision", row.precision)
    if text.OPEN in stated.values():
        raise Unmapped("unknown_precision")
    given: Facts = {}
    if "precision" in stated and (stated.get("weights") or not _names_arithmetic(stated["precision"], framework)):
        given["precision"] = stated["precision"]
        if stated.get("everywhere") or (text.first("everywhere", row.source) and stated["precision"] not in HALVES):
            given["text_encoder_precision"] = given["vae_precision"] = stated["precision"]
    if "vae_precision" in stated:
        given["vae_precision"] = stated["vae_precision"]
    return {**given, **text.rule("encoders", f"{row.precision}; {row.offload}; {row.other_optim}")}


def _names_arithmetic(stated: str, framework: str) -> bool:
    """Whether a stated 16-bit format is what the framework computes in, over weights it keeps wider (autocast)."""
    own = str(profile(framework).plan.get("precision", ""))
    return bool(own) and stated in HALVES and precision(own).stored > precision(stated).stored


def _tiling(row: Row) -> str | None:
    """How the VAE decodes, by the row's column for it or any other; None where the program decides."""
    beside = text.first("tiling", f"{row.other_optim}; {row.offload}; {row.precision}") if not row.vae_tiling else {}
    found = text.first("tiling", row.vae_tiling).get("vae_tiling") or beside.get("vae_tiling")
    return str(found) if found else None


def _guidance(row: Row) -> float | None:
    """The scale of guidance, 1 where a row runs without; None where the model's own holds."""
    if row.cfg:
        found = text.first("guidance", row.cfg)
    else:
        found = text.first("guidance", f"{row.other_optim}; {row.model}; {row.note}")
    return float(found["scale"]) if found else None


def _degrees(row: Row) -> Facts:
    """How accelerators share the row's work. Raises Unmapped."""
    count = whole(row.n_gpus) or 1
    if count == 1 and not row.parallelism:
        return {}
    missaid = text.first("missaid", f"{row.source}: {row.parallelism}")
    degrees = sharing.usual(count) if missaid else sharing.degrees(row.parallelism, count)
    if degrees is None:
        raise Unmapped("no_parallel_plan")
    beside = f"{row.vae_tiling}; {row.other_optim}"
    fields, open_ = sharing.stated(beside)
    # encoders split like the layers are split by as many; what is decoded in parts is by all
    alike = {"text_degree": degrees.get("tensor_degree", count), "decode_degree": count}
    degrees.update({name: alike[name] for name in open_ if name in sharing.OTHERS})
    degrees.update({name: value for name, value in fields.items() if name in sharing.OTHERS})
    return {name: value for name, value in degrees.items() if name in SETTINGS}


def _kernel(row: Row, question: Question) -> Question:
    """What is asked, with the stated attention kernel, or the nearest that the accelerator runs."""
    from vidcalc.rates.utilisation import attention

    beside = text.first("attention", row.other_optim) if not row.attention_backend else {}
    named = beside if beside.get("match") != ANY else {}  # of other columns, a kernel's own name alone
    rule = text.first("attention", row.attention_backend) or named
    stated = str(rule.get("attention", by_card(question.plan, question.hardware.accelerator).attention))
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
    words = UNSAID.sub("", f"{row.other_optim}; {row.attention_backend}; {row.precision}; {row.model}")
    names, rest = text.speedups(words)
    try:
        fields = [speedups.chosen(kind, name, model) for kind, name in names.items()]
    except InputError:
        return {}, words
    return {name: value for each in fields for name, value in each.items()}, rest


def _otherwise(row: Row, question: Question) -> list[Question]:
    """The same without what its row says as a guess."""
    fields = sharing.guessed(f"{row.vae_tiling}; {row.other_optim}")
    fields = {field for field in fields if getattr(question.plan, field) != SETTINGS[field].default}
    without: Facts = {field: SETTINGS[field].default for field in fields}
    return [question._replace(plan=msgspec.structs.replace(question.plan, **without))] if without else []


def _scope(row: Row) -> str:
    """What the row's time covers; "?" where that is open."""
    stated = str(text.first("time", row.time_scope).get("scope", text.OPEN))
    narrowed = text.first("narrowed", f"{row.source}; {row.other_optim}; {row.note}")
    return str(narrowed["scope"]) if narrowed and stated == "total" else stated


def unsaid(column: str, row: Row) -> bool:
    """Whether a row's note says that its source does not give a column, which then holds another's guess."""
    return bool(text.first("unsaid", f"{column}: {row.note}"))


def _no_time(row: Row, gpu: str | None, model: str, scope: str) -> str:
    """The id of what a prediction of this row's time would need and the row does not say; empty where nothing is."""
    if not row.time_s:
        return "not_measured"
    if not row.gpu:
        return "no_gpu"
    if gpu is None:
        return "unknown_gpu"
    if scope == text.OPEN:
        return "no_time_scope"
    if scope in ("total", "denoise", "gpu_seconds") and (whole(row.steps) is None or unsaid("steps", row)):
        return "no_steps"
    skipping = text.first("skipping", _left_out(row, model)[1])
    return str(skipping.get("reason", ""))
