"""`vidcalc budget` as people type it: one amount, clear refusals, JSON."""

import json
from typing import Any

import jsonschema
import msgspec
import pytest

from vidcalc.faces.flags.budget import Dollars
from vidcalc.report.budget import SCHEMA, BudgetReport

WAN = ("-m", "wan2.1-t2v-1.3b", "--gpu", "h100-sxm")


def answered(ask: Any, *arguments: str) -> dict[str, Any]:
    done = ask("budget", *arguments, "--json")
    found: dict[str, Any] = json.loads(done.out)
    assert done.code == 0, found
    return found


@pytest.mark.parametrize(
    ("text", "dollars"),
    [("200000USD", 200_000), ("$200,000", 200_000), ("1.5M", 1_500_000), ("200k usd", 200_000), ("0.5", 0.5)],
)
def test_money_as_people_write_it(text: str, dollars: float) -> None:
    assert Dollars().convert(text, None, None) == dollars


def test_hours_of_all_gpus_are_gpu_hours(ask: Any) -> None:
    hours = answered(ask, *WAN, "--gpus", "64", "--hours", "10")
    assert hours == answered(ask, *WAN, "--gpus", "64", "--gpu-hours", "640")
    assert hours["schema"] == SCHEMA
    assert hours["ranks"]["world"] == 64


def test_a_stated_price_makes_money_exact(ask: Any) -> None:
    paid = answered(ask, *WAN, "--budget", "1000USD", "--price", "2")
    worked = answered(ask, *WAN, "--gpu-hours", "500", "--price", "2")
    assert paid["affordable"] == worked["affordable"]


def test_without_a_model_only_the_laws_answer(ask: Any) -> None:
    found = answered(ask, "--gpu-hours", "10000", "--gpu", "h100-sxm", "--law", "image-dit")
    assert found["model"] is found["affordable"] is None
    assert [row["law"] for row in found["optima"]] == ["image-dit", "video-dit", "text"]
    assert "law_of_other_data" in {row["id"] for row in found["warnings"]}


def test_long_clips_are_cut_into_samples(ask: Any) -> None:
    settings = ("--gpu-hours", "100", "-f", "33", "--clips", "1000", "--clip-seconds", "10")
    found = answered(ask, *WAN, *settings)["affordable"]
    assert found["clips"] == 4000  # 160 frames hold four samples of 33
    assert found["epochs"] == found["samples"] / 4000


def test_filled_batches_are_the_largest_that_fit(ask: Any) -> None:
    base = (*WAN, "--gpu-hours", "10", "-f", "33", "--checkpointing", "full")
    plain, filled = answered(ask, *base), answered(ask, *base, "--fill")
    before, after = plain["affordable"]["buckets"][0], filled["affordable"]["buckets"][0]
    assert before["batch"] == 1 < before["largest"] == after["batch"] == after["largest"]
    assert after["peak"] == after["largest_peak"] == before["largest_peak"]
    assert after["verdict"] == "fits"


@pytest.mark.parametrize(
    ("arguments", "flag", "words"),
    [
        ((), "--gpu-hours", "--budget"),
        (("--gpu-hours", "3", "--hours", "2"), "--gpu-hours", "--hours"),
        (("--budget", "1k", "--gpu-hours", "2"), "--budget", "--gpu-hours"),
        (("--budget", "many"), "--budget", "200000USD"),
        (("--hours", "0"), "--hours", "number"),
        (("--gpu-hours", "1", "--law", "chinchila"), "--law", "video-dit"),
        (("--gpu-hours", "1", "--fill"), "--fill", "--model"),
        (("--gpu-hours", "1", "-m", "wan2.1-t2v-14b", "--gpu", "rtx-4090", "--fill"), "--fill", "832x480x81"),
        (("--gpu-hours", "0.0001", "-m", "wan2.1-t2v-14b"), "--gpu-hours", "one optimizer step"),
        (("--gpu-hours", "1", "--clip-seconds", "5"), "--clip-seconds", "--clips"),
        (("--budget", "5", "--price", "0"), "--price", "missing"),
    ],
)
def test_one_clear_refusal(arguments: tuple[str, ...], flag: str, words: str, ask: Any) -> None:
    done = ask("budget", *arguments)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert flag in done.err
    assert words in done.err
    assert json.loads(ask("budget", *arguments, "--json").out)["error"]["flag"] == flag


def test_the_least_budget_named_is_enough(ask: Any) -> None:
    base = ("-m", "wan2.1-t2v-14b", "--gpus", "3")
    least = json.loads(ask("budget", *base, "--hours", "0.00001", "--json").out)["error"]["nearest"]
    assert answered(ask, *base, "--hours", least)["affordable"]["steps"] == 1


def test_the_answer_meets_its_schema(ask: Any) -> None:
    schema = msgspec.json.schema(BudgetReport)
    jsonschema.validate(answered(ask, *WAN, "--gpu-hours", "100", "--clips", "10"), schema)
    jsonschema.validate(answered(ask, "--budget", "1000"), schema)
