"""Published settings of step caches and sparse attention, from `data/speedups.toml`: a name and a model -> shares.

A setting holds for the models it was published for; for another one its share is the user's to state.
"""

from functools import cache

import msgspec

from vidcalc.base.errors import InputError, nearest
from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table

STEP_CACHE, SPARSE = "step_cache", "sparse_attention"
FLAGS = {STEP_CACHE: "step-cache", SPARSE: "attention-density"}


class Setting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One setting of one kind of speed-up.

    computed  share of the steps that run every block;  blocks  that a skipped step still runs
    density   share of dense self-attention's work that is left
    fitted    ids of the measured rows that the share was chosen on
    """

    name: str
    models: tuple[str, ...]
    source: str
    computed: float = 1
    blocks: int = 0
    density: float = 1
    fitted: tuple[str, ...] = ()


@cache
def settings(kind: str) -> tuple[Setting, ...]:
    """All published settings of a kind: STEP_CACHE or SPARSE."""
    return tuple(msgspec.convert(row, Setting) for row in table("speedups")[kind])


def setting(kind: str, name: str, model: str) -> Setting:
    """The setting of that name for a model. Raises InputError("step-cache" or "attention-density", …)."""
    published = {each.name: each for each in settings(kind) if model in each.models}
    if name not in published:
        raise InputError(FLAGS[kind], name, (*published, "0.5"), nearest(name, list(published)))
    return published[name]


def names(kind: str) -> tuple[str, ...]:
    """The names of all settings of a kind."""
    return tuple(dict.fromkeys(each.name for each in settings(kind)))


def source(kind: str, name: str, model: str) -> str:
    """Where a setting was published; empty for a share that the user states."""
    sources = [each.source for each in settings(kind) if each.name == name and model in each.models]
    return sources[0] if sources else ""


def cached(name: str, model: str) -> Facts:
    """The fields of a plan that a step cache sets. Raises InputError."""
    preset = setting(STEP_CACHE, name, model)
    return {"step_cache": name, "computed_steps": preset.computed, "cached_blocks": preset.blocks}


def thinned(name: str, model: str) -> Facts:
    """The fields of a plan that a kind of sparse attention sets. Raises InputError."""
    return {"sparse_attention": name, "attention_density": setting(SPARSE, name, model).density}


FIELDS = {STEP_CACHE: cached, SPARSE: thinned}
