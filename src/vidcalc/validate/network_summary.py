"""How far predictions of single networks lie from their measurements, by kind of call and by what was measured."""

from collections.abc import Iterable
from statistics import median

import msgspec

from vidcalc.validate.compared import Compared


class NetworkResult(msgspec.Struct, frozen=True, kw_only=True):
    """A row with what was predicted: "allocated", "reserved" [byte], "seconds" and further times [second].

    reason  why nothing is predicted;  fits  of a row that did not run: whether the prediction says it would
    """

    id: str
    role: str
    kind: str
    model: str
    parts: dict[str, Compared] = {}
    reason: str | None = None
    fits: bool | None = None


class NetworkErrors(msgspec.Struct, frozen=True, kw_only=True):
    """Errors |predicted / measured - 1| of one kind of call, one quantity and one role.

    held  share of the measurements inside the predicted interval
    """

    kind: str
    quantity: str
    role: str
    rows: int
    median: float
    largest: float
    held: float


def summarise(rows: Iterable[NetworkResult]) -> list[NetworkErrors]:
    """Errors by kind, quantity and role, in order of name; a group without measurements is absent."""
    errors: dict[tuple[str, str, str], list[tuple[float, bool]]] = {}
    for row in rows:
        for name, part in row.parts.items():
            if part.ratio is None or part.measured is None or part.low is None or part.high is None:
                continue
            held = part.low <= part.measured <= part.high
            errors.setdefault((row.kind, name, row.role), []).append((abs(part.ratio - 1), held))
    return [
        NetworkErrors(
            kind=kind,
            quantity=name,
            role=role,
            rows=len(found),
            median=median(error for error, _ in found),
            largest=max(error for error, _ in found),
            held=sum(held for _, held in found) / len(found),
        )
        for (kind, name, role), found in sorted(errors.items())
    ]
