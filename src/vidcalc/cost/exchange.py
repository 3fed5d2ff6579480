"""Seconds of one collective among ranks, wherever they sit: inside a node its fabric decides, across nodes the network.

Ranks are numbered node by node. A group of `degree` ranks that lie `stride` apart stays in a node where degree ×
stride of them fit. Across nodes a ring enters and leaves each node once per rank of the group in it, each with a
network card of its own, so its bus bandwidth is theirs together; an all-to-all sends most of what a rank has through
its own card. Among one rank nothing is said.

Source: NCCL tests (bus bandwidth); published multi-node figures (DGX H100 8 × 400 Gb/s: all-reduce 370 GB/s,
all-to-all 48 GB/s) agree with this rule.
"""

from typing import Any

from vidcalc.arithmetic import maximum, minimum, where
from vidcalc.catalog.collectives import collective
from vidcalc.catalog.defaults import defaults
from vidcalc.describe.hardware import Hardware, Link

TURNS = {"all_reduce": 2, "all_gather": 1, "reduce_scatter": 1, "all_to_all": 1}  # times the data goes round


def exchange(hardware: Hardware, operation: str, nbytes: Any, degree: Any, stride: Any = 1, calls: Any = 1) -> Any:
    """Seconds of `calls` collectives of that kind, together on `nbytes` of each rank's buffer (of a gather's result).

    degree  ranks that take part;  stride  how far apart they are numbered
    """
    rate = collective(hardware.accelerator.id, operation)
    inside = minimum(maximum(hardware.count // stride, 1), degree)  # of the group in one node
    fabric = rate.bus_bandwidth(inside)
    card = achieved(hardware.network)
    across = card if operation == "all_to_all" else minimum(card * inside, fabric)
    bandwidth = where(inside >= degree, fabric, across)
    several = minimum(degree - 1, 1)
    moved = nbytes * TURNS[operation] * (degree - 1) / degree / bandwidth
    delay = rate.latency(inside) + where(inside >= degree, 0, latency(hardware.network))
    return (moved + delay * calls) * several


def achieved(network: Link | None) -> float:
    """Rate of a rank's own network card as it is reached [byte/s]; without a network nothing crosses nodes."""
    if network is None:
        return float("inf")
    return network.achieved or network.rate * float(defaults()["link"]["achieved_fraction"])


def latency(network: Link | None) -> float:
    """Seconds of one hop across nodes."""
    return (network.latency or 0.0) if network is not None else 0.0
