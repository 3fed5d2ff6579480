"""What a cache reaches: the modules that diffusers hooks of a network, and the networks that it refuses.

Facts by network class: data/cache_reach.toml, made from the installed diffusers by scripts/make_cache_reach.py.
"""

import re
from collections.abc import Iterable

from vidcalc.base.errors import InputError
from vidcalc.catalog.caches import FLAG, Cache, methods, reach, read
from vidcalc.catalog.stated import ANY_SHARE

KINDS = ("spatial", "temporal", "cross")  # of attention, each with a range of its own in pyramid attention broadcast
BLOCKS = "blocks"  # what a step cache leaves out
ATTENTION = "self-attention"  # what a block cache is about in a network that diffusers has not
ABOUT_MODULES = ("broadcast", "pairs", "interval")
REFUSED = "refused"
RETURNING = ("to_out", "to_add_out", "out_layer", "o_proj")  # the last layers of an attention module

Hooked = dict[str, str]
"""Modules that a cache hooks, blocks as "*" -> the parameter that says how often they run."""


def hooked(cache: Cache, class_: str) -> Hooked:
    """What a cache hooks of a network class; nothing where it changes nothing."""
    about_modules = cache.method.rule in ABOUT_MODULES
    known = reach(class_) if cache.method.made_in else None
    if known is None:
        return {ATTENTION: KINDS[0]} if about_modules else {BLOCKS: ""}
    if not all(known[word] for word in cache.method.wants):
        return {}
    found: Hooked = {}
    for kind in KINDS:
        key = f"{cache.name}_{kind}" if f"{cache.name}_{kind}" in known else cache.name
        stated = cache.parameters.get(kind, 0) or key == cache.name
        names = known.get(key, ())
        if str(names).startswith(REFUSED):  # by diffusers: a patch of the makers reaches it all the same
            return {BLOCKS: ""}
        for name in names if stated else ():
            found.setdefault(name, kind)
    return found if about_modules or not found else {BLOCKS: ""}


def module_of(path: str, modules: Iterable[str]) -> str:
    """The module of these, blocks as "*", that what stands at a path is in; "" in none."""
    name = re.sub(r"\.\d+(?=\.)", ".*", path)
    return next((module for module in modules if name.startswith(f"{module}.")), "")


def returns(path: str) -> bool:
    """Whether the layer at a path makes what its attention module returns."""
    return any(layer in RETURNING for layer in path.split(".")[-2:])


def checked(text: str, class_: str, stacked: bool) -> None:
    """Refuses a cache that diffusers cannot put on a network, or that stops at its first call.

    text     of --step-cache;  stacked  whether both predictions of a step share a call, or there is one alone
    Raises InputError("step-cache", …) with the methods that work there.
    """
    if works(read(text), class_, stacked):
        return
    others = {name: read(name) for name in methods()}
    useful = [name for name, cache in others.items() if works(cache, class_, stacked) and hooked(cache, class_)]
    raise InputError(FLAG, text, (*useful, ANY_SHARE), useful[0])


def works(cache: Cache, class_: str, stacked: bool) -> bool:
    """Whether a cache can be put on a network class and runs."""
    known = reach(class_) if cache.method.made_in else None
    if known is None:
        return True
    if cache.method.rule == "pairs" and (not stacked or class_ in cache.method.refuses):
        return False
    refused = str(known.get(cache.name, "")).startswith(REFUSED)
    return not refused and all(known[word] for word in cache.method.needs)
