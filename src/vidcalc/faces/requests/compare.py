"""From jobs as they are typed, saved reports, and the flags that all of them share, to the reports to compare."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from vidcalc.base import reading
from vidcalc.base.errors import Unreadable
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.requests.chain import typed
from vidcalc.faces.words import _
from vidcalc.report.estimate import SCHEMA, Report

MOST = 12  # jobs side by side
LARGEST = 2**25  # bytes of a saved report
SAVED = ".json"
EXAMPLE = '"wan2.1-t2v-14b" "ltx-2 -r 768x512"'
SETTLES = {"model": ("params", "from"), "params": ("model", "from"), "from": ("model", "params")}

Flags = dict[str, Any]


def reports(
    jobs: Sequence[Any], shared: Mapping[str, Any], command: click.Command, estimate: Callable[[Flags], Report]
) -> list[Report]:
    """A report of each job: of a saved one as it was, of another by `estimate`. Raises InputError."""
    if not 2 <= len(jobs) <= MOST:
        expects = _("2 to {most} jobs or saved reports", most=MOST)
        raise Refused("JOB", len(jobs), expects, EXAMPLE, (f"2..{MOST}",))
    return [each if isinstance(each, Report) else _report(each, shared, command, estimate) for each in jobs]


def _report(job: Any, shared: Mapping[str, Any], command: click.Command, estimate: Callable[[Flags], Report]) -> Report:
    if isinstance(job, str) and job.casefold().endswith(SAVED):
        return saved(job)
    own = typed(job, command, ()) if isinstance(job, str) else dict(job)
    # a job that names its model has no other, and none by its count
    hidden = {name for key in own for name in SETTLES.get(key, ())}
    return estimate({**{name: value for name, value in shared.items() if name not in hidden}, **own})


def saved(path: str) -> Report:
    """A report that `vidcalc estimate --json` wrote. Raises Unreadable."""
    import msgspec

    data = reading.content(path, "JOB", LARGEST)
    try:
        found = msgspec.json.decode(data, type=Report)
    except (msgspec.MsgspecError, RecursionError):
        raise Unreadable(path, "no_report", flag="JOB", schema=SCHEMA) from None
    if found.schema != SCHEMA:
        raise Unreadable(path, "no_report", flag="JOB", schema=SCHEMA)
    return found
