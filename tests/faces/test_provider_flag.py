"""--provider: whose prices are taken, spot prices among them."""

import json

import pytest

from vidcalc.cost.money import PROVIDERS, SPOT, price
from vidcalc.rates.machines import accelerator

JOB = ("-m", "wan2.1-t2v-1.3b")


def cost(ask, *arguments):
    done = ask("estimate", *JOB, *arguments, "--json")
    assert done.code == 0, done.out
    return json.loads(done.out)["cost"]


def test_spot_prices_are_the_last_to_be_taken():
    assert PROVIDERS[-1] == SPOT
    chip = accelerator("h100-sxm")
    assert SPOT in {each.provider for each in chip.prices}
    assert price(chip).provider != SPOT


@pytest.mark.parametrize("provider", [each.provider for each in accelerator("h100-sxm").prices])
def test_a_class_of_provider_is_asked_for(ask, provider):
    found = cost(ask, "--gpu", "h100", "--provider", provider)
    every = {each["provider"]: each for each in cost(ask, "--gpu", "h100")["ranges"]}
    assert found["ranges"] == [every[provider]]
    assert (found["provider"], found["per_hour_low"]) == (provider, every[provider]["per_hour_low"])


def test_spot_is_cheaper_than_what_is_kept(ask):
    for name in ("h100", "h200", "b200", "a100-sxm-80gb"):
        kept, spot = cost(ask, "--gpu", name), cost(ask, "--gpu", name, "--provider", "spot")
        assert spot["per_hour_high"] < kept["per_hour_high"]


def test_a_search_looks_at_machines_with_such_prices_alone(ask):
    found = json.loads(ask("choose", *JOB, "--provider", "spot", "--json").out)
    assert {row["provider"] for row in found["rows"]} == {"spot"}
    for row in found["rows"]:
        assert SPOT in {each.provider for each in accelerator(row["accelerator"]).prices}
        assert "--provider spot" in row["command"]
    assert "spot, may be taken back" in ask("estimate", *JOB, "--gpu", "h100", "--provider", "spot").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--gpu", "4090", "--provider", "spot"), "--provider cannot be 'spot'; allowed: marketplace, serverless"),
        (("--gpu", "3050", "--provider", "spot"), "--provider"),
        (("--gpu", "h100", "--provider", "spto"), "nearest: spot"),
        (("--gpu", "h100", "--provider", "spot", "--price", "1"), "not together with --price"),
    ],
)
def test_what_cannot_be_had_is_refused(ask, arguments, words):
    done = ask("estimate", *JOB, *arguments)
    assert done.code == 2
    assert words.replace(" cannot be", "") in done.err.replace(" cannot be", "")  # a long line has fewer words
    assert done.err.count("\n") == 1
