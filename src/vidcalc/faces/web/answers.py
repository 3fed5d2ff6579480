"""The one door of the web face, without HTTP: a command's name and a question as JSON, to the command's JSON.

answer("estimate", {"model": "wan2.1-t2v-14b", "gpu": "rtx-4090"}) -> b'{"schema":"vidcalc.report/1", …}'

The bytes are those that `vidcalc NAME … --json` prints, without the end of the line. Words are spoken in one language
at a time in a process: a server that speaks several keeps a process to each question.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click
import msgspec

from vidcalc.base.errors import InputError, nearest
from vidcalc.faces import words
from vidcalc.faces.emit import packed
from vidcalc.faces.terminal import currency
from vidcalc.faces.web.asked import command, read
from vidcalc.faces.web.bodies import wrong
from vidcalc.faces.words import _

# commands that answer from the catalogue and a question alone
ANSWERED = (
    *("estimate", "train", "compare", "chain", "fit", "choose", "fix", "scale", "plan", "budget"),
    *("explain", "models", "gpus"),
)
JOBS = {"estimate": "generate", "train": "train"}  # what a tool can be told of


class Refusal(Exception):
    """A question that is refused: flag, value, allowed, nearest, and the message that the command line prints."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.said = said
        super().__init__(said["message"])

    def as_dict(self) -> dict[str, Any]:
        """The refusal as `vidcalc … --json` prints it within {"error": …}."""
        return self.said


def answer(name: str, asked: Mapping[str, Any], lang: str = words.SOURCE) -> bytes:
    """The JSON of a command asked so. Raises Refusal."""
    with speaking(lang), refusals():
        return packed(document(name, asked))


def document(name: str, asked: Mapping[str, Any]) -> Any:
    """What a command asked so prints as JSON, as it stands before that. Raises what the command line raises."""
    if name not in ANSWERED:
        near = nearest(name[:40], ANSWERED)
        raise InputError("COMMAND", name, ANSWERED, near)
    given = read(command(name), asked)
    tool, code = given.pop("how", None), given.pop("code", False)
    if tool is not None or code:
        from vidcalc.faces.how import asked as told
        from vidcalc.faces.how.answer import alone

        alone(tool, {})
        return told(given, str(tool), code, JOBS[name])
    module = import_module("vidcalc.faces.commands." + name)
    return (module.document if hasattr(module, "document") else module.result)(given)


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Words inside are in that language, one that there is none of means English; and money in what is asked inside."""
    before = words.spoken()
    words.use(lang if lang in words.languages() else words.SOURCE)
    try:
        yield
    finally:
        words.use(before)
        currency.use()


@contextmanager
def refusals() -> Iterator[None]:
    """Whatever is refused inside is raised as a Refusal, in the language in use."""
    try:
        yield
    except (InputError, ModuleNotFoundError, click.ClickException) as error:
        from vidcalc.faces.errors import describe, needs_arrays, unbuilt

        if needs_arrays(error):  # the page says so in words of its own
            raise
        raise Refusal(describe(unbuilt(error))) from None
    except RecursionError:
        raise Refusal(msgspec.to_builtins(wrong(_("the question cannot be read")))) from None
