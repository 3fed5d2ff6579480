"""The jobs that a search for the largest one tries: a ladder of lengths, of sizes or of batches that a model accepts.

    lengths(model, workload)   every accepted number of frames, the rest as asked
    sizes(model, workload)     every accepted size of the shape asked for
    batches(workload)          1, 2, 3 … videos at once

A rung is what of the workload it settles; a ladder is the rungs in rising order, all of them or as one column.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from vidcalc.base.number import Number
from vidcalc.describe.geometry import ladder, snap
from vidcalc.describe.model import Model
from vidcalc.describe.workload import Workload
from vidcalc.ledger.windows import made_at_once

LONGEST = 10_000  # frames of a model that states no end: minutes of video
WIDEST = 4096  # pixels of the longer side
MOST = 256  # videos at once


class Ladder(msgspec.Struct, frozen=True, eq=False):
    """Jobs in rising order.

    kind    "frames", "size" or "batch";  base  the job whose other numbers they have
    rungs   field of the workload -> its value on each rung
    native  for each rung, whether the model was made for it
    ends    what ends the ladder: "model" (it accepts no more) or "search"
    """

    kind: str
    base: Workload
    rungs: Mapping[str, tuple[int, ...]]
    native: tuple[bool, ...]
    ends: str

    def __len__(self) -> int:
        return len(self.native)

    def job(self, rung: int) -> Workload:
        """The workload of one rung."""
        return replace(self.base, **{field: values[rung] for field, values in self.rungs.items()})

    def only(self, places: Sequence[int]) -> "Ladder":
        """Some of the rungs."""
        rungs = {field: tuple(values[place] for place in places) for field, values in self.rungs.items()}
        return replace(self, rungs=rungs, native=tuple(self.native[place] for place in places))

    def measure(self, rung: int) -> int:
        """How large a rung's job is: frames, pixels of a picture, or videos."""
        size = 1
        for values in self.rungs.values():
            size *= values[rung]
        return size

    def column(self) -> Workload:
        """The workload of all rungs, as float64 columns."""
        import numpy as np

        columns: dict[str, Number] = {name: np.array(values, dtype=float) for name, values in self.rungs.items()}
        return replace(self.base, **columns)


def lengths(model: Model, workload: Workload, most: int = LONGEST) -> Ladder:
    """Every accepted number of frames up to the model's most, or up to `most`."""
    step, _offset, low, high = ladder(model.constraints, "frames")
    frames = tuple(range(low, max(low, most if high is None else min(high, most)) + 1, step))
    rungs = {"frames": frames}
    native = tuple(made_for(model, replace(workload, frames=count)) for count in frames)
    ends = "model" if high is not None and high <= most else "search"
    return Ladder("frames", workload, rungs, native, ends)


def sizes(model: Model, workload: Workload, widest: int = WIDEST) -> Ladder:
    """Every accepted size whose shape is as near to that of the workload as the model's steps allow."""
    step = model.constraints.size_multiple
    longer, shorter = max(workload.width, workload.height), min(workload.width, workload.height)
    pairs: list[tuple[int, int]] = []
    for short in range(step, widest + 1, step):
        long, _same, _frames = snap(model, short * longer / shorter, short, workload.frames)
        if long <= widest:
            pairs.append((int(long), short))
    wide = workload.width >= workload.height
    rungs = {
        "width": tuple(long if wide else short for long, short in pairs),
        "height": tuple(short if wide else long for long, short in pairs),
    }
    # pixels of the largest size that it was made for
    made = max((width * height for width, height in model.constraints.native_sizes), default=0)
    native = tuple(not made or long * short <= made for long, short in pairs)
    return Ladder("size", workload, rungs, native, "search")


def batches(workload: Workload, most: int = MOST) -> Ladder:
    """1, 2, 3 … videos at once."""
    counts = tuple(range(1, most + 1))
    return Ladder("batch", workload, {"batch": counts}, (True,) * most, "search")


def alone(workload: Workload) -> Ladder:
    """One job, as it was asked for."""
    return Ladder("frames", workload, {}, (True,), "search")


def made_for(model: Model, workload: Workload) -> bool:
    """Whether a clip is no longer, in one pass, than those the model was made for."""
    native = model.constraints.native_frames
    return not native or bool(made_at_once(model, workload) <= native)
