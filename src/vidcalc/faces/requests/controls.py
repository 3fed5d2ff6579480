"""From --control and --references to the model that is steered by them."""

import os
from typing import Any

from vidcalc.describe.control import Offer
from vidcalc.describe.model import Model
from vidcalc.faces.flags.control import ENDINGS, ControlOf, ReferencesOf
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.words import _


def with_controls(model: Model, flags: dict[str, Any]) -> Model:
    """The model with its control networks and references.

    Raises InputError with what there is for the model, Refused where there is nothing, Unreadable for files.
    """
    model = _steered(model, [_meant(model, text) for text in flags.get("control", ())])
    if "references" not in flags:
        return model
    if model.references is None:
        raise Refused("--references", None, _("{model} reads none beside its prompt", model=model.name), None, ())
    from vidcalc.catalog.references import with_references

    return with_references(model, *ReferencesOf().convert(flags["references"], None, None))


def _steered(model: Model, meant: list[tuple[str, Offer, float]]) -> Model:
    """The model with those controls, in any order: what takes the denoiser's place does so last."""
    from vidcalc.catalog.controls import steered

    within = [(name, offer) for name, offer, _ in meant if offer.instead]
    if len(within) > 1:
        expects = _("a network beside the denoiser: {control} is within it already", control=within[0][0])
        raise Refused("--control", within[1][0], expects, None, ())
    for name, offer, scale in sorted(meant, key=lambda each: bool(each[1].instead)):
        model = steered(model, name, offer, scale)
    return model


def _meant(model: Model, text: Any) -> tuple[str, Offer, float]:
    """(id, control, how strongly) of what was asked for beside the model as it is published."""
    from vidcalc.catalog.controls import chosen, control, fitting, unknown

    asked = ControlOf().convert(text, None, None)
    named = chosen(model, os.path.splitext(asked.name)[0]) or chosen(model, asked.name)
    if named:
        return named, control(named), asked.scale
    if asked.name.casefold().endswith(ENDINGS) or os.path.isfile(asked.name):
        from vidcalc.modelfiles.control import of_file

        return *of_file(asked.name, model), asked.scale
    if not fitting(model):
        expects = _("no network that steers {model} is known", model=model.name)
        raise Refused("--control", asked.name, expects, None, ())
    raise unknown(model, asked.name)
