"""How fast accelerators of one node exchange data: measured collectives, else the rate of the link between them.

Facts are in `data/collectives/ID.toml`. Bus bandwidth is the figure that NCCL tests print: what a ring would need per
accelerator, so that seconds = latency + bytes x (n - 1) / n x steps / bus bandwidth (steps: 2 for all_reduce, else 1).
"""

from functools import cache
from typing import Any

import msgspec

from vidcalc.arithmetic import where
from vidcalc.catalog import load
from vidcalc.catalog.accelerators import accelerator, link
from vidcalc.catalog.defaults import defaults
from vidcalc.catalog.units import quantity
from vidcalc.errors import InputError, nearest

OPERATIONS = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all")
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
def collective(accelerator_id: str, operation: str) -> Collective:
    """The collective `operation` among accelerators of one node; measured, interpolated (a chip with the same link) or
    assumed (the link's rate). Raises InputError("operation", ...), UnknownName.
    """
    if operation not in OPERATIONS:
        raise InputError("operation", operation, OPERATIONS, nearest(operation, OPERATIONS))
    chip = accelerator(accelerator_id)
    alike = [name for name in load.names("accelerators") if _rows(name) and accelerator(name).fabric == chip.fabric]
    first = chip.like or accelerator_id
    donors = [first, *alike] if chip.fabric else [first]
    for name in donors:
        rows = {row["operation"]: row for row in _rows(name)}
        if operation in rows:
            row = rows[operation]
            counts = tuple(row["gpus"])
            rates = tuple(float(quantity(text, "B/s")) for text in row["bus_bandwidth"])
            provenance = "measured" if name == accelerator_id else "interpolated"
            return Collective(
                operation=operation,
                counts=counts,
                bus_bandwidths=rates,
                provenance=provenance,
                source=row["source"],
                **_latencies(name),
            )
    inside = link(chip.fabric or chip.pcie or "pcie4-x16")
    rate = inside.achieved or inside.rate * defaults()["link"]["achieved_fraction"]
    return Collective(
        operation=operation,
        counts=(2,),
        bus_bandwidths=(rate,),
        provenance="assumed",
        source=inside.sources[0],
        **_latencies(first),
    )


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
