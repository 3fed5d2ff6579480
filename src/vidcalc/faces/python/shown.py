"""What everything that the Python face answers with can do: compare, become plain data, and show itself."""

from typing import Any, ClassVar, Self

import msgspec

from vidcalc.faces.terminal.page import Look


def encoded(value: Any) -> bytes:
    """A value as JSON, as a command prints it; arrays become lists."""
    return msgspec.json.encode(value, enc_hook=_listed)


def _listed(value: Any) -> Any:
    """An array as a list, a NumPy number as a plain one."""
    return value.tolist()


class Shown:
    """Mixed into each answer. `_drawn` is its page, `_line` a line about it."""

    def to_dict(self) -> Any:
        """What the command prints with --json, as dictionaries and lists."""
        return msgspec.json.decode(self.to_json())

    def to_json(self) -> str:
        """The line that the command prints with --json."""
        return encoded(self).decode()

    def _drawn(self, look: Look) -> str:
        raise NotImplementedError

    def _line(self) -> str:
        raise NotImplementedError

    def __str__(self) -> str:
        """The page that the command prints, without colours."""
        from vidcalc.faces.terminal.cells import Paint
        from vidcalc.faces.terminal.page import columns

        return self._drawn(Look(Paint(False), columns()))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._line()}>"

    def _repr_html_(self) -> str:
        from vidcalc.faces.python.html import LOOK, html

        return html(self._drawn(LOOK))

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.to_json() == self.to_json()

    def __hash__(self) -> int:
        return hash(self.to_json())


class Answer(Shown):
    """Mixed into the report structures: made from a report, and of what was asked."""

    _given: ClassVar[dict[str, Any]] = {}

    @classmethod
    def of(cls, report: Any, given: dict[str, Any]) -> Self:
        """The answer with the fields of a report; `given` is what the command was asked, as its flags read it."""
        made = cls(**{name: getattr(report, name) for name in report.__struct_fields__})
        vars(made)["_given"] = given  # beside the fields: it is no part of what is answered
        return made

    def __reduce__(self) -> Any:
        fields = {name: getattr(self, name) for name in self.__struct_fields__}  # type: ignore[attr-defined]
        return _again, (type(self), fields, self._given)

    @classmethod
    def units(cls) -> dict[str, str]:
        """The unit of each number by its path: {"memory.inference.peak": "byte", …}; "*" is any entry of a list."""
        from vidcalc.report.units import units

        return units(cls)  # type: ignore[arg-type]


def _again(kind: type[Answer], fields: dict[str, Any], given: dict[str, Any]) -> Answer:
    """An answer out of a pickle."""
    made = kind(**fields)
    vars(made)["_given"] = given
    return made


def swept(value: Any) -> bool:
    """Whether a record holds an array anywhere: many answers at once."""
    if isinstance(value, msgspec.Struct):
        return any(swept(getattr(value, name)) for name in value.__struct_fields__)
    if isinstance(value, dict | list):
        return any(swept(each) for each in (value.values() if isinstance(value, dict) else value))
    return bool(getattr(value, "shape", ()))
