"""Names of step caches and of sparse attention, as a user writes them, and the fields of a plan that they set.

What a method does is its own rule, in `vidcalc.catalog.caches` and `vidcalc.catalog.sparse`.
"""

from vidcalc.base.facts import Facts
from vidcalc.catalog import caches, sparse

STEP_CACHE, SPARSE = "step_cache", "sparse_attention"
READ = {STEP_CACHE: caches.read, SPARSE: sparse.read}


def names(kind: str) -> tuple[str, ...]:
    """The names of all methods of a kind."""
    return tuple(caches.methods() if kind == STEP_CACHE else sparse.methods())


def read(kind: str, text: str) -> None:
    """Whether a text names a method of a kind. Raises InputError with the methods, or with the method's parameters."""
    READ[kind](text)


def source(kind: str, text: str) -> str:
    """Where a method was read; empty for a share that the user states."""
    if text in ("none", "stated"):
        return ""
    return caches.read(text).method.source if kind == STEP_CACHE else sparse.read(text).method.source


def chosen(kind: str, text: str, model: str) -> Facts:
    """The fields of a plan that a method sets. Raises InputError, also for a model that a sparse attention has no
    windows of."""
    read(kind, text)
    if kind == SPARSE and sparse.read(text).method.rule == "windows":
        sparse.windows_of(text, model)
    return {kind: text}
