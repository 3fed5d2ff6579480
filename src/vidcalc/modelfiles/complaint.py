"""What a program said when memory ran out, read from its message or log: which memory, how much, and where it was.

    complaint(text)  ->  Complaint(kind="torch", asked=2147483648, allocated=21614000000, stage="vae_decode", …)

Messages are PyTorch's (CUDA, ROCm, MPS; the form before 2.1 and the one since), of the driver's pool as ComfyUI shows
them, the bare ones of CUDA, those of a system that has no host memory left, and what people write who watch Windows
move memory into its shared part; data/complaints.toml has them. Of several in one log the last with an amount counts: a
program that tried again failed there. A stage is told by the files and functions of the traceback around it.

Any letters may come: what is not understood is no complaint ("none").
"""

import re
from collections.abc import Iterable
from functools import cache

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table

LONGEST = 4 * 2**20  # letters that are looked at, from the end
LINES, LINE = 20_000, 2_000  # lines from the end, and letters of each: progress bars and dumps of tensors have more
BEFORE, MESSAGE, AFTER = 200, 8, 40  # lines: of the traceback, of the message itself, and what follows
AMOUNT = r"([0-9]{1,15}(?:\.[0-9]{1,12})?) ?(bytes|[KMGT]i?B|B)\b"
BYTES = {"B": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}  # these programs divide by 1024 whatever they call it


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """What was said; amounts in bytes, None where nothing was.

    kind        "torch" (its caching allocator), "async" (the driver's pool), "mps", "cuda" (a bare error), "windows"
                (moved into shared memory), "host" (no host memory left) or "none"
    asked       that could not be given;  allocated  that tensors held;  capacity  of the device
    free        on the device;  in_use  by this process, with its context
    unallocated held by the caching allocator and in use by nobody;  shared  in Windows' shared memory
    stage       of a generation, or "backward", "optimizer_step"; "" where nothing tells
    pinned      whether it was pinning host memory;  training  whether it looks like a training run
    """

    kind: str = "none"
    asked: int | None = None
    allocated: int | None = None
    capacity: int | None = None
    free: int | None = None
    in_use: int | None = None
    unallocated: int | None = None
    shared: int | None = None
    stage: str = ""
    pinned: bool = False
    training: bool = False


def complaint(text: str) -> Complaint:
    """What the last message about memory in a text says."""
    lines = [line[:LINE] for line in text[-LONGEST:].replace("\r", "\n").split("\n")[-LINES:]]
    found = _last(lines)
    if found is None:
        return Complaint()
    place, kind = found
    around = lines[max(place - BEFORE, 0) : place + AFTER]
    said, facts = "\n".join(around), _facts()["traceback"]
    amounts = _amounts("\n".join(lines[place : place + MESSAGE]), said)
    reserved = amounts.pop("reserved", None)
    if reserved is not None and "allocated" in amounts:
        amounts.setdefault("unallocated", max(reserved - amounts["allocated"], 0))
    stage = _stage(around)
    return Complaint(
        kind=kind,
        stage=stage,
        pinned=_read(facts["pinning"]).search(said) is not None,
        training=stage in ("backward", "optimizer_step") or _read(facts["training"]).search(said) is not None,
        **amounts,
    )


def _last(lines: list[str]) -> tuple[int, str] | None:
    """Where the last message is, and of which kind; one that states an amount counts before one that does not."""
    bare: tuple[int, str] | None = None
    for place in range(len(lines) - 1, -1, -1):
        kind = next((row["id"] for row in _facts()["kind"] if _any(row["said"], lines[place])), None)
        if kind is None:
            continue
        if re.search(AMOUNT, "\n".join(lines[place : place + 3]), re.I):
            return place, kind
        bare = bare or (place, kind)
    return bare


def _amounts(message: str, said: str) -> dict[str, int]:
    """Each amount [byte] that the message states, else what stands around it."""
    found: dict[str, int] = {}
    for name, patterns in _facts()["amounts"].items():
        for text in (message, said):
            hit = next((hit for hit in (_read(each).search(text) for each in patterns) if hit), None)
            if hit:
                found[name] = int(float(hit[1]) * BYTES[hit[2][0].upper()])
                break
    return found


def _stage(around: list[str]) -> str:
    """The stage that the innermost line of a traceback names, those of torch's own files passed over."""
    library = _read(_facts()["traceback"]["library"])
    for line in reversed(around):
        if not library.search(line):
            for row in _facts()["place"]:
                if _any(row["names"], line):
                    return str(row["stage"])
    return ""


def _any(patterns: Iterable[str], line: str) -> bool:
    return any(_read(each).search(line) for each in patterns)


@cache
def _read(pattern: str) -> re.Pattern[str]:
    """A pattern of the table, with its amount."""
    return re.compile(pattern.replace("@", AMOUNT), re.I)


@cache
def _facts() -> Facts:
    return table("complaints")
