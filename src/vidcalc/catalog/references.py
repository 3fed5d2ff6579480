"""--references: so many pictures and videos beside the prompt, where a model reads any."""

from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.describe.control import HELD
from vidcalc.describe.model import Basis, Model
from vidcalc.tape.trace import configuration

FLAG = "references"


def with_references(model: Model, images: int, videos: int) -> Model:
    """The model with so many of each. Raises InputError("references", …) for more than it takes."""
    takes = model.references
    if takes is None:
        raise InputError(FLAG, f"{images},{videos}", ("0",), "0")
    most = takes.most_images, takes.most_videos
    near = [_most(asked, limit) for asked, limit in zip((images, videos), most, strict=True)]
    if near != [images, videos]:
        allowed = ",".join("0.." + ("" if limit == "any" else str(limit)) for limit in most if limit != 0)
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
    more = images - takes.images  # the context of the defaults has those of the pipeline already
    usual = replace(
        model.defaults,
        image_tokens=model.defaults.image_tokens + more * takes.image_tokens,
        text_tokens=model.defaults.text_tokens + more * takes.text_tokens,
    )
    return replace(
        model,
        denoiser=denoiser,
        defaults=usual,
        references=replace(takes, images=images, videos=videos),
        image_encoders=encoders,
        text_encoders=tuple(
            replace(each, tokens=each.tokens + more * takes.text_tokens) if each.tokens else each
            for each in model.text_encoders
        ),
        basis=(*model.basis, basis),
    )


def _most(asked: int, limit: int | str) -> int:
    """The most of these that a model takes."""
    return min(asked, limit) if isinstance(limit, int) else asked


def _said(images: int, videos: int) -> str:
    return f"{images},{videos}" if videos else str(images)
