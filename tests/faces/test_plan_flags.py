"""Flags of the plan: each changes what it is about, and at its neutral value nothing."""

import json

import pytest

from vidcalc.catalog.frameworks import names as frameworks
from vidcalc.catalog.offered import made_by, offered
from vidcalc.catalog.precisions import choices
from vidcalc.describe.plan import OffloadFlag
from vidcalc.describe.setting import words

BASE = ("estimate", "-m", "cogvideox-5b", "-s", "4", "--json")


def asked(ask, *flags):
    """The report of the base job with these flags."""
    done = ask(*BASE, *flags)
    assert done.code == 0, done.err
    return json.loads(done.out)


def at(report, path):
    for name in path.split("."):
        report = report[name]
    return report


def figures(report):
    """What was calculated: everything but what was asked, and what the answer rests on."""
    return {name: value for name, value in report.items() if name not in ("plan", "assumptions")}


NEUTRAL = (
    ("--offload", "none"),
    ("--vae-tiling", "none"),
    ("--vae-slicing", "off"),
    ("--guidance-mode", "batched"),
    ("--framework", "diffusers"),
    ("--precision", "bf16"),
)


@pytest.mark.parametrize("flags", NEUTRAL)
def test_at_its_neutral_value_a_flag_changes_nothing(flags, ask):
    assert figures(asked(ask, *flags)) == figures(asked(ask))


def test_slicing_changes_nothing_for_one_video_and_the_decode_of_several(ask):
    assert figures(asked(ask, "--vae-slicing", "on")) == figures(asked(ask))
    peak = "memory.inference.vae_decode_activation_peak"
    assert at(asked(ask, "-b", "2", "--vae-slicing", "on"), peak) < at(asked(ask, "-b", "2"), peak)


@pytest.mark.parametrize(
    ("flags", "less", "same"),
    [
        (("--offload", "model"), "memory.inference.peak", "memory.inference.denoiser_activation_peak"),
        (("--offload", "encoders"), "memory.inference.peak", "time.inference.total"),
        (("--offload", "block-swap:20"), "memory.inference.peak", "compute.flops_per_video"),
        (("--vae-tiling", "default"), "memory.inference.vae_decode_activation_peak", "compute.flops_denoise"),
        (("--guidance-mode", "sequential"), "memory.inference.denoiser_activation_peak", "compute.flops_denoise"),
        (("--precision", "nf4"), "memory.inference.peak", "memory.inference.denoiser_activation_peak"),
        (("--text-encoder-precision", "int8"), "memory.inference.peak", "compute.flops_per_video"),
    ],
)
def test_a_flag_changes_what_it_is_about_and_nothing_else(flags, less, same, ask):
    plain, changed = asked(ask), asked(ask, *flags)
    assert at(changed, less) < at(plain, less)
    assert at(changed, same) == at(plain, same)
    assert changed["memory"]["training"] == plain["memory"]["training"]


@pytest.mark.parametrize("name", choices())
def test_every_number_format_of_the_catalogue_is_taken_for_every_component(name, ask):
    flags = ("--precision", name, "--text-encoder-precision", name, "--vae-precision", name)
    found = asked(ask, *flags)
    assert {row["precision"] for row in found["model"]["components"]} == {name}


@pytest.mark.parametrize("way", words(OffloadFlag))
def test_every_way_of_offloading_is_taken_and_stated(way, ask):
    found = asked(ask, "--offload", way)
    stated = next(row["value"] for row in found["assumptions"] if row["id"] == "offload")
    assert stated.partition(":")[0] == found["plan"]["offload"] == way


@pytest.mark.parametrize("name", frameworks())
def test_every_framework_answers_and_is_named_in_the_report(name, ask):
    makers = offered("vendors", name)
    chip = () if makers is None else ("--gpu", made_by(makers)[-1])
    found = asked(ask, "--framework", name, *chip)
    assert found["plan"]["framework"] == name
    assert any(row["id"] == "framework" for row in found["assumptions"])


def test_blocks_swapped_may_be_said_either_way(ask):
    together = asked(ask, "--offload", "block-swap:12")
    assert together == asked(ask, "--offload", "block-swap", "--swapped-blocks", "12")
    fewer = asked(ask, "--offload", "block-swap:6")
    denoise = [
        next(row for row in found["memory"]["inference"]["stages"] if row["id"] == "denoise")["weights"]
        for found in (together, fewer)
    ]
    assert denoise[0] < denoise[1]


@pytest.mark.parametrize(
    ("flags", "named", "nearest"),
    [
        (("--offload", "modle"), "--offload", "model"),
        (("--offload", "block-swap:x"), "--offload", None),
        (("--offload", "model:3"), "--offload", "model"),
        (("--swapped-blocks", "4"), "--swapped-blocks", None),
        (("--offload", "block-swap:4", "--swapped-blocks", "5"), "--swapped-blocks", None),
        (("--precision", "gguf-q4"), "--precision", "gguf-q4_"),
        (("--framework", "difusers"), "--framework", "diffusers"),
        (("--vae-tiling", "yes"), "--vae-tiling", None),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(flags, named, nearest, ask):
    done = ask(*BASE, *flags)
    told = json.loads(done.out)["error"]
    assert done.code == 2
    assert told["flag"] == named
    if nearest:
        assert nearest in told["nearest"]
        assert told["allowed"]


def test_guidance_mode_leaves_a_model_without_guidance_alone(ask):
    plain = asked(ask, "--guidance", "1")
    assert figures(asked(ask, "--guidance", "1", "--guidance-mode", "sequential")) == figures(plain)


def test_a_vae_that_cannot_tile_is_counted_whole_with_a_note(ask):
    job = ("estimate", "-m", "svd-xt", "--json")
    plain, tiled = json.loads(ask(*job).out), json.loads(ask(*job, "--vae-tiling", "default").out)
    assert tiled["memory"] == plain["memory"]
    assert {row["id"] for row in tiled["warnings"]} - {row["id"] for row in plain["warnings"]} == {"no_vae_tiling"}


def test_the_calculator_keeps_its_three_precisions(ask):
    base = ("-p", "600M", "-r", "480p", "-f", "16", "--precision")
    assert ask(*base, "fp16", program="calculator.py").code == 0
    done = ask(*base, "fp8", program="calculator.py")
    assert done.code == 2
    assert "fp32, fp16, bf16" in done.err


@pytest.mark.parametrize("language", ["en", "ko"])
def test_offload_and_formats_are_told_in_the_report(language, ask):
    flags = ("--offload", "block-swap:20", "--precision", "nf4", "--full", "--lang", language)
    report = " ".join(ask("estimate", "-m", "wan2.1-t2v-14b", "--gpu", "rtx-4090", *flags).out.split())
    for told in ("20", "block-swap", "nf4", "GB/s", "diffusers 0"):
        assert told in report


def test_regional_compilation_joins_what_compilation_does(ask):
    """diffusers' compile_repeated_blocks: work is joined within repeated blocks either way."""
    whole, blocks, none = (asked(ask, "--compile", word) for word in ("on", "regional", "off"))
    assert figures(blocks) == figures(whole) != figures(none)
