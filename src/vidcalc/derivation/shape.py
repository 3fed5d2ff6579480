"""Where latent grid, tokens and weights come from."""

from collections.abc import Callable

from vidcalc.derivation.case import Case, given, product
from vidcalc.derivation.step import Step, added
from vidcalc.derivation.term import Term, ceiling
from vidcalc.describe.geometry import denoiser_grid

JOB, MODEL = "workload", "model"


def latent_frames(case: Case) -> Step:
    """Frames over the VAE's temporal compression; a causal VAE keeps the first frame alone."""
    vae, value = case.model.vae, case.report.latent.frames
    frames, factor = Term("frames", case.workload.frames), Term("temporal_compression", vae.temporal_compression)
    rule = (frames - 1) // factor + 1 if vae.causal else ceiling(frames, factor)
    parts = (given("frames", frames.value, JOB), given("temporal_compression", factor.value, MODEL))
    return _as_reported("latent.frames", "", rule, value, parts)


def latent_side(case: Case, side: str) -> Step:
    """Pixels over the VAE's spatial compression."""
    pixels = Term(side, getattr(case.workload, side))
    factor = Term("spatial_compression", case.model.vae.spatial_compression)
    parts = (given(side, pixels.value, JOB), given("spatial_compression", factor.value, MODEL))
    return _as_reported("latent." + side, "", pixels // factor, getattr(case.report.latent, side), parts)


def latent_channels(case: Case) -> Step:
    """A fact of the VAE."""
    return given("latent.channels", case.report.latent.channels, MODEL)


def video_tokens(case: Case) -> Step:
    """The latent grid, filled up to whole patches, over the patch."""
    _, *grid = denoiser_grid(case.model, case.workload.width, case.workload.height, case.workload.frames)
    sides = [
        Term("latent_" + name, size) // Term("patch_" + name, patch)
        for name, size, patch in zip(("frames", "height", "width"), grid, case.model.denoiser.patch, strict=True)
    ]
    parts = (latent_frames(case), latent_side(case, "height"), latent_side(case, "width"))
    rule = sides[0] * sides[1] * sides[2]
    return _as_reported("sequence.video_tokens", "token", rule, case.report.sequence.video_tokens, parts)


def text_tokens(case: Case) -> Step:
    """What the prompt is padded to."""
    return given("sequence.text_tokens", case.report.sequence.text_tokens, JOB, "token")


def sequence_total(case: Case) -> Step:
    """The length self-attention sees: with the text where the network joins it, else without."""
    video, text, total = video_tokens(case), text_tokens(case), case.report.sequence.total
    for parts in ((video,), (video, text)):
        if sum(part.value for part in parts) == total:
            return added("sequence.total", "token", parts)
    # a network that attends on a coarser grid, or with tokens of its own
    return Step(id="sequence.total", value=total, unit="token", source="vidcalc.ledger.unroll", parts=(video, text))


def model_params(case: Case) -> Step:
    """The published count, or the sum of the taped weights, each by its name."""
    value, name, network = case.report.model.params, case.model.name, case.model.denoiser.network
    taped = case.job.forward.parameters.items()
    rows = tuple(given(path, elements, network) for path, (elements, _) in taped)
    found = added("taped", "", rows)
    if found.value == value:
        return added("model.params", "", rows, source=name)
    return Step(id="model.params", value=value, source=name, provenance="assumed", parts=(found,))


def _as_reported(name: str, unit: str, rule: Term, value: object, parts: tuple[Step, ...]) -> Step:
    """The rule where it gives the reported number; else the number alone with what it depends on."""
    if rule.value == value:
        return product(name, unit, rule, parts, source="vidcalc.describe.geometry")
    return Step(id=name, value=value, unit=unit, source="vidcalc.describe.geometry", parts=parts)


QUANTITIES: dict[str, Callable[[Case], Step]] = {
    "model.params": model_params,
    "latent.channels": latent_channels,
    "latent.frames": latent_frames,
    "latent.height": lambda case: latent_side(case, "height"),
    "latent.width": lambda case: latent_side(case, "width"),
    "sequence.video_tokens": video_tokens,
    "sequence.text_tokens": text_tokens,
    "sequence.total": sequence_total,
}
