"""Writes the picture files that a command line asks for."""

from collections.abc import Callable

import click

from vidcalc.faces import words
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.picture.shapes import Picture
from vidcalc.faces.words import _

EXTRA = "pip install 'vidcalc[picture]'"


def write(chart: Callable[[], Picture], svg: str | None, png: str | None) -> None:
    """Write the pictures asked for, drawn by `chart` in the language in use.

    Raises Refused where a file cannot be written or Pillow is absent.
    """
    if svg is not None:
        _save("--svg", svg, lambda: _svg(chart))
    if png is not None:
        _save("--png", png, lambda: _png(chart))


def _save(flag: str, path: str, made: Callable[[], bytes]) -> None:
    content = made()
    try:
        with open(path, "wb") as file:
            file.write(content)
    except (OSError, ValueError):
        raise Refused(flag, path, _("a file that can be written"), None, ()) from None


def _svg(chart: Callable[[], Picture]) -> bytes:
    from vidcalc.faces.picture.svg import svg

    return svg(chart(), words.spoken()).encode()


def _png(chart: Callable[[], Picture]) -> bytes:
    """In the language in use, where a font has its letters; else in English, and a line says so."""
    from vidcalc.faces.picture.png import hangul_font, png

    language = words.spoken()
    font = hangul_font() if language != words.SOURCE else None
    try:
        if language != words.SOURCE and font is None:
            from vidcalc.faces.terminal.page import written

            note = _("No font with Hangul was found (VIDCALC_FONT names one): the picture is in English.")
            words.use(words.SOURCE)
            click.echo(written(note, err=True), err=True)
        return png(chart(), font)
    except ImportError:
        words.use(language)
        raise Refused("--png", None, _("needs Pillow: {command}", command=EXTRA), None, ()) from None
    finally:
        words.use(language)
