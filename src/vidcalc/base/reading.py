"""Files that somebody else wrote, read whole within bounds: what cannot be read is refused by what is wrong with it.

Nothing is taken for granted of such a file: neither that it may be read, nor that it ends, nor how deep it goes.
"""

import errno
import json
import os
from typing import Any

from vidcalc.base.errors import Unreadable
from vidcalc.base.facts import Facts

LARGEST = 1 << 23  # bytes of a configuration: more is not one
LARGEST_TOML = 1 << 20  # bytes: what people write by hand
MOST_PARTS = 1 << 22  # values of a JSON text: each takes up to a hundred bytes of memory
MOST_DOTS = 200  # in one line of TOML: a name of many parts takes its reader as many steps squared
PROBLEMS = {
    errno.ENOENT: "missing",
    errno.ENOTDIR: "missing",
    errno.ENAMETOOLONG: "missing",
    errno.EACCES: "no_permission",
    errno.EPERM: "no_permission",
    errno.EISDIR: "is_folder",
}


def unread(path: object, wrong: Exception, flag: str = "from") -> Unreadable:
    """The refusal of a file that the system does not open or read; a name that no file system takes is of none."""
    number = wrong.errno if isinstance(wrong, OSError) else errno.ENOENT
    problem = PROBLEMS.get(number or 0)
    if problem is not None:
        return Unreadable(path, problem, flag)
    return Unreadable(path, "no_log", flag, reason=os.strerror(number) if number else type(wrong).__name__)


def content(path: str | os.PathLike[str], flag: str = "from", most: int = LARGEST) -> bytes:
    """All bytes of a file of at most `most`. Raises Unreadable."""
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as wrong:
        raise unread(path, wrong, flag) from None
    if len(data) > most:
        raise Unreadable(path, "too_large", flag)
    return data


def toml(path: str, flag: str = "from") -> Facts:
    """A TOML file. Raises Unreadable."""
    try:
        return parsed_toml(content(path, flag, LARGEST_TOML).decode("utf-8-sig"))
    except ValueError:
        raise Unreadable(path, "not_toml", flag) from None


def parsed_toml(text: str) -> Facts:
    """TOML as facts. Raises ValueError, also for what is nested beyond any use."""
    import tomllib

    if any(line.count(".") > MOST_DOTS for line in text.splitlines()):
        raise ValueError("dots")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested") from None


def parsed_json(text: bytes | str) -> Any:
    """JSON as a value. Raises ValueError, also for what is nested or has parts beyond any use."""
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogatepass")
    if sum(map(text.count, (b"{", b"[", b","))) > MOST_PARTS:
        raise ValueError("parts")
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested") from None
