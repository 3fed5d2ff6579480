"""`--how` on the command line: a line of what comes out, the words of the tool, and what it has none for.

The page is a file of the tool's own kind that can be redirected: what is said beside the lines stands in comments, or,
where the kind knows none (JSON), on standard error.
"""

from typing import Any

import click

from vidcalc.base.number import Number
from vidcalc.describe.question import Question, Run
from vidcalc.faces.exits import checked
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.how import question, said
from vidcalc.faces.how.said import Said
from vidcalc.faces.terminal.numbers import data, duration, whole
from vidcalc.faces.terminal.page import show, written
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import VERDICTS, label

COMMENT = {"python": "# ", "shell": "# ", "toml": "# ", "yaml": "# ", "nodes": "# "}


def alone(how: str | None, others: dict[str, Any]) -> None:
    """Raises Refused for --code without --how, and for flags of the report beside it."""
    if how is None:
        raise Refused("--code", None, _("only with --how"), None, ())
    for flag, value in others.items():
        if value:
            raise Refused(flag, None, _("not together with --how, which prints no report"), None, ())


def tell(given: dict[str, Any], job: str, tool: str, code: bool, as_json: bool, check: bool) -> int:
    """Print a job ("generate" or "train") in the words of a tool; the exit code, which `check` asks.

    Raises InputError.
    """
    asked = question(given, tool, job)
    found = said(asked, tool, code)
    line = verdict = ""
    if check or not as_json:  # JSON has no line of what it comes to
        line, verdict = generated(asked) if isinstance(asked, Question) else trained(asked)
    output(found, line, as_json)
    return checked(verdict) if check else 0


def generated(job: Question) -> tuple[str, str]:
    """(a line of what a generation comes to, its verdict)."""
    from vidcalc.calculate import calculate

    report = calculate(*job)
    memory, work = report.memory.inference, job.workload
    size = f"{work.width}×{work.height}×{work.frames}"
    return _line(job, size, memory.verdict, memory.peak, report.time.inference.total), memory.verdict


def trained(job: Run) -> tuple[str, str]:
    """(a line of what a training run comes to, its verdict)."""
    from vidcalc.calculate import train

    report = train(*job)
    memory = report.memory
    return _line(job, job.plan.training.mode, memory.verdict, memory.peak, report.time.total), memory.verdict


def _line(job: Question | Run, what: str, verdict: str, peak: Number, seconds: Number) -> str:
    """What is run where, and what comes out."""
    machine = f"{whole(job.hardware.total)} × {job.hardware.accelerator.name}"
    return f"{job.model.name} {what}, {machine}: {label(VERDICTS, verdict)}, {data(peak)}, {duration(seconds)}"


def output(found: Said, line: str, as_json: bool) -> None:
    """Print what a tool says, and a line beside it."""
    if as_json:
        from vidcalc.faces.emit import emit

        return emit(found)
    notes = [line, *remarks(found)]
    mark = COMMENT.get(found.language)
    if mark is None:
        click.echo(written("\n".join(notes), err=True), err=True)
        return show("\n".join(found.lines))
    first = 1 if found.lines[0].startswith("#!") else 0
    return show("\n".join([*found.lines[:first], *(mark + each for each in notes), *found.lines[first:]]))


def remarks(found: Said) -> list[str]:
    """What stands beside the lines: the version, packages, the command, what is left out."""
    lines = [f"{found.tool} {found.version}"]
    if found.needs:
        lines.append(_("needs {packages}", packages=", ".join(found.needs)))
    if found.run:
        lines.append(_("run as: {command}", command=found.run))
    lines += [f"{each.flag} {each.value}: {each.note}" for each in found.left]
    return lines
