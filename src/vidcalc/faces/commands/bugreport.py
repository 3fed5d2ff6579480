"""`vidcalc bugreport`: what a report of a wrong number needs, collected in one text to paste.

Its heads are English in every language, since whoever mends the number reads them. It holds what was typed, how the
command ended, the versions, and the whole answer with what it assumed; the home folder's name is left out.
"""

import io
import os
import sys

import click

from vidcalc.faces.flags.catalogue import Flag, common
from vidcalc.faces.flags.reach import Plain
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

ANSWER = "--json"
PACKAGES = ("click", "msgspec", "numpy", "polars", "torch", "diffusers", "transformers")


def bugreport(measured: str | None, source: str | None, command: tuple[str, ...]) -> None:
    """Ask once more, and print the question, the answer and the versions. An answer that fails is one, too."""
    import shlex  # late, as the list of commands reads this file

    ended, answer = asked(command)
    text = "\n".join(
        [
            "### The question",
            "",
            f"    vidcalc {shlex.join(command)}",
            "",
            f"- measured: {measured or '(what is right, by which counter or clock)'}",
            f"- source: {source or '(page, paper, log or script that shows it)'}",
            f"- ended with: {ended}",
            *(f"- {each}" for each in versions()),
            "",
            "### The answer",
            "",
            "```json" if answer.startswith(("{", "[")) else "```text",
            answer.rstrip("\n"),
            "```",
        ]
    )
    click.echo(without_home(text))


def asked(line: tuple[str, ...]) -> tuple[str, str]:
    """How a command line ends ("exit code 0", or the exception's name), and what it answers, as JSON where it can."""
    from contextlib import redirect_stderr, redirect_stdout

    from vidcalc.faces.cli import run, vidcalc

    out, err = io.StringIO(), io.StringIO()
    words = line if ANSWER in line or not answers_in_json(line[0]) else (line[0], ANSWER, *line[1:])
    with redirect_stdout(out), redirect_stderr(err):
        try:
            ended = f"exit code {run(vidcalc, 'vidcalc', words)}"
        except Exception as error:  # the very thing to be reported
            import traceback

            ended = type(error).__name__
            err.write(traceback.format_exc())
    return ended, out.getvalue() or err.getvalue()


def answers_in_json(name: str) -> bool:
    """Whether a command of that name has --json."""
    found = vidcalc_command(name)
    return found is not None and any(ANSWER in each.opts for each in found.params)


def vidcalc_command(name: str) -> click.Command | None:
    """The command of that name, None where there is none."""
    from vidcalc.faces.cli import vidcalc

    group = vidcalc()
    assert isinstance(group, click.Group)
    return group.get_command(click.Context(group), name)


def versions() -> list[str]:
    """vidcalc, Python, the system, and of the packages that numbers may hang on those that are installed."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from vidcalc.base.version import __version__

    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return [
        f"vidcalc {__version__}",
        f"Python {platform.python_version()}, {sys.platform} {platform.machine()}",
        ", ".join(found),
    ]


def without_home(text: str) -> str:
    """A text in which the home folder is called ~, as names of people are nobody's business."""
    home = os.path.expanduser("~")
    return text.replace(home, "~") if len(home) > 1 else text


command = Command(
    "bugreport",
    params=[
        Flag(("--measured",), N_("What is right, and how it was measured."), type=Plain(), metavar=N_("TEXT")),
        Flag(("--source",), N_("Where that is to be seen."), type=Plain(), metavar=N_("TEXT")),
        click.Argument(["COMMAND"], type=Plain(), nargs=-1, required=True, metavar=N_("COMMAND …")),
        *common(),
    ],
    callback=bugreport,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    help=N_(
        "Collects what a report of a wrong number needs, as one text to paste.\n"
        "COMMAND … is the command line that gave the number, as it was typed after vidcalc: it is asked once more, and "
        "its whole answer stands in the text beside the versions. "
        "Nothing is sent anywhere; read the text before you do."
    ),
    examples=(
        "vidcalc bugreport estimate -m wan2.1-t2v-14b --gpu 4090 --offload group",
        'vidcalc bugreport --measured "19.3 GiB reserved" estimate -m ltx-video-2b',
    ),
)
