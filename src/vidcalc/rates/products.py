"""Which kernel multiplies by the weights of a number format on a chip, and how fast: facts in data/products.toml.

A framework makes packed weights whole at each call and multiplies plainly, or its kernel unpacks them where it loads
them, or both operands are packed and the format's own arithmetic runs. Only the last needs a chip that has it; where it
has not, weights are made whole.
"""

from functools import cache

import msgspec

from vidcalc.base.memo import once
from vidcalc.base.number import Number, ceil_div, maximum, minimum
from vidcalc.catalog.load import table
from vidcalc.describe.hardware import Accelerator
from vidcalc.rates.curves import curves
from vidcalc.rates.rate import Rate
from vidcalc.rates.traffic import bandwidth, multiprocessors
from vidcalc.rates.utilisation import gemm

PLAIN, WHOLE, FUSED = "plain", "dequantised", "fused"


class Pace(msgspec.Struct, frozen=True):
    """Elements that a multiprocessor unpacks in a clock."""

    low: float
    likely: float
    high: float


class Product(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How linear layers in a number format multiply; the fields are those of data/products.toml."""

    source: str
    whole: bool = False
    back: bool = False
    between: float = 0
    kernels: int = 0
    single: int = 0
    rounds: bool = False
    packed: bool = False
    native: bool = False
    times: float = 1
    capabilities: tuple[float, float] | None = None
    rank: int = 0
    rows: int = 0
    pace: Pace | None = None
    lanes: dict[str, int] = {}
    fitted: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@cache
def product(name: str) -> Product:
    """The kernel of that name. Raises KeyError."""
    return msgspec.convert(table("products")[name], Product)


@once
def running(chip: Accelerator, name: str, arithmetic: str) -> Product:
    """The kernel that really runs on a chip where one of that name is asked for, with the format's arithmetic."""
    asked = product(name)
    if asked.native and not _has(chip, asked, arithmetic):
        return product(WHOLE)
    if asked.rows and not multiprocessors(chip):  # it is a kernel of graphics chips
        return product(FUSED)
    return asked


def _has(chip: Accelerator, asked: Product, arithmetic: str) -> bool:
    """Whether a chip multiplies in a format."""
    if asked.capabilities is None:
        return chip.arithmetic(arithmetic) == arithmetic
    first, last = asked.capabilities
    return chip.vendor == "NVIDIA" and first <= float(chip.compute_capability or 0) <= last


def multiplied(
    chip: Accelerator, name: str, arithmetic: str, dtype: str, rows: Number, d_in: Number, d_out: Number
) -> Rate:
    """Rate of [rows, d_in] x weights [d_in, d_out] by the kernel of a number format.

    arithmetic  of the format;  dtype  of the activations
    """
    kernel = running(chip, name, arithmetic)
    # weights made whole for want of the format's arithmetic are multiplied in the activations' dtype
    lacking = kernel.whole and product(name).native
    rate = gemm(chip, dtype if lacking else arithmetic or dtype, rows, d_in, d_out)
    if kernel.times != 1:
        rate = rate.slowed(1 / kernel.times)
    if kernel.rank:
        beside = gemm(chip, dtype, rows, d_in, d_out)
        # FLOP of [rows, d_in] x [d_in, rank] and [rows, rank] x [rank, d_out] over those of the layer
        thin = kernel.rank * (1 / d_in + 1 / d_out)
        rate = Rate(
            1 / (1 / rate.low + thin / beside.low),
            1 / (1 / rate.likely + thin / beside.likely),
            1 / (1 / rate.high + thin / beside.high),
            "assumed",
            rate.source,
        )
    if kernel.pace is None:
        return rate
    lanes = kernel.lanes.get(str(chip.compute_capability), kernel.lanes["other"])
    # clocks a second of all multiprocessors: FLOP/s / lanes, two FLOP a clock each
    clocks = chip.peak("fp32") / (2 * lanes)
    # FLOP of the product for each element that is unpacked, 2 a row of a full tile, x clocks a second
    each = 2 * rows / ceil_div(maximum(rows, 1), kernel.rows) * clocks
    low, likely, high = kernel.pace.low * each, kernel.pace.likely * each, kernel.pace.high * each
    # the slower of the two paces counts
    slowest = minimum(rate.low, low), minimum(rate.likely, likely), minimum(rate.high, high)
    return Rate(*slowest, "assumed", kernel.source)


def stored_bytes(chip: Accelerator, name: str, arithmetic: str, stored: float, element: float) -> float:
    """Bytes of a weight that the product itself reads: as it is stored, or whole (`element` bytes)."""
    return stored if running(chip, name, arithmetic).packed and stored else element


def unpacked(
    chip: Accelerator, name: str, arithmetic: str, stored: float, element: float, weights: Number, joined: bool = False
) -> tuple[Number, Number, Number]:
    """Seconds (low, likely, high) to make so many weights whole before a product, and to put them back.

    stored  bytes of a weight in its format;  element  bytes of a whole one
    joined  a compiler makes the kernels that do it one
    """
    kernel = running(chip, name, arithmetic)
    if not kernel.whole:
        return 0, 0, 0
    # read as stored, moved between kernels, written whole; and the same way back where they do not stay
    moved = weights * ((stored + element) * (1 + kernel.back) + kernel.between * (not joined))
    rate, pace = bandwidth(chip), curves(chip)["elementwise"]["pace"]["single"] * multiprocessors(chip)
    # kernels that load an element at a time get through so many a second
    least = weights * kernel.single / pace if pace and not joined else 0
    return maximum(moved / rate.high, least), maximum(moved / rate.likely, least), maximum(moved / rate.low, least)


def kernels(chip: Accelerator, name: str, arithmetic: str) -> int:
    """Kernels that make a layer's weights whole at each call."""
    return running(chip, name, arithmetic).kernels
