"""A list of the catalogue that shows itself as a table."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from vidcalc.faces.python.shown import Shown, encoded
from vidcalc.faces.terminal.page import Look

Entry = TypeVar("Entry")
FEW = 4  # names of a line


class Listing(Shown, tuple[Entry, ...]):
    """Entries in order, as a tuple; `to_dict()` is the document that the command prints with --json."""

    _page: Any  # what draws the table
    _document: Any  # what makes the JSON of them

    @classmethod
    def of(
        cls, entries: Iterable[Entry], page: Callable[[Any, Look], str], document: Callable[[Iterable[Entry]], Any]
    ) -> "Listing[Entry]":
        """The entries, what draws their table, and what makes their JSON."""
        made = cls(entries)
        made._page, made._document = page, document
        return made

    def to_json(self) -> str:
        """The line that the command prints with --json."""
        return encoded(self._document(self)).decode()

    def _drawn(self, look: Look) -> str:
        return str(self._page(self, look))

    def _line(self) -> str:
        names = [str(getattr(entry, "id", None) or getattr(entry, "name", entry)) for entry in self[:FEW]]
        return f"{len(self)}: " + ", ".join([*names, *(["…"] if len(self) > FEW else [])])
