"""Keys of a configuration that its class has not: misspelt, or of another class; never dropped in silence."""

from difflib import get_close_matches
from functools import cache
from importlib import import_module

from vidcalc.base.facts import Facts
from vidcalc.catalog import load
from vidcalc.catalog.families import families, members, role
from vidcalc.catalog.models import model

# of any repository: how a file was made, never a number of a network
LABELS = ("architectures", "auto_map", "dtype", "model_max_length", "torch_dtype", "transformers_version")
CLOSE = 0.85  # of two keys: one is the other misspelt


def unknown(class_: str, config: Facts) -> tuple[str, ...]:
    """The keys that mean nothing to the class, as written.

    Encoders' configurations hold much that says how they were trained or generate: of them, only what is nearly one
    of the class's numbers and stands in its place.
    """
    own = _own(class_)
    if role(families()[class_]) == "text_encoder":
        return tuple(key for key in config if key not in own and _misspelt(key, own - config.keys()))
    return tuple(key for key in config if key not in own and key not in LABELS)


def meant(class_: str, key: str) -> str:
    """The key of the class that one of another spelling is nearest to; "" where none is near."""
    near = get_close_matches(key, sorted(_own(class_)), n=1, cutoff=CLOSE)
    return near[0] if near else ""


def _misspelt(key: str, own: set[str]) -> bool:
    return bool(get_close_matches(key, sorted(own), n=1, cutoff=CLOSE))


@cache
def _own(class_: str) -> set[str]:
    """The keys of a class: the family's, those of its models in the catalogue, and those of the published class."""
    config = import_module("vidcalc.networks." + families()[class_]).Config
    keys = set(config.__struct_fields__)
    for name in members().get(class_, ()):
        known = model(name)
        for part in (known.denoiser, known.vae, *known.text_encoders, *known.image_encoders):
            if part.class_ == class_:
                keys |= part.config.keys()
    return keys | set(load.table("class_keys")["keys"].get(class_, ()))
