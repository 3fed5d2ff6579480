"""The calls: each is the command of its name, with its flags as keywords and a result instead of a page.

estimate("wan2.1-t2v-14b", gpu="h100", frames=81)
"""

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import Parameter, cleandoc, signature
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from vidcalc.describe.hardware import Accelerator
from vidcalc.faces import words
from vidcalc.faces.flags.catalogue import said
from vidcalc.faces.python.answers import Chain, Estimate, Explanation, Training
from vidcalc.faces.python.answers_of_searches import Budget, Choices, Compare, Fit, Fix, Plans, Scaling
from vidcalc.faces.python.errors import refusals
from vidcalc.faces.python.listing import Listing
from vidcalc.faces.python.read import keywords, read, sweep_flags
from vidcalc.faces.python.settings import (
    Axis,
    BudgetSettings,
    ChainSettings,
    ChooseSettings,
    CompareSettings,
    EstimateSettings,
    FitSettings,
    FixSettings,
    GpuSettings,
    PlanSettings,
    ScaleSettings,
    SweepSettings,
    TrainSettings,
)
from vidcalc.faces.python.sweep import Sweep
from vidcalc.report.catalogue import ModelRow

if TYPE_CHECKING:
    from click import ParamType

# numbers that may be arrays: nothing on their way asks one what it is
SWEPT = ("frames", "steps", "batch_size", "text_tokens", "train_steps")

PLACED = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.VAR_POSITIONAL)

Call = TypeVar("Call", bound=Callable[..., Any])

words.use(words.preferred(None, os.environ))  # as the command line does; `language` changes it


def described(call: Call) -> Call:
    """Gives a call the signature that notebooks show, and its keywords' words, both from the flags of its command."""
    flags = keywords(_command(call.__name__).command)
    own = signature(call)
    first = [each for each in own.parameters.values() if each.kind in PLACED]
    rest = [name for name in flags if name not in own.parameters]
    named = [Parameter(name, Parameter.KEYWORD_ONLY, default=None) for name in rest]
    call.__signature__ = own.replace(parameters=[*first, *named])  # type: ignore[attr-defined]
    entries = [f"{name}\n    {said(flags[name])[1]}" for name in rest]
    call.__doc__ = cleandoc(call.__doc__ or "") + "\n\n" + "\n".join(entries)
    return call


def _command(name: str) -> Any:
    return import_module("vidcalc.faces.commands." + name)


def _answer(name: str, given: dict[str, Any], swept: tuple[str, ...] = ()) -> tuple[Any, dict[str, Any]]:
    """What a command answers, and what it was asked. Raises InputError, and TypeError for an unknown keyword."""
    command = _command(name)
    with refusals():
        flags = read(command.command, given, swept)
        return command.result(flags), flags


@described
def estimate(model: str | None = None, **settings: Unpack[EstimateSettings]) -> Estimate:
    """What one job needs: memory, FLOPs, time, cost and energy, to generate and to train.

    estimate("wan2.1-t2v-14b", gpu="h100", frames=81).memory.inference.peak  ->  bytes

    Of the settings, frames, steps, batch_size, text_tokens and train_steps may be NumPy arrays: a sweep.
    Raises InputError for a value that is not allowed.
    """
    return Estimate.of(*_answer("estimate", {"model": model, **settings}, SWEPT))


@described
def chain(*job: str | Mapping[str, Any], **settings: Unpack[ChainSettings]) -> Chain:
    """Jobs that make one video in a row (upsample, refine, super-resolution): memory, time and cost of all.

    chain("ltx-2 -r 768x512", "ltx-2-spatial-upscaler", {"model": "ltx-2", "steps": 3}, gpu="rtx-5090").memory.peak

    A job is what stands in quotes on the command line, or the keywords of an estimate; the settings are of all jobs.
    Raises InputError for a value that is not allowed.
    """
    from vidcalc.faces.requests.chain import standing_in

    command = _command("chain")
    with refusals():
        jobs: list[Any] = []
        for number, each in enumerate(job, 1):
            with standing_in(number):
                jobs.append(each if isinstance(each, str) else read(command.of_a_job, each))
        flags = {**read(command.command, settings), "job": tuple(jobs)}
        return Chain.of(command.result(flags), flags)


@described
def train(model: str | None = None, **settings: Unpack[TrainSettings]) -> Training:
    """What a training run needs: memory of each GPU, time, cost, energy and disk, for any mix of sizes.

    train("wan2.1-t2v-14b", gpu="h100", gpus=8, sharding="fsdp").time.per_step  ->  seconds

    Raises InputError for a value that is not allowed.
    """
    return Training.of(*_answer("train", {"model": model, **settings}))


@described
def plan(model: str | None = None, **settings: Unpack[PlanSettings]) -> Plans:
    """The best way to train on so many GPUs: every legal plan priced, the front of time and memory, and why.

    plan("wan2.1-t2v-14b", gpu="h100", gpus=[32, 64]).best[0].seconds  ->  seconds

    Raises InputError for a value that is not allowed, and where no plan fits.
    """
    return Plans.of(*_answer("plan", {"model": model, **settings}))


@described
def scale(model: str | None = None, **settings: Unpack[ScaleSettings]) -> Scaling:
    """One video on 1, 2, 4 … GPUs: the best legal way of sharing it at each count, and whether more are worth it.

    scale("wan2.1-t2v-14b", gpu="h100", gpus=8).best_cost  ->  GPUs

    Raises InputError for a value that is not allowed.
    """
    return Scaling.of(*_answer("scale", {"model": model, **settings}))


@described
def fit(model: str | None = None, **settings: Unpack[FitSettings]) -> Fit:
    """The largest job that fits: the longest clip, the largest picture or the most videos at once, and its time.

    fit("ltx-video-2b", gpu="4060", max_time="5min").rows[0].frames  ->  frames

    Raises InputError for a value that is not allowed, and where nothing fits.
    """
    return Fit.of(*_answer("fit", {"model": model, **settings}))


@described
def choose(model: str | None = None, **settings: Unpack[ChooseSettings]) -> Choices:
    """Which GPU to take for a job, how many of it, and how to run it there: the cheapest that keeps to a deadline.

    choose("hunyuanvideo", frames=129, deadline="5min").rows[0].cost  ->  USD

    Raises InputError for a value that is not allowed, and where no machine keeps to what is wanted.
    """
    return Choices.of(*_answer("choose", {"model": model, **settings}))


@described
def budget(model: str | None = None, **settings: Unpack[BudgetSettings]) -> Budget:
    """What a budget trains: steps, data and batch of a model, or the best size by published scaling laws.

    budget("wan2.1-t2v-1.3b", gpu="h100", gpu_hours=1000).affordable.steps  ->  steps

    Raises InputError for a value that is not allowed.
    """
    return Budget.of(*_answer("budget", {"model": model, **settings}))


@described
def compare(*job: str | Mapping[str, Any] | Estimate, **settings: Unpack[CompareSettings]) -> Compare:
    """Models, GPUs, plans or frameworks side by side: memory, time, cost, and where they differ.

    compare("wan2.1-t2v-14b", "ltx-2 -r 768x512", gpu="rtx-5090").jobs[1].seconds  ->  seconds

    A job is what stands in quotes on the command line, the keywords of an estimate, an estimate that was made already,
    or the file of a saved one; the settings are of all jobs.
    Raises InputError for a value that is not allowed.
    """
    command = _command("compare")
    with refusals():
        jobs = [read(command.of_a_job, each) if isinstance(each, Mapping) else each for each in job]
        flags = {**read(command.command, settings), "job": tuple(jobs)}
        return Compare.of(command.result(flags), flags)


@described
def fix(model: str | None = None, **settings: Unpack[FixSettings]) -> Fix:
    """Out of memory: where, why, what to change, and what does not help.

    fix("cogvideox-5b", gpu="rtx-4090", resolution="720p", file="oom.txt").ways[0].changes

    file  a message or a log; without one the settings alone are judged. With a keyword of training (mode, bucket,
          checkpointing …) the job is a training run.
    Raises InputError for a value that is not allowed.
    """
    return Fix.of(*_answer("fix", {"model": model, **settings}))


@described
def explain(quantity: str, model: str | None = None, **settings: Unpack[EstimateSettings]) -> Explanation:
    """Where a number of an estimate comes from: its formula in symbols and digits, its parts, its sources.

    explain("compute.flops_per_step", "wan2.1-t2v-14b").formula

    `quantities()` lists what can be asked; the `explain` of an estimate or a training run takes the quantity alone.
    Raises InputError for a value that is not allowed.
    """
    return Explanation.of(*_answer("explain", {"quantity": quantity, "model": model, **settings}))


@described
def sweep(model: Axis = None, **settings: Unpack[SweepSettings]) -> Sweep:
    """Many estimates at once: every combination of settings that take several values.

    sweep(["wan2.1-t2v-14b", "ltx-2"], gpu=["h100", "4090"], frames=range(33, 162, 16)).columns["seconds"]

    A setting is that of an estimate, or a list, range or NumPy array of its values, or text as on the command line
    ("33:161:16"). The keywords of its own are the command's: where, sort, top, pareto, columns, reserved, output,
    resume, engine, ray_address. Raises InputError for a value that is not allowed; combinations that are not are left
    out.
    """
    command = _command("sweep")
    given = {"model": model, **settings}
    with refusals():
        return Sweep(*command.result(sweep_flags(command.command, given)))


@described
def gpus(**settings: Unpack[GpuSettings]) -> Listing[Accelerator]:
    """The GPUs and other accelerators of the catalogue: memory, bandwidth, peaks and prices, each with its source."""
    from vidcalc.faces.commands.gpus import listed
    from vidcalc.faces.terminal import lists

    return Listing.of(_answer("gpus", dict(settings))[0], lists.gpus, listed)


def models() -> Listing[ModelRow]:
    """The models of the catalogue, with their size and default clip."""
    from vidcalc.faces.terminal import lists
    from vidcalc.report.catalogue import Models

    return Listing.of(_answer("models", {})[0], lists.models, lambda rows: Models(models=list(rows)))


def quantities() -> dict[str, str]:
    """What can be explained, by its place in an estimate or a training run, each with a sentence."""
    from vidcalc.derivation import quantities as places
    from vidcalc.faces.words.glossary import meaning

    return {name: meaning(name) for name in dict.fromkeys((*places(), *places("training")))}


def currency(code: str | None = None) -> str:
    """The currency that pages and pictures tell money in, by its code: "USD" at first; a code changes it.

    Fields stay in USD. `vidcalc.catalog.currencies` has the rate and its day. Raises InputError for one without a rate.
    """
    from vidcalc.faces.flags.money import Code
    from vidcalc.faces.terminal import currency as told

    if code is not None:
        told.use(_allowed(Code(), "--currency", code))
    used = told.used()
    return told.USD if used is None else used.code


def language(name: str | None = None) -> str:
    """The language of pages, pictures and refusals: "en" or "ko"; a name changes it.

    At first it is the environment's: VIDCALC_LANG, LC_ALL or LANG. Raises InputError for one without words.
    """
    if name is not None:
        from vidcalc.faces.flags.inputs import OneOf

        words.use(_allowed(OneOf(*words.languages()), "--lang", name))
    return words.spoken()


def _allowed(takes: "ParamType", flag: str, value: str) -> Any:  # type: ignore[type-arg]
    """A value as a flag reads it that no command of this face takes. Raises InputError."""
    from vidcalc.faces.flags.inputs import Refused

    with refusals():
        try:
            return takes.convert(value, None, None)
        except Refused as refused:
            raise Refused(flag, refused.value, refused.expects, refused.nearest, refused.allowed) from None
