"""What the flags of a plan's settings take beyond words and numbers: names of the catalogue, shares or published names.

Names are looked up when a flag is read, so that help needs none of the catalogue.
"""

from collections.abc import Callable
from typing import Any

import click

from vidcalc.base.errors import InputError, nearest
from vidcalc.describe.plan import LEAST_SHARE
from vidcalc.describe.setting import Published
from vidcalc.faces.flags.inputs import LONGEST, Listed, OneOf, Real, Whole, refuse
from vidcalc.faces.words import _


def listed(table: str) -> Callable[[], tuple[str, ...]]:
    """The names of a table of the catalogue, looked up when asked for."""

    def lookup() -> tuple[str, ...]:
        if table == "precisions":
            from vidcalc.catalog.precisions import choices as formats

            return formats()
        from vidcalc.catalog.training import choices

        return choices(table)

    return lookup


class Format(Listed):
    """A number format, as the catalogue or as the field spells it: "Q4_K_M", "fp8_e4m3fn"."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises Refused."""
        from vidcalc.catalog.spellings import precision

        return super().convert(precision(str(value)[:LONGEST]), param, ctx)


class Kernel(click.ParamType):  # type: ignore[type-arg]
    """An attention kernel, as it or as a framework calls it ("_flash_3_hub"); which a GPU has is settled later."""

    name = "kernel"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The kernel's name."""
        from vidcalc.catalog.spellings import attention

        return attention(str(value))


class Profile(click.ParamType):  # type: ignore[type-arg]
    """A profile of a kind ("frameworks", "trainers"), by id or alias; `beside` are words that are none."""

    name = "profile"

    def __init__(self, kind: str, *beside: str) -> None:
        self.kind, self.beside = kind, beside

    def profiles(self) -> list[str]:
        """Every word that may be given."""
        from vidcalc.catalog.load import names

        return [*self.beside, *names(self.kind)]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises Refused with every profile there is."""
        from vidcalc.catalog.load import resolve

        word = str(value).strip()[:LONGEST]
        if word.casefold() in self.beside:
            return word.casefold()
        try:
            return resolve(self.kind, word)
        except InputError as unknown:
            profiles = self.profiles()
            raise refuse(param, value, ", ".join(profiles), unknown.nearest or "diffusers", *profiles) from None

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The profiles that begin so."""
        return OneOf(*self.profiles()).shell_complete(ctx, param, incomplete)


class WordOrCount(OneOf):
    """One of a few words; those of `counts` may carry a number: "block-swap:20"."""

    def __init__(self, choices: tuple[str, ...], counts: dict[str, click.ParamType]) -> None:  # type: ignore[type-arg]
        super().__init__(*choices)
        self.counts = counts

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises Refused."""
        word, colon, number = str(value).strip().casefold().partition(":")
        if colon and word in self.counts:
            return f"{word}:{self.counts[word].convert(number, param, ctx)}"
        numbers = {name: "N" if isinstance(count, Whole) else "F" for name, count in self.counts.items()}
        choices = (*self.choices, *(f"{name}:{number}" for name, number in numbers.items()))
        if colon or word not in self.choices:
            near = nearest(word[:LONGEST], choices) or choices[0]
            raise refuse(param, value, ", ".join(choices), near, *choices)
        return word


class Checkpointed(click.ParamType):  # type: ignore[type-arg]
    """A way of checkpointing: none, full, attention, matmul, offload, every:K, segments:K, partial:F."""

    name = "checkpointing"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises Refused."""
        from vidcalc.describe.checkpointing import checkpointing

        word = str(value).strip().casefold()
        try:
            checkpointing(word)
        except InputError as wrong:
            expects = ", ".join(map(str, wrong.allowed))
            raise refuse(param, value, expects, wrong.nearest or "full", *wrong.allowed) from None
        return word

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The plain words that begin so."""
        from vidcalc.describe.checkpointing import PLAIN

        return OneOf(*PLAIN).shell_complete(ctx, param, incomplete)


class ShareOrName(click.ParamType):  # type: ignore[type-arg]
    """A share of one, or a method of that kind with numbers of its own (`vidcalc.catalog.stated`)."""

    name = "share"

    def __init__(self, published: Published) -> None:
        self.kind = published.kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        """Raises Refused for what is neither; whether the method works with the model is settled later."""
        from vidcalc.catalog.speedups import read

        word = "".join(str(value).split()).casefold()[: 2 * LONGEST]
        if not word[:1].isalpha():
            return Real(LEAST_SHARE, 1).convert(value, param, ctx)
        try:
            read(self.kind, word)
        except InputError as wrong:
            choices = [each for each in map(str, wrong.allowed) if each[:1].isalpha()]
            expects = _("a share from {low} to 1, or one of {names}", low=LEAST_SHARE, names=", ".join(choices))
            raise refuse(param, value, expects, wrong.nearest or "0.5", *choices) from None
        return word

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The settings that begin so."""
        from vidcalc.catalog.speedups import names

        return OneOf(*names(self.kind)).shell_complete(ctx, param, incomplete)


def table(name: str) -> click.ParamType:  # type: ignore[type-arg]
    """A name of a table of the catalogue."""
    profiles = {"frameworks": Profile("frameworks"), "trainers": Profile("trainers", "none")}
    if name in profiles:
        return profiles[name]
    return Format(listed(name)) if name == "precisions" else Listed(listed(name))
