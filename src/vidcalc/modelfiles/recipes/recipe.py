"""What a workflow or a training configuration asks for, as settings by the names of their flags."""

from typing import Any

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.catalog.spellings import Recognised

Told = list[tuple[str, dict[str, Any]]]  # (id of a warning, its values)


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What a file asks for.

    source    the file;  maker: the program it is of ("ComfyUI", "musubi-tuner")
    model     of the catalogue; "" where none of `names` is known;  names: what the file calls it
    settings  values by name of flag
    beside    what is asked for and not calculated: (id of a warning, its values)
    unread    what nothing here understands, as the file names it
    """

    source: str
    maker: str
    model: str
    names: tuple[str, ...] = ()
    settings: Facts = {}
    beside: tuple[tuple[str, dict[str, Any]], ...] = ()
    unread: tuple[str, ...] = ()


def said_more(name: str, match: Recognised) -> Told:
    """What is told of a name that says more than the model it was taken for, or fits several."""
    told: Told = []
    if match.beside:
        told.append(("name_says_more", {"file": name, "model": match.models[0], "words": ", ".join(match.beside)}))
    if len(match.models) > 1:
        told.append(("equal_models", {"model": match.models[0], "others": ", ".join(match.models[1:])}))
    return told
