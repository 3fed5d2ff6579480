"""A list of the catalogue that shows itself as a table."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from vidcalc.faces.python.shown import Shown, encoded
from vidcalc.faces.terminal.page import Look

Entry = TypeVar("Entry")
FEW = 4  # names of a line


class Listing(Shown, tuple[Entry, ...]):
    """Entries in order, as a tuple; `to_dict()` is the list that the command prints with --json."""

    _page: Any  # what draws the table

    @classmethod
    def of(cls, entries: Iterable[Entry], page: Callable[[Any, Look], str]) -> "Listing[Entry]":
        """The entries, and what draws their table."""
        made = cls(entries)
        made._page = page
        return made

    def to_json(self) -> str:
        """The line that the command prints with --json."""
        return encoded(list(self)).decode()

    def _drawn(self, look: Look) -> str:
        return str(self._page(self, look))

    def _line(self) -> str:
        names = [str(getattr(entry, "id", None) or getattr(entry, "name", entry)) for entry in self[:FEW]]
        return f"{len(self)}: " + ", ".join([*names, *(["…"] if len(self) > FEW else [])])
