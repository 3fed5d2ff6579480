"""What a page shows of a question: the report, and all of it that is said in words, in the language asked for.

page({"asked": {"model": "ltx-2", "gpu": "rtx-4090"}, "lang": "ko"}) -> {"report": …, "said": {…}}

`changes: false` leaves out what to change and what was measured: an answer while one drags, since these take longer.
"""

from collections.abc import Mapping
from typing import Any

from vidcalc.faces.commands import estimate
from vidcalc.faces.terminal.notes import assumed, warned
from vidcalc.faces.terminal.numbers import data, duration, money
from vidcalc.faces.terminal.overview import generated
from vidcalc.faces.web import changes
from vidcalc.faces.web.asked import command, read
from vidcalc.faces.web.measured import nearest_rows
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import PROVENANCE, STAGES, label
from vidcalc.report.estimate import Report


def page(asked: Mapping[str, Any], with_changes: bool = True) -> dict[str, Any]:
    """The report on a job and what is said of it. Raises what the command line raises."""
    given = read(command("estimate"), asked)
    for tool in ("how", "code"):
        given.pop(tool, None)
    report = estimate.result(given, advise=with_changes)
    return {"report": report, "said": said(report, asked, with_changes)}


def said(report: Report, asked: Mapping[str, Any], with_changes: bool) -> dict[str, Any]:
    """Every sentence and label of a page about one report; `changes` is None where none were looked
    for, and no measured rows are named then."""
    memory, time, cost = report.memory.inference, report.time.inference, report.cost
    _name, verdict, needed, room, took, paid = (
        str(each[0] if isinstance(each, tuple) else each) for each in generated(report)
    )
    sure = label(PROVENANCE, time.provenance)
    return {
        "verdict": _(
            "{verdict}: {needed} of {size}, {room}",
            verdict=verdict,
            needed=needed,
            size=data(memory.capacity),
            room=room,
        ),
        "label": verdict,
        "needed": needed,
        "room": room,
        "time": took,
        "time_range": _("{low} to {high} ({sure})", low=duration(time.low), high=duration(time.high), sure=sure),
        "cost": paid,
        "cost_range": [] if cost is None else [money(cost.inference[end]) for end in ("low", "high")],
        "warnings": [warned(each) for each in report.warnings],
        "assumptions": assumed(report),
        "changes": changes.of(report, asked) if with_changes else None,
        "stages": {row.id: label(STAGES, row.id) for row in memory.stages}
        | {name: label(STAGES, name) for name in time.parts},
        "measured": nearest_rows(report) if with_changes else [],
    }
