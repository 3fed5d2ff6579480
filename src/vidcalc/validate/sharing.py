"""How accelerators share a row's work, by the ways it names: with a number each, or one way without, which is the rest.

"TP2 x Ulysses 4", "2-way tensor parallel", "tp_size=2", "FSDP" on four cards, "CFG parallel" beside four of "SP".
"""

import re
from functools import cache

from vidcalc.catalog import load
from vidcalc.describe.plan import WORK
from vidcalc.validate.text import KIND

BEFORE = r"(?:(?P<before>\d+)[- ]?(?:way|GPU|card)s?\s+)?(?<![A-Za-z])"
AFTER = (
    r"(?:[_ -]?(?:size|degree|parallel(?:ism|ised|ized)?|attention))*"
    r"(?:\s*\((?:dit|t5|encoders?|transformer|[,&+ ])*\))?\s*[=:]?\s*(?P<after>\d+)?"
)
GUIDED = "guidance_degree"
OTHERS = ("text_degree", "decode_degree")  # of other networks than the denoiser, stated beside how that is shared
PREDICTIONS = 2  # of classifier-free guidance: with the prompt and without


@cache
def _ways() -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = load.entry(KIND, "settings")["way"]
    return tuple((re.compile(BEFORE + f"(?:{row['words']})" + AFTER, re.IGNORECASE), row["field"]) for row in rows)


def degrees(told: str, gpus: int) -> dict[str, int] | None:
    """Degrees of a parallel plan; None where the text does not say how so many accelerators share the work."""
    fields, open_ = stated(told)
    for field in open_ - set(WORK.values()):
        fields[field] = gpus  # what is stored in shards, or decoded in parts, is so by all
    rest = gpus // together(fields)
    if GUIDED in open_:
        fields[GUIDED] = min(PREDICTIONS, rest)
        rest = gpus // together(fields)
    left = (open_ & set(WORK.values())) - {GUIDED}
    if len(left) > 1:
        return None
    fields.update(dict.fromkeys(left, rest))
    shared = together(fields) == gpus or (together(fields) == 1 and max(fields.values(), default=1) == gpus)
    return fields if shared else None


def stated(told: str) -> tuple[dict[str, int], set[str]]:
    """Degrees that a text gives a number, and the fields of ways that it names without one."""
    fields: dict[str, int] = {}
    open_: set[str] = set()
    for pattern, field in _ways():
        found = [degree(match) for match in pattern.finditer(told)]
        if not found:
            continue
        told = pattern.sub(";", told)
        number = next((each for each in found if each is not None), None)
        if number is None:
            open_.add(field)
        else:
            fields[field] = number
    return fields, open_ - set(fields)


def guessed(told: str) -> set[str]:
    """Fields of ways of other networks that a collector names as a guess: "text encoder TP (recipe family)"."""
    hedge = str(load.entry(KIND, "settings")["guess"]["after"])
    found = {field for pattern, field in _ways() if re.search(f"(?:{pattern.pattern})\\s*{hedge}", told, re.IGNORECASE)}
    return found & set(OTHERS)


def degree(match: re.Match[str]) -> int | None:
    """The number before or after a way's name; a grid's two numbers are multiplied."""
    found = match.groupdict()
    if found.get("rows") and found.get("columns"):
        return int(found["rows"]) * int(found["columns"])
    number = found["after"] or found["before"]
    return int(number) if number else None


def together(fields: dict[str, int]) -> int:
    """How many accelerators the ways of sharing the work take."""
    product = 1
    for field in WORK.values():
        product *= fields.get(field, 1)
    return product


def usual(count: int) -> dict[str, int]:
    """So many cards as programs share a video by themselves: the predictions of guidance, then the tokens."""
    guided = PREDICTIONS if count % PREDICTIONS == 0 else 1
    return {GUIDED: guided, "ulysses_degree": count // guided}
