"""`--lora 32:attention`, `--lora style.safetensors`: LoRAs that a model generates with, as often as there are."""

import os
from typing import Any, NamedTuple

import click

from vidcalc.base.errors import InputError, nearest
from vidcalc.describe.adapters import TARGETS
from vidcalc.describe.setting import GENERATE
from vidcalc.faces.flags.inputs import LONGEST, Whole, refuse
from vidcalc.faces.flags.spec import Spec, Specs
from vidcalc.faces.words import N_, _

EXAMPLE = "32:attention"
RANK = Whole(1, 4096)
ENDING = ".safetensors"


class LoraAsked(NamedTuple):
    """A LoRA as it is asked for: a file, or a rank and the layers that it is on."""

    file: str = ""
    rank: int = 0
    targets: str = TARGETS[0]


class LoraOf(click.ParamType):  # type: ignore[type-arg]
    """FILE.safetensors, or RANK[:TARGETS]; which file fits the model is settled later."""

    name = "lora"
    multiple = True

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> LoraAsked:
        """Raises Refused."""
        if isinstance(value, LoraAsked):
            return value
        text = str(value).strip()
        if text.casefold().endswith(ENDING) or os.path.isfile(text):
            return LoraAsked(file=text)
        number, _colon, word = text.casefold().partition(":")
        targets = word or TARGETS[0]
        near = EXAMPLE if targets in TARGETS else f"{number}:{nearest(targets[:LONGEST], TARGETS) or TARGETS[0]}"
        expects = _(
            "a file (*{ending}), or a rank, then :{targets} as wanted, such as {example}",
            ending=ENDING,
            targets="|".join(TARGETS),
            example=EXAMPLE,
        )
        try:
            rank = RANK.convert(number, None, ctx)
        except InputError:
            raise refuse(param, value, expects, near, "FILE", "RANK[:TARGETS]") from None
        if targets not in TARGETS:
            raise refuse(param, value, expects, near, "FILE", "RANK[:TARGETS]")
        return LoraAsked(rank=rank, targets=targets)

    @staticmethod
    def reaches(text: str) -> bool:
        """Whether it is no rank: it may be a file then."""
        return not text.strip().partition(":")[0].isdecimal()

    @staticmethod
    def spelled(asked: LoraAsked) -> str:
        """A LoRA as one types it."""
        return asked.file or f"{asked.rank}:{asked.targets}"


LORA: Specs = {
    "lora": Spec(
        ("--lora",),
        LoraOf(),
        N_("FILE|RANK[:TARGETS]"),
        "",
        N_("LoRA to generate with: its file, or rank and layers (attention, attention+ffn, all). May be repeated."),
        GENERATE,
    ),
}
