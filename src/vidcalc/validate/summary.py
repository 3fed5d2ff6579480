"""How well predictions came out, over check rows alone: rows that a constant was fitted to never count.

Sizes of cards ("card") are no measurements, and rows whose source contradicts itself are not to be trusted: each stand
in a group of their own and in no other. Equal rows of one source, of the same prediction and the same measurement,
count as one.
"""

from collections.abc import Callable
from statistics import median

import msgspec

from vidcalc.validate.balanced import Balanced, balanced
from vidcalc.validate.compared import Compared, Result
from vidcalc.validate.sources import VIEWS
from vidcalc.validate.table import Row, whole

GROUPS = ("view", "family", "gpu", "framework")


class Errors(msgspec.Struct, frozen=True, kw_only=True):
    """Over `rows` check rows: median and 90th percentile of |ratio − 1|, and bias, the median of ratio − 1."""

    rows: int
    median_absolute_error: float | None = None
    p90_absolute_error: float | None = None
    bias: float | None = None


class Crossed(msgspec.Struct, frozen=True, kw_only=True):
    """Errors of what one counter read, or of times of one scope, in one view; families weighing the same too."""

    view: str
    part: str
    errors: Errors
    balanced: Balanced


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Errors of memory or time: of all check rows, with every family weighing the same, and by group.

    crossed   by view, and in it by counter (memory) or by what a time covers
    views     the same by how much of a row's source was in view, with every family weighing the same
    doubtful  rows whose source contradicts itself, which are in no other figure
    """

    all: Errors
    balanced: Balanced
    views: dict[str, Balanced]
    crossed: list[Crossed]
    doubtful: Errors
    by_view: dict[str, Errors]
    by_family: dict[str, Errors]
    by_gpu: dict[str, Errors]
    by_framework: dict[str, Errors]
    by_counter: dict[str, Errors]
    by_scope: dict[str, Errors]


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of the file; those with model, size, frames and GPU; how many were predicted, and their share."""

    rows: int
    predicted: int
    complete: int
    complete_predicted: int
    share: float | None
    fit_rows: int
    reasons: dict[str, int]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Accuracy of memory and time, and coverage."""

    memory: Part
    time: Part
    coverage: Coverage


def summarise(results: list[Result], rows: list[Row]) -> Summary:
    """The summary of results that belong to rows, one to one."""
    whole_rows = [all((row.model, whole(row.width), whole(row.height), whole(row.frames), row.gpu)) for row in rows]
    return Summary(
        memory=part(results, "memory"),
        time=part(results, "time"),
        coverage=coverage(results, whole_rows),
    )


def coverage(results: list[Result], whole_rows: list[bool]) -> Coverage:
    """How many rows were predicted; `whole_rows` says which state all that a prediction needs."""
    predicted = [result.status == "predicted" for result in results]
    both = sum(complete and done for complete, done in zip(whole_rows, predicted, strict=True))
    reasons: dict[str, int] = {}
    for result in results:
        if result.reason:
            reasons[result.reason] = reasons.get(result.reason, 0) + 1
    return Coverage(
        rows=len(results),
        predicted=sum(predicted),
        complete=sum(whole_rows),
        complete_predicted=both,
        share=both / sum(whole_rows) if any(whole_rows) else None,
        fit_rows=sum(result.role == "fit" for result in results),
        reasons=dict(sorted(reasons.items(), key=lambda item: -item[1])),
    )


def part(results: list[Result], figure: str) -> Part:
    """Errors of "memory" or "time"."""

    def of(result: Result) -> Compared:
        return result.memory if figure == "memory" else result.time

    checked = distinct([result for result in results if result.role == "check" and of(result).ratio is not None], of)
    sound = [result for result in checked if not result.doubtful(figure)]
    measured = [result for result in sound if not (figure == "memory" and result.counter == "card")]
    grouped = {name: _by(measured, name, of) for name in GROUPS}
    grouped["counter"] = _by(sound, "counter", of) if figure == "memory" else {}
    grouped["scope"] = _by(sound, "scope", of) if figure == "time" else {}
    return Part(
        all=errors([of(result).ratio for result in measured]),
        balanced=balanced((result.family, of(result)) for result in measured),
        views={
            name: balanced((result.family, of(result)) for result in measured if result.view == name) for name in VIEWS
        },
        crossed=[
            Crossed(
                view=name,
                part=kind,
                errors=errors([of(result).ratio for result in among]),
                balanced=balanced((result.family, of(result)) for result in among),
            )
            for name in VIEWS
            for kind, among in _kinds([result for result in measured if result.view == name], figure)
        ],
        doubtful=errors([of(result).ratio for result in checked if result.doubtful(figure)]),
        **{f"by_{k}": v for k, v in grouped.items()},
    )


def _kinds(results: list[Result], figure: str) -> list[tuple[str, list[Result]]]:
    """Results by counter, or by what their time covers."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.counter if figure == "memory" else result.scope, []).append(result)
    return sorted(groups.items())


def distinct(results: list[Result], of: Callable[[Result], Compared]) -> list[Result]:
    """The results without those that repeat another of their source: the same prediction, the same measurement."""
    seen: dict[tuple[object, ...], Result] = {}
    for result in results:
        compared = of(result)
        key = result.source or result.id, result.model, result.counter, compared.predicted, compared.measured
        seen.setdefault(key, result)
    return list(seen.values())


def _by(results: list[Result], field: str, of: Callable[[Result], Compared]) -> dict[str, Errors]:
    groups: dict[str, list[float | None]] = {}
    for result in results:
        groups.setdefault(getattr(result, field), []).append(of(result).ratio)
    return {name: errors(ratios) for name, ratios in sorted(groups.items())}


def errors(ratios: list[float | None]) -> Errors:
    """Errors of predicted / measured ratios."""
    deviations = [ratio - 1 for ratio in ratios if ratio is not None]
    if not deviations:
        return Errors(rows=0)
    sizes = sorted(abs(error) for error in deviations)
    # the 90th percentile lies between two ranks: linear from one to the other
    at = 0.9 * (len(sizes) - 1)
    low = int(at)
    high = min(low + 1, len(sizes) - 1)
    return Errors(
        rows=len(deviations),
        median_absolute_error=median(sizes),
        p90_absolute_error=sizes[low] + (sizes[high] - sizes[low]) * (at - low),
        bias=median(deviations),
    )
