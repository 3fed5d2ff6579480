"""The largest micro-batch that fits: doubled until one does not, then halved in between, each on the tape.

A batch fits where the whole interval of what the driver may show does (the verdict "fits"); memory only grows with the
batch, so the answer is exact.
"""

from collections.abc import Callable

from msgspec.structs import replace

from vidcalc.calculate import bucket
from vidcalc.cost.memory import peak
from vidcalc.cost.verdict import interval, verdict
from vidcalc.describe.data import Bucket
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.question import Run

MOST = 2**20  # samples: beyond any micro-batch


def need(question: Run, size: Bucket) -> int:
    """Bytes on one accelerator at the peak of a step on micro-batches of that size."""
    return int(peak(bucket(question.model, size, question.hardware, question.plan).stages))


def judged(nbytes: int, hardware: Hardware) -> str:
    """ "fits", "tight" or "too_big"."""
    return str(verdict(nbytes, interval(nbytes)[1], hardware.accelerator.reported))


def largest(question: Run, size: Bucket) -> tuple[int, int]:
    """(samples, bytes) of the largest micro-batch of that size that fits; (0, those of 1) where none does."""
    needed: dict[int, int] = {}

    def fits(batch: int) -> bool:
        needed[batch] = need(question, replace(size, batch=batch))
        return judged(needed[batch], question.hardware) == "fits"

    found = most(fits)
    return found, needed[max(found, 1)]


def most(fits: Callable[[int], bool], beyond: int = MOST) -> int:
    """The largest whole number up to `beyond` for which `fits` holds, which it does up to some number only; 0 where it
    does not for 1."""
    good, bad = 0, 1
    # doubled until one does not fit
    while bad <= beyond and fits(bad):
        good, bad = bad, 2 * bad
    # halved between the largest that fits and the smallest that does not
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if fits(middle) else (good, middle)
    return good
