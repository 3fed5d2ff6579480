"""How memory, time and cost of a job go with one of its settings: an estimate for each value.

curve({"model": "ltx-2"}, "frames") -> [{"value": 33, "peak": …, "device": …, "capacity": …, "seconds": …}, …]
"""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from vidcalc.base.errors import InputError
from vidcalc.describe.geometry import snap
from vidcalc.faces.commands import estimate
from vidcalc.faces.flags.inputs import OneOf, Refused
from vidcalc.faces.requests.estimate import request
from vidcalc.faces.web.asked import SHARED, command, read, untold
from vidcalc.faces.words import _

OVER = ("frames", "width", "gpus", "steps")
MOST = 32  # values of one curve
SHARES = (0.25, 0.5, 0.75, 1, 1.25, 1.5, 2)  # of the job as asked
COUNTS = (1, 2, 4, 8)
NOT_OVER = {"frames": ("seconds",), "width": (), "gpus": ("nodes", "parallel"), "steps": ()}


def curve(asked: Mapping[str, Any], over: str, values: Sequence[Any] | None = None) -> list[dict[str, Any]]:
    """A row for each value in rising order; of one that the job refuses the refusal's message.

    Raises what the command line raises of the question itself.
    """
    over = OneOf(*OVER).convert(over, click.Option(["--over"]), None)
    if values is not None and not 1 <= len(values) <= MOST:
        raise Refused("--values", len(values), _("1 to {most} values", most=MOST), None, (f"1..{MOST}",))
    if asked.get(SHARED) is not None:
        raise untold()
    asked = {name: value for name, value in asked.items() if name not in ("how", "code")}
    given = {name: value for name, value in read(command("estimate"), asked).items() if name not in ("how", "code")}
    job = {name: value for name, value in given.items() if name not in NOT_OVER[over]}
    return [_row(job, over, each) for each in (usual(given, over) if values is None else values)]


def usual(given: dict[str, Any], over: str) -> list[int]:
    """The values of a curve that names none: around the job as asked, as its model accepts them."""
    if over == "gpus":
        return sorted({*COUNTS, given.get("gpus") or 1})
    model, job, _machine, _plan = request(given)
    width, height, frames, steps = (int(each) for each in (job.width, job.height, job.frames, job.steps))
    if over == "steps":
        return sorted({max(1, round(steps * share)) for share in SHARES})
    sized = [
        snap(model, round(width * share), round(height * share), frames)
        if over == "width"
        else snap(model, width, height, round(frames * share))
        for share in SHARES
    ]
    asked = width if over == "width" else frames
    return sorted({asked, *(int(each[0] if over == "width" else each[2]) for each in sized)})


def _row(job: dict[str, Any], over: str, value: Any) -> dict[str, Any]:
    """What the job comes to with that value."""
    try:
        report = estimate.result(_with(job, over, value), advise=False)
    except InputError as refused:
        from vidcalc.faces.errors import describe

        return {"value": value, "refused": describe(refused)["message"]}
    memory, cost = report.memory.inference, report.cost
    return {
        "value": value,
        "peak": memory.peak,
        "device": memory.device,
        "capacity": memory.capacity,
        "seconds": report.time.inference.total,
        "cost": None if cost is None else cost.inference["likely"],
        "verdict": memory.verdict,
    }


def _with(job: dict[str, Any], over: str, value: Any) -> dict[str, Any]:
    """The job with that value, read as its flag reads it; a width keeps the shape of the picture. Raises InputError."""
    if over != "width":
        flag = next(each for each in command("estimate").params if each.name == over)
        return {**job, over: flag.type.convert(value, flag, None)}
    model, asked, _machine, _plan = request(job)
    flag = next(each for each in command("estimate").params if each.name == "resolution")
    height = round(int(asked.height) * _number(value) / int(asked.width))
    snapped = snap(model, _number(value), height, asked.frames)
    return {**job, "resolution": flag.type.convert(f"{value}x{int(snapped[1])}", flag, None)}


def _number(value: Any) -> int:
    """A width. Raises Refused."""
    from vidcalc.faces.flags.inputs import SIDE, Whole

    return Whole(*SIDE).convert(value, click.Option(["--values"]), None)
