"""--references: so many pictures and videos beside the prompt, where a model reads any."""

from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.describe.model import Basis, Model
from vidcalc.ledger.steering import HELD
from vidcalc.tape.trace import configuration

FLAG = "references"


def with_references(model: Model, images: int, videos: int) -> Model:
    """The model with so many of each. Raises InputError("references", …) for more than it takes."""
    takes = model.references
    if takes is None:
        raise InputError(FLAG, f"{images},{videos}", ("0",), "0")
    near = min(images, takes.most_images), min(videos, takes.most_videos)
    if near != (images, videos):
        allowed = f"0..{takes.most_images}" + (f",0..{takes.most_videos}" if takes.most_videos else "")
        raise InputError(FLAG, f"{images},{videos}" if videos else images, (allowed,), _said(*near))
    denoiser = model.denoiser
    if hasattr(configuration(denoiser), HELD):
        rows = max(takes.filled, images)
        denoiser = replace(denoiser, config={**denoiser.config, HELD: rows})
    encoders = model.image_encoders
    if takes.encoded:
        encoders = tuple(replace(each, runs=images) for each in encoders)
    value = f"{images} + {videos}" if videos else str(images)
    basis = Basis(id="references", value=value, source=takes.source, provenance="documented")
    given = replace(takes, images=images, videos=videos)
    return replace(
        model, denoiser=denoiser, references=given, image_encoders=encoders, basis=(*model.basis, basis)
    )


def _said(images: int, videos: int) -> str:
    return f"{images},{videos}" if videos else str(images)
