"""From the jobs of a chain as they are typed, and the flags that all of them share, to what the core is asked."""

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

from vidcalc.base.errors import InputError
from vidcalc.describe.handoff import in_latent, lengthened
from vidcalc.describe.model import Denoiser
from vidcalc.describe.question import Question
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.requests.estimate import request
from vidcalc.faces.words import _

SIZED = ("resolution",)
LASTING = ("frames", "seconds")
KEPT = ("fps", "batch_size")  # what a job has of the one before unless it says otherwise

Flags = dict[str, Any]


def typed(text: str, command: click.Command, shared: Collection[str]) -> Flags:
    """The flags of one job, typed as those of `vidcalc estimate`; a first word without a dash is its model.

    shared  flags that all jobs have in common
    Raises what click raises of a flag, and Refused for quotes that do not close.
    """
    try:
        words = shlex.split(text)
    except ValueError:
        raise Refused("JOB", text, _("a job whose quotes close"), None, ()) from None
    if words and not words[0].startswith("-"):
        words.insert(0, "--model")
    try:
        ctx = command.make_context(command.name, words)
    except click.NoSuchOption as error:
        if error.option_name in shared:
            expects = _("belongs to all jobs, outside of their quotes")
            raise Refused(error.option_name, None, expects, None, ()) from None
        raise
    return {name: value for name, value in ctx.params.items() if value is not None}


def questions(shared: Mapping[str, Any], jobs: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """The jobs as questions: each has the shared flags beneath its own; a later one its clip from the one before.

    Raises InputError.
    """
    if not jobs:
        raise Refused("JOB", None, _("missing; such as {example}", example='"ltx-2 -r 768x512"'), None, ())
    asked: list[Question] = []
    for number, job in enumerate(jobs, 1):
        flags = {**shared, **job}
        with standing_in(number):
            asked.append(request({**inherited(flags, asked[-1]), **flags} if asked else flags))
            _as_many(asked[0].workload.batch, asked[-1].workload.batch)
            if asked[1:]:
                in_latent(*asked[-2:])  # a length that it cannot have is refused here, where the job's number is known
    return tuple(asked)


def _as_many(made: Any, kept: Any) -> None:
    """Every job takes up all videos that the first made. Raises Refused."""
    if kept != made:
        raise Refused("--batch-size", kept, _("as many as the first job makes: {count}", count=made), None, (made,))


@contextmanager
def standing_in(number: int) -> Iterator[None]:
    """Refusals inside are of the job of that number, counted from 1."""
    try:
        yield
    except (InputError, click.ClickException) as error:
        vars(error)["job"] = number
        raise


def inherited(flags: Mapping[str, Any], before: Question) -> Flags:
    """Of the clip that the job before made, what a job does not say of its own, nor its model by itself."""
    clip, found, own = before.workload, Flags(), _own(flags)
    kept = {"fps": clip.fps * own.lengthens, "batch_size": clip.batch}
    if not any(name in flags for name in LASTING):
        found["frames"] = lengthened(own, clip.frames)
    if not any(name in flags for name in SIZED) and not own.resizes:
        found["resolution"] = (clip.width * own.grows, clip.height * own.grows)
    return found | {name: kept[name] for name in KEPT if name not in flags}


def _own(flags: Mapping[str, Any]) -> Denoiser:
    """The denoiser of a job: how much larger and longer it makes what it takes up, what it brings to its own size."""
    if "model" not in flags:
        return Denoiser(id="")
    from vidcalc.catalog.fill import model

    return model(flags["model"]).denoiser
