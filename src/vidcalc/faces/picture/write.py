"""A picture as the content of a file, and the files that a command line asks for."""

from collections.abc import Callable

import click

from vidcalc.faces import words
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.picture.shapes import Picture
from vidcalc.faces.words import _

EXTRA = "pip install 'pillow>=10.1'"


def write(chart: Callable[[], Picture], svg: str | None, png: str | None) -> None:
    """Write the pictures asked for, drawn by `chart` in the language in use.

    Raises Refused where a file cannot be written or Pillow is absent.
    """
    if svg is not None and svg == png:
        raise Refused("--png", png, _("another file than that of --svg"), None, ())
    if svg is not None:
        _save("--svg", svg, svg_of(chart).encode())
    if png is not None:
        content, translated = png_of(chart)
        if not translated:
            from vidcalc.faces.terminal.page import written

            click.echo(written(english(), err=True), err=True)
        _save("--png", png, content)


def _save(flag: str, path: str, content: bytes) -> None:
    try:
        with open(path, "wb") as file:
            file.write(content)
    except (OSError, ValueError):
        raise Refused(flag, path, _("a file that can be written"), None, ()) from None


def svg_of(chart: Callable[[], Picture]) -> str:
    """The text of an SVG file."""
    from vidcalc.faces.picture.svg import svg

    return svg(chart(), words.spoken())


def png_of(chart: Callable[[], Picture]) -> tuple[bytes, bool]:
    """The bytes of a PNG file, and whether it is in the language in use: in English where no font has its letters.

    Raises Refused where Pillow is absent.
    """
    from vidcalc.faces.picture.png import hangul_font, png

    language = words.spoken()
    font = hangul_font() if language != words.SOURCE else None
    translated = language == words.SOURCE or font is not None
    try:
        if not translated:
            words.use(words.SOURCE)
        return png(chart(), font), translated
    except ImportError:
        words.use(language)
        raise Refused("--png", None, _("needs Pillow: {command}", command=EXTRA), None, ()) from None
    finally:
        words.use(language)


def english() -> str:
    """What to say of a picture that is not in the language in use."""
    return _("No font with Hangul was found (VIDCALC_FONT names one): the picture is in English.")
