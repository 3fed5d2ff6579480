"""How well predictions of training came out, over check rows alone; bounds and bands apart from errors.

Families weigh the same in `equal`: the mean of what each family's median error is, however many rows it has.
"""

from collections.abc import Callable
from statistics import mean

import msgspec

from vidcalc.validate.mapping import Unmapped
from vidcalc.validate.run import Compared, Result
from vidcalc.validate.summary import Coverage, Part, coverage, part
from vidcalc.validate.table import whole
from vidcalc.validate.training_mapping import size
from vidcalc.validate.training_table import TrainingRow


class Sides(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds among check rows: how many, how many predictions are on their side, and that share."""

    rows: int
    right: int
    share: float | None


class Equal(msgspec.Struct, frozen=True, kw_only=True):
    """Errors with families weighing the same: the mean over families of their median and of their 90th percentile."""

    families: int
    median_absolute_error: float | None
    p90_absolute_error: float | None


class TrainingSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Accuracy of memory and time, bounds by kind, and coverage.

    memory_within, time_within  share of measured check rows that lie in the prediction's band
    """

    memory: Part
    time: Part
    memory_equal: Equal
    time_equal: Equal
    memory_within: float | None
    time_within: float | None
    bounds: Sides
    by_bound: dict[str, Sides]
    coverage: Coverage


def summarise(results: list[Result], rows: list[TrainingRow]) -> TrainingSummary:
    """The summary of results that belong to rows, one to one."""
    memory, time = part(results, lambda result: result.memory), part(results, lambda result: result.time)
    kinds = sorted({result.bound.kind for result in results if result.bound})
    return TrainingSummary(
        memory=memory,
        time=time,
        memory_equal=equal(memory),
        time_equal=equal(time),
        memory_within=within(results, lambda result: result.memory),
        time_within=within(results, lambda result: result.time),
        bounds=sides(results),
        by_bound={kind: sides(results, kind) for kind in kinds},
        coverage=coverage(results, [whole_row(row) for row in rows]),
    )


def whole_row(row: TrainingRow) -> bool:
    """Whether a row says what is trained and at which size."""
    try:
        size(row)
    except Unmapped:
        return False
    return bool(row.model and whole(row.n_gpus) and (row.checkpointing or row.precision))


def equal(found: Part) -> Equal:
    """The same errors with families weighing the same."""
    medians = [
        each.median_absolute_error for each in found.by_family.values() if each.median_absolute_error is not None
    ]
    highest = [each.p90_absolute_error for each in found.by_family.values() if each.p90_absolute_error is not None]
    return Equal(
        families=len(medians),
        median_absolute_error=mean(medians) if medians else None,
        p90_absolute_error=mean(highest) if highest else None,
    )


def within(results: list[Result], of: Callable[[Result], Compared]) -> float | None:
    """Share of measured check rows whose measurement lies in the prediction's band."""
    pairs = [of(result) for result in results if result.role == "check" and of(result).ratio is not None]
    told = [(each.low, each.measured, each.high) for each in pairs]
    inside = [low <= measured <= high for low, measured, high in told if low and measured and high]
    return sum(inside) / len(inside) if inside else None


def sides(results: list[Result], kind: str = "") -> Sides:
    """Bounds of a kind, or all, among check rows."""
    found = [result.bound for result in results if result.role == "check" and result.bound]
    asked = [bound for bound in found if kind in ("", bound.kind)]
    right = sum(bound.right for bound in asked)
    return Sides(rows=len(asked), right=right, share=right / len(asked) if asked else None)
