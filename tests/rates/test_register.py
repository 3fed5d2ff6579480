"""How many sources stand behind every constant of links, exchanges and host copies: none of a law rests on one."""

import pytest

from vidcalc.catalog import load
from vidcalc.catalog.defaults import defaults
from vidcalc.catalog.load import table

# tables of numbers that hold for every chip and model, and what in them says nothing about speed
HOST = {f"host_copy.{name}": law for name, law in defaults()["host_copy"].items()}
SHARING = {name: law for name, law in table("parallel").items() if isinstance(law, dict) and name != "frameworks"}
LAWS = {**HOST, **SHARING, "link": defaults()["link"]}
WORDS = ("sources", "source", "fitted", "as_of")


def constants(law):
    """Names of the numbers of a law."""
    return [name for name in law if name not in WORDS]


def publications(law):
    """Who says so: what stands before the first colon, once each."""
    return {source.partition(":")[0].strip().lower() for source in law["sources"]}


REGISTER = {f"{name}.{constant}": len(publications(law)) for name, law in LAWS.items() for constant in constants(law)}


def test_the_register_is_whole():
    assert len(REGISTER) >= 17
    assert {"exchange.growth", "overlap.pcie", "host_copy.fresh.rate", "link.achieved_fraction"} <= REGISTER.keys()


@pytest.mark.parametrize("constant", REGISTER)
def test_no_constant_of_a_law_rests_on_one_source(constant):
    assert REGISTER[constant] >= 2


@pytest.mark.parametrize("name", load.names("links"))
def test_a_link_says_what_was_measured_or_takes_the_usual_share(name):
    """What one link reaches is a fact with a source; a rule of thumb is the share that all links have in common."""
    facts = load.entry("links", name)
    assert len(set(facts["sources"])) >= 1
    assert all(len(source) > 10 for source in facts["sources"])
    if "achieved" in facts:
        assert "rule of thumb" not in facts.get("note", "")
        assert facts.get("note"), "says what was measured"
