"""What a command answers with: the pictures asked for, then one JSON document or a page on the terminal."""

from importlib import import_module
from typing import Any

from vidcalc.faces.terminal.currency import rate


def answer(
    report: Any, as_json: bool, page: str, picture: str = "", svg: str | None = None, png: str | None = None
) -> None:
    """Write and print a report.

    page     module of `vidcalc.faces.terminal` whose `draw` puts it into words
    picture  module of `vidcalc.faces.picture` whose `chart` draws it
    Raises Refused where a picture cannot be written.
    """
    if svg is not None or png is not None:
        from vidcalc.faces.picture.write import write

        drawn = import_module("vidcalc.faces.picture." + picture)
        write(lambda: drawn.chart(report), svg, png)
    if as_json:
        from vidcalc.faces.emit import emit

        emit(report)
    else:
        from vidcalc.faces.terminal.page import show

        show(import_module("vidcalc.faces.terminal." + page).draw(report), note=rate())
