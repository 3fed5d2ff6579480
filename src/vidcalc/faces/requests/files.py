"""--from: a model from its own files, and the number formats its weights come in."""

from typing import Any

from vidcalc.describe.model import Component, Model

PRECISIONS = ("precision", "text_encoder_precision", "vae_precision")


def from_files(flags: dict[str, Any]) -> Model:
    """The model that --from names; a precision that is asked for replaces the one its files have.

    Raises Unreadable.
    """
    from vidcalc.modelfiles import from_path
    from vidcalc.modelfiles.assemble import recast
    from vidcalc.reference import published

    model = from_path(flags["from"], published if published.available() else None)
    _computes(model, flags["from"])
    denoiser, encoders, vae = (name in flags for name in PRECISIONS)
    return recast(model, denoiser=denoiser, vae=vae, encoders=encoders)


def _computes(model: Model, path: str) -> None:
    """Raises Unreadable("bad_config") where the numbers of a configuration make a network that cannot be priced.

    A network whose published code is run has been built already, and to run it at its default size takes seconds.
    """
    from vidcalc.base.errors import Unreadable, VidcalcError
    from vidcalc.calculate import calculate
    from vidcalc.catalog import fill
    from vidcalc.rates.machines import hardware

    parts = (model.denoiser, model.vae, *model.text_encoders, *model.image_encoders)
    if any(part.network.startswith("vidcalc.") for part in parts):
        return
    try:
        calculate(model, fill.workload(model), hardware("a100-sxm-80gb"), fill.plan(model))
    except VidcalcError:
        raise
    except Exception:  # zeros, words and sizes beyond all bounds show only here
        raise Unreadable(path, "bad_config") from None


def stored(model: Model) -> dict[str, str]:
    """The precisions of the plan that the model's files decide: by their weights, or by what they say of them."""
    encoders = sorted((*model.text_encoders, *model.image_encoders), key=lambda each: -(each.held or 0))
    parts: tuple[Component | None, ...] = (model.denoiser, encoders[0] if encoders else None, model.vae)
    pairs = zip(PRECISIONS, parts, strict=True)
    said = {b.value.partition(":")[0] for b in model.basis if b.id == "quantised_as_configured"}
    return {
        name: part.stored
        for name, part in pairs
        if part is not None and part.stored and (part.held is not None or part.id in said)
    }
