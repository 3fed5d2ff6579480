"""Reads one entry of the catalogue: an accelerator, a link, a model ...

Facts are written as TOML, one file per entry, in `data/KIND/NAME.toml`. A build step (`vidcalc.rates.build`)
turns each into JSON under `data/built/`, because a JSON file is read in microseconds where `tomllib` alone takes
12 ms to import. The JSON holds the checksum of what it was made from; when it is absent or its source has changed
the TOML is read, so a checkout never needs the build step to be right, only to be fast.
"""

import os
import re
from functools import cache, lru_cache
from zlib import crc32

from vidcalc.base.errors import UnknownName, nearest
from vidcalc.base.facts import Facts

# strings, not pathlib: its import alone would take a tenth of a whole run
DATA = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data")
BUILT = os.path.join(DATA, "built")
READING = os.O_RDONLY | getattr(os, "O_BINARY", 0)
PART = 1 << 18  # bytes read at once: whole files, but for a few


@lru_cache(maxsize=256)
def entry(kind: str, name: str) -> Facts:
    """The facts of entry `name` (its id) of a kind (the folder). Treat it as read-only.

    Raises UnknownName(kind, name, nearest).
    """
    try:
        source = contents(kind, f"{name}.toml")
    except OSError:
        raise UnknownName(kind, name, nearest(name, names(kind))) from None
    built = read_built(f"{kind}/{name}", crc32(source))
    if built is not None:
        return built
    import tomllib

    return tomllib.loads(source.decode())


@cache
def table(name: str) -> Facts:
    """A whole data file, `data/NAME.toml`: from its built JSON where that is current. Treat it as read-only."""
    source = contents(f"{name}.toml")
    built = read_built(name, crc32(source))
    if built is not None:
        return built
    import tomllib

    return tomllib.loads(source.decode())


def contents(*path: str) -> bytes:
    """The bytes of a file below `data/`. Raises OSError."""
    return _bytes(os.sep.join((DATA, *path)))


def _bytes(path: str) -> bytes:
    # a list of the catalogue reads hundreds of small files: Python's own file objects take longer than the reading
    file = os.open(path, READING)
    try:
        whole = os.read(file, PART)
        while further := os.read(file, PART):
            whole += further
    finally:
        os.close(file)
    return whole


def _files(kind: str) -> list[str]:
    """The TOML files of a kind."""
    try:
        return [file for file in os.listdir(os.path.join(DATA, kind)) if file.endswith(".toml")]
    except OSError:
        return []


@cache
def names(kind: str) -> list[str]:
    """The ids of all entries of a kind, sorted."""
    return sorted(file.removesuffix(".toml") for file in _files(kind))


def resolve(kind: str, name: str) -> str:
    """The id that a name or alias stands for, whatever its case, spaces and dashes: "RTX 4090" -> "rtx-4090".

    Raises UnknownName(kind, name, nearest).
    """
    ids = names(kind)
    if name in ids:
        return name
    if "." in name:  # HuMo 1.7B is not HuMo 17B
        pointed = {_pointed(each): each for each in ids}
        if _pointed(name) in pointed:
            return pointed[_pointed(name)]
    index = aliases(kind)
    key = plain(name)
    if key not in index:
        close = nearest(key, list(index))
        raise UnknownName(kind, name, index[close] if close else None)
    return index[key]


@cache
def aliases(kind: str) -> dict[str, str]:
    """Every plain id, name and alias of a kind, and the id it stands for."""
    built = read_built(f"index/{kind}", signature(kind))
    return built if built is not None else make_index(kind)


def make_index(kind: str) -> dict[str, str]:
    """The table of aliases, read from the entries themselves. An id always wins over another entry's alias."""
    index: dict[str, str] = {}
    for name in names(kind):
        facts = entry(kind, name)
        for alias in (facts.get("name", name), *facts.get("aliases", ())):
            index.setdefault(plain(alias), name)
    index.update({plain(name): name for name in names(kind)})
    return index


def signature(kind: str) -> int:
    """A checksum of the names and sizes of a kind's files: cheap, and enough to see that an index is stale."""
    folder = os.path.join(DATA, kind)
    files = sorted((file, os.stat(os.path.join(folder, file)).st_size) for file in _files(kind))
    return crc32(repr(files).encode())


def plain(name: str) -> str:
    """A name without what people write differently: case, spaces, dashes, the maker's name."""
    letters = re.sub(r"[^a-z0-9+]", "", name.casefold())
    return re.sub(
        r"^(nvidia|geforce|nvidiageforce|amdinstinct|amdradeon|amd|intel|google|aws|huawei)(?=.)", "", letters
    )


def _pointed(name: str) -> str:
    """A name without case, spaces and dashes, its points kept."""
    return re.sub(r"[^a-z0-9+.]", "", name.casefold())


def read_built(path: str, checksum: int) -> Facts | None:
    """The built JSON at `data/built/PATH.json`, or None when it is absent or made from another source."""
    try:
        text = _bytes(f"{BUILT}/{path}.json")
    except OSError:
        return None
    import msgspec

    built: Facts = msgspec.json.decode(text)
    return built["facts"] if built["checksum"] == checksum else None
