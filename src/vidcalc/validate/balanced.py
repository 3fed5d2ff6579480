"""Errors with every family weighing the same, however many of its rows were published; and how often the band held.

A collection of measurements is uneven: half of it may be one vendor's grid of one model. Here a family's rows share a
weight of one, so that a figure says how well a family is predicted that a user happens to ask for.
"""

from collections.abc import Iterable

import msgspec

from vidcalc.validate.compared import Compared


class Balanced(msgspec.Struct, frozen=True, kw_only=True):
    """Over `rows` check rows of `families` families, each family of weight one; error = predicted / measured − 1.

    median, mean and p90 of its size; bias and mean_bias, its own median and mean; held, the share of measurements that
    lie between the prediction's low and high.
    """

    families: int
    rows: int
    median_absolute_error: float | None = None
    mean_absolute_error: float | None = None
    p90_absolute_error: float | None = None
    bias: float | None = None
    mean_bias: float | None = None
    held: float | None = None


def balanced(pairs: Iterable[tuple[str, Compared]]) -> Balanced:
    """The errors of (family, prediction beside measurement); those without a ratio do not count."""
    groups: dict[str, list[Compared]] = {}
    for family, each in pairs:
        if each.ratio is not None:
            groups.setdefault(family, []).append(each)
    if not groups:
        return Balanced(families=0, rows=0)
    # a family of a hundred rows weighs as much as one of a single row; all weights add up to 1
    weighted = [(each, 1 / (len(group) * len(groups))) for group in groups.values() for each in group]
    errors = [((each.ratio or 0) - 1, weight) for each, weight in weighted]
    sizes = [(abs(error), weight) for error, weight in errors]
    return Balanced(
        families=len(groups),
        rows=len(weighted),
        median_absolute_error=quantile(sizes, 0.5),
        mean_absolute_error=sum(size * weight for size, weight in sizes),
        p90_absolute_error=quantile(sizes, 0.9),
        bias=quantile(errors, 0.5),
        mean_bias=sum(error * weight for error, weight in errors),
        held=sum(weight for each, weight in weighted if holds(each)),
    )


def holds(each: "Compared") -> bool:
    """Whether a measurement lies inside its prediction's band."""
    figures = each.measured, each.low, each.high
    return None not in figures and (each.low or 0) <= (each.measured or 0) <= (each.high or 0)


def quantile(weighted: list[tuple[float, float]], share: float) -> float:
    """The smallest value at or below which that share of the weight lies; weights add up to one."""
    ordered, below = sorted(weighted), 0.0
    for value, weight in ordered:
        below += weight
        if below >= share - 1e-9:
            return value
    return ordered[-1][0]
