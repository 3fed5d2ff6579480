"""What a framework has of what may be asked of it (data/offered.toml): ways of sharing, of offloading, accelerators.

A framework that is not listed, and is like none that is, says nothing: then nothing is ruled out.
"""

from vidcalc.catalog import load

KIND = "frameworks"
KINDS = ("parallel", "offload", "vendors")
# ways of offloading, by what they leave on the device, the most first: the nearest of another way is its neighbour
ORDER = (
    *("none", "encoders", "encoders-streamed", "model", "partial", "dynamic-swap", "block-swap", "group"),
    *("group-wait", "group-leaf", "sequential"),
)


def offered(kind: str, name: str) -> tuple[str, ...] | None:
    """What a framework has of that kind ("parallel", "offload", "vendors"); None where that is not known."""
    listed = load.table("offered")[kind]
    while name:
        if name in listed:
            return tuple(listed[name])
        name = str(load.entry(KIND, name).get("like", ""))
    return None


def offers(name: str) -> dict[str, tuple[str, ...]]:
    """What a framework has, by kind; without the kinds of which nothing is known."""
    found = {kind: offered(kind, name) for kind in KINDS}
    return {kind: has for kind, has in found.items() if has is not None}


def having(kind: str, what: str) -> list[str]:
    """The frameworks that are known to have it, for those that others are like too."""
    listed = load.table("offered")[kind]
    return [name for name in load.names(KIND) if what in listed.get(name, ())]


def near(way: str, others: tuple[str, ...]) -> str:
    """The way of offloading among others that leaves nearest to the same on the device."""
    return min(others, key=lambda other: (abs(ORDER.index(other) - ORDER.index(way)), -ORDER.index(other)))


def made_by(makers: tuple[str, ...]) -> tuple[str, ...]:
    """The accelerators of the catalogue of those makers."""
    return tuple(name for name in load.names("accelerators") if load.entry("accelerators", name)["vendor"] in makers)
