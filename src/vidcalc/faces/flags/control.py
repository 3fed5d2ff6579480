"""`--control canny`, `--control uni3c:0.8`, `--references 2,1`: what a model generates with beside its prompt."""

from typing import Any, NamedTuple

import click

from vidcalc.base.errors import InputError
from vidcalc.describe.setting import GENERATE
from vidcalc.faces.flags.inputs import Real, Whole, refuse
from vidcalc.faces.flags.spec import Spec, Specs
from vidcalc.faces.words import N_, _

EXAMPLE = "canny:0.8"
STRENGTH = Real(0, 100)
MOST = Whole(0, 1000)
ENDINGS = (".safetensors", ".json", ".gguf")  # of files


class ControlAsked(NamedTuple):
    """A control as it is asked for: a name or a file, and how strongly it steers."""

    name: str
    scale: float = 1.0


class ControlOf(click.ParamType):  # type: ignore[type-arg]
    """NAME or FILE, then :SCALE as wanted; what it stands for depends on the model and is settled later."""

    name = "control"
    multiple = True

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ControlAsked:
        """Raises Refused."""
        if isinstance(value, ControlAsked):
            return value
        text = str(value).strip()
        name, colon, number = text.rpartition(":")
        if not colon or "/" in number or "\\" in number:
            name, number = text, "1"
        expects = _("a name or a file, then :SCALE as wanted, such as {example}", example=EXAMPLE)
        try:
            scale = STRENGTH.convert(number, None, None)
        except InputError:
            raise refuse(param, value, expects, f"{name}:1", "NAME", "FILE", "NAME:SCALE") from None
        if not name:
            raise refuse(param, value, expects, EXAMPLE, "NAME", "FILE", "NAME:SCALE")
        return ControlAsked(name, float(scale))

    @staticmethod
    def reaches(text: str) -> bool:
        """Whether it is no plain name: it may be a file then."""
        name = text.strip().casefold()
        return (
            any(mark in name for mark in "/\\~") or name.rpartition(":")[0].endswith(ENDINGS) or name.endswith(ENDINGS)
        )


class ReferencesOf(click.ParamType):  # type: ignore[type-arg]
    """IMAGES, or IMAGES,VIDEOS; how many a model takes is settled later."""

    name = "references"
    commas = True  # within one value

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Raises Refused."""
        parts = value if isinstance(value, tuple | list) else str(value).split(",")
        expects = _("a number of images, or of images and videos: {example}", example="2,1")
        try:
            counts = [MOST.convert(str(part).strip(), None, None) for part in parts]
        except InputError:
            counts = []
        if not 1 <= len(counts) <= 2:
            raise refuse(param, value, expects, "1", "IMAGES", "IMAGES,VIDEOS")
        return counts[0], (counts[1] if len(counts) > 1 else 0)


CONTROL: Specs = {
    "control": Spec(
        ("--control",),
        ControlOf(),
        N_("NAME|FILE[:SCALE]"),
        "",
        N_(
            "Network that steers the model while it generates: canny, depth, vace, camera …, or its file; `list` "
            "shows what there is for the model. May be repeated."
        ),
        GENERATE,
    ),
    "references": Spec(
        ("--references",),
        ReferencesOf(),
        N_("IMAGES[,VIDEOS]"),
        N_("the model's"),
        N_("Pictures and videos of subjects, keyframes or motion that the model reads beside its prompt: 2,1."),
        GENERATE,
    ),
}
