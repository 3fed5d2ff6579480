"""What a job runs on: accelerators, the links between them, and how many of each. All numbers in SI base units.

These are nouns: facts and plain look-ups, no estimate. How fast a chip really is stands in `vidcalc.rates.utilisation`.
"""

from typing import Any

import msgspec

from vidcalc.base.errors import InputError
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
UNSEEN_SHARE = 0.97  # of the marketed memory: what torch sees where neither torch nor the driver was asked


def width_of(precision: str) -> str:
    """The width that a number format counts as in the curves of convolutions."""
    return "single" if precision in ("fp32", "tf32") else "half"


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What one accelerator costs per second at a class of provider: a dated range, no mean implied."""

    provider: str
    low: float
    """USD per second."""
    high: float
    """USD per second."""
    as_of: str
    source: str


class HostCopy(msgspec.Struct, frozen=True, kw_only=True):
    """A measured copy rate between host memory and the accelerator, byte/s; kind: pinned, pageable, C2C ..."""

    kind: str
    to_device: float | None
    to_host: float | None
    source: str


class Accelerator(msgspec.Struct, frozen=True, kw_only=True):
    """One GPU or other accelerator, as software sees it (one device)."""

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
    bandwidth: float | None
    """Nominal memory bandwidth, byte/s."""
    tdp: float | None
    """Nominal power, watt."""
    peaks: dict[str, float]
    """Dense peaks, FLOP/s, by precision; without sparsity, with 32-bit accumulation where not named otherwise."""
    supports: dict[str, bool]
    """Number formats and attention kernels known to work or not to work; absent where unknown."""
    fabric: str | None
    """Id of the link between accelerators of a node, or None: they meet over PCIe."""
    fabric_rate: float | None
    """byte/s, one direction, per accelerator, all links together."""
    pcie: str | None
    """Id of the link to the host."""
    host_copies: tuple[HostCopy, ...]
    prices: tuple[Price, ...]
    sources: tuple[str, ...]
    like: str | None = None
    """Of an accelerator that the user described: the one of the catalogue whose measurements stand in for its own."""
    multiprocessors: int | None = None
    """Streaming multiprocessors or compute units, where known."""
    cautions: tuple[Caution, ...] = ()
    """What its user should know about an accelerator that the user described."""

    @property
    def capacity(self) -> int:
        """Bytes a process can hope for: as torch sees it, else as the driver does, else 97 % of the marketed size."""
        return self.memory_torch or self.memory_driver or round(self.memory_marketed * UNSEEN_SHARE)

    @property
    def reported(self) -> int:
        """Bytes of the card as its driver reports them, where known; else as `capacity`."""
        return self.memory_driver or self.capacity

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

    def peak(self, precision: str) -> float:
        """Dense peak of that format's arithmetic, FLOP/s. Raises InputError("precision", ...)."""
        runs_as = self.arithmetic(precision)
        emulated = precision in ("fp32", "tf32") and runs_as == "bf16"
        return self.peaks[runs_as] / (BF16_PRODUCTS_PER_FP32 if emulated else 1)


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link between devices or nodes. Rates are byte/s in one direction."""

    id: str
    name: str
    scope: str
    rate: float
    """Nominal."""
    achieved: float | None
    """Typically achieved; None where nobody measured it."""
    latency: float | None
    """Seconds of one hop."""
    sources: tuple[str, ...]


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where accelerators stand and how busy they are: what power and fleets are reckoned with."""

    place: str = "cloud"
    """cloud, own_rack, home, hyperscale_fleet or industry_average: decides the facility's overhead (PUE)."""
    country: str = "world"
    """Three-letter code of the country whose electricity they use."""
    utilisation: Any = None
    """Share of the time in which they have a job; None: the usual one of a fleet."""


class Hardware(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What the job runs on. `count` accelerators per node and `nodes` of them may be arrays."""

    accelerator: Accelerator
    count: Any = 1
    """Accelerators per node."""
    link: Link | None = None
    """Between accelerators of a node; None: the accelerator's own fabric, else PCIe."""
    nodes: Any = 1
    network: Link | None = None
    """Between nodes."""
    site: Site = Site()

    @property
    def total(self) -> Any:
        """Accelerators of all nodes."""
        return self.count * self.nodes
