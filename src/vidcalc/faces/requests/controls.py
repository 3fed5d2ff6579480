"""From --control and --references to the model that is steered by them."""

import os
from typing import Any

from vidcalc.describe.model import Model
from vidcalc.faces.flags.control import ControlOf, ReferencesOf
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.words import _

ENDINGS = (".safetensors", ".json", ".gguf")


def with_controls(model: Model, flags: dict[str, Any]) -> Model:
    """The model with its control networks and references.

    Raises InputError with what there is for the model, Refused where there is nothing, Unreadable for files.
    """
    for text in flags.get("control", ()):
        model = _controlled(model, text)
    if "references" not in flags:
        return model
    if model.references is None:
        raise Refused("--references", None, _("{model} reads none beside its prompt", model=model.name), None, ())
    from vidcalc.catalog.references import with_references

    return with_references(model, *ReferencesOf().convert(flags["references"], None, None))


def _controlled(model: Model, text: Any) -> Model:
    from vidcalc.catalog.controls import chosen, control, fitting, steered, with_control

    asked = ControlOf().convert(text, None, None)
    named = chosen(model, os.path.splitext(asked.name)[0]) or chosen(model, asked.name)
    if named:
        return steered(model, named, control(named), asked.scale)
    if asked.name.casefold().endswith(ENDINGS) or os.path.isfile(asked.name):
        from vidcalc.modelfiles.control import of_file

        name, offer = of_file(asked.name, model)
        return steered(model, name, offer, asked.scale)
    if not fitting(model):
        expects = _("no network that steers {model} is known", model=model.name)
        raise Refused("--control", asked.name, expects, None, ())
    return with_control(model, asked.name, asked.scale)
