"""Guests for what a calculation starts from: every number of workload, plan and machine, with where it is from."""

from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from vidcalc.base.guest import plain, symbol
from vidcalc.describe.data import Data
from vidcalc.describe.hardware import Accelerator, CollectiveRates, Curves, Hardware, HostCopy, Link, Price
from vidcalc.describe.question import Question, Run
from vidcalc.rates.curves import curves

Noun = TypeVar("Noun", bound=Struct)

INPUT = "input"  # source of what the user states, or leaves at a default
PARENTS = {
    "bandwidth": "bandwidth",
    "elementwise": "share",
    "fused": "fused",
    "launch": "per_kernel",
    "vector": "share",
}
TABLE_UNITS = {"bandwidth": "byte/s", "plateau": "FLOP/s", "limit": "FLOP/s", "per_kernel": "s", "startup": "s"}
BAND = ("low", "likely", "high")
UNITS = {"memory": "byte", "target_rate": "1/s", "text_tokens": "token", "image_tokens": "token"}


def stated(record: Noun) -> Noun:
    """A workload, plan or bucket with a symbol for each of its numbers; records in it too."""
    symbols: dict[str, Any] = {}
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            symbols[name] = symbol(name, value, UNITS.get(name, ""), INPUT)
    return replace(record, **symbols)


def question(whole: Question) -> Question:
    """What is asked, of guests; what the plan's framework settles and the model stay as they are."""
    model, workload, machine, plan = whole
    plan = replace(stated(plan), training=stated(plan.training))
    return Question(model, stated(workload), hardware(machine), plan)


def run(whole: Run) -> Run:
    """The same of a training run."""
    model, data, machine, plan = whole
    plan = replace(stated(plan), training=stated(plan.training))
    return Run(model, seen(data), hardware(machine), plan)


def seen(data: Data) -> Data:
    """What a training run sees, as guests."""
    return replace(stated(data), buckets=tuple(map(stated, data.buckets)))


def hardware(machine: Hardware) -> Hardware:
    """The machine of guests: accelerators and nodes, peaks, curves, bandwidths, links, memory, power, prices."""
    busy = machine.site.utilisation
    return replace(
        machine,
        accelerator=accelerator(machine.accelerator),
        count=symbol("per_node", machine.count, "", INPUT),
        nodes=symbol("nodes", machine.nodes, "", INPUT),
        link=link(machine.link),
        network=link(machine.network),
        site=machine.site
        if busy is None
        else replace(machine.site, utilisation=symbol("utilisation", busy, "", INPUT)),
    )


def accelerator(chip: Accelerator) -> Accelerator:
    """An accelerator with its facts as symbols, and with the curves it has now."""
    file = f"data/accelerators/{chip.id}.toml"

    def fact(name: str, value: Any, unit: str) -> Any:
        return None if value is None else symbol(name, value, unit, file)

    peaks = {name: fact(f"peak_{name}", value, "FLOP/s") for name, value in chip.peaks.items()}
    bandwidth = fact("bandwidth", chip.bandwidth, "byte/s")
    tables = _table(curves(chip), "data/kernels")
    return replace(
        chip,
        peaks=peaks,
        bandwidth=bandwidth,
        curves=Curves(of=chip.id, tables=tables, peaks=peaks, bandwidth=bandwidth),
        memory_marketed=fact("memory_marketed", chip.memory_marketed, "byte"),
        memory_driver=fact("memory_driver", chip.memory_driver, "byte"),
        memory_torch=fact("memory_torch", chip.memory_torch, "byte"),
        tdp=fact("tdp", chip.tdp, "W"),
        multiprocessors=fact("multiprocessors", chip.multiprocessors, ""),
        fabric=link(chip.fabric),
        pcie=link(chip.pcie),
        host_copies=tuple(map(_copy, chip.host_copies)),
        prices=tuple(map(_price, chip.prices)),
        collectives=tuple(map(_collective, chip.collectives)),
    )


def link(chosen: Link | None) -> Link | None:
    """A link with its rates as symbols."""
    if chosen is None:
        return None
    source = chosen.sources[0] if chosen.sources else chosen.id

    def fact(name: str, value: Any, unit: str) -> Any:
        return None if value is None else symbol(name, value, unit, source, note=chosen.id)

    return replace(
        chosen,
        rate=fact("link_rate", chosen.rate, "byte/s"),
        achieved=fact("achieved", chosen.achieved, "byte/s"),
        latency=fact("latency", chosen.latency, "s"),
    )


def _copy(copy: HostCopy) -> HostCopy:
    rates = {
        name: symbol("host_rate", rate, "byte/s", copy.source, "measured", copy.kind)
        for name in ("to_device", "to_host")
        if (rate := getattr(copy, name)) is not None
    }
    return replace(copy, **rates)


def _price(price: Price) -> Price:
    source = f"{price.source} ({price.provider}, {price.as_of})"
    ends = {
        f"{end}": symbol(f"price_{end}", getattr(price, end), "USD/s", source, "measured") for end in ("low", "high")
    }
    return replace(price, **ends)


def _collective(row: CollectiveRates) -> CollectiveRates:
    def each(name: str, values: tuple[float, ...], unit: str) -> tuple[Any, ...]:
        return tuple(
            symbol(name, value, unit, row.source, "measured", f"{row.operation}, {count}")
            for count, value in zip(row.counts, values, strict=True)
        )

    return replace(
        row,
        link=link(row.link),
        bus_bandwidths=each("bus_bandwidth", row.bus_bandwidths, "byte/s"),
        latencies=each("latency", row.latencies, "s") if row.latencies else (),
    )


def _table(table: Any, source: str, inside: str = "", name: str = "", provenance: str = "assumed") -> Any:
    """A table of curves with a symbol for each number, and the source that stands beside it.

    inside  what the ends of a band are called in here
    """
    if isinstance(table, dict):
        source, provenance = table.get("source", source), table.get("provenance", provenance)
        called = inside or PARENTS.get(name, "")
        return {key: _table(value, source, called, key, provenance) for key, value in table.items()}
    if isinstance(table, int | float) and not isinstance(table, bool):
        called = (inside or "plateau") if name in BAND else f"width_{name}" if name.isdigit() else name
        return symbol(called, plain(table), TABLE_UNITS.get(called, ""), source, provenance)
    return table
