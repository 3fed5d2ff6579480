"""Jobs that make one video in a row: what each leaves out because another does it.

A job hands on its latent where the next has the same autoencoder and size, or brings a latent to its size by itself:
neither decode nor encode lies between them.
It hands on pixels otherwise: decoded there, brought to size, encoded here. A job with the text encoders of an earlier
one takes the embeddings that it made.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.base.number import Number
from vidcalc.describe.model import Component, Denoiser
from vidcalc.describe.question import Question
from vidcalc.describe.workload import Stage

DECODED: tuple[Stage, ...] = ("vae_decode", "audio_decode")


class Handed(NamedTuple):
    """A job of several in a row, and the stages that it leaves to another of them."""

    job: Question
    left_out: tuple[Stage, ...] = ()


def handed(jobs: Sequence[Question]) -> tuple[Handed, ...]:
    """The jobs as they run one after the other."""
    left: list[tuple[Stage, ...]] = [() for _ in jobs]
    models = [job.model for job in jobs]
    for place, (before, after) in enumerate(pairwise(jobs)):
        if in_latent(before, after):
            left[place] += DECODED
            left[place + 1] += ("vae_encode",)
        elif after.model.encodes == "none":
            models[place + 1] = replace(after.model, encodes="clip")
    for place, model in enumerate(models):
        if model.text_encoders and any(_same(model.text_encoders, each.text_encoders) for each in models[:place]):
            left[place] += ("text_encode",)
    return tuple(
        Handed(job._replace(model=model), stages) for job, model, stages in zip(jobs, models, left, strict=True)
    )


def in_latent(before: Question, after: Question) -> bool:
    """Whether what one job makes can be taken up by the other as it is: one autoencoder, and a latent of the size that
    the other reads, or that it resizes. Raises InputError where that one's length is not what it makes of the latent.
    """
    made, read, denoiser = before.workload, after.workload, after.model.denoiser
    frames, resized = lengthened(denoiser, made.frames), denoiser.resizes == "latent"
    if resized and frames != read.frames:
        raise InputError("frames", str(read.frames), (str(frames),), str(frames), after.model.name)
    sizes = (made.width * denoiser.grows, made.height * denoiser.grows, frames)
    alike = bool(before.model.vae.class_) and _same((before.model.vae,), (after.model.vae,))
    return alike and (resized or sizes == (read.width, read.height, read.frames))


def lengthened(denoiser: Denoiser, frames: Number) -> Number:
    """Frames of what a denoiser makes of a clip of so many: those after the first are as many times as many."""
    return denoiser.lengthens * (frames - 1) + 1


def _same(these: Sequence[Component], those: Sequence[Component]) -> bool:
    return [identity(each) for each in these] == [identity(each) for each in those]


def identity(each: Component) -> tuple[str, str, dict[str, object], int | None]:
    """What a network is: two jobs with the same one have it once."""
    return each.class_, each.network, each.config, each.params
