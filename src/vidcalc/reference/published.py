"""Whether the published networks can be run here, and whether they have a class; importing this imports no torch."""

from importlib.util import find_spec

NETWORK = "vidcalc.reference.traced"
NEEDED = ("torch", "diffusers", "transformers")


def available() -> bool:
    """Whether the extra `reference` is installed."""
    return not missing()


def missing() -> list[str]:
    """The packages of the extra `reference` that are not installed."""
    return [name for name in NEEDED if find_spec(name) is None]


def exists(class_name: str) -> bool:
    """Whether diffusers or transformers has a network of that name."""
    from torch import nn

    from vidcalc.reference.classes import UnknownClass, find_class

    try:
        class_ = find_class(class_name)
    except UnknownClass:
        return False
    return isinstance(class_, type) and issubclass(class_, nn.Module)
