"""Where parts of a sweep wait until all are there: FILE.parts beside the file that they become.

A part is written under another name and then renamed, so that what bears a part's name is whole; a note beside it says
what was left out of it. The folder's own note says of which sweep the parts are: another one does not go on with them.
"""

import hashlib
import json
import os
import shutil
from collections import Counter
from typing import Any

from vidcalc.base.version import __version__
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.sweeping.asked import Asked
from vidcalc.faces.words import _

NOTE = "sweep.json"


class Folder:
    """The parts of a sweep that a file is made of. Raises Refused where there are parts of another, or unasked ones."""

    def __init__(self, asked: Asked, path: str, kind: str, resume: bool) -> None:
        self.path, self.kind, self.whole = path + ".parts", kind, path
        note = {"of": fingerprint(asked, kind), "parts": asked.parts, "version": __version__}
        if os.path.isdir(self.path):
            self._checked(note, resume)
        else:  # with --resume there may be nothing to go on with: all parts are made
            try:
                os.mkdir(self.path)
            except OSError:
                raise Refused("--output", path, _("a file that can be written"), None, ()) from None
        self._write(NOTE, json.dumps(note).encode())

    def _checked(self, note: dict[str, Any], resume: bool) -> None:
        try:
            with open(os.path.join(self.path, NOTE), encoding="utf-8") as file:
                there = json.load(file)
        except (OSError, ValueError):
            there = {}
        if not resume:
            expects = _("a new file or --resume (parts of a sweep are there)")
            raise Refused("--output", self.whole, expects, None, ())
        if there != note:
            expects = _("only with the settings, columns and version that {folder} was begun with", folder=self.path)
            raise Refused("--resume", None, expects, None, ())

    def file(self, number: int) -> str:
        """Where a part is, or will be."""
        return os.path.join(self.path, f"part-{number:06d}.{self.kind}")

    def finished(self) -> dict[int, dict[str, Any]]:
        """The notes of the parts that are there, by number."""
        found = {}
        for name in os.listdir(self.path):
            number = name.removeprefix("part-").removesuffix(".json")
            if name.endswith(".json") and number.isdigit():
                with open(os.path.join(self.path, name), encoding="utf-8") as file:
                    found[int(number)] = json.load(file)
        return found

    def add(self, number: int, content: bytes, rows: int, left_out: Counter[str]) -> None:
        """A part is there: first its rows, then its note, which makes it finished."""
        self._write(os.path.basename(self.file(number)), content)
        note = {"rows": rows, "left_out": dict(left_out)}
        self._write(f"part-{number:06d}.json", json.dumps(note, ensure_ascii=False).encode())

    def _write(self, name: str, content: bytes) -> None:
        fresh = os.path.join(self.path, name + ".unfinished")
        with open(fresh, "wb") as file:
            file.write(content)
        os.replace(fresh, os.path.join(self.path, name))

    def remove(self) -> None:
        """All of it: the file is made."""
        shutil.rmtree(self.path)


def fingerprint(asked: Asked, kind: str) -> str:
    """What two sweeps have in common only where their parts are the same."""
    axes = [(axis.name, [str(each) for each in axis.values]) for axis in asked.axes]
    what = [axes, asked.columns, asked.where, asked.order, asked.top, asked.best, asked.replays, kind, asked.size]
    return hashlib.sha256(json.dumps(what, default=str).encode()).hexdigest()
