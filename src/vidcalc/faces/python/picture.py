"""A picture of a result: SVG text, PNG bytes, a file; a notebook shows it by itself."""

import os
from collections.abc import Callable
from warnings import warn

from vidcalc.faces.picture.shapes import Picture as Shapes
from vidcalc.faces.picture.write import english, png_of, svg_of
from vidcalc.faces.python.errors import refusals


class Picture:
    """What `report.picture()` gives: drawn in the language in use, from the report alone.

    svg     the text of a standalone SVG file
    png()   the bytes of a PNG file of twice the size; needs Pillow (the extra `picture`)
    save()  writes either, by the ending of the path
    """

    def __init__(self, chart: Callable[[], Shapes]) -> None:
        self._chart = chart

    @property
    def svg(self) -> str:
        """The text of an SVG file: no scripts, no fonts, nothing to fetch."""
        return svg_of(self._chart)

    @property
    def title(self) -> str:
        """What it is of."""
        return self._chart().title

    @property
    def description(self) -> str:
        """What it shows, in words."""
        return self._chart().words

    def png(self) -> bytes:
        """The bytes of a PNG file. Raises InputError without Pillow; warns where it had to be drawn in English."""
        with refusals():
            content, translated = png_of(self._chart)
        if not translated:
            warn(english(), stacklevel=2)
        return content

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file: PNG where the path ends in .png, SVG otherwise."""
        wanted = os.fspath(path)
        content = self.png() if wanted.lower().endswith(".png") else self.svg.encode()
        with open(wanted, "wb") as file:
            file.write(content)

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Picture {self.title}>"
