"""Another published setting of a model ("official", "lightning", "distilled" …) laid over its pipeline's defaults.

A preset is asked for by its name, or by a word that only one of the model's names has in it ("distill").
"""

from msgspec.structs import replace

from vidcalc.base.errors import InputError, nearest
from vidcalc.describe.model import Basis, Model, Preset

ONE = 1.0  # the guidance scale that runs no second prediction


def with_preset(model: Model, name: str) -> Model:
    """The model whose defaults are those of its preset, where the preset states them.

    Raises InputError("preset", …) for a name that is none of the model's.
    """
    chosen = _name(model, name)
    stated = model.presets[chosen]
    basis = Basis(
        id="preset", value=chosen, source=stated.source or f"data/models/{model.name}.toml", provenance="documented"
    )
    return replace(model, defaults=replace(model.defaults, **_laid(model, stated)), basis=(*model.basis, basis))


def _laid(model: Model, stated: Preset) -> dict[str, object]:
    """The defaults that a preset replaces.

    Its forwards are those of its own guidance: at a scale of 1 there is one whatever is said, and a scale that is asked
    for beside it runs those of the pipeline. What the pipeline runs in one call stays so.
    """
    usual = model.defaults
    fields = ("width", "height", "frames", "fps", "steps", "guidance", "flow_shift")
    laid: dict[str, object] = {name: value for name in fields if (value := getattr(stated, name)) is not None}
    if stated.guidance == ONE:
        laid["scales"] = ()
    elif stated.forwards_per_step is not None:
        laid["forwards_per_step"] = stated.forwards_per_step
        if usual.batched_forwards == usual.forwards_per_step:
            laid["batched_forwards"] = stated.forwards_per_step
    return laid


def _name(model: Model, asked: str) -> str:
    """The preset meant."""
    word = "-".join(asked.strip().casefold().replace("_", "-").split())
    names = {each.casefold(): each for each in model.presets}
    if word in names:
        return names[word]
    stem = word.removesuffix("ed")
    meant = [each for plain, each in names.items() if stem and stem in plain]
    if len(meant) == 1:
        return meant[0]
    near = nearest(word, list(names))
    raise InputError("preset", asked, tuple(model.presets), names[near] if near else next(iter(meant), None))
