"""The official Wan 2.2 T2V-A14B points, also as if nothing on their own GPU had ever been used to fit a constant.

The Wan2.2 repository times one model on several GPUs, counts and sizes. None of these rows was used to fit anything;
but rows of other models on the same GPUs were (`data/kernels/convolution.csv`). The second prediction leaves those of
the GPU in question out: its convolution rates then come from other GPUs, as they would for one that nobody timed.
"""

import msgspec

from vidcalc.base.errors import InputError
from vidcalc.catalog import load
from vidcalc.catalog.accelerators import accelerator
from vidcalc.describe.hardware import Accelerator
from vidcalc.rates.convolution_curves import convolution_curves
from vidcalc.rates.curves import curves, with_curves
from vidcalc.rates.kernels import rows as raw
from vidcalc.validate.mapping import case
from vidcalc.validate.run import seconds
from vidcalc.validate.table import Row, number
from vidcalc.validate.unmapped import Unmapped

MODEL, SOURCE = "Wan2.2-T2V-A14B", "Wan-Video/Wan2.2 README"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One point: measured, predicted, and predicted without any constant fitted on its GPU [second]."""

    row: Row
    measured: float
    predicted: float
    held_out: float


def points(rows: list[Row]) -> list[Point]:
    """The official points among measured rows."""
    series = []
    for row in rows:
        measured = number(row.time_s)
        if row.model != MODEL or SOURCE not in row.source or measured is None:
            continue
        try:
            job = case(row)
        except (Unmapped, InputError):
            continue
        machine = job.question.hardware
        alone = msgspec.structs.replace(machine, accelerator=unfitted(machine.accelerator))
        other = msgspec.structs.replace(job, question=job.question._replace(hardware=alone))
        series.append(
            Point(
                row=row,
                measured=measured,
                predicted=seconds(job).likely,
                held_out=seconds(other).likely,
            )
        )
    return series


def unfitted(chip: Accelerator) -> Accelerator:
    """An accelerator whose convolution rates come from the timings of other accelerators alone."""
    name = chip.id
    chips = {id_: accelerator(id_) for id_ in load.names("accelerators")}
    others = [row for row in raw("convolution") if row["accelerator"] != name]
    shares = convolution_curves(chips, name, others, load.entry("kernels", "laws")["convolution"], {})
    made = msgspec.structs.replace(chip, id=f"{name}+unfitted", like=chip.like or name)
    return with_curves(made, {**curves(chip), "convolution": {**curves(chip)["convolution"], **shares}})


def mean_error(series: list[Point], *, held_out: bool = False) -> float | None:
    """Mean of |predicted / measured − 1|; None of no points."""
    errors = [abs((point.held_out if held_out else point.predicted) / point.measured - 1) for point in series]
    return sum(errors) / len(errors) if errors else None
