"""Attention kernels: series of measured rows as curves by head width, and how ways of running compare.

A curve is a plateau (FLOP/s for endless sequences) and the length at which half of it is lost, fitted to each
published series; several series of one kernel on one chip give the band.
"""

from statistics import median
from typing import Any

from vidcalc.rates.attention_lengths import DEFAULT_HALF, curve, points

Curve = dict[str, Any]
Row = dict[str, str]


def by_width(group: list[Row], ratios: dict[str, float], law: Curve, loss: float) -> dict[str, Curve]:
    """Curves by head width from the rows of one chip and kernel, for lengths of whole tiles.

    Each source gives a series: its plain forward rows, else its causal or forward-and-backward rows brought to plain
    ones by the ratio seen where both were measured. Rows of forward and backward count only where nothing else does.
    """
    ways: set[str] = {_way(row) for row in group}
    usable: list[str] = [way for way in ("plain", "causal") if way in ways] or list(ways & {"both"})
    curves: dict[str, Curve] = {}
    for head_dim in sorted({row["head_dim"] for row in group if _way(row) in usable}, key=int):
        rows, series, plain = [], [], False
        for source in sorted({row["source"] for row in group}):
            mine = [row for row in group if row["source"] == source and row["head_dim"] == head_dim]
            way = next((way for way in usable if any(_way(row) == way for row in mine)), None)
            if way is not None:
                chosen = [row for row in mine if _way(row) == way]
                series.append(curve(points(chosen, ratios.get(way, 1.0), loss)))
                rows += chosen
                plain = plain or way == "plain"
        plateaus = [plateau for plateau, _ in series]
        halves = [half for _, half in series if half is not None]
        likely = median(plateaus)
        curves[head_dim] = {
            # never narrower than series of one kernel on one chip lie apart
            "low": min(*plateaus, likely * law["low"]),
            "likely": likely,
            "high": max(*plateaus, likely * law["high"]),
            "half": median(halves) if halves else DEFAULT_HALF,
            "provenance": "measured" if plain else "interpolated",
            "source": "; ".join(sorted({row["source"] for row in rows})),
        }
    return curves


def both_ways(group: list[Row], curves: dict[str, Curve], law: Curve) -> dict[str, Curve]:
    """Curves of the head widths that a chip and kernel were measured at in forward and backward passes alone.

    By a source that has such rows at another width too, of which plain passes are known: two widths of one kernel
    compare forward as they do in both directions.
    """
    both: dict[str, dict[str, list[Row]]] = {}
    for row in group:
        if _way(row) == "both":
            both.setdefault(row["source"], {}).setdefault(row["head_dim"], []).append(row)
    found: dict[str, Curve] = {}
    for source, widths in both.items():
        known = next((width for width in sorted(widths, key=int, reverse=True) if width in curves), "")
        for width in sorted(set(widths) - set(curves)) if known else ():
            plateau, half = curve(points(widths[width], 1.0))
            beside, _ = curve(points(widths[known], 1.0))
            likely = curves[known]["likely"] * plateau / beside
            found[width] = {
                "low": likely * min(law["low"], curves[known]["low"] / curves[known]["likely"]),
                "likely": likely,
                "high": likely * max(law["high"], curves[known]["high"] / curves[known]["likely"]),
                "half": DEFAULT_HALF if half is None else half,
                "provenance": "interpolated",
                "source": source,
            }
    return found


def _way(row: Row) -> str:
    if row["direction"] == "backward":
        return "backward"
    if row["direction"] == "both":
        return "both" if row["causal"] == "no" else "both causal"
    return "plain" if row["causal"] == "no" else "causal"


def _pairs(table: list[Row], way: str, against: str = "plain") -> list[tuple[Row, float, float]]:
    """Rates of two ways of running the same chip, kernel, format, head width and length of 4096 or more."""
    key = ("accelerator", "kernel", "head_dim", "sequence")
    best: dict[tuple[str, ...], float] = {}
    for row in table:
        if _way(row) == against:
            at = (*(row[name] for name in key), format_of(row))
            best[at] = max(best.get(at, 0.0), float(row["tflops"]))
    pairs = []
    for row in table:
        at = (*(row[name] for name in key), format_of(row))
        if _way(row) == way and at in best and int(row["sequence"]) >= 4096:
            pairs.append((row, float(row["tflops"]), best[at]))
    return pairs


def ratio(table: list[Row], way: str) -> float:
    """How much slower (in FLOP/s) a way is than a plain forward pass, at long sequences."""
    return median(rate / plain for _, rate, plain in _pairs(table, way))


def backward(table: list[Row]) -> dict[str, float]:
    """Rate of the backward pass (2.5 x the forward FLOP) over that of the forward pass, by kernel."""
    ratios: dict[str, list[float]] = {}
    for row, rate, plain in _pairs(table, "backward"):
        ratios.setdefault(row["kernel"], []).append(rate / plain)
    for row, rate, plain in _pairs(table, "both"):
        # seconds of both = 3.5 / rate = 1 / plain + 2.5 / backward
        ratios.setdefault(row["kernel"], []).append(2.5 / (3.5 / rate - 1 / plain) / plain)
    # at most 1: no backward reaches more than its forward
    return {kernel: min(median(values), 1.0) for kernel, values in ratios.items()}


def format_of(row: Row) -> str:
    """The number format that a row's inputs have: 16-bit ones are alike, and quantised kernels take those."""
    return "fp8" if row["precision"] == "fp8" else "mxfp8" if row["precision"] == "mxfp8" else "half"
