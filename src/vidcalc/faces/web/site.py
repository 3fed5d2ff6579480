"""The static twin of the page: its files, Python for browsers, this calculator, and the answers that most begin with.

A browser takes seconds to begin Python; what is in `first.LANG.json` shows until then.
"""

import json
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path
from typing import Any

from vidcalc.faces import words
from vidcalc.faces.web.doors import opened
from vidcalc.faces.web.first import USUAL
from vidcalc.faces.web.static import FOLDER, INDEX, LANGUAGE, PACKAGE, PLACE

# models whose answers are there before Python is, on the card that an empty address asks of
MODELS = ("wan2.1-t2v-14b", "wan2.1-t2v-1.3b", "wan2.2-ti2v-5b", "hunyuanvideo-t2v", "ltx-video-2b", "cogvideox-5b")
FIRST = tuple({**USUAL, "model": model} for model in MODELS)
PURE = ("vidcalc", "click")  # packages that need no compiler
LEFT = ("__pycache__", "light", "reference")  # what only a command line or the published classes need
STAMP = "vidcalc-VERSION"
WHEN = (2020, 1, 1, 0, 0, 0)  # the same sources give the same bytes


class NoPage(Exception):
    """The built page is not installed."""


def write(folder: str) -> int:
    """Write the site; its size [byte]. Raises NoPage, and OSError where a file cannot be written."""
    root = Path(folder)
    size = 0
    kept: dict[str, str] = {}
    for name, content in files():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name == "offline.js":  # the last: it names the version of all the others
            version = sha256("".join(f"{each}{kept[each]}" for each in sorted(kept)).encode()).hexdigest()[:16]
            content = content.replace(STAMP.encode(), f"vidcalc-{version}".encode())
            (root / "files.json").write_text(json.dumps(sorted(kept)), "utf-8")
        path.write_bytes(content)
        kept[name] = sha256(content).hexdigest()
        size += len(content)
    return size


def files() -> Iterator[tuple[str, bytes]]:
    """Every file of the site by its name, the service worker last. Raises NoPage."""
    try:
        page = resources.files(PACKAGE)
    except ModuleNotFoundError:
        raise NoPage from None
    static = dict(_below(page / FOLDER))
    if INDEX not in static:
        raise NoPage
    yield INDEX, _document(static.pop(INDEX).decode()).encode()
    worker = static.pop("offline.js")
    yield from static.items()
    yield from _below(page / "pyodide", "pyodide/")
    wheels = dict(_below(page / "wheels"))
    zips = {f"{name}.zip": _packed(name) for name in PURE}
    yield from ((f"wheels/{name}", content) for name, content in (wheels | zips).items())
    yield "wheels/parts.json", json.dumps({"zips": list(zips), "wheels": list(wheels)}).encode()
    for lang in words.languages():
        yield f"first.{lang}.json", _first(lang)
    yield "offline.js", worker


def _below(folder: Traversable, before: str = "") -> Iterator[tuple[str, bytes]]:
    """The files right below a folder."""
    for each in sorted(folder.iterdir(), key=lambda found: found.name):
        if each.is_file():
            yield before + each.name, each.read_bytes()


def _document(html: str) -> str:
    """The page's document: its engine is this browser; the first answer stands there without scripts."""
    html = html.replace(LANGUAGE, LANGUAGE.replace(">", ' data-engine="browser">'))
    return html.replace(PLACE, _answer("first", b"{}")["html"])


def _first(lang: str) -> bytes:
    """What the page shows of a language before Python has begun."""
    body = json.dumps({"lang": lang}).encode()
    pages = {_text(asked): _answer("page", json.dumps({"asked": asked, "lang": lang}).encode()) for asked in FIRST}
    found = {"catalog": _answer("catalog", body), "words": _answer("words", body), "pages": pages}
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def _answer(name: str, body: bytes) -> Any:
    """The JSON of a door."""
    _status, said = opened(name, body)
    return json.loads(said)


def _text(asked: dict[str, str]) -> str:
    """A question as the page's address has it."""
    return "v1:" + "&".join(f"{name}={value}" for name, value in asked.items())


def _packed(name: str) -> bytes:
    """A package of pure Python as a zip file, the same bytes from the same sources."""
    root = Path(str(resources.files(name)))
    found = BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root)
            if path.is_file() and not set(LEFT) & set(inside.parts) and path.suffix != ".pyc":
                where = zipfile.ZipInfo(f"{name}/{inside.as_posix()}", WHEN)
                packed.writestr(where, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return found.getvalue()
