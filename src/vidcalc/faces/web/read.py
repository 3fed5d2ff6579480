"""A file that somebody sends: a model's configuration or header, a workflow, a trainer's file, an out-of-memory text.

It is read with the guards of the command line, from a folder in memory of the process that answers, which is emptied
at once. What it names beside itself is not looked for.
"""

import os
import re
from pathlib import Path
from typing import Any

from vidcalc.base.errors import Unreadable
from vidcalc.describe.model import Model
from vidcalc.faces.flags.catalogue import FLAGS
from vidcalc.faces.flags.spelled import spelled
from vidcalc.faces.requests.fix import plain, trains
from vidcalc.faces.words import _
from vidcalc.faces.words.fix import SAID
from vidcalc.faces.words.ids import label
from vidcalc.modelfiles.complaint import complaint
from vidcalc.modelfiles.recipes.recipe import Recipe

LONGEST = 80  # letters of a name
TEXTS = (".txt", ".log", ".out", ".err", "")
FALLEN_BACK = "file.txt"


def read(name: str, content: bytes, folder: str) -> dict[str, Any]:
    """The question that a file asks: {"asked", "said", "command"}; of a model of its own also its report.

    folder  an empty one that may be written, for as long as this takes. Raises InputError.
    """
    name = named(name)
    if os.path.splitext(name)[1].casefold() in TEXTS:
        found = complaint(plain(content.decode("utf-8", "replace")))
        if found.kind != "none":
            return _complained(found.capacity, label(SAID, found.kind), found.training)
    path = Path(folder) / re.sub(r"[^\w.+-]", "_", name, flags=re.ASCII)  # a letter is a byte there
    path.write_bytes(content)
    try:
        return _file(str(path), name)
    except Unreadable as wrong:
        raise Unreadable(name, wrong.problem, wrong.flag, **wrong.values) from None
    finally:
        path.unlink()


def named(name: str) -> str:
    """The last part of a name, of letters that no file system minds."""
    last = re.split(r"[/\\]", name)[-1]
    kept = re.sub(r"[^\w.+-]", "_", last)[-LONGEST:].lstrip(".")
    return kept or FALLEN_BACK


def _complained(capacity: int | None, said: str, training: bool) -> dict[str, Any]:
    """What a message about memory asks: what to change, on a GPU with as much memory where it names that."""
    gpu = of_memory(capacity)
    return {"command": "fix", "asked": {"gpu": gpu} if gpu else {}, "said": said, "training": training}


def of_memory(capacity: int | None) -> str:
    """The usual GPU with that memory; "" where none has it [byte]."""
    if capacity is None:
        return ""
    from vidcalc.base.errors import InputError
    from vidcalc.faces.requests.fix import carded
    from vidcalc.modelfiles.complaint import Complaint

    try:
        carded({}, Complaint(capacity=capacity))
    except InputError as refused:  # which names it
        return refused.nearest or ""
    return ""


def _file(path: str, name: str) -> dict[str, Any]:
    from vidcalc.modelfiles.recipes.read import recipe_of

    recipe = recipe_of(path, alone=True)
    if recipe is not None:
        return _recipe(recipe, path)
    from vidcalc.calculate import calculate
    from vidcalc.faces.requests.estimate import request
    from vidcalc.faces.requests.files import stored

    question = request({"from": path})
    model = question.model
    like = next(each.value for each in model.basis if each.id == "settings_from_catalogue")
    formats = stored(model)
    return {
        "command": "estimate",
        "asked": {"model": like, **formats},
        "said": _said(model, name, like),
        "report": calculate(*question),  # on the model of the file itself, at the usual size
    }


def _recipe(recipe: Recipe, path: str) -> dict[str, Any]:
    """What a workflow or a trainer's file asks for, as flags. Raises Unreadable where it names no model."""
    if not recipe.model:
        raise Unreadable(path, "no_model_named", names=", ".join(recipe.names) or "-")
    asked = {name: as_typed(name, value) for name, value in recipe.settings.items() if name in FLAGS}
    return {
        "command": "train" if trains(recipe.settings) else "estimate",
        "asked": {"model": recipe.model, **asked},
        "said": _(
            "{file}: {model}, as {maker} asks for it", file=recipe.source, model=recipe.model, maker=recipe.maker
        ),
        "unread": list(recipe.unread),
    }


def as_typed(name: str, value: Any) -> Any:
    """A flag's value as a question has it."""
    if isinstance(value, bool | int | float):
        return value
    kind = FLAGS[name].takes
    back = getattr(kind, "spelled", None)
    return back(value) if back and not isinstance(value, str) else spelled(value, kind)


def _said(model: Model, name: str, like: str) -> str:
    """What a model's file was taken for."""
    return _("{file}: like {model} of the catalogue", file=name, model=like)
