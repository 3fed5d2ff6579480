"""Whether a file says what is to be done, and what: workflows, trainers' configurations, commands, in any format."""

import os
from typing import Any

from vidcalc.base import reading
from vidcalc.base.errors import Unreadable
from vidcalc.base.facts import Facts
from vidcalc.catalog.spellings import recognised
from vidcalc.modelfiles import lora
from vidcalc.modelfiles.recipes import comfyui, command, embedded, launch, settle, trainer, training
from vidcalc.modelfiles.recipes.graph import is_workflow, nodes
from vidcalc.modelfiles.recipes.recipe import Recipe
from vidcalc.modelfiles.source import header, opened

MOST_NESTED = 50  # levels of a YAML file
YAML, SHELL = (".yaml", ".yml"), (".sh", ".bash", *command.WINDOWS, ".txt")
ALL_LAYERS = "all-linear"  # peft's word for them
REPORT = "vidcalc."  # how the schemas of our own reports begin


def recipe_of(path: str, alone: bool = False) -> Recipe | None:
    """What a file asks for; None for one that is of a model. Raises Unreadable.

    alone  whether files that it names are not looked for
    """
    ending = os.path.splitext(path)[1].casefold()
    if not os.path.isfile(path):
        return None
    name = os.path.basename(path)
    if ending in embedded.ENDINGS:
        return comfyui.recipe(nodes(embedded.workflow(path)), name)
    if ending == ".safetensors":
        return _of_adapters(path)
    if ending in SHELL:
        return _of_commands(_text(path), path, alone)
    if ending not in (".json", ".toml", *YAML):
        return None
    facts = _facts(path, ending)
    if facts is None:
        return None
    if is_workflow(facts):
        return comfyui.recipe(nodes(facts), name)
    wrapped = embedded.unwrapped(facts)
    if wrapped is not None:
        return comfyui.recipe(nodes(wrapped), name)
    values = trainer.values(facts)
    program = trainer.of_values(values)
    if program:
        return training.recipe(program, values, name, None if alone else _dataset(program, values, path))
    program = launch.of_values(values)
    if program:
        return launch.recipe(program, values, name)
    _refuse_others(path, values)
    if ending == ".json":
        return _of_adapter(values, name)
    raise Unreadable(path, "unknown_recipe")


def _refuse_others(path: str, values: Facts) -> None:
    """Raises Unreadable for what is known and names no model: a report of our own, a configuration of another kind."""
    if str(values.get("schema", "")).startswith(REPORT):
        raise Unreadable(path, "own_report")
    kind = launch.other(values)
    if kind:
        raise Unreadable(path, "names_no_model", kind=kind)


def _of_adapter(values: Facts, name: str) -> Recipe | None:
    """peft's configuration of an adapter: the network it is for, trained so; None for a model's own configuration."""
    rank, base = values.get("r"), values.get("base_model_name_or_path")
    if not (rank is not None and values.get("peft_type") and isinstance(base, str)):
        return None
    layers = values.get("target_modules")
    targets = {"lora_targets": "all" if layers == ALL_LAYERS else settle.targets(layers)} if layers else {}
    match = next((found for piece in training.pieces(base) if (found := recognised(piece)) is not None), None)
    settings = {"mode": "lora", "lora_rank": rank, **targets}
    return Recipe(source=name, maker="peft", model=match.models[0] if match else "", names=(base,), settings=settings)


def _of_adapters(path: str) -> Recipe | None:
    """A file of adapters: the network they are for, trained so; None for a file of a network's own weights."""
    source = opened(path)
    head = header(source, source.focus)
    if head is None or not lora.is_adapters(head):
        return None
    found = lora.adapted(head, source.focus)
    told: list[tuple[str, dict[str, Any]]] = [
        ("lora_file", {"file": source.focus, "rank": found.rank, "layers": found.layers, "params": found.params}),
    ]
    if found.also:
        told.append(("equal_models", {"model": found.model, "others": ", ".join(found.also)}))
    settings = {"mode": "lora", "lora_rank": found.rank, "lora_targets": found.targets}
    return Recipe(source=source.focus, maker="LoRA", model=found.model, settings=settings, beside=tuple(told))


def _of_commands(text: str, path: str, alone: bool) -> Recipe:
    found = [(trainer.of_command(words, flags), flags) for words, flags in _commands(text, path)]
    known = [(program, flags) for program, flags in found if program]
    if not known:
        return _of_launches(text, path)
    program, flags = known[0]
    beside = None if alone else _dataset(program, flags, path)
    return _first(training.recipe(program, flags, os.path.basename(path), beside), len(known))


def _commands(text: str, path: str) -> list[tuple[list[str], Facts]]:
    return command.commands(text, os.path.splitext(path)[1].casefold())


def _of_launches(text: str, path: str) -> Recipe:
    """What the first command asks for that generates."""
    found = [(launch.of_command(words, flags), flags) for words, flags in _commands(text, path)]
    known = [(program, flags) for program, flags in found if program]
    if not known:
        raise Unreadable(path, "unknown_command")
    return _first(launch.recipe(*known[0], os.path.basename(path)), len(known))


def _first(made: Recipe, count: int) -> Recipe:
    """The recipe of the first of so many commands."""
    if count == 1:
        return made
    more = ("commands_beside", {"count": count - 1})
    return Recipe(
        source=made.source, maker=made.maker, model=made.model, names=made.names, settings=made.settings,
        beside=(*made.beside, more), unread=made.unread,
    )  # fmt: skip


def _dataset(program: str, values: Facts, path: str) -> Facts | None:
    """The values of the file of samples that a configuration names, where it lies there or beside it."""
    keys = [key for key, settles in trainer.trainers()[program].keys.items() if settles == "dataset"]
    name = next((str(values[key]) for key in keys if values.get(key)), "")
    folder = os.path.dirname(os.path.abspath(path))
    above = os.path.join(os.path.dirname(folder), os.path.basename(name))  # configurations in folders of their own
    for place in (os.path.join(folder, name), os.path.join(folder, os.path.basename(name)), above):
        ending = os.path.splitext(place)[1].casefold()
        if name and os.path.isfile(place) and ending in (".json", ".toml", *YAML):
            read = _any(place, ending)
            return trainer.values(
                read if isinstance(read, dict) else {str(n): each for n, each in enumerate(read or ())}
            )
    return None


def _facts(path: str, ending: str) -> Facts | None:
    read = _any(path, ending)
    if isinstance(read, dict):
        return {str(key): value for key, value in read.items()}
    return None


def _any(path: str, ending: str) -> Any:
    """The content of a file. Raises Unreadable("not_json", "not_toml", "not_yaml" or "no_yaml")."""
    text = _text(path, ending)
    if ending == ".json":
        try:
            return reading.parsed_json(text)
        except ValueError:
            raise Unreadable(path, "not_json") from None
    if ending == ".toml":
        try:
            return reading.parsed_toml(text)
        except ValueError:
            raise Unreadable(path, "not_toml") from None
    return _yaml(text, path)


def _yaml(text: str, path: str) -> Any:
    try:
        import yaml
    except ModuleNotFoundError:
        raise Unreadable(path, "no_yaml") from None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    begun, ended = yaml.CollectionStartEvent, yaml.CollectionEndEvent
    deep = 0
    try:
        for event in yaml.parse(text, Loader=loader):
            deep += isinstance(event, begun) - isinstance(event, ended)
            # a name for a part stands for as much as anybody likes, and the loader calls itself for every level
            if isinstance(event, yaml.AliasEvent) or deep > MOST_NESTED:
                raise Unreadable(path, "not_yaml")
        return yaml.load(text, Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError):
        raise Unreadable(path, "not_yaml") from None


def _text(path: str, ending: str = "") -> str:
    most = reading.LARGEST if ending == ".json" else reading.LARGEST_TOML
    return reading.content(path, most=most).decode("utf-8-sig", "replace")
