"""How fast an accelerator really runs each kind of work, from measurements, as a function of shape.

There is no single utilisation: a large 16-bit product reaches four fifths of an A100's peak, a small one or an fp8 one
far less, and each attention kernel has a rate of its own. Curves are made in `vidcalc.rates.kernels`; here they are
evaluated, for plain ints and float64 arrays alike, from the noun alone: one with another peak runs at another rate.
Every rate is a band (low, likely, high) and says what it rests on: *measured* on this chip, *interpolated* from its own
rows of another kind or head width, or *assumed* from a relative.
"""

from itertools import pairwise

import msgspec

from vidcalc.base.errors import InputError, nearest
from vidcalc.base.facts import Facts
from vidcalc.base.guest import given, named
from vidcalc.base.memo import once
from vidcalc.base.number import Number, maximum, minimum, unchanged, where
from vidcalc.describe.hardware import Accelerator, width_of
from vidcalc.rates.attention_lengths import even
from vidcalc.rates.convolution_shapes import filling, waves
from vidcalc.rates.curves import curves
from vidcalc.rates.rate import Rate
from vidcalc.rates.relatives import OWN
from vidcalc.rates.traffic import multiprocessors

LATE = "late"
TILE = 256  # elements: narrower products do not lose more by their corners
CHOSEN = ("sdpa", "flash")  # words for what a library picks on the chip
NO_MASK: Facts = {"low": 0, "likely": 0, "high": 0}
SPELLED: Facts = {"kernel": "math", **NO_MASK}


class _Gemm(msgspec.Struct, frozen=True, eq=False):
    low: Number
    likely: Number
    high: Number
    d_in_half: Number
    d_out_half: Number
    corner: Number
    startup: Number
    provenance: str
    source: str


class _Attention(msgspec.Struct, frozen=True, eq=False):
    low: Number
    likely: Number
    high: Number
    half: Number
    provenance: str
    source: str
    ragged: float


def gemm(chip: Accelerator, precision: str, rows: Number, d_in: Number, d_out: Number) -> Rate:
    """Rate of a matrix product [rows, d_in] x [d_in, d_out]. Small sides lose; see data/kernels/laws.toml.

    Raises InputError("precision", ...) for an unknown format.
    """
    law = _gemm_law(chip, precision)
    loss = _shape_loss(law, rows, d_in, d_out)
    return Rate(law.low / loss, law.likely / loss, law.high / loss, law.provenance, law.source)


def lender(chip: Accelerator) -> tuple[str, str]:
    """The chip whose rates of products are used, and its degree of kinship (`vidcalc.rates.relatives`)."""
    curve = curves(chip)["gemm"]["bf16"]
    return curve.get("donor", chip.id), curve.get("degree", OWN)


def _shape_loss(law: _Gemm, rows: Number, d_in: Number, d_out: Number) -> Number:
    """How many times slower than its plateau a product of this shape runs; an empty one as one row."""
    # seconds of the start / seconds of the product at its plateau (2 FLOP a multiply-add)
    startup = law.startup * law.likely / (2 * maximum(rows, 1) * d_in * d_out)
    # each half-length is the side at which its term alone halves the rate
    tiles = maximum(d_in, TILE) * maximum(d_out, TILE)
    # of one at its plateau
    whole = given("plateau", 1, d_out, "data/kernels/laws.toml", "", "exact")
    return whole + law.d_in_half / d_in + law.d_out_half / d_out + law.corner / tiles + startup


def convolution(
    chip: Accelerator,
    precision: str,
    rows: Number,
    c_in: Number,
    c_out: Number,
    taps: Number = 1,
    stack: str = LATE,
) -> Rate:
    """Rate of a convolution as a product: rows = output positions, c_in and c_out = channels of a group.

    The product's rate times the share that the chip's convolutions reach, less what its channels leave of a tile and
    the last wave of tiles is not full of. With one tap it is a product. A float32 convolution runs in tf32 where the
    chip has it, as cuDNN does by default under torch.
    """
    if unchanged(taps, 1):
        law = _gemm_law(chip, "tf32" if precision == "fp32" else precision)
        loss = _shape_loss(law, rows, c_in, c_out)
        return Rate(law.low / loss, law.likely / loss, law.high / loss, law.provenance, law.source)
    # it is those over time that were slow in older libraries: three taps, or three in each dimension
    law = _convolution_law(chip, precision, stack if unchanged(taps, 27) or unchanged(taps, 3) else LATE)
    loss = _shape_loss(law, rows, named("depth", c_in * taps), c_out)
    fills = curves(chip)["convolution"]["filling"]
    filled = named("filling", filling(fills, c_in) * filling(fills, c_out), note="convolution")
    partly = named("waves", waves(rows, c_out, multiprocessors(chip)), note="convolution")
    # what tiles and waves are full of
    full = filled / partly
    low, likely, high = (named("filled_rate", end * full, "FLOP/s") for end in (law.low, law.likely, law.high))
    return Rate(low / loss, likely / loss, high / loss, law.provenance, law.source)


@once
def vector(chip: Accelerator) -> Rate:
    """Rate of products outside the matrix units [FLOP/s]: a depthwise convolution has no sum over channels for them.

    Its traffic decides nearly always.
    """
    # the vector units' peak is that of plain float32
    peak, law = chip.peak("fp32"), curves(chip)["vector"]
    return Rate(peak * law["low"], peak * law["likely"], peak * law["high"], "assumed", law["source"])


def attention(
    chip: Accelerator,
    kernel: str,
    precision: str,
    head_dim: float,
    queries: Number,
    keys: Number,
    direction: str = "forward",
    masked: str = "none",
    stack: str = LATE,
) -> Rate:
    """Rate of an attention kernel at its nominal FLOP (4 x queries x keys x head_dim per head; backward 2.5 x that).

    `kernel`: math, sdpa (what torch picks on this chip), flash2, flash3, flash4, cudnn, sage1, sage2, sage2++, sage3 or
    xformers; `direction`: forward or backward; `masked`: "none", "dense" or "pairs", which sdpa has fewer kernels for;
    `stack`: "early" or "late", torch before and from 2.11. Raises InputError("attention", ...) for a kernel the chip
    has not.
    """
    law = _attention_law(chip, kernel, precision, head_dim, direction, masked, stack)
    # the mean of what short queries and short keys lose; of self-attention 1 + half / length
    loss: Number = 1 + law.half * (1 / maximum(queries, 1) + 1 / maximum(keys, 1)) / 2
    if law.ragged != 1 and direction == "forward":  # of no backward was it seen
        loss = loss / where(even(keys), 1.0, law.ragged)
    return Rate(law.low / loss, law.likely / loss, law.high / loss, law.provenance, law.source)


@once
def attention_kernels(chip: Accelerator) -> tuple[str, ...]:
    """The attention kernels of an accelerator, and the words `sdpa` and `flash` for what a library picks."""
    return (*CHOSEN, *curves(chip)["attention"])


def resolve_attention(chip: Accelerator, kernel: str, stack: str = LATE) -> str:
    """The kernel that really runs: "sdpa" -> "cudnn" on an H100. Raises InputError("attention", ...)."""
    allowed = attention_kernels(chip)
    if kernel not in allowed:
        raise InputError("attention", kernel, allowed, nearest(kernel, allowed))
    return curves(chip)[kernel][stack] if kernel in CHOSEN else kernel


@once
def _gemm_law(chip: Accelerator, precision: str) -> _Gemm:
    table = curves(chip)["gemm"]
    # formats of one width share a curve: bf16 and fp16, and tf32 with fp32 where the chip has no tf32
    narrower = {"fp16": "bf16", "tf32": "fp32"}.get(precision, chip.arithmetic(precision))
    name = next(name for name in (precision, narrower, "bf16") if name in table)
    law, factor = (
        _Gemm(*(table[name][field] for field in _Gemm.__struct_fields__)),
        # the same share of another format's peak
        chip.peak(precision) / chip.peak(name),
    )
    return msgspec.structs.replace(law, low=law.low * factor, likely=law.likely * factor, high=law.high * factor)


@once
def _convolution_law(chip: Accelerator, precision: str, stack: str) -> _Gemm:
    unit = "tf32" if precision == "fp32" else precision
    law, share = _gemm_law(chip, unit), curves(chip)["convolution"][stack][width_of(precision)]
    # products are measured as long runs sustain them; a convolution may pass that, not the peak
    limit = maximum(chip.peak(unit), law.high)
    return _Gemm(
        minimum(law.low * share["low"], limit),
        minimum(law.likely * share["likely"], limit),
        minimum(law.high * share["high"], limit),
        law.d_in_half,
        law.d_out_half,
        0,  # its kernels cut few tiles along the channels they sum over
        law.startup,
        share.get("provenance", "assumed"),
        share["source"],
    )


@once
def _attention_law(
    chip: Accelerator, kernel: str, precision: str, head_dim: float, direction: str, masked: str, stack: str
) -> _Attention:
    tables = curves(chip)
    mask = tables["masked"][stack] if kernel == "sdpa" and masked != "none" else NO_MASK
    if masked == "pairs" and mask.get("kernel") == "cudnn":
        mask = SPELLED  # see `vidcalc.rates.unfused`
    chosen = resolve_attention(chip, kernel, stack)
    kernel = mask.get("kernel", chosen) if mask.get("kernel") in tables["attention"] else chosen
    by_format = (
        tables["attention"][kernel] if stack == LATE else tables["older"].get(kernel, tables["attention"][kernel])
    )
    by_width = by_format["fp8"] if chip.arithmetic(precision) == "fp8" and "fp8" in by_format else by_format["half"]
    width = min(by_width, key=lambda each: max(int(each) / head_dim, head_dim / int(each)))
    by_kernel = tables["head_dim_factors"]
    curve, factors = by_width[width], by_kernel.get(kernel, by_kernel[""])
    single = precision in ("fp32", "tf32")
    # 32-bit attention: the same share of the 32-bit peak; fp16 mostly has the peak of bf16
    unit = chip.peak(precision) / chip.peak("bf16") if single or precision == "fp16" else 1.0
    factor = (
        unit
        * named("width_factor", _width_factor(factors, head_dim) / _width_factor(factors, int(width)))
        * (tables["backward"][kernel] if direction == "backward" else 1.0)
    )
    as_measured = int(width) == head_dim and direction == "forward"
    weaker = curve["provenance"] if as_measured or curve["provenance"] == "assumed" else "interpolated"
    # the peak moves with the arithmetic
    limit = curve["limit"] * unit
    return _Attention(
        # no kernel passes the peak of its arithmetic, whatever it borrows
        _behind(minimum(curve["low"] * factor, limit), mask["low"], head_dim, chip),
        _behind(minimum(curve["likely"] * factor, limit), mask["likely"], head_dim, chip),
        _behind(minimum(curve["high"] * factor, limit), mask["high"], head_dim, chip),
        curve["half"],
        "assumed" if single or mask is not NO_MASK else weaker,
        curve["source"],
        tables["ragged"].get(kernel, 1.0),
    )


def _behind(rate: Number, operations: float, head_dim: float, chip: Accelerator) -> Number:
    """An attention kernel's rate where the vector units take so many float32 operations a score for its mask."""
    if not operations:
        return rate
    # a score is 4 x head_dim FLOP of the matrix units, two products; both times follow each other
    return 1 / (1 / rate + operations / (4 * head_dim * chip.peak("fp32")))


def _width_factor(factors: dict[str, float], head_dim: float) -> float:
    """Rate at a head width over that at 128: linear between measured widths, flat above, proportional below."""
    points = [(int(width), factor) for width, factor in factors.items()]
    first, last = points[0], points[-1]
    if head_dim <= first[0]:
        # narrow heads leave the matrix units' width unused, in proportion
        return first[1] * head_dim / first[0]
    for (left, low), (right, high) in pairwise(points):
        if head_dim <= right:
            return low + (high - low) * (head_dim - left) / (right - left)
    return last[1]
