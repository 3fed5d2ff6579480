"""Every published class of the catalogue, built from its stated configuration, has exactly the stated parameters."""

from typing import Any

import pytest

from vidcalc.reference import measure
from vidcalc.reference.catalogue import MODELS, model_facts, parts_of
from vidcalc.reference.classes import UnknownClass, build, find_class

# transformers 5.23 cannot build these alone: the text configuration lacks a key that the class reads.
UNBUILDABLE = ("T5Gemma2Encoder", "T5Gemma2TextEncoder")


def published(class_name: str) -> bool:
    try:
        find_class(class_name)
    except UnknownClass:
        return False
    return class_name not in UNBUILDABLE


def stated(facts: dict[str, Any], part: str) -> int:
    kind, _, which = part.partition(":")
    tables = facts[f"{kind}s"] if which else [facts[kind]]
    return next(int(table["params"]) for table in tables if which in ("", table["id"]))


def distinct_components() -> dict[str, tuple[str, dict[str, Any], int]]:
    """One entry for each class and configuration, named by the first model that has it."""
    found: dict[str, tuple[str, str, dict[str, Any], int]] = {}
    for path in sorted(MODELS.glob("*.toml")):
        facts = model_facts(path.stem)
        for part, table in parts_of(facts).items():
            if published(table["class"]):
                config, params = table["config"], stated(facts, part)
                found.setdefault(f"{table}{params}", (f"{path.stem} {part}", table["class"], config, params))
    return {name: (class_name, config, params) for name, class_name, config, params in found.values()}


COMPONENTS = distinct_components()


@pytest.mark.parametrize("name", COMPONENTS)
def test_parameters_equal_the_published_class(name: str) -> None:
    class_name, config, params = COMPONENTS[name]
    assert measure.parameters(build(class_name, config)).total == params
