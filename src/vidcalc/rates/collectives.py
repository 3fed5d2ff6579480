"""How fast accelerators of one node exchange data: measured collectives, else the rate of the link between them.

Facts are in `data/collectives/ID.toml`. Bus bandwidth is the figure that NCCL tests print: what a ring would need per
accelerator, so that seconds = latency + bytes x (n - 1) / n x steps / bus bandwidth (steps: 2 for all_reduce, else 1).
"""

import re
from functools import cache
from typing import Any

import msgspec

from vidcalc.base.errors import InputError, nearest
from vidcalc.base.number import where
from vidcalc.base.units import quantity
from vidcalc.catalog import load
from vidcalc.catalog.accelerators import accelerator, link
from vidcalc.catalog.defaults import defaults
from vidcalc.describe.hardware import Link

OPERATIONS = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all")
STAND_IN = "all_reduce"  # the operation measured most: where another was not, its bus bandwidth stands in
LATENCIES_OF = "h100-sxm"  # whose small-message latencies stand in where none were measured


class Collective(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of exchange on one kind of accelerator, by the number of them that take part."""

    operation: str
    counts: tuple[int, ...]
    bus_bandwidths: tuple[float, ...]
    """byte/s, at large payloads, for each count."""
    latency_counts: tuple[int, ...]
    latencies: tuple[float, ...]
    """Seconds of a small message, for each latency count."""
    provenance: str
    source: str

    def bus_bandwidth(self, count: Any) -> Any:
        """Bus bandwidth among `count` accelerators, byte/s: that of the smallest measured group which holds them."""
        return _step(self.counts, self.bus_bandwidths, count)

    def latency(self, count: Any) -> Any:
        """Seconds that a small message takes among `count` accelerators."""
        return _step(self.latency_counts, self.latencies, count)


@cache
def collective(accelerator_id: str, operation: str, link_id: str = "") -> Collective:
    """The collective `operation` among accelerators of one node, over their own link or the one of that id.

    Measured; interpolated (a chip with the same link, or with one of the same family at the ratio of the links'
    rates); or assumed (the link's rate). Raises InputError("operation", ...), UnknownName.
    """
    if operation not in OPERATIONS:
        raise InputError("operation", operation, OPERATIONS, nearest(operation, OPERATIONS))
    chip = accelerator(accelerator_id)
    first = chip.like or accelerator_id
    inside = link(link_id or own_link(first))
    own = [first] if own_link(first) == inside.id else []
    tried = [(name, told) for told in dict.fromkeys((operation, STAND_IN)) for name in [*own, *_donors(told, inside)]]
    for name, told in tried:
        rows = {row["operation"]: row for row in _rows(name)}
        if told in rows:
            row = rows[told]
            scale = 1.0 if own_link(name) == inside.id else typical(inside) / typical(link(own_link(name)))
            return Collective(
                operation=operation,
                counts=tuple(row["gpus"]),
                bus_bandwidths=tuple(float(quantity(text, "B/s")) * scale for text in row["bus_bandwidth"]),
                provenance="measured" if (name, told) == (accelerator_id, operation) else "interpolated",
                source=row["source"],
                **_latencies(name),
            )
    return Collective(
        operation=operation,
        counts=(2,),
        bus_bandwidths=(typical(inside),),
        provenance="assumed",
        source=inside.sources[0],
        **_latencies(first),
    )


def _donors(operation: str, inside: Link) -> list[str]:
    """Accelerators where the operation was measured over a link of that family ("pcie", "nvlink", "xgmi").

    Those with the same link first, then those measured among more accelerators, then the nearest in rate.
    """

    def order(name: str) -> tuple[Any, ...]:
        rate = typical(link(own_link(name))) / typical(inside)
        return own_link(name) != inside.id, -max(_counts(name, operation)), max(rate, 1 / rate)

    alike = [name for name in load.names("collectives") if _counts(name, operation)]
    return sorted((name for name in alike if _family(own_link(name)) == _family(inside.id)), key=order)


def _counts(name: str, operation: str) -> list[int]:
    """Among how many accelerators of that kind an operation was measured."""
    counts = [row["gpus"] for row in _rows(name) if row["operation"] == operation]
    return counts[0] if counts else []


def _family(link_id: str) -> str:
    """ "pcie" of "pcie4-x16"."""
    return re.split("[-0-9]", link_id)[0]


def own_link(accelerator_id: str) -> str:
    """Id of the link between accelerators of that kind in one node: their fabric, else PCIe."""
    chip = accelerator(accelerator_id)
    return chip.fabric or chip.pcie or "pcie4-x16"


def typical(found: Link) -> float:
    """Rate that a link typically reaches, one direction, byte/s."""
    return found.achieved or found.rate * float(defaults()["link"]["achieved_fraction"])


@cache
def _rows(name: str) -> list[dict[str, Any]]:
    if name not in load.names("collectives"):
        return []
    rows: list[dict[str, Any]] = load.entry("collectives", name).get("collective", [])
    return rows


def _latencies(name: str) -> dict[str, Any]:
    for donor in (name, LATENCIES_OF):
        for row in _rows(donor):
            if "latency" in row:
                return {
                    "latency_counts": tuple(row["gpus"]),
                    "latencies": tuple(float(quantity(text, "s")) for text in row["latency"]),
                }
    raise LookupError(LATENCIES_OF)


def _step(counts: tuple[int, ...], values: tuple[float, ...], count: Any) -> Any:
    """The value of the smallest of `counts` that is not below `count`; the last one above them all."""
    out: Any = values[-1]
    for known, value in reversed(list(zip(counts, values, strict=True))):
        out = where(count <= known, value, out)
    return out
