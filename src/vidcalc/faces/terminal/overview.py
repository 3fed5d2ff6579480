"""The top of the report: which job this is, and at a glance whether it fits."""

from typing import Any

from vidcalc.faces.terminal.cells import Cell, Paint, hanging, table, width
from vidcalc.faces.terminal.numbers import count, data, duration, money, significant, whole
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import GUIDANCE, VERDICTS, label
from vidcalc.report.estimate import Report

STYLES = {"fits": "good", "tight": "tight", "at_least": "tight", "too_big": "bad"}


def head(report: Report, paint: Paint, cells: int) -> list[str]:
    """Model, job and hardware in a few lines."""
    job, plan, gpu = report.workload, report.plan, report.hardware
    frames, seconds = whole(job["frames"]), significant(job["frames"] / job["fps"])
    sizes = {"count": count(report.model.params_total), "active": count(report.model.params_active)}
    chosen = report.model.params_active != report.model.params
    words = _("{count} parameters, {active} of them active", **sizes) if chosen else _("{count} parameters", **sizes)
    title = f"{report.model.title} · {words}"
    pieces = [
        f"{job['width']}×{job['height']}",
        _("{frames} frames ({seconds} s at {fps} fps)", frames=frames, seconds=seconds, fps=whole(job["fps"])),
        _("{steps} steps", steps=whole(job["steps"])),
        _("batch {batch}", batch=whole(job["batch"])),
        plan["precision"],
        _guided(job, plan),
    ]
    where = f"{gpu.count} × {gpu.name} · {data(gpu.capacity)}"
    lines = [paint(line, "title") for line in hanging(title, cells)]
    return [*lines, *hanging(" · ".join(pieces), cells), *hanging(where, cells)]


def _guided(job: dict[str, Any], plan: dict[str, Any]) -> str:
    """How a step is guided: its predictions, and the calls that they take where some of them share one."""
    made, batched = plan["forwards_per_step"], plan["batched_forwards"]
    word = "partly" if plan["guidance_mode"] == "batched" and made != batched else plan["guidance_mode"]
    calls = whole(made - batched + 1)
    return label(GUIDANCE, word, scale=whole(job["guidance"]), forwards=whole(made), calls=calls)


def glance(report: Report, paint: Paint, cells: int) -> list[str]:
    """One row each for generating and training: verdict, memory, margin, time, cost."""
    spent = report.time
    rows = [generated(report)]
    training = report.memory.training
    if training is not None and spent.training is not None:
        took = _("{time}/step", time=duration(spent.training.per_step))
        rows.append(_row(_("Train"), training.peak, training, took, None))
    lines = table(rows, "<<><<<", paint)
    if max(width(line) for line in table(rows, "<<><<<", Paint(False))) > cells:  # the cost stands below as well
        lines = table([row[:-1] for row in rows], "<<><<", paint)
    return lines


def generated(report: Report) -> list[Cell]:
    """The row of generating."""
    held, cost = report.memory.inference, report.cost
    return _row(
        _("Generate"),
        held.capacity - held.margin,  # the peak, or where that is what does not fit the driver's reading of it
        held,
        duration(report.time.inference.total),
        None if cost is None else cost.inference["likely"],
    )


def _row(name: str, needed: Any, memory: Any, took: str, cost: float | None) -> list[Cell]:
    margin = memory.margin
    beside = getattr(memory, "host_room", None)
    free = _("{size} free", size=data(margin))
    free = _("less than {size}", size=free) if memory.verdict == "at_least" else free
    room = free if margin >= 0 else _("{size} missing", size=data(-margin))
    if beside is not None and beside.margin < 0 <= margin:  # the GPU has room, the machine has not
        room = _("{size} of host RAM missing", size=data(-beside.margin))
    slower = memory.verdict == "fits" and getattr(memory, "streamed", 0) > 0
    verdict: Cell = (label(VERDICTS, "slower" if slower else memory.verdict), STYLES.get(memory.verdict, ""))
    return [(name, "title"), verdict, data(needed), room, took, money(cost) if cost is not None else ""]
