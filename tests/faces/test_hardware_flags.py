"""Flags of what a job runs on: replaced facts, files, prices, places, rates; the list of GPUs; measuring."""

import json
from pathlib import Path

import pytest

MODEL = ("estimate", "-m", "wan2.1-t2v-1.3b")
CARD = """
name = "Test card"
bandwidth = "4000 GB/s"
tdp = "500 W"
[memory]
marketed = "96 GB"
[peak]
fp32 = "60 TFLOP/s"
bf16 = "900 TFLOP/s"
"""


@pytest.fixture
def report(ask):
    def asked(*arguments):
        done = ask(*MODEL, *arguments, "--json")
        assert done.code == 0, done.out
        return json.loads(done.out)

    return asked


@pytest.fixture
def refusal(ask):
    def asked(*arguments):
        done = ask(*arguments, "--json")
        assert done.code == 2
        return json.loads(done.out)["error"]

    return asked


def test_facts_are_replaced_in_the_name(report):
    found = report("--gpu", "h100-sxm,memory=94GiB,peak.bf16=1979TFLOP/s")
    assert found["hardware"]["capacity"] == 94 * 2**30
    assert found["memory"]["inference"]["capacity"] == 94 * 2**30
    assert "peak_with_sparsity" in [each["id"] for each in found["warnings"]]


def test_a_card_of_ones_own(report, tmp_path):
    path = tmp_path / "card.toml"
    path.write_text(CARD)
    found = report("--gpu-file", str(path), "--price", "1.5", "--gpus", "2")
    assert found["hardware"]["name"] == "Test card"
    assert found["cost"]["per_hour_low"] == found["cost"]["per_hour_high"] == pytest.approx(1.5)
    assert found["time"]["inference"]["provenance"] == "assumed"


def test_place_country_and_rate(report):
    world, korea = report(), report("--country", "kor", "--place", "home", "--target-rate", "2400/day")
    assert (korea["energy"]["country"], korea["energy"]["place"]) == ("KOR", "home")
    assert world["energy"]["country"] == "world"
    assert korea["throughput"]["target_rate"] == pytest.approx(100)
    assert korea["throughput"]["gpus_needed"] >= 1
    assert world["throughput"]["gpus_needed"] == 0
    busy = report("--target-rate", "100", "--utilisation", "0.2")["throughput"]
    assert busy["gpus_needed"] > korea["throughput"]["gpus_needed"]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_report_shows_one_video_and_the_fleet(ask, language):
    done = ask(*MODEL, "--target-rate", "100/h", "--full", "--lang", language)
    title = {"en": "One video", "ko": "영상 1개"}[language]
    rate = {"en": "100 videos an hour", "ko": "시간당 영상 100개"}[language]
    assert title in done.out
    assert rate in done.out
    assert "CO2e" in done.out


@pytest.mark.parametrize(
    ("arguments", "flag"),
    [
        (("--gpu", "h100-sxm,memry=94GiB"), "--gpu"),
        (("--gpu", "nothing,memory=94GiB"), "--gpu"),
        (("--gpu-file", "absent.toml"), "--gpu-file"),
        (("--gpu-file", "absent.toml", "--gpu", "h100"), "--gpu"),
        (("--calibration", "absent.toml"), "--calibration"),
        (("--country", "ZZZ"), "--country"),
        (("--place", "moon"), "--place"),
        (("--price", "free"), "--price"),
        (("--utilisation", "0"), "--utilisation"),
        (("--target-rate", "fast"), "--target-rate"),
        (("--target-rate", "5/fortnight"), "--target-rate"),
    ],
)
def test_a_wrong_value_names_its_flag(arguments, flag, refusal):
    assert refusal(*MODEL, *arguments)["flag"] == flag


def test_the_nearest_country_is_named(refusal):
    assert refusal(*MODEL, "--country", "KORE")["nearest"] == "KOR"


@pytest.fixture
def listed(ask):
    def asked(*arguments):
        done = ask("gpus", *arguments, "--json")
        assert done.code == 0
        return json.loads(done.out)["gpus"]

    return asked


def test_gpus_are_filtered_by_words_maker_and_memory(listed):
    everything = listed()
    assert [chip["id"] for chip in listed("--filter", "4090 consumer")] == [
        "rtx-4090",
        "rtx-4090-48gb",
        "rtx-4090-laptop",
        "rtx-4090d",
    ]
    assert {chip["vendor"] for chip in listed("--vendor", "amd")} == {"AMD"}
    large = listed("--min-memory", "100GiB")
    assert 0 < len(large) < len(everything)
    assert all((chip["memory_torch"] or chip["memory_marketed"]) > 100 * 2**30 for chip in large)


def test_a_filter_that_nothing_passes_is_refused(ask):
    done = ask("gpus", "--filter", "no such thing")
    assert done.code == 2 and done.err.startswith("error: --filter 'no such thing'; allowed: words")


@pytest.mark.parametrize(("order", "fact"), [("bandwidth", "bandwidth"), ("year", "release_year"), ("tdp", "tdp")])
def test_gpus_are_sorted_the_largest_first(listed, order, fact):
    values = [chip[fact] or 0 for chip in listed("--sort", order)]
    assert values == sorted(values, reverse=True)


def test_gpus_by_price_begin_with_the_cheapest(listed):
    lowest = [min((each["low"] for each in chip["prices"]), default=float("inf")) for chip in listed("--sort", "price")]
    assert lowest == sorted(lowest)


@pytest.mark.parametrize("arguments", [("--sort", "colour"), ("--min-memory", "much"), ("--min-memory", "-3GiB")])
def test_wrong_filters_are_refused(arguments, refusal):
    assert refusal("gpus", *arguments)["flag"] == arguments[0]


def test_measuring_without_torch_says_what_to_install(refusal, monkeypatch):
    from vidcalc.reference import published

    monkeypatch.setattr(published, "missing", lambda: ["torch"])
    assert "torch" in refusal("measure")["message"]


def test_what_measure_writes_estimate_reads(ask, report, monkeypatch, tmp_path):
    bench = pytest.importorskip("vidcalc.reference.bench", exc_type=ImportError)
    for name, value in (("PRODUCTS", ((64, 64, 64),)), ("LENGTHS", (32, 64)), ("CONVOLUTIONS", ())):
        monkeypatch.setattr(bench, name, {"cpu": value})
    monkeypatch.setattr(bench, "COPIED", {"cpu": 2**16})
    path = tmp_path / "here.toml"
    done = ask("measure", "--device", "cpu", "--seconds", "1", "--output", str(path))
    assert done.code == 0, done.err
    assert str(Path(path).name) in done.out.replace("\n", "")
    found = report("--calibration", str(path), "-r", "256x256", "-f", "5")
    assert found["hardware"]["accelerator"].startswith("cpu")
    assert found["energy"] is None
