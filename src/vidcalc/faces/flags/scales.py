"""`--guidance-scales audio=1,stg=0`: scales of a pipeline that guides by more than one."""

from typing import Any

import click

from vidcalc.base.errors import nearest
from vidcalc.describe.model import Model
from vidcalc.faces.flags.inputs import LONGEST, Real, Refused, refuse
from vidcalc.faces.words import _

EXAMPLE = "audio=1,stg=0"
MAIN = "guidance"
VALUE = Real(0, 1000)


class Scales(click.ParamType):  # type: ignore[type-arg]
    """Values by name, joined by commas; which names there are depends on the model."""

    name = "scales"
    commas = True  # within one value

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, float]:
        """Raises Refused."""
        if isinstance(value, dict):
            return {str(name): VALUE.convert(each, param, ctx) for name, each in value.items()}
        found: dict[str, float] = {}
        for part in str(value).casefold().split(","):
            word, equals, number = (piece.strip() for piece in part.partition("="))
            if not word or not equals:
                raise refuse(param, value, _("scales such as {example}", example=EXAMPLE), EXAMPLE)
            found[word] = VALUE.convert(number, param, ctx)
        return found


def named(scales: dict[str, float], model: Model) -> dict[str, float]:
    """The scales by their names in the model's pipeline. Raises Refused for one that it has not."""
    words = {_short(name): name for each in model.defaults.scales for name in each}
    found = {}
    for word, value in scales.items():
        plain = word.replace("_", "-").removesuffix("-scale")
        if plain not in words:
            expects = _("scales of {model}: {names}", model=model.name, names=", ".join(words) or MAIN)
            near = nearest(plain[:LONGEST], tuple(words)) if words else None
            raise Refused("--guidance-scales", f"{word}={value:g}", expects, near, tuple(words))
        found[words[plain]] = value
    return found


def _short(name: str) -> str:
    """What a scale is called on the command line: "audio" of audio_guidance_scale."""
    plain = name.replace("_", "-").removesuffix("-scale")
    return plain.removesuffix("-" + MAIN)
