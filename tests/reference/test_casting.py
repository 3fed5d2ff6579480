"""Layerwise casting: the words of data/casting.toml are the classes' own, and bytes are those that diffusers casts."""

import re

import pytest
import torch
from diffusers.hooks._common import _GO_LC_SUPPORTED_PYTORCH_LAYERS
from diffusers.hooks.layerwise_casting import DEFAULT_SKIP_MODULES_PATTERN

from vidcalc.catalog import fill, load
from vidcalc.passes import generation
from vidcalc.rates.machines import hardware
from vidcalc.reference.catalogue import MODELS, model_facts, parts_of
from vidcalc.reference.classes import UnknownClass, build, find_class

FACTS = load.table("casting")
WORDS = ("_skip_layerwise_casting_patterns", "_keep_in_fp32_modules")


def words_of(class_) -> set[str]:
    return {word for name in WORDS for word in getattr(class_, name, None) or ()}


def cast_bytes(module: torch.nn.Module, words: set[str]) -> int:
    """Bytes of a bf16 network that is stored in fp8 but for the modules with such words, by diffusers' own walk."""
    cast: set[int] = set()

    def walk(part: torch.nn.Module, name: str) -> None:
        if any(re.search(word, name) for word in words):
            return
        if isinstance(part, _GO_LC_SUPPORTED_PYTORCH_LAYERS):
            cast.update(map(id, part.parameters()))
            return
        for own, below in part.named_children():
            walk(below, f"{name}.{own}" if name else own)

    walk(module, "")
    return sum(each.numel() * (1 if id(each) in cast else each.element_size()) for each in module.parameters())


def one_of_each_class() -> dict[str, str]:
    """The first model of every diffusers denoiser class."""
    found: dict[str, str] = {}
    for path in sorted(MODELS.glob("*.toml")):
        own = parts_of(model_facts(path.stem)).get("denoiser")
        if own:
            try:
                class_ = find_class(own["class"])
            except UnknownClass:
                continue
            if class_.__module__.startswith("diffusers."):
                found.setdefault(own["class"], path.stem)
    return found


CLASSES = one_of_each_class()


def test_every_class_of_the_catalogue_is_in_the_table():
    assert set(FACTS["always"]) == set(DEFAULT_SKIP_MODULES_PATTERN)
    assert set(CLASSES) <= set(FACTS["classes"])


@pytest.mark.parametrize("class_", sorted(FACTS["classes"]))
def test_words_are_the_classs_own(class_):
    assert set(FACTS["classes"][class_]) == words_of(find_class(class_)) - set(FACTS["always"])


@pytest.mark.parametrize("class_", sorted(CLASSES))
def test_bytes_are_those_of_what_is_cast(class_):
    model = fill.model(CLASSES[class_])
    own = parts_of(model_facts(CLASSES[class_]))["denoiser"]
    words = words_of(find_class(class_)) | set(DEFAULT_SKIP_MODULES_PATTERN)
    expected = cast_bytes(build(class_, own["config"]), words)
    ledger, _ = generation(model, fill.workload(model), hardware("h200"), fill.plan(model, precision="fp8"))
    assert ledger.weights[model.denoiser.id].weights.copy == pytest.approx(expected, rel=0.001)
