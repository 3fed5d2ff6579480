"""How right this is: the measured rows that are nearest to a question, beside what is predicted for them.

Near is: the same model, then tokens, then the GPU and how many of it. Rows whose source contradicts itself and rows
that cannot be predicted are left out; whether a constant was fitted to a row is said.
"""

from collections import defaultdict
from functools import cache
from math import log
from pathlib import Path
from typing import Any

from vidcalc.catalog.load import DATA
from vidcalc.faces.terminal.numbers import data, duration, whole
from vidcalc.faces.words import _
from vidcalc.report.estimate import Report
from vidcalc.validate import text
from vidcalc.validate.compared import Compared, Result
from vidcalc.validate.mapping import model_of
from vidcalc.validate.run import result
from vidcalc.validate.table import Row, number, read

SHOWN = 3  # rows
TRIED = 8  # of which these are looked for
OTHER_GPU, OTHER_COUNT = 1.0, 0.5  # as far as e times the pixels


def nearest_rows(report: Report) -> list[dict[str, Any]]:
    """The nearest rows in words and figures; none where nothing of the model was measured."""
    near = sorted(rows().get(report.model.name, ()), key=lambda row: distance(row, report))[:TRIED]
    predicted = ((row, predictions(row)) for row in near)
    known = [(row, found) for row, found in predicted if found.status == "predicted" and not found.doubt]
    shown = [(row, found) for row, found in known if any(map(both, (found.memory, found.time)))]
    return [_entry(row, found) for row, found in shown[:SHOWN]]


@cache
def rows() -> dict[str, tuple[Row, ...]]:
    """The measured generations with a size and a figure, by the catalogue's model."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in read(str(Path(DATA) / "measured" / "inference.csv")):
        sized = all(number(each) for each in (row.width, row.height, row.frames))
        if sized and (number(row.peak_mem_gb) or number(row.time_s)) and (name := model_of(row)):
            found[name].append(row)
    return {name: tuple(each) for name, each in found.items()}


@cache
def predictions(row: Row) -> Result:
    """What is predicted for a row."""
    return result(row)


def distance(row: Row, report: Report) -> float:
    """How far a row is from a report: the logarithm of the pixels' ratio, and steps for another GPU."""
    job, machine = report.workload, report.hardware
    pixels = (number(row.width) or 1) * (number(row.height) or 1) * (number(row.frames) or 1)
    apart = abs(log(pixels / (job["width"] * job["height"] * job["frames"])))
    gpu = 0.0 if row.gpu and text.gpu(row.gpu) == machine.accelerator else OTHER_GPU
    return apart + gpu + (0.0 if (number(row.n_gpus) or 1) == machine.count else OTHER_COUNT)


def both(figure: Compared) -> bool:
    """Whether there is a prediction beside a measurement."""
    return figure.predicted is not None and figure.measured is not None


def _entry(row: Row, found: Result) -> dict[str, Any]:
    """A row as a page shows it."""
    gpus = f"{whole(number(row.n_gpus) or 1)} × {row.gpu}"
    steps = [_("{steps} steps", steps=row.steps)] if row.steps else []
    size = _("{width}×{height}, {frames} frames", width=row.width, height=row.height, frames=row.frames)
    told = [_("a constant was fitted to it")] if found.role == "fit" else []
    figures = [(each, read) for each, read in ((found.memory, data), (found.time, duration)) if both(each)]
    return {
        "id": row.id,
        "what": ", ".join([size, *steps, gpus, *filter(None, [row.precision, row.offload]), *told]),
        "ours": ", ".join(read(each.predicted) for each, read in figures),
        "theirs": ", ".join(read(each.measured) for each, read in figures),
        "memory": _figure(found.memory),
        "time": _figure(found.time),
        "source": row.source,
    }


def _figure(figure: Compared) -> dict[str, float] | None:
    """A prediction beside a measurement [byte or second]."""
    if not both(figure):
        return None
    return {"predicted": figure.predicted or 0, "measured": figure.measured or 0, "ratio": figure.ratio or 0}
