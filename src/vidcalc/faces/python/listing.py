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
    _facts: Any  # what makes the JSON of an entry

    @classmethod
    def of(
        cls, entries: Iterable[Entry], page: Callable[[Any, Look], str], facts: Callable[[Entry], Any] | None = None
    ) -> "Listing[Entry]":
        """The entries, what draws their table, and what makes the JSON of an entry where that is not all of it."""
        made = cls(entries)
        made._page, made._facts = page, facts
        return made

    def to_json(self) -> str:
        """The line that the command prints with --json."""
        return encoded(list(map(self._facts, self)) if self._facts else list(self)).decode()

    def _drawn(self, look: Look) -> str:
        return str(self._page(self, look))

    def _line(self) -> str:
        names = [str(getattr(entry, "id", None) or getattr(entry, "name", entry)) for entry in self[:FEW]]
        return f"{len(self)}: " + ", ".join([*names, *(["…"] if len(self) > FEW else [])])
