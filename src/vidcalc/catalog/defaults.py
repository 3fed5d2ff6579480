"""Figures that belong to no single accelerator or model, from `data/defaults.toml`."""

from functools import cache

from vidcalc.base.facts import Facts
from vidcalc.base.number import Number, where
from vidcalc.base.units import quantity
from vidcalc.catalog.load import table
from vidcalc.describe.hardware import Price


@cache
def defaults() -> Facts:
    """The whole table, quantities as strings with their units."""
    return table("defaults")


@cache
def context_facts(capability: str | None = None) -> Facts:
    """What a process takes on a chip of a compute capability before the first tensor: measured there, else assumed.

    "low", "likely", "high" with their units, "source" and "provenance".
    """
    facts: Facts = defaults()["process"]["context"]
    own = facts["by_capability"].get(capability)
    return {**own, "provenance": "measured"} if own else {**facts, "provenance": "assumed"}


@cache
def process(what: str) -> int:
    """Bytes of the matrix library's workspace [byte]: "cuda", "cuda_9_10_12" (compute capabilities) or "rocm"."""
    return int(quantity(defaults()["process"]["cublas_workspace"][what], "B"))


@cache
def pue(place: str = "cloud") -> float:
    """Power usage effectiveness: facility energy over computing energy."""
    return float(defaults()["energy"]["pue"][place])


@cache
def class_prices(family: str) -> tuple[Price, ...]:
    """What classes of provider ask for a whole family of accelerators ("A100"), where no figure of its own is known."""
    return tuple(
        Price(
            provider=row["provider"],
            low=quantity(row["low"], "USD/s"),
            high=quantity(row["high"], "USD/s"),
            as_of=row["as_of"],
            source=row["source"],
        )
        for row in defaults()["price_class"]
        if row["accelerators"] == family
    )


@cache
def power_share(load: str) -> float:
    """Share of nominal power drawn at work ("low", "likely", "high") or "idle"."""
    return float(defaults()["energy"]["power"][load])


@cache
def utilisation() -> float:
    """Share of the time in which an accelerator of a fleet has a job."""
    return float(defaults()["energy"]["fleet"]["utilisation"])


@cache
def electricity(place: str) -> float:
    """Price of electricity [USD/J] where the country is not known: what a home pays, else what a data centre pays."""
    prices = defaults()["energy"]["electricity"]
    return quantity(prices[place if place == "home" else "datacenter"], "USD/J")


def nccl(count: Number) -> Number:
    """Bytes a communicator among `count` accelerators takes on each of them [byte]."""
    out: Number = 0
    for gpus, nbytes in _communicators():
        out = where(count >= gpus, nbytes, out)
    return out


@cache
def _communicators() -> tuple[tuple[int, int], ...]:
    """(accelerators, bytes that a communicator among that many takes on each)."""
    facts = defaults()["process"]["nccl"]
    return tuple((gpus, int(quantity(text, "B"))) for gpus, text in zip(facts["gpus"], facts["memory"], strict=True))
