"""The ways in which a framework can run a job on a machine: what waits in host memory, whether the VAE works in tiles.

    for way in ways(Base({}, question), free=("offload", "vae_tiling")): …

A way is the plan that was asked for with some settings replaced; the first changes nothing. Formats, caches and steps
change what is made: they come as further bases.
"""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from msgspec.structs import replace

from vidcalc.describe.question import Question
from vidcalc.passes.formats import of_a_chip
from vidcalc.passes.legal import depth
from vidcalc.search.relief import USUAL
from vidcalc.tape.trace import tiles

FREE = ("offload", "vae_tiling")  # settings that change no pixel

Changes = dict[str, Any]
"""Settings that differ from what was asked: fields of the plan or of the workload."""


class Base(NamedTuple):
    """A job as it was asked for, or with another format, cache, number of steps or way of sharing: `changes` say
    which."""

    changes: Changes
    question: Question


class Way(NamedTuple):
    """A plan that is tried.

    changes   beside what was asked for
    question  with that plan, settled for the accelerator
    alike     ways whose ledgers differ in the places of weights alone have the same here
    uncached  ways that differ in step caches and the places of weights alone have the same here
    held      ways that differ in the number of steps alone, of which no cache skips any, have the same here: their
              bytes are the same
    """

    changes: Changes
    question: Question
    alike: tuple[object, ...]
    uncached: tuple[object, ...]
    held: tuple[object, ...]


def ways(base: Base, free: Collection[str] = FREE) -> list[Way]:
    """Every way of a base; `free` are the settings that nobody stated."""
    found: list[Way] = []
    plan = base.question.plan
    for tiling in tilings(base.question) if "vae_tiling" in free else ({},):
        for place in offloads(base.question) if "offload" in free else ({},):
            changes = {**tiling, **place}
            question = of_a_chip(base.question._replace(plan=replace(plan, **changes)))
            # guidance that is made by the room that weights leave depends on where they wait
            placing = question.plan.offload if plan.guidance_mode == "fitting" else ""
            alike = (id(base), question.plan.vae_tiling, placing)
            plainly = (
                *sorted(item for item in base.changes.items() if item[0] != "step_cache"),
                question.plan.vae_tiling,
            )
            uncached = alike if placing else plainly  # there calls are not all taped by the names of their ops
            every = {**base.changes, **changes}
            counts = () if question.plan.step_cache == "none" else (question.workload.steps,)
            held = (*sorted(item for item in every.items() if item[0] != "steps"), *counts)
            found.append(Way(every, question, alike, uncached, held))
    return found


def tilings(question: Question) -> Iterator[Changes]:
    """The VAE as it was asked for, and in tiles where it can and its framework is not told to use them anyway."""
    yield {}
    model, plan = question.model, question.plan
    if plan.vae_tiling != "default" and model.vae.network and tiles(model.vae):
        yield {"vae_tiling": "default"}


def offloads(question: Question) -> Iterator[Changes]:
    """Weights where they were asked to be, and in every other place that the framework has for them."""
    yield {}
    plan = question.plan
    for word in plan.runtime.offers.get("offload", USUAL):
        if word == "block-swap":
            counts = range(1, depth(question.model) + 1)
            swaps = ({"offload": word, "swapped_blocks": count} for count in counts)
            yield from (swap for swap in swaps if (plan.offload, plan.swapped_blocks) != tuple(swap.values()))
        elif word != plan.offload:
            yield {"offload": word}
