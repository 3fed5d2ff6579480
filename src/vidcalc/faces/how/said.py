"""What a tool says of a plan, and what it has no words for."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from vidcalc.describe.question import Question
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.how.python import number
from vidcalc.faces.how.tools import FLAG
from vidcalc.faces.words import _

Found = TypeVar("Found")

SCHEMA = "vidcalc.how/1"


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """A setting that a tool cannot be told: its flag, its value, and what to know about that in words."""

    flag: str
    value: str
    note: str


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A plan in a tool's words.

    tool   its id;  version  that its words are of;  language  of the lines: "python", "shell", "json" or "toml"
    lines  in that language;  needs  packages beside the tool;  left  what it cannot be told
    run    the command that runs the lines, where they are a file of their own: "torchrun --nproc-per-node 4 run.py"
    """

    tool: str
    version: str
    language: str
    lines: tuple[str, ...]
    needs: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    run: str = ""
    schema: str = SCHEMA

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines) + "\n"


class Leavings:
    """Settings that a tool has no word for, collected while its words are found."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.every: list[Left] = []

    def add(self, flag: str, value: Any, note: str = "") -> None:
        """One more, with what to know about it."""
        self.every.append(Left(flag=flag, value=str(value), note=note or _("{tool} has no setting", tool=self.title)))

    def loras_and_batch(self, job: Question) -> None:
        """LoRAs and videos at once, of a tool that is told of neither."""
        if job.plan.loras:
            self.add("--lora", len(job.plan.loras))
        if job.workload.batch != 1:
            self.add("--batch-size", number(job.workload.batch))


def known_as(model: str, models: Mapping[str, Found], tool: str) -> Found:
    """What a tool calls a model. Raises Refused for one that it does not run."""
    if model not in models:
        known = tuple(models)
        expects = _("not for {model}; for {models}", model=model, models=", ".join(known))
        raise Refused(FLAG, tool, expects, None, known)
    return models[model]
