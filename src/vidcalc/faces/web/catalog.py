"""What a form needs: models, GPUs, frameworks, every flag of an estimate by theme with its help and its choices."""

from typing import Any

import click

from vidcalc.catalog import load
from vidcalc.catalog.accelerators import accelerator
from vidcalc.catalog.models import model
from vidcalc.faces.flags.catalogue import said
from vidcalc.faces.flags.themes import themed
from vidcalc.faces.web.asked import SHARED, command, name_of, named
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import OFFLOADS, PLACES, VERDICTS

COMMANDS = ("estimate", "train", "fit", "choose", "plan")


def catalog() -> dict[str, Any]:
    """Everything in the language in use."""
    return {
        "models": [_model(name) for name in load.names("models")],
        "gpus": [_gpu(name) for name in load.names("accelerators")],
        "frameworks": [_framework(name) for name in load.names("frameworks")],
        "trainers": [{"id": name, "title": load.entry("trainers", name)["title"]} for name in load.names("trainers")],
        "flags": {name: _flags(name) for name in COMMANDS},
        "labels": {
            "offload": {word: _(text).replace("{count}", "N") for word, text in OFFLOADS.items()},
            "place": {word: _(text) for word, text in PLACES.items()},
            "verdict": {word: _(text) for word, text in VERDICTS.items()},
        },
    }


def _model(name: str) -> dict[str, Any]:
    """A model: what it is called, its tasks, its default clip, the sizes it was made for."""
    facts, known = load.entry("models", name), model(name)
    usual, limits = known.defaults, known.constraints
    return {
        "id": name,
        "title": facts["title"],
        "family": facts["family"],
        "task": facts.get("task", "t2v"),
        "provenance": facts.get("provenance", "exact"),
        "repository": facts.get("repository", ""),
        "aliases": list(facts.get("aliases", ())),
        "presets": list(facts.get("presets", ())),
        "params": facts["denoiser"].get("params"),
        "width": usual.width,
        "height": usual.height,
        "frames": usual.frames,
        "fps": usual.fps,
        "steps": usual.steps,
        "sizes": [list(size) for size in dict.fromkeys(((usual.width, usual.height), *limits.native_sizes))],
        "frames_step": limits.frames_step,
        "frames_offset": limits.frames_offset,
        "size_multiple": limits.size_multiple,
    }


def _gpu(name: str) -> dict[str, Any]:
    """An accelerator: what it is called and how much memory the driver reports [byte]."""
    chip = accelerator(name)
    known = {"id": name, "title": chip.name, "vendor": chip.vendor, "class": chip.kind, "memory": chip.capacity}
    return {**known, "priced": bool(chip.prices)}


def _framework(name: str) -> dict[str, Any]:
    """A framework, and the words that it has for settings that it does not have all of."""
    from vidcalc.catalog.frameworks import framework

    found = framework(name)
    return {
        "id": name,
        "title": getattr(found, "title", name),
        "offers": {key: list(words) for key, words in found.offers.items()},
    }


def _flags(name: str) -> list[dict[str, Any]]:
    """The flags of a command by theme, each with its help, its default in words and its choices."""
    asked = {id(flag) for key, flag in named(command(name)).items() if key != SHARED}
    options = [each for each in command(name).params if id(each) in asked and isinstance(each, click.Option)]
    return [{"theme": _(theme), "flags": [_flag(each) for each in own]} for theme, own in themed(options)]


def _flag(flag: click.Parameter) -> dict[str, Any]:
    """A flag as a form shows it."""
    kind = flag.type
    choices = getattr(kind, "choices", ())
    found = choices() if callable(choices) else choices
    return {
        "name": name_of(flag),
        "help": said(flag)[1],
        "metavar": _(flag.metavar or ""),
        "kind": "switch" if getattr(flag, "is_flag", False) else kind.name,
        "choices": list(found),
        "low": getattr(kind, "low", None),
        "high": getattr(kind, "high", None),
        "repeats": bool(getattr(flag, "multiple", False)),
        "spellings": flag.opts,
    }
