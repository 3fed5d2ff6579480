"""From raw kernel measurements to one small set of curves per accelerator.

Rows are in `data/kernels/gemm.csv` and `attention.csv`, the shapes of the curves in `laws.toml`. A chip with rows gets
curves of its own; a chip without them gets the shares of peak of its nearest relative (same architecture, then same
vendor), marked *assumed*. Run at build time; `vidcalc.rates.utilisation` evaluates what a chip carries.
Rates are FLOP/s.
"""

import csv
import os
from collections.abc import Iterable
from functools import cache
from statistics import median
from typing import Any

from vidcalc.base.units import quantity
from vidcalc.catalog import load
from vidcalc.catalog.accelerators import accelerator
from vidcalc.describe.hardware import Accelerator
from vidcalc.rates.attention_curves import attention_curves
from vidcalc.rates.attention_lengths import generation
from vidcalc.rates.convolution_curves import convolution_curves, fillings_of
from vidcalc.rates.relatives import OWN, apart, degree, market, relatives, wider

Curve = dict[str, Any]
SIDES = ("d_in_half", "d_out_half", "corner")  # of the law of products
CONSTANT = "constant"  # basis of rows whose inputs keep the power low
TILE = 256  # see vidcalc.rates.utilisation
TYPICAL = (8192, 5120, 5120)  # m, n, k of a layer, for medians over large shapes that are published without them
# Whose share of peak to borrow for a format that was not measured, nearest first.
SIMILAR = {
    "bf16": (),
    "tf32": ("bf16",),
    "fp32": ("tf32", "bf16"),
    "fp8": ("fp8_block", "bf16"),
    "fp8_block": ("fp8", "bf16"),
    "int8": ("fp8", "bf16"),
    "fp6": ("fp8", "bf16"),
    "fp4": ("fp8", "bf16"),
}


@cache
def derive() -> dict[str, Curve]:
    """The curves of every accelerator."""
    laws = load.entry("kernels", "laws")
    chips = {name: accelerator(name) for name in load.names("accelerators")}
    own = measured_gemm(chips, rows("gemm"), laws)
    products = {key: plateau["likely"] for key, plateau in own.items()}
    far = apart(chips, products)
    attention = attention_curves(chips, rows("attention"), laws, far, products)
    for name in chips:
        _floor(chips, name, own, attention[name], laws, far)
    gemm = {
        name: {
            precision: _gemm(chips, name, precision, own, laws, far) for precision in SIMILAR if _runs(chip, precision)
        }
        for name, chip in chips.items()
    }
    bandwidths = {name: _bandwidth(chip, laws) for name, chip in chips.items()}
    timed, filled = rows("convolution"), fillings_of(chips, rows("convolution_shapes"), gemm, bandwidths, laws)
    return {
        name: {
            "gemm": gemm[name],
            "apart": far,
            "bandwidth": bandwidths[name],
            "convolution": convolution_curves(chips, name, timed, laws["convolution"], filled),
            "elementwise": laws["elementwise"],
            "vector": laws["vector"],
            "launch": {
                **laws["launch"],
                **{key: quantity(laws["launch"][key], "s") for key in ("low", "likely", "high")},
            },
            **attention[name],
        }
        for name, chip in chips.items()
    }


def rows(table: str) -> list[dict[str, str]]:
    """The raw rows of data/kernels/TABLE.csv."""
    with open(os.path.join(load.DATA, "kernels", f"{table}.csv"), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def measured_gemm(
    chips: dict[str, Accelerator], table: Iterable[dict[str, str]], laws: Curve
) -> dict[tuple[str, str], Curve]:
    """Plateaus of the chips and formats that have rows.

    Typical rows give the plateau and its spread. Where a chip has only best-of-search rows, they are scaled by the
    typical-to-best ratio of the chips that have both. Rows timed on constant data play no part: it draws less power
    than a network's, and how much faster a chip runs for that differs from chip to chip.
    """
    by_basis: dict[str, dict[tuple[str, str], list[dict[str, str]]]] = {"typical": {}, "best": {}}
    for row in table:
        if row["basis"] == CONSTANT:
            continue
        precision = "bf16" if row["precision"] == "fp16" else row["precision"]
        by_basis[row["basis"]].setdefault((row["accelerator"], precision), []).append(row)

    levels = {
        basis: {
            key: level(group, law_of(key[1], laws), float(chips[key[0]].peak(key[1])), laws)
            for key, group in groups.items()
        }
        for basis, groups in by_basis.items()
    }
    result: dict[tuple[str, str], Curve] = {}
    both: dict[str, list[float]] = {}
    for key, plateaus in levels["best"].items():
        if key in levels["typical"]:
            both.setdefault(key[1], []).append(levels["typical"][key][1] / plateaus[1])
    everything = [ratio for ratios in both.values() for ratio in ratios]
    for key, (_, best, _) in levels["best"].items():
        # of its own format where any chip has both; at most 1: usual rows are not faster than the best of a search
        ratio = min(median(both.get(key[1], everything)), 1.0)
        low = best * ratio * laws["gemm"]["spread"]["low"]
        result[key] = curve(low, best * ratio, best, "interpolated", sources(by_basis["best"][key]))
    for key, (low, likely, high) in levels["typical"].items():
        result[key] = curve(low, likely, high, "measured", sources(by_basis["typical"][key]))
    return result


def level(group: list[dict[str, str]], law: Curve, peak: float, laws: Curve) -> tuple[float, float, float]:
    """Low, likely and high plateau for some rows of one chip and format.

    The likely one makes the median of the curve over the measured shapes the median of the measured rates; low and high
    are where the tenth and the ninetieth percent of the rows lie.
    """
    limit = laws["peak_tolerance"] * peak
    rates = [min(float(row["tflops"]) * 1e12, limit) for row in group]
    plateau = median(rates)
    for _ in range(30):  # converges in a few rounds: the start-up term alone is not proportional to the plateau
        plateau *= median(rates) / median(at(plateau, row, law) for row in group)
    ratios = [rate / at(plateau, row, law) for rate, row in zip(rates, group, strict=True)]
    spread = laws["gemm"]["spread"]
    low, high = (quantile(ratios, 0.1), quantile(ratios, 0.9)) if len(group) > 3 else (spread["low"], spread["high"])
    # no plateau passes the peak
    return min(plateau * low, limit), min(plateau, limit), min(plateau * high, limit)


def at(plateau: float, row: dict[str, str], law: Curve) -> float:
    """The rate that the law gives for the shape of a row; a typical layer's shape where the row states none."""
    m, n, k = (int(row[side] or usual) for side, usual in zip("mnk", TYPICAL, strict=True))
    # seconds of the start / seconds of [m, k] x [k, n] at the plateau
    startup = quantity(law["startup"], "s") * plateau / (2 * m * n * k)
    # [m, k] x [k, n], by the law of `vidcalc.rates.utilisation.gemm`
    return plateau / float(
        1 + law["d_in_half"] / k + law["d_out_half"] / n + law["corner"] / (max(k, TILE) * max(n, TILE)) + startup
    )


def law_of(precision: str, laws: Curve) -> Curve:
    """The shape constants for a format."""
    law: Curve = next(
        law for law in (laws["gemm"]["plain"], laws["gemm"]["quantised"]) if precision in law["precisions"]
    )
    return law


def curve(low: float, likely: float, high: float, provenance: str, source: str) -> Curve:
    """One plateau with its band."""
    return {"low": low, "likely": likely, "high": high, "provenance": provenance, "source": source}


def scaled(donor: Curve, factor: float, limit: float, provenance: str, source: str) -> Curve:
    """A plateau multiplied by a factor and cut at a limit, with a provenance of its own."""
    low, likely, high = (min(donor[key] * factor, limit) for key in ("low", "likely", "high"))
    return {**donor, **curve(low, likely, high, provenance, source)}


def quantile(values: list[float], share: float) -> float:
    """The value below which that share of `values` lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[round(share * (len(ordered) - 1))]


def sources(group: Iterable[dict[str, str]]) -> str:
    """The distinct sources of some rows, in order of name."""
    return "; ".join(sorted({row["source"] for row in group}))


def _gemm(
    chips: dict[str, Accelerator],
    name: str,
    precision: str,
    own: dict[tuple[str, str], Curve],
    laws: Curve,
    far: dict[str, float],
) -> Curve:
    """The plateau for one chip and format: its own, else borrowed as a share of peak, with the law's constants.

    far  how wide the band of what is borrowed is, by degree of kinship
    """
    chip, limit = chips[name], laws["peak_tolerance"] * chips[name].peak(precision)
    law = law_of(precision, laws)
    shape = {**{side: law[side] for side in SIDES}, "startup": quantity(law["startup"], "s")}
    if (name, precision) in own:
        return {**own[name, precision], **shape, "degree": OWN, "donor": name}
    everyone = relatives(chips, name)
    alike = [other for other in everyone if market(chips[other]) == market(chip) and chips[other].vendor == chip.vendor]
    # of its generation, and then of its market: a card whose peak is halved by product is not held back by power
    family = sorted(alike, key=lambda other: generation(chips[other]) != generation(chip))
    family += [other for other in everyone if generation(chips[other]) == generation(chip) and other not in alike]
    # the power and data limits that hold bf16 back hold the other plain formats back alike, so those ask at home first
    at_home = SIMILAR[precision] if precision in laws["gemm"]["plain"]["precisions"] else ()
    wanted = [(name, kind) for kind in at_home] + [(other, precision) for other in family]
    for similar in SIMILAR[precision]:
        wanted += [(name, similar), *((other, similar) for other in family)]
    wanted += [(other, kind) for kind in (precision, "bf16") for other in everyone]
    donor, kind = next(key for key in wanted if key in own)
    # the donor's share of its peak, at this chip's
    factor = float(chip.peak(precision) / chips[donor].peak(kind))
    borrowed = own[donor, kind]
    likely = scaled(borrowed, factor, limit, "assumed", f"{donor} {kind}: {borrowed['source']}")
    kin = OWN if donor == name else degree(chip, chips[donor])
    return {**wider(likely, far[kin], limit), **shape, "degree": kin, "donor": donor}


def _floor(
    chips: dict[str, Accelerator],
    name: str,
    own: dict[tuple[str, str], Curve],
    attention: Curve,
    laws: Curve,
    far: dict[str, float],
) -> None:
    """Where products were not measured but attention was, a product is at least as fast as the fastest attention.

    It matters for chips whose matrix units are cut by product (H20) and therefore never short of power or data.
    """
    best = [
        curves[head_dim]
        for kernel in ("flash2", "flash3", "flash4", "cudnn")
        for curves in [attention["attention"].get(kernel, {}).get("half", {})]
        for head_dim in curves
        if curves[head_dim]["provenance"] == "measured"
    ]
    if (name, "bf16") in own or not best:
        return
    floor = max(best, key=lambda plateau: plateau["likely"])
    if floor["likely"] > _gemm(chips, name, "bf16", own, laws, far)["likely"]:
        own[name, "bf16"] = curve(floor["low"], floor["likely"], floor["high"], "interpolated", floor["source"])


def _runs(chip: Accelerator, precision: str) -> bool:
    """Whether a chip gets a curve for a format: 16 and 32 bits always, others where it has the arithmetic."""
    return precision in ("bf16", "fp32") or chip.arithmetic(precision) == (
        "fp8" if precision == "fp8_block" else precision
    )


def _bandwidth(chip: Accelerator, laws: Curve) -> Curve:
    """Achieved memory bandwidth, byte/s, reads and writes together."""
    facts, law = load.entry("accelerators", chip.id), laws["bandwidth"]
    measured = facts.get("measured", {}).get("bandwidth", ())
    if measured:  # several kinds of traffic: the slowest, as elementwise kernels read and write
        row = min(measured, key=lambda row: quantity(row["rate"], "B/s"))
        rate, nominal = quantity(row["rate"], "B/s"), chip.bandwidth or 0
        return curve(min(rate, nominal * law["low"]), rate, max(rate, nominal * law["high"]), "measured", row["source"])
    if chip.bandwidth is None:  # published figures contradict each other: their geometric mean, and their range
        low, high = (quantity(facts["bandwidth_range"][key], "B/s") for key in ("low", "high"))
        return curve(
            low * law["low"],
            (low * high) ** 0.5 * law["likely"],
            high * law["high"],
            "assumed",
            facts["bandwidth_range"]["source"],
        )
    return curve(
        chip.bandwidth * law["low"],
        chip.bandwidth * law["likely"],
        chip.bandwidth * law["high"],
        "assumed",
        law["source"],
    )
