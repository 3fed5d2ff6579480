"""How long an exchange among ranks takes: inside a node over the fabric, across nodes over one network port each.

Ranks stand in this order, the first nearest: tensor, ulysses, ring, pipefusion, guidance. A group of a way of sharing
takes every `stride`-th rank, so that it leaves its node where the ways before it have filled that. In a ring every
member of the node has a port of its own; in an all-to-all every rank sends through its own port what goes to other
nodes.

Seconds are bytes over a bandwidth, and what an exchange waits beside it, which grows with the message: it is cut into
chunks, and each has its start and its end among the ranks. Of 8 H200 an exchange of 8 MiB takes twice as long as a
small one's latency and its bytes alone. Constants: data/parallel.toml.

Sources: NCCL tests (bus bandwidth), data/collectives, data/links.
"""

from functools import cache

import msgspec

from vidcalc.base.guest import given, named
from vidcalc.base.number import Number, ceil_div, maximum, minimum, power, where
from vidcalc.base.units import quantity
from vidcalc.catalog.load import entry
from vidcalc.describe.hardware import Accelerator, Hardware, Link
from vidcalc.rates.collectives import collective, own_link, typical
from vidcalc.rates.laws import sharing

BRIDGE, PAIR = "GPU pair", 2  # a link that joins two cards
PASSES = {"all_reduce": 2}  # times the bytes go round; once in all others


class Wires(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The links of a job: accelerators of one kind, their link, so many to a node, a network between nodes [byte/s]."""

    chip: Accelerator
    link: Link | None
    """None: the accelerators' own."""
    kind: str
    """ "pcie" where accelerators meet over the link to the host, else "fabric"."""
    beyond: Link | None
    """Link among more than two, where the other joins pairs."""
    per_node: Number
    network: Number

    @property
    def crowded(self) -> bool:
        """Whether cards write into each other's memory over the CPU's root ports, where many are in each other's way.

        GeForce cards have no such access: what they exchange goes through host memory.
        """
        inside = self.beyond or self.link or own_link(self.chip)
        reach = self.chip.vendor == "NVIDIA" and self.chip.kind in ("datacenter", "workstation")
        return reach and inside.id.startswith(("pcie3", "pcie4"))

    def seconds(self, operation: str, nbytes: Number, degree: Number, stride: Number = 1, calls: Number = 1) -> Number:
        """Seconds that `calls` of an `operation`, together on `nbytes`, take among `degree` ranks; 0 among one.

        nbytes  an all-gather's and an all-reduce's whole tensor, an all-to-all's and a send's bytes of one rank
        """
        # ranks of the group that share a node: every stride-th of its accelerators
        near = named("near", minimum(degree, maximum(self.per_node // stride, 1)))
        rates = collective(self.chip, operation, self.link)
        bus = rates.bus_bandwidth(near)
        if self.beyond is not None:
            # three and more meet over the link that all of them have
            wider = collective(self.chip, operation, self.beyond).bus_bandwidth(near)
            bus = where(near > PAIR, wider, bus)
        if operation == "all_to_all" and self.crowded and rates.provenance != "measured":
            law = sharing()["peers"]
            slow = given("peers", quantity(law["all_to_all"], "B/s"), bus, "data/parallel.toml", "byte/s", "measured")
            bus = where(near >= law["many"], minimum(bus, slow), bus)
        bus = named("bus_bandwidth", bus, "byte/s", rates.source, rates.provenance)
        latency = named("latency", rates.latency(near), "s", rates.source)
        if rates.provenance != "assumed":
            bus = _without_waiting(bus, latency, PASSES.get(operation, 1) * (1 - 1 / maximum(near, PAIR)))
        # a rank has 1/n already and moves (n - 1) / n; an all-reduce scatters and gathers: twice
        share = PASSES.get(operation, 1) * (degree - 1) / degree
        if operation == "all_to_all":
            # of one rank's bytes the part for ranks of other nodes, through its own port
            far = nbytes * (degree - near) / degree / self.network
            moving = maximum(nbytes * share / bus, far)
        else:
            # a ring over nodes has `near` ports side by side, and is no faster than inside of one
            moving = nbytes * share / where(degree > near, minimum(bus, near * self.network), bus)
        nodes = named("nodes", ceil_div(degree, near))
        # one more network latency for each further node
        started = latency + network_latency() * (nodes - 1)
        waiting = named("waiting", started * chunked(nbytes / calls), "s", "data/parallel.toml")
        moving = named("moving", moving, "s")
        # one rank waits for nobody
        return moving + waiting * calls * minimum(degree - 1, 1)

    def exchange(self, operation: str, nbytes: Number, degree: Number, stride: Number = 1) -> Number:
        """Seconds of one exchange of that name, a send among them."""
        if operation == "send":
            return self.send(nbytes, degree, stride)
        return self.seconds(operation, nbytes, degree, stride)

    def send(self, nbytes: Number, degree: Number, stride: Number = 1) -> Number:
        """Seconds in which each of `degree` ranks passes bytes to the next one; 0 among one."""
        alone = self.seconds("all_gather", nbytes * degree, degree, stride)  # a ring of degree - 1 such sends
        return alone / maximum(degree - 1, 1)


def chunked(nbytes: Number) -> Number:
    """Latencies of a small message that an exchange of so many bytes waits, beside its bytes over the bandwidth."""
    law = sharing()["exchange"]
    small = given("small", quantity(law["small"], "B"), nbytes, "data/parallel.toml", "byte", "measured")
    return power(maximum(nbytes / small, 1), law["growth"])


def _without_waiting(bus: Number, latency: Number, share: Number) -> Number:
    """A bandwidth that was measured at one payload, less what that exchange waited [byte/s].

    share  bytes that a rank moves of each of the payload
    """
    payload = quantity(sharing()["exchange"]["measured_at"], "B")
    payload = given("measured_at", payload, bus, "data/parallel.toml", "byte", "measured")
    # s a byte, of all and of waiting; no more than half of all, on links faster than any that was measured
    whole = 1 / bus
    return 1 / maximum(whole - latency * chunked(payload) / (payload * share), whole / 2)


@cache
def network_latency() -> float:
    """Seconds of a message to another node, in NCCL's own model [second]."""
    *_, simple = entry("collectives", "nccl-model")["network_latency"]["ring"]
    return quantity(simple, "s")


def wires(hardware: Hardware) -> Wires:
    """The links of that hardware; without a network between nodes, one that takes no time."""
    chip = hardware.accelerator
    bridged = hardware.link is not None and hardware.link.scope == BRIDGE
    return Wires(
        chip=chip,
        kind=fabric(hardware),
        link=hardware.link,
        beyond=chip.pcie if bridged else None,
        per_node=hardware.count,
        network=typical(hardware.network) if hardware.network else float("inf"),
    )


def fabric(hardware: Hardware) -> str:
    """ "pcie" where accelerators of a node meet over the link to the host, else "fabric"."""
    return "pcie" if over_host(hardware) else "fabric"


def over_host(hardware: Hardware) -> bool:
    """Whether accelerators of a node meet over the link that they have to the host."""
    chip = hardware.accelerator
    inside = hardware.link or chip.fabric or chip.pcie
    return inside is not None and inside.id.startswith("pcie")
