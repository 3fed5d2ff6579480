"""Layerwise casting as diffusers does it: which modules of a class keep the compute format (`data/casting.toml`)."""

from functools import cache

from vidcalc.catalog.load import table

Words = tuple[str, ...]


@cache
def left(class_: str) -> Words | None:
    """Words in the names of modules that are not cast; None for a class that the table does not have."""
    facts = table("casting")
    own = facts["classes"].get(class_)
    return None if own is None else (*facts["always"], *own, *facts["no_layers"].get(class_, ()))


def kept(module: str, words: Words) -> bool:
    """Whether a module keeps its format: a word is in its name, or ^it$ is a top-level module that it stands in."""
    return any(f"{module}.".startswith(f"{word[1:-1]}.") if word[0] == "^" else word in module for word in words)
