"""How fast accelerators of one node exchange data: measured collectives, else the rate of the link between them.

Facts are in `data/collectives/ID.toml`. Bus bandwidth is the figure that NCCL tests print: what a ring would need per
accelerator, so that seconds = latency + bytes x (n - 1) / n x steps / bus bandwidth (steps: 2 for all_reduce, else 1).
"""

import re
from functools import cache
from typing import TypedDict

import msgspec

from vidcalc.base.errors import InputError, nearest
from vidcalc.base.memo import once
from vidcalc.base.number import Number, largest, maximum, minimum, where
from vidcalc.base.units import quantity
from vidcalc.catalog import load
from vidcalc.catalog.accelerators import accelerator, link
from vidcalc.catalog.defaults import defaults
from vidcalc.describe.hardware import Accelerator, CollectiveRates, Link

OPERATIONS = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all")
STAND_IN = "all_reduce"  # the operation measured most: where another was not, its bus bandwidth stands in
USUAL = "pcie4-x16"  # what joins accelerators of which nothing is known
LATENCIES_OF = "h100-sxm"  # whose small-message latencies stand in where none were measured


class Collective(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of exchange on one kind of accelerator, by the number of them that take part."""

    operation: str
    counts: tuple[int, ...]
    bus_bandwidths: tuple[Number, ...]
    """byte/s, at large payloads, for each count."""
    latency_counts: tuple[int, ...]
    latencies: tuple[float, ...]
    """Seconds of a small message, for each latency count."""
    provenance: str
    source: str

    def bus_bandwidth(self, count: Number) -> Number:
        """Bus bandwidth among `count` accelerators, byte/s: that of the smallest measured group which holds them."""
        return _step(self.counts, self.bus_bandwidths, count)

    def latency(self, count: Number) -> Number:
        """Seconds that a small message takes among `count` accelerators."""
        return _step(self.latency_counts, self.latencies, count)


@once
def collective(chip: Accelerator, operation: str, over: Link | None = None) -> Collective:
    """The collective `operation` among such accelerators of one node, over that link or their own.

    Measured; interpolated (a chip with the same link, or with one of the same family at the ratio of the links'
    rates); or assumed (the link's rate). Raises InputError("operation", ...).
    """
    if operation not in OPERATIONS:
        raise InputError("operation", operation, OPERATIONS, nearest(operation, OPERATIONS))
    inside = over or own_link(chip)
    own = [chip.collectives] if any(row.link.id == inside.id for row in chip.collectives) else []
    tried = [(kind, rows) for kind in dict.fromkeys((operation, STAND_IN)) for rows in [*own, *_donors(kind, inside)]]
    for kind, rows in tried:
        row = _of(rows, kind)
        if row is not None:
            # bus bandwidth in proportion to what the links reach
            scale = typical(inside) / typical(row.link)
            best = _best(rows, row) if _family(inside.id) == "pcie" else row.bus_bandwidths
            return Collective(
                operation=operation,
                counts=row.counts,
                bus_bandwidths=tuple(
                    maximum(rate * scale, minimum(rate, most * scale))
                    for rate, most in zip(row.bus_bandwidths, best, strict=True)
                ),
                provenance="measured" if (row.of, kind) == (chip.id, operation) else "interpolated",
                source=row.source,
                **_latencies(rows),
            )
    return Collective(
        operation=operation,
        counts=(2,),
        bus_bandwidths=(typical(inside),),
        provenance="assumed",
        source=inside.sources[0],
        **_latencies(chip.collectives),
    )


@cache
def measurements(name: str) -> tuple[CollectiveRates, ...]:
    """What was measured among accelerators of the catalogue of that id, over the link that joins them."""
    rows = load.entry("collectives", name).get("collective", ()) if name in load.names("collectives") else ()
    over = own_link(accelerator(name)) if rows else link(USUAL)
    return tuple(
        CollectiveRates(
            of=name,
            operation=row["operation"],
            link=over,
            counts=tuple(row["gpus"]),
            bus_bandwidths=tuple(float(quantity(text, "B/s")) for text in row["bus_bandwidth"]),
            latencies=tuple(float(quantity(text, "s")) for text in row.get("latency", ())),
            source=row["source"],
        )
        for row in rows
    )


def _donors(operation: str, inside: Link) -> list[tuple[CollectiveRates, ...]]:
    """What was measured on accelerators where that operation was, over a link of that family ("pcie", "nvlink").

    Those with the same link first, then those measured among more accelerators, then the nearest in rate.
    """

    def order(rows: tuple[CollectiveRates, ...]) -> tuple[bool, int, Number]:
        over, row = rows[0].link, _of(rows, operation)
        # as a factor, whichever of the two is faster
        rate = typical(over) / typical(inside)
        return over.id != inside.id, -max(row.counts) if row else 0, max(rate, 1 / rate)

    everyone = [measurements(name) for name in load.names("collectives")]
    alike = [rows for rows in everyone if rows and _family(rows[0].link.id) == _family(inside.id)]
    return sorted((rows for rows in alike if _of(rows, operation)), key=order)


def _of(rows: tuple[CollectiveRates, ...], operation: str) -> CollectiveRates | None:
    """The row of one operation."""
    return next((row for row in rows if row.operation == operation), None)


def _best(rows: tuple[CollectiveRates, ...], row: CollectiveRates) -> tuple[Number, ...]:
    """What the best operation among as many accelerators reaches there, for each count of a row [byte/s].

    Cards that meet over PCIe reach less in an all-to-all than in an all-reduce because of its kernels, which a slower
    link does not slow further: it counts where it is the narrower of the two.
    """
    there = [dict(zip(each.counts, each.bus_bandwidths, strict=True)) for each in rows]
    return tuple(largest([each[count] for each in there if count in each]) for count in row.counts)


def _family(link_id: str) -> str:
    """ "pcie" of "pcie4-x16"."""
    return re.split("[-0-9]", link_id)[0]


def own_link(chip: Accelerator) -> Link:
    """The link between accelerators of that kind in one node: their fabric, else PCIe.

    Where a user's own has neither, that of the one whose measurements stand in for its own.
    """
    inside = chip.fabric or chip.pcie
    if inside is None and chip.like is not None:
        return own_link(accelerator(chip.like))
    return inside or link(USUAL)


def typical(over: Link) -> Number:
    """Rate that a link typically reaches, one direction, byte/s."""
    # the usual part of a nominal rate, where nobody measured
    share = float(defaults()["link"]["achieved_fraction"])
    return over.rate * share if over.achieved is None else over.achieved


class Latencies(TypedDict):
    """Seconds of a small message, for each count of accelerators."""

    latency_counts: tuple[int, ...]
    latencies: tuple[float, ...]


def _latencies(rows: tuple[CollectiveRates, ...]) -> Latencies:
    """Latencies of small messages among those rows, else the ones that stand in."""
    for row in (*rows, *measurements(LATENCIES_OF)):
        if row.latencies:
            return {"latency_counts": row.counts, "latencies": row.latencies}
    raise LookupError(LATENCIES_OF)


def _step(counts: tuple[int, ...], values: tuple[Number, ...], count: Number) -> Number:
    """The value of the smallest of `counts` that is not below `count`; the last one above them all."""
    out: Number = values[-1]
    # the smallest count that holds them is looked at last, and so wins
    for limit, value in reversed(list(zip(counts, values, strict=True))):
        out = where(count <= limit, value, out)
    return out
