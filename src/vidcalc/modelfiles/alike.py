"""The catalogue model most like a set of components: it fills in what files leave open."""

from difflib import SequenceMatcher
from math import log
from typing import TypeGuard

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.catalog import load
from vidcalc.catalog.families import families, members
from vidcalc.catalog.models import model
from vidcalc.describe.model import Component, Model

ALIKE = 0.6  # of two names: less is chance
WEIGHTS_OF_PARTS = (100.0, 1.0)  # a number of the denoiser that differs says more than one of the VAE
# what the key of a number holds that says how large a network is, and not what it works on
SIZES = (
    "layer",
    "block",
    "depth",
    "head",
    "ffn",
    "hidden",
    "mlp",
    "adaln",
    "width",
    "inner",
    "refiner",
    "dropout",
    "eps",
)
JOINTS = 1000.0  # what a network works on (channels, patches, texts) says more than how large it is


def most_alike(
    denoiser: Component | None,
    vae: Component | None,
    encoders: tuple[Component, ...],
    name: str,
    recognised: str = "",
    beside: tuple[Component, ...] = (),
) -> Model:
    """The model of the catalogue with the same classes, which works on the same things, with the nearest numbers; of
    equals, the one that the weights were `recognised` as, the one named most alike, else a text-to-video model of the
    denoiser class that most models have.

    Where no model has the denoiser's class, the one whose configuration has most in common with it; of components
    `beside` alone, one that has such.
    """
    wanted = next((part for part in (denoiser, vae, *encoders) if part is not None and part.class_ in members()), None)
    pool = members()[wanted.class_] if wanted else _with(beside) or load.names("models")

    def rank(candidate: Model) -> tuple[float, bool, float, int, bool]:
        parts = [*zip(WEIGHTS_OF_PARTS, (denoiser, vae), (candidate.denoiser, candidate.vae), strict=True)]
        apart = sum(weight * difference(ours, theirs) for weight, ours, theirs in parts if ours is not None)
        for ours in encoders:
            of_class = [
                each for each in (*candidate.text_encoders, *candidate.image_encoders) if each.class_ == ours.class_
            ]
            apart += min((difference(ours, each) for each in of_class), default=1.0)
        popular = -len(members()[candidate.denoiser.class_])
        known = candidate.name != recognised
        return round(apart, 6), known, -_similar(name, candidate), popular, candidate.task != "t2v"

    return min(_models(pool), key=rank)


def _with(beside: tuple[Component, ...]) -> list[str]:
    """The models that have components of those classes beside."""
    classes = {each.class_ for each in beside if each.class_}
    entries = {name: load.entry("models", name) for name in load.names("models")} if classes else {}
    return [
        name for name, facts in entries.items() if classes & {each.get("class") for each in facts.get("others", ())}
    ]


def difference(ours: Component, theirs: Component) -> float:
    """How far apart two components' numbers are: 1 per number that differs, less where it is near; 0: the same. What
    says on what they work counts JOINTS times.

    Components of two classes are compared by the keys they share, and begin with a difference of 10.
    """
    if ours.class_ == theirs.class_ and ours.class_ in families():
        a, b = _numbers(ours), _numbers(theirs)
        return sum(_apart(a[key], b.get(key)) * (1.0 if _is_size(key) else JOINTS) for key in a)
    both = ours.config.keys() & theirs.config.keys()
    return 10 + sum(_apart(ours.config[key], theirs.config[key]) for key in both) - len(both)


def _is_size(key: str) -> bool:
    return any(word in key for word in SIZES)


def _numbers(component: Component) -> Facts:
    """A configuration with its family's defaults filled in."""
    from importlib import import_module

    module = import_module("vidcalc.networks." + families()[component.class_])
    try:
        return dict(msgspec.structs.asdict(msgspec.convert(component.config, module.Config)))
    except msgspec.ValidationError:
        return component.config


def _apart(a: object, b: object) -> float:
    if a == b or (isinstance(a, list | tuple) and isinstance(b, list | tuple) and list(a) == list(b)):
        return 0.0
    if _is_number(a) and _is_number(b) and a > 0 and b > 0:
        return 0.1 + min(0.9, abs(log(a / b)))
    return 1.0


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _similar(name: str, candidate: Model) -> float:
    """How alike a name is to the model's own: ALIKE to 1; 0 for less."""
    plain_name = load.plain(name)
    names = (candidate.name, candidate.title, *candidate.aliases)
    ratio = max(SequenceMatcher(None, plain_name, load.plain(each), autojunk=False).ratio() for each in names)
    return ratio if ratio >= ALIKE else 0.0


def _models(names: list[str]) -> list[Model]:
    models = []
    for name in names:
        candidate = model(name)
        if not candidate.denoiser.network.startswith("generic."):  # a closed model has nothing to fill in with
            models.append(candidate)
    return models
