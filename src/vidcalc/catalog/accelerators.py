"""Accelerators and links of the catalogue, as nouns in SI base units: facts alone, without curves.

Estimates take the accelerators of `vidcalc.rates.machines`, which add how fast each one runs.

Files are `data/accelerators/ID.toml` and `data/links/ID.toml`. Every quantity in them is a string with its unit
("3350 GB/s", "81559 MiB", "989 TFLOP/s", "1.8 USD/h"); plain numbers are counts. Fabric and PCIe rates are one
direction, per accelerator; peaks are dense. Only the entry asked for is read.
"""

import re
from functools import cache

from msgspec.structs import replace

from vidcalc.base.errors import UnknownName
from vidcalc.base.facts import Facts
from vidcalc.base.units import maybe, quantity
from vidcalc.catalog import load
from vidcalc.catalog.defaults import class_prices, defaults
from vidcalc.describe.hardware import UNSEEN_SHARE, Accelerator, HostCopy, Link, Price

SERIES = re.compile(r"(?P<letters>[a-z]*?)(?P<number>\d{1,6})(?!\d)(?P<tail>.*)")  # of a plain name: "rtx", 3070, "ti"
BARE = {4: "rtx"}  # what a bare number of so many digits is of
OLDER = {10: "gtx", 16: "gtx"}  # the same, of these series
MEMORY = re.compile(r"[\s,_-]*\b\d{1,3}\s*gi?b\b", re.IGNORECASE)  # "48gb" of "4090 48gb"
PIECES = re.compile(r"[a-z]+|\d+")  # words of a name, and its numbers


def accelerator(name: str) -> Accelerator:
    """The facts of the accelerator of that id, name or alias ("H100", "rtx-4090", "4090"). Raises UnknownName."""
    return _accelerator(resolve(name))


def resolve(name: str) -> str:
    """The id that a name or alias stands for. Raises UnknownName, which names the nearest in kind: of the same series
    and size, not of the same letters.
    """
    try:
        return load.resolve("accelerators", name)
    except UnknownName as unknown:
        near = _same_words(name) or _of_another_size(name) or _kin(load.plain(name))
        raise UnknownName("accelerators", name, near or unknown.nearest) from None


def _same_words(name: str) -> str:
    """The accelerator whose id has the same words in another order, or fewest more: "rtx 6000 pro"; "" for none."""
    said = set(PIECES.findall(name.casefold())) - {"nvidia", "geforce", "amd", "radeon"}
    having = [(len(own), id_) for id_ in load.names("accelerators") if said <= (own := set(PIECES.findall(id_)))]
    return min(having)[1] if len(said) > 1 and having else ""


def _of_another_size(name: str) -> str:
    """The accelerator that a name without its memory is of: "4090 48gb"; "" where it is of none."""
    bare = MEMORY.sub("", name)
    if bare == name or not bare.strip():
        return ""
    try:
        return load.resolve("accelerators", bare)
    except UnknownName:
        return _kin(load.plain(bare))


def _kin(plain: str) -> str:
    """The accelerator of the series that a plain name is of whose number is nearest; "" where it is of none."""
    asked = SERIES.match(plain)
    if asked is None:
        return ""
    letters, number, tail = _letters(asked), int(asked["number"]), asked["tail"]
    found: list[tuple[bool, int, int, bool, float, bool, int, str]] = []
    for alias, id_ in load.aliases("accelerators").items():
        other = SERIES.match(alias)
        if other is None or _letters(other) != letters:
            continue
        theirs = int(other["number"])
        begun = alias.startswith(plain)  # "h10": more was meant to come
        longer = abs(len(str(theirs)) - len(asked["number"]))  # B70 is nothing like B100
        generations, otherwise = abs(_series(theirs) - _series(number)), other["tail"] != tail
        # of another generation the one of the same rank: a 1080 Ti is like a 1660 Ti
        apart = (generations, otherwise and generations > 0, abs(theirs - number), otherwise, len(alias))
        found.append((not begun, longer, *apart, id_))
    return min(found)[-1] if found else ""


def _letters(said: re.Match[str]) -> str:
    """The letters of a series, which people leave out of the usual ones."""
    return said["letters"] or OLDER.get(_series(int(said["number"])), BARE.get(len(said["number"]), ""))


def _series(number: int) -> int:
    """The generation in a number of four digits: 30 of 3070."""
    return number // 100 if number >= 1000 else 0


def link(name: str) -> Link:
    """The link of that id ("nvlink4", "pcie5-x16", "ib-ndr"). Raises UnknownName."""
    return _link(load.resolve("links", name))


def usual_nodes(chip: Accelerator, total: int) -> int:
    """Nodes that so many accelerators stand in where nobody says: the fewest of one size that is no more than usual."""
    return next(nodes for nodes in range(-(-total // chip.per_node), total + 1) if total % nodes == 0)


def with_class_prices(chip: Accelerator) -> Accelerator:
    """The accelerator with what classes of provider ask for its family ("H100" of "h100-sxm") beside its own prices."""
    family = class_prices(chip.id.partition("-")[0].upper())
    return replace(chip, prices=tuple({price.provider: price for price in (*family, *chip.prices)}.values()))


@cache
def _accelerator(name: str) -> Accelerator:
    return from_facts(name, load.entry("accelerators", name))


def from_facts(name: str, facts: Facts) -> Accelerator:
    """The accelerator that a file in the layout of data/accelerators describes. Raises KeyError, ValueError."""
    parts = facts.get("devices_per_module", 1)  # a module whose dies are separate devices: facts are the module's
    memory, fabric, pcie, measured = (facts.get(key, {}) for key in ("memory", "fabric", "pcie", "measured"))
    inside, host = fabric.get("link"), pcie.get("link")
    node = defaults()["node"]
    return Accelerator(
        id=name,
        name=facts["name"],
        vendor=facts["vendor"],
        kind=facts["class"],
        architecture=facts["architecture"],
        release_year=facts.get("release_year"),
        compute_capability=facts.get("compute_capability"),
        memory_marketed=int(quantity(memory["marketed"], "B")) // parts,
        memory_driver=_whole(memory.get("driver")),
        memory_torch=_whole(memory.get("torch")),
        memory_seen=_seen(memory, facts["class"]),
        unified_memory=memory["unified"],
        bandwidth=_share(facts.get("bandwidth"), "B/s", parts),
        tdp=_share(facts.get("tdp"), "W", parts),
        peaks={precision: quantity(text, "FLOP/s") / parts for precision, text in facts["peak"].items()},
        supports=facts.get("supports", {}),
        fabric=link(inside) if inside else None,
        fabric_rate=maybe(fabric.get("rate"), "B/s"),
        pcie=link(host) if host else None,
        host_copies=tuple(
            HostCopy(
                kind=row["kind"],
                to_device=maybe(row.get("h2d"), "B/s"),
                to_host=maybe(row.get("d2h"), "B/s"),
                source=row["source"],
            )
            for row in measured.get("host_copy", ())
        ),
        prices=tuple(
            Price(
                provider=row["provider"],
                low=quantity(row["low"], "USD/s"),
                high=quantity(row["high"], "USD/s"),
                as_of=row["as_of"],
                source=row["source"],
            )
            for row in facts.get("price", ())
        ),
        sources=tuple(facts["sources"]),
        multiprocessors=_part(facts.get("chip", {}).get("sm_count"), parts),
        per_node=node["rack"].get(name, node["accelerators"]),
    )


@cache
def _link(name: str) -> Link:
    facts = load.entry("links", name)
    return Link(
        id=name,
        name=facts["name"],
        scope=facts["scope"],
        rate=quantity(facts["rate"], "B/s"),
        achieved=maybe(facts.get("achieved"), "B/s"),
        latency=maybe(facts.get("latency"), "s"),
        sources=tuple(facts["sources"]),
    )


def _seen(memory: Facts, kind: str) -> float:
    """Of the marketed bytes, what the driver of such a card would report. Boxes say GB and mean GiB, but memory that a
    chip shares with its host is a whole machine's, of which the system keeps some.
    """
    if memory["unified"]:
        return UNSEEN_SHARE
    seen = defaults()["memory_seen"]
    tables = {**seen["by_type"], **seen.get(kind, {})}
    share: float = tables.get(memory.get("type"), seen["usual"])
    return share * (2**30 / 10**9 if memory["marketed"].endswith(" GB") else 1)


def _share(text: str | None, base: str, parts: int) -> float | None:
    return None if text is None else quantity(text, base) / parts


def _part(count: int | None, parts: int) -> int | None:
    return None if count is None else count // parts


def _whole(text: str | None) -> int | None:
    return None if text is None else int(quantity(text, "B"))
