"""A prediction beside a measurement, and a row of them: what validation makes and its summaries read."""

import msgspec

from vidcalc.base.number import Number, scalar

FIGURES = ("memory", "time")
KEPT = 4096  # rows whose predictions are kept for equal ones


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
    """One row: "predicted", or "unmapped" with the id of the missing setting.

    framework  empty where nothing says which program ran, or it has no profile;  assumed  ids of what was taken for it
    source, view  the whole it is from, and whether it was in view: see `vidcalc.validate.sources`
    doubt      why the source contradicts itself, after "memory: " or "time: " where only that figure is doubtful
    scope      what the time covers;  provenance  of the rates it rests on
    """

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
    source: str = ""
    view: str = ""
    doubt: str = ""
    assumed: tuple[str, ...] = ()
    scope: str = ""
    provenance: str = ""

    def doubtful(self, figure: str) -> bool:
        """Whether its "memory" or "time" is not to be trusted."""
        named = [each for each in FIGURES if self.doubt.startswith(f"{each}:")]
        return bool(self.doubt) and (not named or figure in named)


def compared(predicted: Number, measured: float | None, band: tuple[Number, Number]) -> Compared:
    """A prediction with its band beside what was measured, if anything was."""
    return Compared(
        predicted=scalar(predicted),
        measured=measured,
        ratio=None if measured is None else scalar(predicted / measured),
        low=scalar(band[0]),
        high=scalar(band[1]),
    )
