"""Axes: settings of an estimate that take several values, read from what people type.

    --model wan2.1-t2v-14b,ltx-2   -f 33:161:16   --parallel ulysses=4,cfg=2 --parallel ulysses=8

Values are joined by commas, numbers may be ranges FIRST:LAST[:STEP] with both ends in them. A flag that is repeated
adds values. Where a value itself holds commas it takes a flag of its own; a fact of a GPU (h100,memory=94GiB) belongs
to the name before it. Each value is read by the type of the estimate's own flag, so that any setting there may be an
axis.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import click

from vidcalc.faces.flags.catalogue import FLAGS, asked_for
from vidcalc.faces.flags.inputs import Named, Params, Real, Refused, Whole
from vidcalc.faces.flags.money import PerHour
from vidcalc.faces.words import _

NUMBERS = (Whole, Real, Params, PerHour)
MOST = 100_000  # values of an axis, each of which is read; rows are their products, without end
SETTINGS = asked_for("generate", "train")
SWITCHES = tuple(name for name in SETTINGS if FLAGS[name].takes is click.BOOL)
COLUMN = {"seconds": "clip_seconds", "host_ram": "machine_ram"}  # settings called like a result


ALL = "all"  # of the catalogue's models or GPUs


class Axis(NamedTuple):
    """A setting and its values.

    name    of the setting, as requests call it ("batch_size");  column  what its column is called
    values  as the estimate's flag reads them;  shown  as rows show them: numbers, or words as they are typed
    """

    name: str
    values: tuple[Any, ...]
    shown: tuple[Any, ...]

    @property
    def column(self) -> str:
        """What its column is called."""
        return COLUMN.get(self.name, self.name)


def flag_of(name: str) -> str:
    """The flag of a setting, as it is typed in full."""
    return max(FLAGS[name].names, key=len)


def axes(given: dict[str, Any]) -> tuple[Axis, ...]:
    """The axes in the order of the flags of an estimate; what has one value is an axis of one.

    given  by setting: text as it is typed, or a sequence of texts, numbers and words
    Raises InputError for the first value that its flag does not take.
    """
    return tuple(axis(name, given[name]) for name in SETTINGS if name in given and _said(given[name]))


def _said(value: Any) -> bool:
    return value is not None and value is not False and not (isinstance(value, tuple | list) and not value)


def axis(name: str, value: Any) -> Axis:
    """One of them. Raises InputError."""
    if name in SWITCHES:
        return Axis(name, (True,), ("on",))
    kind = FLAGS[name].takes
    param = click.Option([flag_of(name)])
    values: dict[Any, tuple[Any, Any]] = {}
    for text in _texts(name, kind, value):
        read = kind.convert(text, param, None)
        if isinstance(kind, Named):
            read = _known(kind.kind, str(read))
        shown = read if isinstance(read, int | float) else str(text).strip() if not isinstance(kind, Named) else read
        values.setdefault(str(shown), (read, shown))
    if not values:
        raise Refused(flag_of(name), "", _("one or more values joined by commas"), None, ())
    return Axis(name, tuple(each[0] for each in values.values()), tuple(each[1] for each in values.values()))


def _known(kind: str, text: str) -> str:
    """A name of the catalogue as the catalogue has it, with the facts that follow it. Raises UnknownName."""
    if kind == "accelerators":
        from vidcalc.rates import own

        return own.stated(text).id
    from vidcalc.catalog.load import resolve

    return resolve(kind, text)


def _texts(name: str, kind: Any, value: Any) -> Iterable[Any]:
    """The values one by one, as text or numbers."""
    from vidcalc.faces.flags.spelled import spelled

    several = value if isinstance(value, list | tuple | range | set) or hasattr(value, "tolist") else [value]
    if isinstance(value, tuple) and value and not isinstance(value[0], str | tuple | list | dict):
        several = [value] if not isinstance(kind, NUMBERS) else value  # (1280, 720) is one size
    for each in several.tolist() if hasattr(several, "tolist") else several:
        if isinstance(each, str):
            yield from _pieces(name, kind, each)
        else:
            yield each if isinstance(each, int) and not isinstance(each, bool) else spelled(each, kind)


def _pieces(name: str, kind: Any, text: str) -> Iterable[Any]:
    """What a text with commas says."""
    if getattr(kind, "commas", False):
        yield text
        return
    pieces: list[str] = []
    for piece in text.split(","):
        if pieces and "=" in piece and isinstance(kind, Named):
            pieces[-1] += "," + piece  # a fact of the GPU before it
        else:
            pieces.append(piece)
    for piece in pieces:
        if isinstance(kind, NUMBERS) and ":" in piece:
            yield from _range(name, kind, piece)
        elif isinstance(kind, Named) and piece.strip().casefold() == ALL:
            from vidcalc.catalog.load import names

            yield from names(kind.kind)
        elif not piece.strip():
            raise Refused(flag_of(name), text, _("one or more values joined by commas"), None, ())
        else:
            yield piece


def _range(name: str, kind: Any, text: str) -> Sequence[Any]:
    """FIRST:LAST[:STEP], ends included. Raises Refused."""
    param = click.Option([flag_of(name)])
    ends = [piece.strip() for piece in text.split(":")]
    expects = _("a range FIRST:LAST[:STEP] that rises, such as {example}", example="33:161:16")
    if len(ends) not in (2, 3):
        raise Refused(flag_of(name), text, expects, "33:161:16", ())
    first, last = (kind.convert(end, param, None) for end in ends[:2])
    try:
        step = float(ends[2].replace("_", "")) if len(ends) == 3 else 1.0
    except ValueError:
        step = 0.0
    whole = not isinstance(kind, Real | PerHour)
    if last < first or not 0 < step < float("inf") or (whole and step % 1):
        raise Refused(flag_of(name), text, expects, f"{min(first, last)}:{max(first, last)}:1", ())
    count = int((last - first) / step * (1 + 1e-12)) + 1
    if count > MOST:
        raise Refused(flag_of(name), text, _("at most {count} values of an axis", count=f"{MOST:,}"), None, ())
    if whole:
        return range(first, last + 1, int(step))
    # rounded as one would type them: 0.1 + 2 x 0.1 is 0.3
    return [float(f"{first + place * step:.12g}") for place in range(count)]
