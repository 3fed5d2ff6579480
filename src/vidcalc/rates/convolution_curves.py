"""Convolutions: from whole decodes that were timed to the share of a product's rate that full tiles reach on a chip.

A row of `data/kernels/convolution.csv` is a decode less what memory and attention explain, or what several ranks do not
share, against the same convolutions at the products' rate with what their channels fill, their waves and copies. Shares
differ by chip, by number format and by the software's age: see `data/frameworks/` on stacks.
"""

from collections.abc import Iterable
from statistics import median
from typing import Any

from vidcalc.describe.hardware import Accelerator, width_of
from vidcalc.rates.convolution_shapes import fillings

Curve = dict[str, Any]
Row = dict[str, str]
STACKS = ("early", "late")  # torch before and from 2.11
WIDTHS = ("half", "single")  # 16 and 32 bits


def convolution_curves(
    chips: dict[str, Accelerator], name: str, table: Iterable[Row], law: Curve, filled: dict[str, Curve]
) -> Curve:
    """The shares of a chip by stack and width, and what channels fill of a tile ("filling").

    filled  `vidcalc.rates.convolution_shapes.fillings` of the chips whose single convolutions were measured: their own
            share, and that of chips of their generation, is that of the newest stack
    """
    rows, generation = list(table), _generation(chips[name])
    shares: Curve = {
        stack: {
            width: _share(chips, name, [row for row in rows if row["stack"] == stack], width, law) for width in WIDTHS
        }
        for stack in STACKS
    }
    donor = name if name in filled else next((it for it in filled if _generation(chips[it]) == generation), None)
    if donor is not None:
        shares["late"] = {
            width: {
                **{end: filled[donor]["share"] * law["measured"][end] for end in ("low", "likely", "high")},
                # measured in 16 bits; of tf32 the same share of its products
                "provenance": "measured" if (donor, width) == (name, "half") else "assumed",
                "source": filled[donor]["source"],
            }
            for width in WIDTHS
        }
    one = filled[donor or next(iter(filled))] if filled else None
    return {**shares, **({"filling": {key: one[key] for key in ("by_channels", "other")}} if one else {})}


def fillings_of(
    chips: dict[str, Accelerator],
    table: Iterable[Row],
    gemm: dict[str, dict[str, Curve]],
    bandwidths: dict[str, Curve],
    laws: Curve,
) -> dict[str, Curve]:
    """What channels fill of a convolution's tiles, by chip with single convolutions to fit in the table."""
    by_chip: dict[str, list[Row]] = {}
    for row in table:
        if row["role"] == "fit":
            by_chip.setdefault(row["accelerator"], []).append(row)
    return {
        name: {
            **fillings(
                shapes,
                gemm[name]["bf16"]["likely"],
                laws["gemm"]["plain"],
                bandwidths[name]["likely"],
                chips[name].multiprocessors or 0,
            ),
            "source": "; ".join(sorted({row["source"] for row in shapes})),
        }
        for name, shapes in by_chip.items()
    }


def _share(chips: dict[str, Accelerator], name: str, table: list[Row], width: str, law: Curve) -> Curve:
    """The median over a chip's own rows, else over its generation, its vendor, or all; of its width first."""
    alike = [row for row in table if width_of(row["precision"]) == width]
    generation = _generation(chips[name])
    wanted = (
        lambda row: row["accelerator"] == name,
        lambda row: _generation(chips[row["accelerator"]]) == generation,
        lambda row: chips[row["accelerator"]].vendor == chips[name].vendor,  # one library: cuDNN, MIOpen
        lambda row: True,
    )
    rows = next(group for fits in wanted for some in (alike, table) if (group := [row for row in some if fits(row)]))
    by_chip: dict[str, list[float]] = {}
    for row in rows:
        by_chip.setdefault(row["accelerator"], []).append(float(row["share"]))
    # chip by chip first: one with many rows does not outvote the others
    likely = median(median(shares) for shares in by_chip.values())
    return {
        "low": likely * law["low"],
        "likely": likely,
        "high": likely * law["high"],
        "provenance": "assumed",
        "source": "; ".join(sorted({row["source"] for row in rows})),
    }


def _generation(chip: Accelerator) -> str:
    """What decides which kernels a chip runs: the major compute capability, elsewhere the vendor."""
    return (chip.compute_capability or chip.vendor).partition(".")[0]
