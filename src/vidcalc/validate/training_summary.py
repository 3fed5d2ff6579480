"""How well predictions of training came out, over check rows alone; bounds apart from errors."""

import msgspec

from vidcalc.validate.compared import Result
from vidcalc.validate.summary import Coverage, Part, coverage, part
from vidcalc.validate.training_mapping import size
from vidcalc.validate.training_table import TrainingRow
from vidcalc.validate.unmapped import Unmapped


class Sides(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds among check rows: how many, how many predictions are on their side, that share, and how many of the
    others a verdict would leave open."""

    rows: int
    right: int
    share: float | None
    open: int


class TrainingSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Accuracy of memory and time, bounds by kind, and coverage."""

    memory: Part
    time: Part
    bounds: Sides
    by_bound: dict[str, Sides]
    coverage: Coverage


def summarise(results: list[Result], rows: list[TrainingRow]) -> TrainingSummary:
    """The summary of results that belong to rows, one to one."""
    kinds = sorted({result.bound.kind for result in results if result.bound})
    return TrainingSummary(
        memory=part(results, "memory"),
        time=part(results, "time"),
        bounds=sides(results),
        by_bound={kind: sides(results, kind) for kind in kinds},
        coverage=coverage(results, [whole_row(row) for row in rows]),
    )


def whole_row(row: TrainingRow) -> bool:
    """Whether a row, or its source's own data, says what is trained, at which size and on which accelerator."""
    try:
        size(row)
    except Unmapped:
        return False
    return bool(row.model and row.gpu)


def sides(results: list[Result], kind: str = "") -> Sides:
    """Bounds of a kind, or all, among check rows."""
    sound = [result for result in results if result.role == "check" and not result.doubtful("memory")]
    bounds = [result.bound for result in sound if result.bound]
    of_kind = [bound for bound in bounds if kind in ("", bound.kind)]
    right = sum(bound.right for bound in of_kind)
    left = sum(bound.open and not bound.right for bound in of_kind)
    return Sides(rows=len(of_kind), right=right, share=right / len(of_kind) if of_kind else None, open=left)
