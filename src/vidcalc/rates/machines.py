"""Machines as estimates take them: accelerators of the catalogue with their curves, and the links between them.

A machine is complete by itself. Whoever replaces a peak, a bandwidth, a price or a link of it has another machine,
which nothing that was asked before can reach.
"""

from functools import cache

from msgspec.structs import replace

from vidcalc.base.number import Number
from vidcalc.base.units import quantity
from vidcalc.catalog import accelerators, load
from vidcalc.catalog.accelerators import link
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.rates.collectives import measurements
from vidcalc.rates.curves import catalogue_tables, with_curves


def accelerator(name: str) -> Accelerator:
    """The accelerator of that id, name or alias ("H100", "rtx-4090", "4090"). Raises UnknownName."""
    return _complete(accelerators.resolve(name))


def hardware(name: str, count: Number = 1, nodes: Number = 1, network: str = "ib-ndr") -> Hardware:
    """`nodes` nodes of `count` accelerators, joined by their own fabric (else PCIe) and by a network between nodes."""
    return machine(accelerator(name), count, nodes, network)


def machine(chip: Accelerator, count: Number = 1, nodes: Number = 1, network: str = "ib-ndr") -> Hardware:
    """The same, of an accelerator at hand."""
    return Hardware(accelerator=chip, count=count, nodes=nodes, link=chip.fabric or chip.pcie, network=link(network))


def placed(hardware: Hardware, count: int) -> Hardware:
    """That many accelerators in as few equal nodes of no more than the usual size as hold them."""
    nodes = accelerators.usual_nodes(hardware.accelerator, count)
    return replace(hardware, count=count // nodes, nodes=nodes)


@cache
def _complete(name: str) -> Accelerator:
    """Facts of the catalogue with curves, exchanges and prices: data that nobody writes to."""
    chip = accelerators.with_class_prices(accelerators.accelerator(name))
    return with_curves(replace(chip, collectives=measurements(name)), catalogue_tables(name), _middle(name))


def _middle(name: str) -> float | None:
    """The geometric mean of published bandwidths that contradict each other, which the curves start from [byte/s]."""
    published = load.entry("accelerators", name).get("bandwidth_range")
    if published is None:
        return None
    low, high = (float(quantity(published[end], "B/s")) for end in ("low", "high"))
    return float((low * high) ** 0.5)
