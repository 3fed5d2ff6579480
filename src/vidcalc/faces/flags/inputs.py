"""What people type, read into numbers: 600M, 1080p, 1920x1080, 8_000_000_000, with clear refusals.

Every refusal names the flag, the value, what is allowed and the nearest valid choice.
"""

from collections.abc import Callable
from typing import Any

import click

from vidcalc.base.errors import InputError, nearest
from vidcalc.faces.words import _

PRESETS = {
    "480p": (854, 480),
    "720p": (1280, 720),
    "1080p": (1920, 1080),
    "2k": (2560, 1440),
    "4k": (3840, 2160),
}
SUFFIXES = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
SIDE = (16, 100_000)  # pixels: from one token of a usual network to beyond any camera
LONGEST_WINDOW = 100_000  # frames
LONGEST = 40  # letters of a number worth reading


class Refused(InputError):
    """An InputError that says in words what would have been right."""

    def __init__(self, flag: str, value: object, expects: str, near: str | None, allowed: tuple[object, ...]) -> None:
        super().__init__(flag, value, allowed, near)
        self.expects = expects


def refuse(param: click.Parameter | None, value: object, expects: str, near: object, *allowed: object) -> Refused:
    """The refusal of a flag's value."""
    flag = max(param.opts, key=len) if param is not None else ""
    return Refused(flag, value, expects, None if near is None else str(near), allowed)


class Whole(click.ParamType):  # type: ignore[type-arg]
    """A whole number within bounds, both allowed."""

    name = "integer"

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Raises Refused."""
        number = _number(value)
        if number is None or number != int(number) or not self.low <= number <= self.high:
            near = self.low if number is None else min(max(round(number), self.low), self.high)
            raise refuse(
                param,
                value,
                _("a whole number from {low} to {high}", low=f"{self.low:,}", high=f"{self.high:,}"),
                near,
                f"{self.low}..{self.high}",
            )
        return int(number)


class Real(click.ParamType):  # type: ignore[type-arg]
    """A number within bounds, both allowed; whole ones stay whole."""

    name = "number"

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Raises Refused."""
        number = _number(value)
        if number is None or not self.low <= number <= self.high:
            near = self.low if number is None else min(max(number, self.low), self.high)
            raise refuse(
                param,
                value,
                _("a number from {low} to {high}", low=f"{self.low:,}", high=f"{self.high:,}"),
                near,
                f"{self.low}..{self.high}",
            )
        return int(number) if number == int(number) else number


class Params(click.ParamType):  # type: ignore[type-arg]
    """A parameter count: 600M, 3B, 1.5b, 8_000_000_000."""

    name = "count"

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Raises Refused."""
        text = str(value).strip().upper()
        suffix = text[-1:] if text[-1:].isalpha() else ""
        number = _number(text[: len(text) - len(suffix)])
        weights = None if number is None or suffix not in SUFFIXES else round(number * SUFFIXES[suffix])
        if weights is None or not self.low <= weights <= self.high:
            near = self._near(number, weights)
            expects = _(
                "a count from {low} to {high}, such as 600M, 3B or 8_000_000_000",
                low=spelled(self.low),
                high=spelled(self.high),
            )
            raise refuse(param, value, expects, near, f"{self.low}..{self.high}")
        return weights

    def _near(self, number: float | None, weights: int | None) -> str:
        """The count most likely meant: billions where only the letter is wrong, else the nearer bound."""
        if weights is None:
            billions = round((number or 0) * 10**9)
            return spelled(billions if self.low <= billions <= self.high else min(3 * 10**9, self.high))
        return spelled(min(max(weights, self.low), self.high))


class Preset(tuple[int, int]):
    """Width and height of a size by its name, which a model may have its own of."""

    name: str

    def __new__(cls, name: str) -> "Preset":
        """The documented size of that name."""
        made = super().__new__(cls, PRESETS[name])
        made.name = name
        return made


class Size(click.ParamType):  # type: ignore[type-arg]
    """A resolution: a preset, or WIDTHxHEIGHT in pixels."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Raises Refused."""
        if isinstance(value, tuple):
            return value
        text = "".join(str(value).split()).casefold().replace("×", "x").replace("*", "x")
        if text in PRESETS:
            return Preset(text)
        sides = [_number(side) for side in text.split("x")]
        low, high = SIDE
        if len(sides) == 2 and all(side is not None and side == int(side) and low <= side <= high for side in sides):
            return int(sides[0]), int(sides[1])  # type: ignore[arg-type]
        expects = _(
            "{presets} or WIDTHxHEIGHT, each side {low} to {high} pixels",
            presets=", ".join(PRESETS),
            low=low,
            high=f"{high:,}",
        )
        raise refuse(param, value, expects, self._near(text, sides), *PRESETS, f"{low}x{low}..{high}x{high}")

    @staticmethod
    def _near(text: str, sides: list[float | None]) -> str:
        if len(sides) == 2 and None not in sides:
            return "x".join(str(min(max(round(side), SIDE[0]), SIDE[1])) for side in sides if side is not None)
        return nearest(text[:LONGEST], tuple(PRESETS)) or "1080p"


class Window(click.ParamType):  # type: ignore[type-arg]
    """A window of a long video: FRAMES, or FRAMES:OVERLAP."""

    name = "window"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Raises Refused."""
        if isinstance(value, tuple):
            return value
        length, colon, shared = str(value).strip().partition(":")
        # a comma might mean either: thousands, or the overlap
        sizes = [None, None] if "," in str(value) else [_number(length), _number(shared) if colon else 0]
        frames, overlap = (None if each is None or each != int(each) else int(each) for each in sizes)
        if frames is not None and overlap is not None and 1 <= frames <= LONGEST_WINDOW and 0 <= overlap < frames:
            return frames, overlap
        expects = _(
            "FRAMES or FRAMES:OVERLAP, 1 to {most} frames and fewer of them shared, such as 81:16",
            most=f"{LONGEST_WINDOW:,}",
        )
        near = min(max(frames or 81, 1), LONGEST_WINDOW)
        shared_near = min(max(overlap or 0, 0), near - 1)
        raise refuse(param, value, expects, f"{near}:{shared_near}" if shared_near else near, "FRAMES[:OVERLAP]")


class OneOf(click.ParamType):  # type: ignore[type-arg]
    """One of a few words."""

    name = "choice"

    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises Refused."""
        word = str(value).strip().casefold()
        if word not in self.choices:
            near = nearest(word[:LONGEST], self.choices) or self.choices[0]
            raise refuse(param, value, ", ".join(self.choices), near, *self.choices)
        return word

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The choices that begin so."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(choice) for choice in self.choices if choice.startswith(incomplete)]


class Listed(click.ParamType):  # type: ignore[type-arg]
    """One of some words of the catalogue, looked up when one is given."""

    name = "choice"

    def __init__(self, choices: Callable[[], tuple[str, ...]]) -> None:
        self.choices = choices

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises Refused."""
        return OneOf(*self.choices()).convert(value, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The choices that begin so."""
        return OneOf(*self.choices()).shell_complete(ctx, param, incomplete)


class Named(click.ParamType):  # type: ignore[type-arg]
    """A name of the catalogue ("models", "accelerators"); looked up where it is used, offered to the shell here.

    here  a name that stands for what the machine has that answers
    """

    name = "name"

    def __init__(self, kind: str, here: str = "") -> None:
        self.kind, self.here = kind, here

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as it is."""
        return str(value)

    def reaches(self, text: str) -> bool:
        """Whether the machine that answers is meant."""
        return bool(self.here) and text.partition(",")[0].strip().casefold() == self.here

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The names of the catalogue that begin so."""
        from click.shell_completion import CompletionItem

        from vidcalc.catalog.load import names

        return [CompletionItem(name) for name in names(self.kind) if name.startswith(incomplete)]


def spelled(weights: int) -> str:
    """A count as people type it: 83_000_000 -> "83M"."""
    for suffix, size in reversed(SUFFIXES.items()):
        if weights >= size:
            return f"{weights / size:g}{suffix}"
    return str(weights)


def _number(text: Any) -> float | None:
    """The finite number a text spells, whole ones exactly; None for anything else."""
    if isinstance(text, int):
        return text
    letters = str(text).strip().replace(",", "")
    if not letters or len(letters) > LONGEST:
        return None
    try:
        number: float = int(letters)
    except ValueError:
        try:
            number = float(letters)
        except ValueError:
            return None
    return number if abs(number) < float("inf") else None
