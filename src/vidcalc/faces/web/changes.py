"""What to change so that a job fits, as buttons: words, the flags that a button sets, and what then comes of it."""

from collections.abc import Mapping
from typing import Any

from vidcalc.describe.plan import WAYS
from vidcalc.faces.flags.parallel import Parallel
from vidcalc.faces.flags.spelled import spelled
from vidcalc.faces.requests.fit import changed
from vidcalc.faces.terminal import relief
from vidcalc.faces.words.fix import TOUCHES
from vidcalc.faces.words.ids import VERDICTS, label
from vidcalc.report.estimate import Report

SHARED = Parallel(WAYS, "ulysses=4,cfg=2")


def of(report: Report, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each way out: text, flags to set, peak [byte], seconds, verdict, what it touches."""
    whole = report.time.inference.total
    return [
        {
            "text": relief.flags(way.changes),
            "set": flags(way.changes, asked),
            "peak": way.peak,
            "seconds": way.seconds,
            "slower": relief.difference(way.slower, whole),
            "verdict": way.verdict,
            "label": label(VERDICTS, way.verdict),
            "touches": [label(TOUCHES, each) for each in way.touches],
        }
        for way in report.memory.inference.relief
    ]


def flags(changes: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Changed fields of plan and workload as flags of a question; ways of sharing join those that are asked for."""
    found = changed({name: value for name, value in changes.items() if name not in ("width", "height")})
    if "width" in changes:
        found["resolution"] = f"{changes['width']}x{changes['height']}"
    if "parallel" in found:
        stated = asked.get("parallel")
        degrees = SHARED.convert(spelled(stated, SHARED), None, None) if stated else {}
        found["parallel"] = SHARED.spelled({**degrees, **found["parallel"]})
    return {relief.SPELLED.get(name, name): value for name, value in found.items()}
