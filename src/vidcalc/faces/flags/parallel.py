"""`--parallel ulysses=4,cfg=2,fsdp=8`: how several GPUs share a job, read into degrees of a plan."""

from typing import Any

import click

from vidcalc.base.errors import nearest
from vidcalc.describe.plan import WAYS, WORK
from vidcalc.faces.flags.inputs import LONGEST, Whole, refuse
from vidcalc.faces.words import _

AUTO: dict[str, int] = {"auto": 1}  # no degree is stated: the best plan is searched
DEGREE = Whole(1, 4096)


ANY = "*"


class Pattern(click.ParamType):  # type: ignore[type-arg]
    """Ways that may be used: "ulysses,cfg=2" is any degree of ulysses, two of cfg, and nothing else."""

    name = "pattern"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, int | None]:
        """Ways with their degree, None for any. Raises Refused."""
        degrees: dict[str, int | None] = {}
        for part in str(value).casefold().split(","):
            word, _equals, degree = (piece.strip() for piece in part.partition("="))
            if word not in WAYS:
                near = nearest(word[:LONGEST], tuple(WAYS)) or "ulysses"
                ways = ", ".join(WAYS)
                expects = _(
                    "ways with or without degrees such as {example}, of {ways}", example="ulysses,cfg=2", ways=ways
                )
                raise refuse(param, value, expects, near, *WAYS)
            if word in degrees:
                raise refuse(param, part.strip(), _("each way once"), None)
            degrees[word] = None if degree in ("", ANY) else DEGREE.convert(degree, param, ctx)
        return degrees


class Parallel(click.ParamType):  # type: ignore[type-arg]
    """Degrees by name, joined by commas."""

    name = "parallel"
    commas = True  # within one value

    def __init__(self, fields: dict[str, str], example: str, searched: bool = False) -> None:
        """`searched`: whether "auto" is a way too, that of a search."""
        self.fields, self.example, self.searched = fields, example, searched

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, int]:
        """Fields of a plan. Raises Refused."""
        if isinstance(value, dict):
            return value
        if self.searched and str(value).strip().casefold() == "auto":
            return AUTO
        degrees: dict[str, int] = {}
        for part in str(value).casefold().split(","):
            word, equals, degree = (piece.strip() for piece in part.partition("="))
            if word not in self.fields or not equals:
                near = nearest(word[:LONGEST], tuple(self.fields)) or "ulysses"
                ways = ", ".join(self.fields)
                expects = _("ways such as {example}, of {ways}", example=self.example, ways=ways)
                raise refuse(param, value, expects, f"{near}=2", *self.fields)
            if self.fields[word] in degrees:
                raise refuse(param, part.strip(), _("each way once"), None)
            degrees[self.fields[word]] = DEGREE.convert(degree, param, ctx)
        return degrees

    def spelled(self, degrees: dict[str, int]) -> str:
        """Fields of a plan as one types them."""
        return ",".join(f"{word}={degrees[field]}" for word, field in self.fields.items() if field in degrees)


def ranks(degrees: dict[str, int]) -> int:
    """GPUs that the degrees ask for: those that share the work, else as many as share weights or the decode."""
    together = 1
    for field in WORK.values():
        together *= degrees.get(field, 1)
    return max(together, *degrees.values())
