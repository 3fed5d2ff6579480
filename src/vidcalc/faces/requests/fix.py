"""From flags, and a message or a log, to what `vidcalc fix` is asked: a job, and what was said of it."""

import sys
from typing import Any

from vidcalc.base.errors import Unreadable
from vidcalc.base.reading import unread
from vidcalc.describe.setting import Job
from vidcalc.faces.flags.catalogue import FLAGS
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.words import _
from vidcalc.modelfiles.complaint import LONGEST, Complaint, complaint

STDIN = "-"
SPACE = " "  # of what has none nobody means a message
ENDS = 2 * LONGEST  # bytes: a log's end is what counts, and letters may take two
MOST = 2**28  # bytes of standard input that are read through for its end
OF_TRAINING: set[Job] = {"train", "run"}
MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))  # PowerShell writes what `>` redirects so
SIZE_OF_A_CARD = 0.05  # by how much a GPU's memory may differ from what a message says


def said(path: str | None) -> Complaint:
    """What the message in a file, on standard input, or in the argument itself says. Raises Unreadable for what is no
    file and no message, and Refused where nothing in it is about memory."""
    if path is None:
        return Complaint()
    if SPACE in path and path != STDIN and not is_there(path):
        found = complaint(path)
        if found.kind != "none":
            return found
    found = complaint(text(path))
    if found.kind == "none":
        expects = _("a message that memory ran out")
        raise Refused("FILE", path, expects, None, ())
    return found


def is_there(path: str) -> bool:
    """Whether a path is of something; what is too long for a path is of nothing."""
    import os

    try:
        return os.path.exists(path)
    except (OSError, ValueError):
        return False


def text(path: str) -> str:
    """The end of a file, or of standard input, as text; letters that are none become question marks."""
    try:
        if path == STDIN:
            data, mark = b"", b""
            taken = 0
            if sys.stdin is None:
                raise Unreadable(path, "missing", flag="FILE")
            while taken < MOST and (piece := sys.stdin.buffer.read(2**20)):
                mark, taken = mark or piece[:2], taken + len(piece)
                data = (data + piece)[-ENDS:]
        else:
            with open(path, "rb") as file:
                mark = file.read(2)
                size = file.seek(0, 2)
                file.seek(max(size - ENDS, 0) & ~1)  # whole letters of two bytes
                data = file.read(ENDS + 1)
    except (OSError, ValueError) as wrong:
        raise unread(path, wrong, "FILE") from None
    encoding = dict(MARKS).get(mark, "utf-8")
    if encoding == "utf-16" and not data.startswith(mark):
        data = mark + data
    return plain(data.decode(encoding, "replace"))


def plain(words: str) -> str:
    """The text without the colours of a terminal."""
    if "\x1b" not in words:
        return words
    import re

    return re.sub(r"\x1b\[[0-9;]{0,20}[A-Za-z]", "", words)


def trains(flags: dict[str, Any]) -> bool:
    """Whether flags describe a training run: one that only training has was given."""
    return any(name == "bucket" or (name in FLAGS and set(FLAGS[name].jobs) <= OF_TRAINING) for name in flags)


def carded(flags: dict[str, Any], told: Complaint) -> None:
    """Refuses a message of some card without the card's name: with the GPUs that have as much memory."""
    if told.capacity is None or not flags.keys().isdisjoint({"gpu", "gpu_file", "calibration"}):
        return
    from vidcalc.catalog.load import names
    from vidcalc.rates.machines import accelerator

    cards = [accelerator(name) for name in names("accelerators")]
    near = [each.id for each in cards if abs(told.capacity / each.reported - 1) <= SIZE_OF_A_CARD]
    usual = next((each for each in ("rtx-4090", "rtx-5090", "rtx-3060-12gb") if each in near), None)
    size = f"{told.capacity / 2**30:.1f} GiB"
    expects = _("missing; the message is of a GPU with {size}, such as {names}", size=size, names=", ".join(near[:8]))
    raise Refused("--gpu", None, expects, usual or (near[0] if near else None), tuple(near))
