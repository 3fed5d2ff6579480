"""Rates of one accelerator carried over to another that nobody measured: as shares of peak, marked *assumed*.

Used for the accelerators of a user's own (`vidcalc.rates.own`) and for any whose peaks were replaced
(`vidcalc.rates.curves`); those of the catalogue borrow when curves are built (`vidcalc.rates.kernels`).
"""

from vidcalc.base.facts import Facts
from vidcalc.base.number import Number, unchanged
from vidcalc.catalog import load
from vidcalc.catalog.accelerators import accelerator
from vidcalc.describe.hardware import Accelerator
from vidcalc.describe.model import Caution
from vidcalc.rates.attention_curves import NEWEST, bound, flash, runs, sdpa
from vidcalc.rates.relatives import FIRST, OWN, SECOND, degree, relatives, wider

DOUBLE = 1.9, 2.1  # times the dense peak: what a figure with 2:4 sparsity looks like, clocks rounded


def transferred(tables: Facts, donor: Accelerator, chip: Accelerator, *, same: bool) -> Facts:
    """The donor's curves in proportion to the chip's peaks and bandwidth.

    same  the chip is the donor with facts replaced: what the replaced facts leave alone keeps its provenance
    """
    kin = OWN if same else degree(chip, donor)
    by = tables["apart"][kin]
    tolerance = load.entry("kernels", "laws")["peak_tolerance"]
    gemm = {
        # the donor's share of its peak, at this chip's
        precision: lent(
            _scaled(curve, chip.peak(precision) / donor.peak(precision), donor.id, same),
            donor.id,
            kin,
            by,
            tolerance * chip.peak(precision),
        )
        for precision, curve in tables["gemm"].items()
        if same or _runs(chip, precision)
    }
    kernels = tables["kernels"] if same else [kernel for kernel in tables["kernels"] if kernel in runs(chip)]
    attention = {
        kernel: {
            kind: {
                width: _wider(
                    _scaled(curve, _bound(chip, kernel, kind) / _bound(donor, kernel, kind), donor.id, same), by
                )
                for width, curve in widths.items()
            }
            for kind, widths in tables["attention"][kernel].items()
            if same or kind == "half" or _runs(chip, kind)
        }
        for kernel in kernels
        if kernel in tables["attention"]
    }
    share: Number = 1.0
    if chip.bandwidth is not None and donor.bandwidth is not None:
        # the donor's share of its nominal bandwidth, at this chip's
        share = chip.bandwidth / donor.bandwidth
    chosen = tables["sdpa"] if same else {"early": sdpa(chip, ()), "late": sdpa(chip)}
    return {
        **tables,
        "gemm": gemm,
        "kernels": [*attention],
        "attention": attention,
        "sdpa": {stack: kernel if kernel in attention else next(iter(attention)) for stack, kernel in chosen.items()},
        "flash": tables["flash"] if same else {"early": flash(chip, ("flash2",)), "late": flash(chip, NEWEST)},
        "bandwidth": _scaled(tables["bandwidth"], share, donor.id, same),
    }


def relative(chip: Accelerator) -> str:
    """The id of the catalogue's accelerator nearest to one that it does not have."""
    everyone = {name: accelerator(name) for name in load.names("accelerators")}
    return relatives({**everyone, OUTSIDE: chip}, OUTSIDE)[0]


def sparse(peaks: dict[str, Number], sibling: Accelerator, scale: Number = 1.0) -> tuple[Caution, ...]:
    """A caution for each stated peak [FLOP/s] that is about twice the dense one of the same or a sibling chip.

    scale  how many times the sibling's size the chip is; see `size`
    """
    low, high = DOUBLE
    return tuple(
        Caution(
            id="peak_with_sparsity",
            values={
                "precision": precision,
                "peak": f"{peak / 1e12:.4g} TFLOP/s",
                "dense": f"{sibling.peaks[precision] * scale / 1e12:.4g} TFLOP/s",
                "gpu": sibling.name,
            },
        )
        for precision, peak in peaks.items()
        if precision in sibling.peaks
        and "accumulate" not in precision
        # a figure of about twice the sibling's dense one for the chip's size
        and low * scale <= peak / sibling.peaks[precision] <= high * scale
    )


def size(chip: Accelerator, sibling: Accelerator) -> Number:
    """How many times a sibling's size a chip is, by float32 arithmetic, which no sparsity doubles; 0 of a stranger."""
    alike = (chip.vendor, chip.architecture.partition(" ")[0], chip.kind)
    if alike != (sibling.vendor, sibling.architecture.partition(" ")[0], sibling.kind):
        return 0.0
    # against a sibling without a figure: 0, as of a stranger
    return chip.peaks.get("fp32", 0.0) / sibling.peaks.get("fp32", float("inf"))


OUTSIDE = "?"  # no id of the catalogue


def _runs(chip: Accelerator, precision: str) -> bool:
    """Whether a chip gets a curve of its own for a format."""
    return precision in ("bf16", "fp32") or chip.arithmetic(precision) == precision.removesuffix("_block")


def _bound(chip: Accelerator, kernel: str, kind: str) -> Number:
    return bound(chip, kernel, "bf16" if kind == "half" else kind)


def lent(curve: Facts, donor: str, kin: str, by: float, limit: Number) -> Facts:
    """A donor's plateau of products as another chip's: its band wider, and whose it is."""
    if kin == OWN:
        return curve
    # what was a second relative's already stays so
    degrees = (kin, curve.get("degree", OWN))
    return {
        **wider(curve, by, limit),
        "degree": SECOND if SECOND in degrees else FIRST,
        "donor": curve.get("donor", donor),
    }


def _wider(curve: Facts, by: float) -> Facts:
    return wider(curve, by, curve["limit"])


def _scaled(curve: Facts, factor: Number, donor: str, same: bool) -> Facts:
    """Every rate of a curve times a factor."""
    if same and unchanged(factor, 1):
        return curve
    rates: Facts = {key: curve[key] * factor for key in ("low", "likely", "high", "limit") if key in curve}
    return {**curve, **rates, "provenance": "assumed", "source": f"{donor}: {curve['source']}"}
