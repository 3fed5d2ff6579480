"""What can go wrong with a user's input, as a small tree of exceptions that carry ids and values, never sentences.

    VidcalcError
    └── InputError(flag, value, allowed, nearest)       a value that is not allowed
        ├── UnknownName(kind, value, nearest)           a name that the catalogue does not have
        └── Unreadable(value, problem, …)               files that cannot be made a model

The faces (command line, page) put them into words in the user's language.
"""

from collections.abc import Iterable, Sequence


class VidcalcError(Exception):
    """The root of every error that vidcalc raises on purpose."""


class InputError(VidcalcError):
    """A value that is not allowed: `flag` names the setting, `allowed` what it may be, `nearest` the closest choice,
    `of` the model or the program that does not take it, where others do."""

    def __init__(
        self, flag: str, value: object, allowed: Iterable[object] = (), nearest: str | None = None, of: str = ""
    ) -> None:
        self.flag = flag
        self.value = value
        self.allowed = tuple(allowed)
        self.nearest = nearest
        self.of = of
        self.job = 0  # of several jobs in a row, the one that it stands in; 0: in none
        self.file = ""  # that asks for the value, where no flag does
        super().__init__(flag, value, self.allowed, nearest)


class UnknownName(InputError):
    """A name that the catalogue of `kind` (accelerators, models, links ...) does not have, or that several things in
    it have: then these are what is allowed."""

    def __init__(self, kind: str, value: str, nearest: str | None = None, several: Iterable[str] = ()) -> None:
        super().__init__(kind, value, several, nearest)
        self.kind = kind


class Unreadable(InputError):
    """Files that cannot be made a model: `problem` is an id ("missing", "not_json" …), `values` fill its words."""

    def __init__(self, value: object, problem: str, flag: str = "from", **values: object) -> None:
        super().__init__(flag, str(value))
        self.problem = problem
        self.values = values


def nearest(value: str, choices: Sequence[str]) -> str | None:
    """The choice that looks most like `value`, or None when nothing is close."""
    from difflib import get_close_matches

    matches = get_close_matches(value.casefold(), choices, n=1, cutoff=0.5)
    return matches[0] if matches else None
