"""Did a number change? Some hundred command lines, and every number of their JSON as it was recorded.

    python scripts/snapshot.py [--only PATTERN]            check: exits with 1 and lists what moved, and by how much
    python scripts/snapshot.py --record [--only PATTERN]   take the numbers of now as the recorded ones

A test says what must hold; this says what is. Whoever rewrites the inside of the package runs it and sees at once that
no number moved, or which did. Numbers that moved on purpose are recorded anew, and CHANGELOG.md says what and why.

tests/snapshots/requests.txt holds the command lines, one a line. They run in this one process through
`vidcalc.faces.cli`, the door of the command line: nothing else of the package is named here.
tests/snapshots/numbers.txt holds what they answered:

    : memory.inference.stages[] weights activations …      what the values of such an object are, in this order
    > estimate -m wan2.1-t2v-14b                           a request, and below it a line an object of its JSON
    memory.inference.stages[denoise] 40250956902 …
    time.inference.parts.denoise matmul=317.4 …            an object of other keys than most of its kind names them

Entries of a list are called by their id where they have one. Whole numbers are kept and compared digit by digit,
others to ten digits and within 1e-9. Of words only those that are a verdict, or what a search chose, are kept; of a
ranking its first entries; of what a number is made of the upper levels.
"""

import argparse
import contextlib
import io
import json
import math
import re
import shlex
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

FOLDER = ROOT / "tests" / "snapshots"
REQUESTS, NUMBERS = FOLDER / "requests.txt", FOLDER / "numbers.txt"
TOLERANCE = 1e-9
WORDS = ("verdict", "fits", "peak_stage", "peak_phase", "bound", "status", "reason")  # keys whose words are kept
CHOSEN = "words"  # the object in which a search says what it chose: all its words are
SHORT = re.compile(r"[\w.+:-]{1,20}")
IDS = ("id", "name", "law")  # what entries of a list are called by
CALLABLE = re.compile(r"[\w.*+:/-]+")
PLACE = re.compile(r"\[[^\]]*\]")
FEW = 3  # entries of a ranking that are kept: what follows is priced the same way
RANKINGS = ("best", "front")
PARTS, DEEP = "parts[", 2  # levels of what a number is made of that are kept: these add up what is below them
USUAL = 5  # objects of a kind that have the same keys, for the keys to be said once

Leaf = int | float | str
Leaves = dict[str, Leaf]
Snapshot = dict[str, Leaves]


class Move(NamedTuple):
    """A leaf that is no longer what it was."""

    request: str
    leaf: str
    old: Leaf
    new: Leaf

    @property
    def ratio(self) -> float:
        """New over old; not a number where there is none."""
        if isinstance(self.old, str) or isinstance(self.new, str) or self.old == 0:
            return math.nan
        return self.new / self.old

    @property
    def size(self) -> float:
        """How far it moved: 0.1 is about a tenth up or down; a word, a sign, from or to zero: without end."""
        return abs(math.log(self.ratio)) if self.ratio > 0 else math.inf


class Difference(NamedTuple):
    """What is not as recorded: moved leaves, the largest first, and (request, leaf) that appeared or vanished."""

    moved: list[Move]
    appeared: list[tuple[str, str]]
    vanished: list[tuple[str, str]]


def main() -> int:
    """Check or record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with what is recorded (without --record)")
    parser.add_argument("--record", action="store_true", help="write what is answered now")
    parser.add_argument("--only", metavar="PATTERN", default="", help="requests in which this regular expression is")
    parser.add_argument("--rows", type=int, default=40, help="moved leaves to list; 0 for all")
    options = parser.parse_args()
    if options.check and options.record:
        parser.error("--check or --record, not both")
    asked = [request for request in requests() if re.search(options.only, request)]
    recorded = loads(NUMBERS.read_text("utf-8")) if NUMBERS.exists() else {}
    before = {request: leaves for request, leaves in recorded.items() if re.search(options.only, request)}
    found, refused = answers(asked)
    for request, why in refused.items():
        print(f"refused: {request}\n    {why}")
    difference = compare(before, found)
    print("\n".join(report(difference, asked, options.rows)))
    if options.record and not refused:
        kept = {**recorded, **{request: settled(before.get(request, {}), now) for request, now in found.items()}}
        text = dumps({request: kept[request] for request in requests() if request in kept})
        NUMBERS.write_text(text, "utf-8")
        print(f"recorded: {len(text.encode()):,} bytes in {NUMBERS.relative_to(ROOT)}")
        return 0
    return 1 if refused or any(difference) else 0


def requests() -> list[str]:
    """The command lines, as they stand in their file."""
    lines = (line.strip() for line in REQUESTS.read_text("utf-8").splitlines())
    found = [line for line in lines if line and not line.startswith("#")]
    twice = [request for request, count in Counter(found).items() if count > 1]
    if twice:
        raise SystemExit(f"twice in {REQUESTS.name}: {twice[0]}")
    return found


def answers(asked: Iterable[str]) -> tuple[Snapshot, dict[str, str]]:
    """(the leaves of each request's answer, what was said of those that were refused)."""
    found: Snapshot = {}
    refused: dict[str, str] = {}
    lines = list(asked)
    with contextlib.chdir(ROOT):  # requests name files of tests/snapshots
        for place, request in enumerate(lines):
            told(f"{place + 1} of {len(lines)}")
            code, out = answer(shlex.split(request))
            if code:
                refused[request] = out.strip()
            else:
                found[request] = dict(leaves(json.loads(out)))
    told("")
    return found, refused


def answer(arguments: list[str]) -> tuple[int, str]:
    """(exit code, standard output) of `vidcalc ARGUMENTS --json`."""
    from vidcalc.faces.cli import run, vidcalc

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            code = run(vidcalc, "vidcalc", [*arguments, "--json"])
        except Exception as broken:  # the others are still to be asked
            return 1, f"{type(broken).__name__}: {broken}"
    return code, out.getvalue()


def told(text: str) -> None:
    """How far it is, on a terminal only; empty text wipes it off."""
    if sys.stderr.isatty():
        print(f"\r{text:20}\r", end="", file=sys.stderr, flush=True)


def leaves(value: Any, path: str = "", key: str = "", inside: str = "") -> Iterator[tuple[str, Leaf]]:
    """(path, value) of what a document says in numbers and verdicts; `key` is the last of the path, in `inside`."""
    if isinstance(value, dict):
        for name, each in value.items():
            said = re.sub(r"[ .=]", "_", str(name))
            yield from leaves(each, f"{path}.{said}" if path else said, said, key)
    elif isinstance(value, list):
        kept = value[: FEW if key in RANKINGS else 0 if path.count(PARTS) == DEEP else None]
        plain = not any(isinstance(each, dict | list) for each in kept)
        for name, each in zip(called(kept), kept, strict=True):
            yield from leaves(each, f"{path}.{name}" if plain else f"{path}[{name}]", key, inside)
    elif isinstance(value, bool):
        yield path, str(value).lower()
    elif not isinstance(value, str):
        if value is not None:
            yield path, value
    elif (key in WORDS or inside == CHOSEN) and SHORT.fullmatch(value):
        yield path, value


def called(entries: list[Any]) -> list[str]:
    """What the entries of a list are called by: their ids where all have one of their own, else their places."""
    for name in IDS:
        ids = [str(each.get(name, "")) if isinstance(each, dict) else "" for each in entries]
        if all(map(CALLABLE.fullmatch, ids)) and len(set(ids)) == len(ids):
            return ids
    return [str(place) for place in range(len(entries))]


def compare(before: Snapshot, now: Snapshot) -> Difference:
    """What moved, appeared and vanished."""
    moved, appeared, vanished = [], [], []
    for request in dict.fromkeys((*before, *now)):
        old, new = before.get(request, {}), now.get(request, {})
        moved += [
            Move(request, leaf, old[leaf], value)
            for leaf, value in new.items()
            if leaf in old and not same(old[leaf], value)
        ]
        appeared += [(request, leaf) for leaf in new if leaf not in old]
        vanished += [(request, leaf) for leaf in old if leaf not in new]
    return Difference(sorted(moved, key=lambda move: -move.size), appeared, vanished)


def same(old: Leaf, new: Leaf) -> bool:
    """Whole numbers and words equal, other numbers within the tolerance."""
    if isinstance(old, str) or isinstance(new, str) or (isinstance(old, int) and isinstance(new, int)):
        return old == new
    return math.isclose(old, new, rel_tol=TOLERANCE)


def settled(before: Leaves, now: Leaves) -> Leaves:
    """The leaves of now, with the recorded digits of those that did not move: a new record changes no line in vain."""
    return {leaf: before[leaf] if same(before.get(leaf, ""), value) else value for leaf, value in now.items()}


def report(difference: Difference, asked: list[str], rows: int) -> list[str]:
    """What is not as recorded: first in numbers, then by kind of leaf and by request, then leaf by leaf."""
    moved, appeared, vanished = difference
    if not any(difference):
        return [f"no number moved in {len(asked)} requests"]
    touched = len({move.request for move in moved})
    lines = [
        f"{len(moved)} leaves moved in {touched} of {len(asked)} requests, {len(appeared)} appeared, "
        f"{len(vanished)} vanished"
    ]
    lines += summary("by kind of leaf", moved, lambda move: kind(move.leaf), rows)
    lines += summary("by request", moved, lambda move: move.request, rows)
    for title, pairs in (("appeared", appeared), ("vanished", vanished)):
        lines += counted(title, pairs, rows)
    if moved:
        lines += ["", f"{'ratio':>12}  {'old':>20}  {'new':>20}  leaf, request"]
        lines += [
            f"{shown(move):>12}  {written(move.old):>20}  {written(move.new):>20}  {move.leaf}\n{'':60}{move.request}"
            for move in moved[: rows or None]
        ]
        lines += more(len(moved), rows)
    return lines


def summary(title: str, moved: list[Move], name: Callable[[Move], str], rows: int) -> list[str]:
    """How many moved under each name, and the range of their ratios; the furthest first."""
    if not moved:
        return []
    groups: defaultdict[str, list[Move]] = defaultdict(list)
    for move in moved:
        groups[name(move)].append(move)
    ordered = sorted(groups.items(), key=lambda group: -max(move.size for move in group[1]))
    lines = ["", f"{'moved':>7}  {'ratio from':>12}  {'to':>12}  {title}"]
    for named, group in ordered[: rows or None]:
        ratios = sorted(move.ratio for move in group if not math.isnan(move.ratio))
        low, high = (f"{ratio:.9g}" for ratio in (ratios[0], ratios[-1])) if ratios else ("–", "–")
        lines.append(f"{len(group):7}  {low:>12}  {high:>12}  {named}")
    return lines + more(len(ordered), rows)


def counted(title: str, pairs: list[tuple[str, str]], rows: int) -> list[str]:
    """Leaves that appeared or vanished: by kind, with how many requests they are in and one of these."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for request, leaf in pairs:
        groups[kind(leaf)].append(request)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    lines = ["", f"{title:>7}  kind of leaf, a request it is of"] if pairs else []
    lines += [f"{len(group):7}  {named}\n{'':12}{group[0]}" for named, group in ordered[: rows or None]]
    return lines + more(len(ordered), rows)


def more(count: int, rows: int) -> list[str]:
    """A line that says how many are not shown."""
    return [f"… and {count - rows} more (--rows 0 shows all)"] if rows and count > rows else []


def kind(leaf: str) -> str:
    """A leaf's path without the names of the entries on it."""
    return PLACE.sub("[]", leaf)


def shown(move: Move) -> str:
    """The ratio, with enough digits to tell it from 1."""
    return "–" if math.isnan(move.ratio) else f"{move.ratio:.10g}"


def written(value: Leaf) -> str:
    """A leaf as the file has it."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def read(text: str) -> Leaf:
    """A leaf from the file."""
    for number in (int, float):
        with contextlib.suppress(ValueError):
            return number(text)
    return text


def dumps(snapshot: Mapping[str, Leaves]) -> str:
    """The file of a snapshot."""
    objects = {request: grouped(found) for request, found in snapshot.items()}
    seen: defaultdict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for found in objects.values():
        for path, values in found.items():
            seen[kind(path)][tuple(values)] += 1
    usual: dict[str, tuple[str, ...]] = {}
    for path, keys in sorted(seen.items()):
        most, count = max(keys.items(), key=lambda pair: (pair[1], pair[0]))
        if count >= USUAL:
            usual[path] = most
    lines = ["# written by scripts/snapshot.py --record, which says what the lines are"]
    lines += [f": {path or '.'} {' '.join(keys)}" for path, keys in usual.items()]
    for request, found in objects.items():
        lines += ["", f"> {request}"]
        for path, values in found.items():
            plain = usual.get(kind(path)) == tuple(values)
            words = (written(value) if plain else f"{key}={written(value)}" for key, value in values.items())
            lines.append(f"{path or '.'} {' '.join(words)}")
    return "\n".join(lines) + "\n"


def grouped(found: Leaves) -> dict[str, Leaves]:
    """Leaves by the object that they are in."""
    objects: defaultdict[str, Leaves] = defaultdict(dict)
    for leaf, value in found.items():
        path, _dot, key = leaf.rpartition(".")
        objects[path][key] = value
    return objects


def loads(text: str) -> Snapshot:
    """The snapshot of a file."""
    usual: dict[str, list[str]] = {}
    snapshot: Snapshot = {}
    found: Leaves = {}
    for line in text.splitlines():
        head, _space, rest = line.partition(" ")
        if head == ">":
            found = snapshot[rest] = {}
        elif head == ":":
            path, *keys = rest.split(" ")
            usual[path] = keys
        elif head and head != "#":
            path = "" if head == "." else head + "."
            words = rest.split(" ")
            pairs = (
                [word.split("=", 1) for word in words]
                if "=" in words[0]
                else zip(usual[kind(head)], words, strict=True)
            )
            found.update({path + key: read(value) for key, value in pairs})
    return snapshot


if __name__ == "__main__":
    sys.exit(main())
