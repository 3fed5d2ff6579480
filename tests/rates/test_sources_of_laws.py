"""A register of what the constants of time rest on: none of them on a single publisher's page.

A law names its `sources`, or the table of measured rows (`rows`) that it was drawn through, whose sources are counted.
"""

from typing import Any

import pytest

from vidcalc.catalog import load
from vidcalc.rates import kernels

LAWS = load.entry("kernels", "laws")
# what one publisher alone has measured yet, and what is assumed because it rarely decides
WAITING = {"training_launch", "vector", "convolution.measured"}


def tables(facts: dict[str, Any], above: str = "") -> dict[str, dict[str, Any]]:
    """Every table of constants by its dotted name."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in facts.items():
        if isinstance(value, dict) and name not in ("tiles_at_once", "slower"):
            dotted = f"{above}.{name}" if above else name
            if any(not isinstance(each, dict) for each in value.values()):
                found[dotted] = value
            found |= tables(value, dotted)
    return found


def sources(law: dict[str, Any]) -> set[str]:
    """The sources of a law, those of the rows it was drawn through included."""
    named = set(law.get("sources", ()))
    if "rows" in law:
        named |= {row["source"] for row in kernels.rows(law["rows"].removesuffix(".csv"))}
    return named


REGISTER = {name: sources(law) for name, law in tables(LAWS).items()}


@pytest.mark.parametrize("name", REGISTER)
def test_every_law_says_what_it_rests_on(name: str) -> None:
    assert REGISTER[name], name


def test_no_law_rests_on_one_source_alone() -> None:
    alone = {name for name, found in REGISTER.items() if len(found) < 2}
    assert alone == WAITING


def test_the_register_finds_every_number() -> None:
    """A constant added to the file without a table of its own would be missed."""
    numbers = [name for name, value in LAWS.items() if isinstance(value, int | float)]
    assert numbers == ["peak_tolerance"]
    assert {"gemm.plain", "elementwise.pace", "launch", "attention.masked"} <= set(REGISTER)
