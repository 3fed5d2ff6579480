"""--from a workflow or a training configuration: what it asks for as flags, beneath those that the user gives."""

from typing import Any

from msgspec.structs import replace

from vidcalc.base.errors import InputError, Unreadable
from vidcalc.base.facts import Facts
from vidcalc.catalog.load import entry, resolve
from vidcalc.describe.model import Basis, Caution, Model
from vidcalc.describe.sharing import of
from vidcalc.describe.training import ADAPTED, FROZEN, TrainingPlan
from vidcalc.faces.flags.parallel import AUTO
from vidcalc.modelfiles.recipes.recipe import Recipe

TOLD = "told_by_a_recipe"  # where what a recipe says beside its flags waits for the model
LENGTH = ("frames", "seconds")
RANKS = ("gpus", "parallel", "training_parallel")
GIVES_WAY = {  # a flag -> what a file says beside it that means nothing any more
    "frames": LENGTH,
    "seconds": LENGTH,
    "bucket": (*LENGTH, "resolution", "batch_size"),
    "clips": ("train_steps",),
    **dict.fromkeys(RANKS, RANKS),
}
OF_ITS_MODEL = ("vae", "preset", "guidance_scales", "lora", "lora_mode", "control", "references")
OWN = "-official"  # in the name of a framework: a repository of one family's own


def merged(flags: dict[str, Any]) -> dict[str, Any]:
    """The flags with those of a recipe beneath them, where --from names one. Raises Unreadable."""
    path = flags.get("from")
    if path is None or path.startswith("hf:"):
        return flags
    from vidcalc.modelfiles.recipes.read import recipe_of

    recipe = recipe_of(path)
    if recipe is None:
        return flags
    if not recipe.model and "model" not in flags:
        raise Unreadable(path, "no_model_named", names=", ".join(recipe.names) or "-")
    given = {name: value for name, value in flags.items() if name != "from"}
    gone = _given_up(given, recipe)
    if given.get("mode", "lora") not in ADAPTED:
        gone |= _adapters(recipe.settings)
    settings = {name: value for name, value in recipe.settings.items() if name not in gone}
    read = {name: _read(name, value, recipe.source) for name, value in settings.items()}
    listed = ", ".join(f"{name.replace('_', '-')} {_spelled(name, value)}" for name, value in settings.items())
    basis = Basis(id="recipe", value=f"{recipe.maker}: {listed}", source=recipe.source, provenance="documented")
    cautions = [Caution(id=id_, values=values) for id_, values in recipe.beside]
    if recipe.unread:
        cautions.append(Caution(id="recipe_unread", values={"names": ", ".join(recipe.unread)}))
    return {"model": recipe.model, **read, **given, TOLD: (basis, tuple(cautions))}


def told(model: Model, flags: dict[str, Any]) -> Model:
    """The model with what its recipe says beside its flags."""
    if TOLD not in flags:
        return model
    basis, cautions = flags[TOLD]
    return replace(model, basis=(*model.basis, basis), cautions=(*model.cautions, *cautions))


def _given_up(given: dict[str, Any], recipe: Recipe) -> set[str]:
    """What a recipe says that means nothing any more beside what the user types; the same GPUs change nothing."""
    changed = [name for name, value in given.items() if name not in RANKS or value != recipe.settings.get(name)]
    if given.get("training_parallel") == AUTO:
        changed.remove("training_parallel")  # what is searched is shared among as many as the recipe says
    gone = {each for name in changed for each in GIVES_WAY.get(name, ())}
    model = resolve("models", given["model"]) if recipe.model and "model" in given else recipe.model
    if model != recipe.model:
        gone.update(OF_ITS_MODEL)
        same = entry("models", model)["family"] == entry("models", recipe.model)["family"]
        if OWN in recipe.settings.get("framework", "") and not same:
            gone.add("framework")
    return gone


def _read(name: str, value: object, file: str) -> Any:
    """A setting as its flag reads it: a file may say no more than a user may type. Raises InputError, with the file."""
    from vidcalc.faces.flags.catalogue import FLAGS, flag

    if value is None or name not in FLAGS:
        return value
    option = flag(name)
    try:
        if getattr(option.type, "multiple", False) and isinstance(value, tuple):
            return tuple(option.type.convert(_typed(each, option.type), option, None) for each in value)
        return option.type.convert(_typed(value, option.type), option, None)
    except InputError as wrong:
        wrong.file = file
        raise


def _typed(value: object, kind: Any) -> str:
    """A value as one types it."""
    from vidcalc.faces.flags.spelled import spelled

    if not isinstance(value, dict | tuple):
        return str(value)
    back = getattr(kind, "spelled", None)
    return str(back(value) if back and isinstance(value, dict) else spelled(value, kind))


def _adapters(settings: Facts) -> set[str]:
    """What these settings say of frozen weights, which a run that trains all of them does not have."""
    only = {
        each.setting.flag.replace("-", "_") for each in of(TrainingPlan, "train") if each.setting.only == "adapters"
    }
    if str(settings.get("training_offload")).partition(":")[0] in FROZEN:
        only.add("training_offload")
    return only


def _spelled(name: str, value: object) -> str:
    if isinstance(value, tuple):
        return (":" if name == "window" else "x").join(str(each) for each in value)
    if isinstance(value, dict):
        return ",".join(f"{name}={each}" for name, each in value.items())
    return str(value)
