"""How the rate of an attention kernel depends on the length of its sequences: what short ones lose, and ragged ones.

A kernel works through the keys in tiles. Where their number is no whole number of tiles the last one has to be cut
off, which some kernels do all along: cuDNN's on Hopper reaches 693 TFLOP/s at 16,384 keys and 588 at 32,760.
"""

from typing import Any

from vidcalc.base.number import Condition, Number, ceil_div
from vidcalc.describe.hardware import Accelerator

Row = dict[str, str]
Points = list[tuple[int, float]]  # (length, FLOP/s)
TILE = 128  # keys: what cuDNN and FlashAttention load at once at the head widths of video transformers
LONG = 4096  # tokens: from here on a series tells what ragged lengths lose from what short ones do
DEFAULT_HALF = 150.0  # tokens; middle of the fitted series, for a chip and kernel known at one length only


def even(length: Number) -> Condition:
    """Whether a length is whole tiles, elementwise for arrays."""
    return ceil_div(length, TILE) * TILE == length


def fit(points: Points) -> tuple[float, float | None]:
    """(plateau, half) of rate = plateau / (1 + half / length), by least squares of relative errors of 1 / rate.

    `half` is None with fewer than three lengths or less than a factor of eight between them, and never negative: a
    rate that falls for long sequences (power, clocks) counts as flat.
    """
    lengths = {length for length, _ in points}
    if len(lengths) < 3 or max(lengths) < 8 * min(lengths):
        return sum(rate for _, rate in points) / len(points), None
    # 1 / rate = 1 / plateau + half / plateau / length: a line in 1 / length, weighted by rate²
    weight = sum(rate**2 for _, rate in points)
    x0 = sum(rate**2 / length for length, rate in points) / weight
    y0 = sum(rate for _, rate in points) / weight
    xx = sum(rate**2 * (1 / length - x0) ** 2 for length, rate in points)
    xy = sum(rate**2 * (1 / length - x0) * (1 / rate - y0) for length, rate in points)
    slope = max(xy / xx, 0.0)
    level = y0 - slope * x0
    # level = 1 / plateau, slope = half / plateau
    return 1 / level, slope / level


def curve(points: Points) -> tuple[float, float | None]:
    """The same, where few lengths are known through them with the usual loss of short ones: `half` is None then."""
    plateau, half = fit(points)
    if half is None:
        plateau = sum(rate * (1 + DEFAULT_HALF / length) for length, rate in points) / len(points)
    return plateau, half


def points(rows: list[Row], ratio: float, loss: float = 1.0) -> Points:
    """Lengths and rates of rows as of plain passes over whole tiles.

    ratio  rate of the rows' way over a plain forward pass;  loss  of a ragged length over an even one
    """
    pairs = ((int(row["sequence"]), float(row["tflops"]) * 1e12 / ratio) for row in rows)
    return [(length, rate if even(length) else rate / loss) for length, rate in pairs]


def ragged(chips: dict[str, Accelerator], table: list[Row]) -> dict[tuple[str, str], float]:
    """Rate at ragged lengths over that at even ones, by generation and kernel, where forward rows have both.

    The median over all ragged rows of the rate over the curve through the even rows of the same series; at most 1.
    """
    series: dict[tuple[str, ...], list[Row]] = {}
    names = ("accelerator", "kernel", "precision", "head_dim", "source")
    for row in table:
        if row["causal"] == "no" and row["direction"] == "forward" and int(row["sequence"]) >= LONG:
            series.setdefault(tuple(row[name] for name in names), []).append(row)
    from statistics import median  # late: an estimate fits nothing

    ratios: dict[tuple[str, str], list[float]] = {}
    for (name, kernel, *_), rows in series.items():
        whole = [(length, rate) for length, rate in points(rows, 1.0) if even(length)]
        cut = [(length, rate) for length, rate in points(rows, 1.0) if not even(length)]
        if whole and cut:
            plateau, half = curve(whole)
            found = [rate / plateau * (1 + (DEFAULT_HALF if half is None else half) / length) for length, rate in cut]
            ratios.setdefault((generation(chips[name]), kernel), []).extend(found)
    return {key: min(median(found), 1.0) for key, found in ratios.items()}


def generation(chip: Any) -> str:
    """What decides which kernels a chip runs: the major compute capability, elsewhere the architecture's first word."""
    return str((chip.compute_capability or chip.architecture).partition(".")[0].partition(" ")[0])
