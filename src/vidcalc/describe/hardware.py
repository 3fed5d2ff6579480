"""What a job runs on: accelerators, the links between them, and how many of each. All numbers in SI base units.

These are nouns: facts and plain look-ups, no estimate. How fast a chip really is stands in `vidcalc.rates.utilisation`.
"""

import msgspec
from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.base.facts import Facts
from vidcalc.base.guest import named
from vidcalc.base.number import Number
from vidcalc.describe.model import Caution

# A format without arithmetic of its own on a chip runs in the next one of this list that the chip has: fp8 weights on
# an A100 are multiplied as bf16.
RUNS_AS: dict[str, tuple[str, ...]] = {
    "fp32": ("fp32",),
    "tf32": ("tf32", "fp32"),
    "fp16": ("fp16", "bf16", "fp32"),
    "bf16": ("bf16", "fp16", "fp32"),
    "fp8": ("fp8", "bf16", "fp16", "fp32"),
    "fp8_block": ("fp8", "bf16", "fp16", "fp32"),
    "int8": ("int8", "bf16", "fp16", "fp32"),
    "fp6": ("fp6", "fp8", "bf16", "fp16", "fp32"),
    "fp4": ("fp4", "fp8", "bf16", "fp16", "fp32"),
}
# float32 products made of bf16 ones where a chip has no fp32 matrix arithmetic: 3 pieces each, 6 products that count.
BF16_PRODUCTS_PER_FP32 = 6
UNSEEN_SHARE = 0.97  # of the marketed memory: what torch sees where nothing else is known


def width_of(precision: str) -> str:
    """The width that a number format counts as in the curves of convolutions."""
    return "single" if precision in ("fp32", "tf32") else "half"


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What one accelerator costs per second at a class of provider: a dated range, no mean implied."""

    provider: str
    low: Number
    """USD per second."""
    high: Number
    """USD per second."""
    as_of: str
    source: str


class HostCopy(msgspec.Struct, frozen=True, kw_only=True):
    """A measured copy rate between host memory and the accelerator, byte/s; kind: pinned, pageable, C2C ..."""

    kind: str
    to_device: float | None
    to_host: float | None
    source: str


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link between devices or nodes. Rates are byte/s in one direction."""

    id: str
    name: str
    scope: str
    rate: Number
    """Nominal."""
    achieved: Number | None
    """Typically achieved; None where nobody measured it."""
    latency: float | None
    """Seconds of one hop."""
    sources: tuple[str, ...]


class Curves(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """How fast kernels run on an accelerator, and the facts that this was worked out for.

    of         id of the accelerator they belong to: the source of what is scaled from them
    tables     as `vidcalc.rates.kernels.derive` makes them
    peaks      dense peaks they were made for [FLOP/s]
    bandwidth  nominal memory bandwidth they were made for [byte/s]; None where nobody knows one

    A chip with other peaks or another bandwidth than these runs in proportion: see `vidcalc.rates.curves`.
    """

    of: str
    tables: Facts
    peaks: dict[str, Number]
    bandwidth: Number | None


class CollectiveRates(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One kind of exchange as it was measured among accelerators of one node.

    of              id of the accelerator it was measured on, whose link it went over
    counts          how many took part
    bus_bandwidths  at large payloads, for each count [byte/s]
    latencies       of a small message, for each count [second]; empty where nobody measured them
    """

    of: str
    operation: str
    link: Link
    counts: tuple[int, ...]
    bus_bandwidths: tuple[float, ...]
    latencies: tuple[float, ...]
    source: str


class Accelerator(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One GPU or other accelerator, as software sees it (one device).

    Peaks, bandwidth and the ends of a price may be float64 arrays: a sweep. The catalogue gives the facts alone;
    `vidcalc.rates.machines` gives accelerators with their curves, which every estimate needs. What is worked out from
    one is kept with it: see `vidcalc.base.memo`.
    """

    id: str
    name: str
    vendor: str
    kind: str
    """datacenter, workstation, consumer, soc or asic."""
    architecture: str
    release_year: int | None
    compute_capability: str | None
    memory_marketed: int
    """Bytes on the box."""
    memory_driver: int | None
    """Bytes the driver reports."""
    memory_torch: int | None
    """Bytes torch reports."""
    unified_memory: bool
    """Whether the memory is shared with the host."""
    bandwidth: Number | None
    """Nominal memory bandwidth, byte/s."""
    tdp: float | None
    """Nominal power, watt."""
    peaks: dict[str, Number]
    """Dense peaks, FLOP/s, by precision; without sparsity, with 32-bit accumulation where not named otherwise."""
    supports: dict[str, bool]
    """Number formats and attention kernels known to work or not to work; absent where unknown."""
    fabric: Link | None
    """The link between accelerators of a node, or None: they meet over PCIe."""
    fabric_rate: float | None
    """byte/s, one direction, per accelerator, all links together."""
    pcie: Link | None
    """The link to the host."""
    host_copies: tuple[HostCopy, ...]
    prices: tuple[Price, ...]
    sources: tuple[str, ...]
    like: str | None = None
    """Of an accelerator that the user described: the one of the catalogue whose measurements stand in for its own."""
    multiprocessors: int | None = None
    """Streaming multiprocessors or compute units, where known."""
    cautions: tuple[Caution, ...] = ()
    """What its user should know about an accelerator that the user described."""
    memory_seen: float = UNSEEN_SHARE
    """Of the marketed bytes, what the driver would report where nobody asked it."""
    per_node: int = 8
    """How many of them usually share a node."""
    collectives: tuple[CollectiveRates, ...] = ()
    """What was measured on it, or on the one whose measurements stand in for its own."""
    curves: Curves | None = None
    """How fast it runs kernels; None in the catalogue's facts."""

    @property
    def capacity(self) -> int:
        """Bytes a process can hope for: as torch sees it, else as the driver does, else as it would by its size."""
        if self.memory_torch is not None:
            return self.memory_torch
        return round(self.memory_marketed * self.memory_seen) if self.memory_driver is None else self.memory_driver

    @property
    def reported(self) -> int:
        """Bytes of the card as its driver reports them, where known; else as `capacity`."""
        return self.capacity if self.memory_driver is None else self.memory_driver

    def without(self, nbytes: int) -> "Accelerator":
        """The accelerator with so many bytes of its memory taken away, as far as there are so many."""
        left = {
            "memory_torch": max(self.capacity - nbytes, 0),
            "memory_driver": None if self.memory_driver is None else max(self.memory_driver - nbytes, 0),
        }
        return replace(self, **left) if nbytes else self

    def arithmetic(self, precision: str) -> str:
        """The arithmetic that a number format really runs in on this chip: "fp8" -> "bf16" on an A100.

        Raises InputError("precision", ...) for a format nobody knows.
        """
        if precision not in RUNS_AS:
            raise InputError("precision", precision, RUNS_AS)
        for candidate in RUNS_AS[precision]:
            if candidate in self.peaks:
                return candidate
        return "bf16"

    def peak(self, precision: str) -> Number:
        """Dense peak of that format's arithmetic, FLOP/s. Raises InputError("precision", ...)."""
        runs_as = self.arithmetic(precision)
        emulated = precision in ("fp32", "tf32") and runs_as == "bf16"
        return self.peaks[runs_as] / (BF16_PRODUCTS_PER_FP32 if emulated else 1)


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where accelerators stand and how busy they are: what power and fleets are reckoned with."""

    place: str = "cloud"
    """cloud, own_rack, home, hyperscale_fleet or industry_average: decides the facility's overhead (PUE)."""
    country: str = "world"
    """Three-letter code of the country whose electricity they use."""
    utilisation: Number | None = None
    """Share of the time in which they have a job; None: the usual one of a fleet."""


class Hardware(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What the job runs on. `count` accelerators per node and `nodes` of them may be arrays."""

    accelerator: Accelerator
    count: Number = 1
    """Accelerators per node."""
    link: Link | None = None
    """Between accelerators of a node; None: the accelerator's own fabric, else PCIe."""
    nodes: Number = 1
    network: Link | None = None
    """Between nodes."""
    site: Site = Site()
    host_ram: Number | None = None
    """Bytes of host memory of a node; None where nobody said."""

    @property
    def total(self) -> Number:
        """Accelerators of all nodes."""
        return named("gpus", self.count * self.nodes)
