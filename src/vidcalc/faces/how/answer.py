"""`--how` on the command line: a line of what comes out, the words of the tool, and what it has none for.

The page is a file of the tool's own kind that can be redirected: what is said beside the lines stands in comments, or,
where the kind knows none (JSON), on standard error.
"""

from typing import Any

import click

from vidcalc.describe.question import Question, Run
from vidcalc.faces.how import question, said
from vidcalc.faces.how.said import Said
from vidcalc.faces.terminal.numbers import data, duration, whole
from vidcalc.faces.terminal.page import show, written
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import VERDICTS, label

COMMENT = {"python": "# ", "shell": "# ", "toml": "# ", "yaml": "# ", "nodes": "# "}


def estimate(given: dict[str, Any], tool: str, code: bool, as_json: bool) -> int:
    """Print a generation in the words of a tool. Raises InputError."""
    from vidcalc.calculate import calculate

    job = question(given, tool, "generate")
    assert isinstance(job, Question)
    found = said(job, tool, code)
    if as_json:
        return output(found, "", True)
    report = calculate(*job)
    memory, work = report.memory.inference, job.workload
    size = f"{work.width}×{work.height}×{work.frames}"
    verdict = f"{label(VERDICTS, memory.verdict)}, {data(memory.peak)}, {duration(report.time.inference.total)}"
    return output(found, _line(job, size, verdict), False)


def train(given: dict[str, Any], tool: str, code: bool, as_json: bool) -> int:
    """Print a training run in the words of a trainer. Raises InputError."""
    from vidcalc.calculate import train as calculated

    job = question(given, tool, "train")
    assert isinstance(job, Run)
    found = said(job, tool, code)
    if as_json:
        return output(found, "", True)
    report = calculated(*job)
    memory = report.memory
    verdict = f"{label(VERDICTS, memory.verdict)}, {data(memory.peak)}, {duration(report.time.total)}"
    return output(found, _line(job, job.plan.training.mode, verdict), False)


def _line(job: Question | Run, what: str, verdict: str) -> str:
    """What is run where, and what comes out."""
    machine = f"{whole(job.hardware.total)} × {job.hardware.accelerator.name}"
    return f"{job.model.name} {what}, {machine}: {verdict}"


def output(found: Said, line: str, as_json: bool) -> int:
    """Print what a tool says; the exit code."""
    if as_json:
        from vidcalc.faces.emit import emit

        emit(found)
        return 0
    notes = [line, *remarks(found)]
    mark = COMMENT.get(found.language)
    if mark is None:
        click.echo(written("\n".join(notes), err=True), err=True)
        show("\n".join(found.lines))
        return 0
    first = 1 if found.lines[0].startswith("#!") else 0
    show("\n".join([*found.lines[:first], *(mark + each for each in notes), *found.lines[first:]]))
    return 0


def remarks(found: Said) -> list[str]:
    """What stands beside the lines: the version, packages, the command, what is left out."""
    lines = [f"{found.tool} {found.version}"]
    if found.needs:
        lines.append(_("needs {packages}", packages=", ".join(found.needs)))
    if found.run:
        lines.append(_("run as: {command}", command=found.run))
    lines += [f"{each.flag} {each.value}: {each.note}" for each in found.left]
    return lines
