"""The legal ways in which so many accelerators share one video: degrees of a plan whose product is their number.

Ways are named as on the command line. A way is legal where the framework offers it (data/offered.toml), the degrees
divide what they share (heads, layers, guided predictions) and, if the user names ways, where those have it.
"""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.catalog.offered import offered as offers
from vidcalc.describe.plan import WAYS, WORK
from vidcalc.describe.question import Question
from vidcalc.describe.sharing import Sharing
from vidcalc.passes import guidance, legal

RARE = "text"  # of few models in one framework: only where it is asked for
Pattern = dict[str, Any]  # way -> its degree, or None for any; a way that is absent is not used


def offered(framework: str) -> tuple[str, ...]:
    """The ways that are tried under a framework: those that it has, all of them for one that says nothing."""
    ways = offers("parallel", framework)
    return tuple(way for way in (WAYS if ways is None else ways) if way != RARE)


def plans(question: Question, count: int, pattern: Pattern | None = None) -> Iterator[Question]:
    """What is asked under every legal way of sharing among `count` accelerators; sharing nothing on one.

    pattern  the ways that may be used and their degrees; None: those that the framework offers
    """
    allowed = dict.fromkeys(offered(question.plan.framework)) if pattern is None else pattern
    if count == 1:
        allowed = {}
    for degrees in _splits(count, list(WORK), allowed):
        for beside in _beside(count, allowed):
            fields = {WAYS[way]: degree for way, degree in {**degrees, **beside}.items()}
            tried = question._replace(plan=replace(question.plan, **fields))
            if _legal(tried):
                yield tried


def used(plan: Sharing) -> dict[str, int]:
    """The ways of a plan with their degrees, without those that share nothing."""
    degrees = {way: getattr(plan, field) for way, field in WAYS.items()}
    return {way: degree for way, degree in degrees.items() if degree != 1}


def _splits(count: int, ways: list[str], allowed: Pattern) -> Iterator[dict[str, int]]:
    """Every product of degrees of those ways that makes `count`."""
    if not ways:
        if count == 1:
            yield {}
        return
    way, *others = ways
    for degree in _degrees(way, count, allowed):
        # what the degree leaves, shared by the other ways
        for rest in _splits(count // degree, others, allowed):
            yield {way: degree, **rest}


def _degrees(way: str, count: int, allowed: Pattern) -> list[int]:
    """The degrees that a way may have among so many: those that divide them, and are as the pattern says."""
    if way not in allowed:
        return [1]
    fixed = allowed[way]
    return [degree for degree in range(1, count + 1) if count % degree == 0 and fixed in (None, degree)]


def _beside(count: int, allowed: Pattern) -> Iterator[dict[str, int]]:
    """Stored weights whole on each accelerator or in shards over all of them, decode and encoders shared as they may
    be."""
    shards = _among(count, "fsdp", allowed)
    decode = _among(count, "vae", allowed)[-1:]  # never slower
    texts = _among(count, "text", allowed)[-1:]
    for many in shards:
        for pieces in decode:
            for slices in texts:
                yield {"fsdp": many, "vae": pieces, "text": slices}


def _among(count: int, way: str, allowed: Pattern) -> list[int]:
    """Degrees of a way that shares among all: none or all of them, or the one of the pattern, where it divides."""
    if way not in allowed:
        return [1]
    fixed = allowed[way]
    if fixed is None:
        return list(dict.fromkeys((1, count)))
    return [fixed] if count % fixed == 0 else []


def _legal(question: Question) -> bool:
    """Whether the degrees divide what they share."""
    try:
        legal.checked(question.model, question.plan, guidance.possible(question.plan))
    except InputError:
        return False
    return True
