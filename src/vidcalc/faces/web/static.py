"""The page's own files, from the distribution `vidcalc-web`, held in memory: no request opens a file.

Its index has a place for the first answer, and a language; both are filled in for each visitor.
"""

import gzip
import mimetypes
from hashlib import sha256
from importlib import import_module
from importlib.resources import files
from typing import Any, NamedTuple

PACKAGE, FOLDER, INDEX = "vidcalc_web", "static", "index.html"
PLACE, LANGUAGE = "<!--first-->", '<html lang="en">'
SMALL = 1000  # bytes that are not worth compressing
PLAIN = (
    f'<!doctype html>{LANGUAGE}<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    f"<title>vidcalc</title></head><body>{PLACE}</body></html>"
)
mimetypes.add_type("text/javascript", ".js")


class Held(NamedTuple):
    """A file: its content, the same compressed (b"" where that is not worth it), its type and its tag."""

    content: bytes
    compressed: bytes
    kind: str
    tag: str


def held() -> dict[str, Held]:
    """Every file of the page by its path; none where `vidcalc-web` is not installed."""
    try:
        import_module(PACKAGE)
    except ModuleNotFoundError:
        return {}
    root = files(PACKAGE).joinpath(FOLDER)
    return dict(_below(root, "")) if root.is_dir() else {}


def _below(folder: Any, path: str) -> Any:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{path}{entry.name}/")
        else:
            content = entry.read_bytes()
            yield path + entry.name, file(entry.name, content)


def file(name: str, content: bytes) -> Held:
    """A file as it is held."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = gzip.compress(content, 9) if len(content) > SMALL else b""
    return Held(content, packed, kind, f'"{sha256(content).hexdigest()[:20]}"')


def index(every: dict[str, Held], lang: str, title: str, html: str) -> bytes:
    """The page with its first answer; a plain one where there is none."""
    text = every[INDEX].content.decode() if INDEX in every else PLAIN
    text = text.replace(LANGUAGE, f'<html lang="{lang}">', 1).replace(
        "<title>vidcalc</title>", f"<title>{title}</title>", 1
    )
    return text.replace(PLACE, html, 1).encode()
