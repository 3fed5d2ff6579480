"""A prediction beside a measurement, and a row of them: what validation makes and its summaries read."""

import msgspec

from vidcalc.base.number import Number, scalar


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A prediction with its band beside a measurement [byte or second]; None where there is none.

    ratio   predicted / measured;  reason  id of why nothing is predicted
    """

    predicted: float | None = None
    measured: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What is known instead of a peak: it did not fit ("oom"), it fits, or a figure it is at most ("at_most").

    limit  that figure, or the device's memory [byte];  right  whether the prediction is on that side of it
    open   whether the verdict on the prediction would be "tight": it leaves the side open
    """

    kind: str
    limit: float
    right: bool
    open: bool = False


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One row: "predicted", or "unmapped" with the id of the missing setting."""

    id: str
    status: str
    reason: str | None
    role: str
    model: str
    family: str
    gpu: str
    framework: str
    counter: str
    memory: Compared
    time: Compared
    bound: Bound | None = None


def compared(predicted: Number, measured: float | None, band: tuple[Number, Number]) -> Compared:
    """A prediction with its band beside what was measured, if anything was."""
    return Compared(
        predicted=scalar(predicted),
        measured=measured,
        ratio=None if measured is None else scalar(predicted / measured),
        low=scalar(band[0]),
        high=scalar(band[1]),
    )
