"""Writes src/vidcalc/data/cache_reach.toml: what the step and block caches of diffusers really hook, by network class.
With an older diffusers that a profile is of (0.35) installed in its place, cache_reach_0_35.toml.

    python scripts/make_cache_reach.py [--check]

Needs the extra `reference`. Each class is built on the meta device as the catalogue's first model of it states, and
diffusers' own `apply_…` functions are called on it. --check exits with 1 where the file is not what they say.
"""

import copy
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generated import DATA, settle
from vidcalc.catalog.caches import REACH
from vidcalc.reference.catalogue import MODELS, model_facts, parts_of
from vidcalc.reference.classes import UnknownClass, build, find_class

KINDS = ("spatial", "temporal", "cross")
RATIOS = [1.0, 1.0]  # any: MagCache only asks that there are some
MAKING = {
    "taylorseer": "apply_taylorseer_cache",
    "magcache": "apply_mag_cache",
    "seacache": "apply_sea_cache",
}  # since 0.36


def current() -> str:
    """The file of the installed release."""
    import diffusers

    release = ".".join(diffusers.__version__.split(".")[:2])
    if release not in REACH:
        sys.exit(f"diffusers {release} is of no file yet; allowed: {', '.join(REACH)} (vidcalc.catalog.caches.REACH)")
    return f"{REACH[release]}.toml"


def one_of_each_class() -> dict[str, dict[str, Any]]:
    """Configuration of the first model of every denoiser class of diffusers, by class."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(MODELS.glob("*.toml")):
        own = parts_of(model_facts(path.stem)).get("denoiser")
        if own and "+" not in own["class"]:
            try:
                class_ = find_class(own["class"])
            except UnknownClass:
                continue
            if class_.__module__.startswith("diffusers."):
                found.setdefault(own["class"], own["config"])
    return found


def hooked(module: Any, hook: str) -> list[str]:
    """Modules that a hook is on, blocks counted as one: "blocks.*.attn1"."""
    names = [
        name
        for name, part in module.named_modules()
        if getattr(part, "_diffusers_hook", None) is not None and part._diffusers_hook.get_hook(hook) is not None
    ]
    return list(dict.fromkeys(re.sub(r"\.\d+(?=\.|$)", ".*", name) for name in names))


def attempts() -> dict[str, tuple[Callable[[Any], None], str]]:
    """(what puts a cache on a network, hook whose modules are asked), by key of the file."""
    from diffusers import hooks

    now = {"current_timestep_callback": lambda: 500}

    def broadcast(kind: str) -> Callable[[Any], None]:
        ranges = {f"{each}_attention_block_skip_range": 2 if each == kind else None for each in KINDS}
        config = hooks.PyramidAttentionBroadcastConfig(**ranges, **now)
        return lambda network: hooks.apply_pyramid_attention_broadcast(network, config)

    every: dict[str, tuple[Callable[[Any], None], str]] = {
        **{f"pab_{kind}": (broadcast(kind), "pyramid_attention_broadcast") for kind in KINDS},
        "fastercache": (
            lambda network: hooks.apply_faster_cache(network, hooks.FasterCacheConfig(**now)),
            "faster_cache_block",
        ),
        "taylorseer": (
            lambda network: hooks.apply_taylorseer_cache(network, hooks.TaylorSeerCacheConfig()),
            "taylorseer_cache",
        ),
        "firstblockcache": (
            lambda network: hooks.apply_first_block_cache(network, hooks.FirstBlockCacheConfig()),
            "fbc_leader_block_hook",
        ),
        "magcache": (
            lambda network: hooks.apply_mag_cache(network, hooks.MagCacheConfig(mag_ratios=RATIOS)),
            "mag_cache_leader_block_hook",
        ),
        "seacache": (
            lambda network: hooks.apply_sea_cache(network, hooks.SeaCacheConfig()),
            "sea_cache_root",
        ),
    }
    return {key: attempt for key, attempt in every.items() if hasattr(hooks, MAKING.get(key, "HookRegistry"))}


def reached(name: str, config: dict[str, Any]) -> dict[str, list[str] | str]:
    """What each cache hooks of a class, or why it refuses it."""
    found: dict[str, list[str] | str] = {}
    bare = build(name, config)
    for key, (put, hook) in attempts().items():
        network = copy.deepcopy(bare)
        try:
            put(network)
        except Exception as error:  # whatever a class makes a cache raise is what its user sees
            found[key] = f"refused: {type(error).__name__}"
        else:
            # the root of the network has no name
            found[key] = ["*"] if key == "seacache" else hooked(network, hook)
    return found


def contexts() -> list[str]:
    """The sources of diffusers' pipelines that open a cache context, which some caches cannot run without."""
    import diffusers

    files = sorted((Path(diffusers.__file__).parent / "pipelines").rglob("pipeline_*.py"))
    return [text for text in (each.read_text(encoding="utf-8") for each in files) if "cache_context(" in text]


def content() -> str:
    """The file, from the installed classes."""
    import diffusers

    lines = [
        "# What the step and block caches of diffusers hook, by network class: modules with their blocks as *, [] where a",
        "# cache hooks nothing there and changes nothing, or the words with which it refuses the class.",
        "# pab_*  pyramid attention broadcast by range;  firstblockcache, magcache  the block that decides",
        "# context  whether a pipeline of the class opens a cache context: without, a cache that keeps a state for each",
        "#          prediction (taylorseer, firstblockcache, seacache) stops at its first call;  steps  whether that context",
        "#          says which step it is: without, seacache skips nothing",
        f'source = "diffusers {diffusers.__version__}: hooks/, on the meta device, by scripts/make_cache_reach.py"',
    ]
    sources = contexts()
    for name, config in sorted(one_of_each_class().items()):
        word = re.compile(rf"\b{name}\b")
        opened = [source for source in sources if word.search(source)]
        told = any(re.search(r'cache_context\([^)]*sigma=|"sigma": ', source) for source in opened)
        lines += ["", f"[classes.{name}]", f"context = {str(bool(opened)).lower()}", f"steps = {str(told).lower()}"]
        for key, value in reached(name, config).items():
            text = f'"{value}"' if isinstance(value, str) else "[" + ", ".join(f'"{each}"' for each in value) + "]"
            lines.append(f"{key} = {text}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(settle(DATA / current(), content, __doc__))
