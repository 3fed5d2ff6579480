"""What a cache reaches: the modules that diffusers hooks of a network, and the networks that a program refuses it for.

Facts by network class: data/cache_reach.toml, made from the installed diffusers by scripts/make_cache_reach.py, and
cache_reach_0_35.toml from an older one. Which caches a program has is in its profile (`Runtime.caches`).
"""

import re
from collections.abc import Iterable

from vidcalc.base.errors import InputError
from vidcalc.catalog.caches import FLAG, Cache, methods, reach, read
from vidcalc.catalog.stated import ANY_SHARE
from vidcalc.describe.model import Model
from vidcalc.describe.runtime import Runtime

KINDS = ("spatial", "temporal", "cross")  # of attention, each with a range of its own in pyramid attention broadcast
BLOCKS = "blocks"  # what a step cache leaves out
ATTENTION = "self-attention"  # what a block cache is about in a network that diffusers has not
ABOUT_MODULES = ("broadcast", "pairs", "interval")
REFUSED = "refused"
RETURNING = ("to_out", "to_add_out", "out_layer", "o_proj")  # the last layers of an attention module

Hooked = dict[str, str]
"""Modules that a cache hooks, blocks as "*" -> the parameter that says how often they run; `BLOCKS` -> the block that
decides, where one is known."""


def hooked(cache: Cache, class_: str, release: str = "") -> Hooked:
    """What a cache hooks of a network class; nothing where it changes nothing.

    release  of diffusers; of a program that is none, what the newest hooks is taken
    """
    about_modules = cache.method.rule in ABOUT_MODULES
    known = reach(class_, release) if cache.method.made_in else None
    if known is None:
        return {ATTENTION: KINDS[0]} if about_modules else {BLOCKS: ""}
    if not all(known[word] for word in cache.method.wants):
        return {}
    if not about_modules and cache.name not in known:  # later than the release: a patch of the makers
        return {BLOCKS: ""}
    found: Hooked = {}
    for kind in KINDS:
        key = f"{cache.name}_{kind}" if f"{cache.name}_{kind}" in known else cache.name
        stated = cache.parameters.get(kind, 0) or key == cache.name
        names = known.get(key, ())
        if str(names).startswith(REFUSED):  # by diffusers: a patch of the makers reaches it all the same
            return {BLOCKS: ""}
        for name in names if stated else ():
            found.setdefault(name, kind)
    return found if about_modules or not found else {BLOCKS: next(iter(found))}


def module_of(path: str, modules: Iterable[str]) -> str:
    """The module of these, blocks as "*", that what stands at a path is in; "" in none."""
    name = re.sub(r"\.\d+(?=\.)", ".*", path)
    return next((module for module in modules if name.startswith(f"{module}.")), "")


def returns(path: str) -> bool:
    """Whether the layer at a path makes what its attention module returns."""
    return any(layer in RETURNING for layer in path.split(".")[-2:])


def checked(text: str, model: Model, runtime: Runtime, stacked: bool) -> None:
    """Refuses a cache that a program has not, or cannot put on a model's network, or that stops at its first call.

    text     of --step-cache;  stacked  whether both predictions of a step share a call, or there is one alone
    Raises InputError("step-cache", …) with the methods that work there.
    """

    def runs(cache: Cache) -> bool:
        # of a program that is not diffusers nothing is known of its hooks
        return has(cache.name, model, runtime) and (
            not runtime.hooks or works(cache, model.denoiser.class_, stacked, runtime.hooks)
        )

    if runs(read(text)):
        return
    others = {name: read(name) for name in methods()}
    class_ = model.denoiser.class_
    useful = [name for name, cache in others.items() if runs(cache) and hooked(cache, class_, runtime.hooks)]
    near = useful[0] if useful else ANY_SHARE
    raise InputError(FLAG, text, (*useful, ANY_SHARE), near, f"{model.name} ({runtime.title})")


def has(name: str, model: Model, runtime: Runtime) -> bool:
    """Whether a program has a cache for models of that family, as far as is known."""
    if runtime.caches is None:
        return True
    families = runtime.caches.get(name)
    return families is not None and (not families or model.family in families)


def works(cache: Cache, class_: str, stacked: bool, release: str = "") -> bool:
    """Whether a cache of a release of diffusers can be put on a network class and runs."""
    known = reach(class_, release) if cache.method.made_in else None
    if known is None:
        return True
    if cache.method.rule == "pairs" and (not stacked or class_ in cache.method.refuses):
        return False
    refused = str(known.get(cache.name, "")).startswith(REFUSED)
    return not refused and all(known[word] for word in cache.method.needs)
