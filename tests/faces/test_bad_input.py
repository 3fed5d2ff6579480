"""Bad input: one clear line that names the flag, the value, what is allowed and the nearest choice; exit code 2."""

import json

import pytest

BASE = {"-p": "3B", "-r": "1080p", "-f": "120"}
# (flags that replace or join the base, flag named, value named, nearest)
CASES = {
    "half a resolution": ({"-r": "1080x"}, "--resolution", "1080x", "1080p"),
    "below one token": ({"-r": "7x7"}, "--resolution", "7x7", "16x16"),
    "absurd size": ({"-r": "4000000000x4000000000"}, "--resolution", "4000000000x4000000000", "100000x100000"),
    "scientific size": ({"-r": "4e9x4e9"}, "--resolution", "4e9x4e9", "100000x100000"),
    "unknown preset": ({"-r": "8k"}, "--resolution", "8k", "4k"),
    "not a number of pixels": ({"-r": "nanxnan"}, "--resolution", "nanxnan", None),
    "no frames": ({"-f": "0"}, "--frames", "0", "1"),
    "half a frame": ({"-f": "1.5"}, "--frames", "1.5", None),
    "huge digits": ({"-f": "9" * 5000}, "--frames", "9" * 50, None),
    "wrong suffix": ({"-p": "3X"}, "--params", "3X", "3B"),
    "no weights": ({"-p": "0"}, "--params", "0", "1M"),
    "not a count": ({"-p": "nan"}, "--params", "nan", "3B"),
    "infinite count": ({"-p": "1e400"}, "--params", "1e400", None),
    "negative steps": ({"-s": "-5"}, "--steps", "-5", "1"),
    "no batch": ({"-b": "0"}, "--batch-size", "0", "1"),
    "fps that is no number": ({"--fps": "nan"}, "--fps", "nan", None),
    "unknown precision": ({"--precision": "bf61"}, "--precision", "bf61", "bf16"),
    "patch of nothing": ({"--patch-size": "0"}, "--patch-size", "0", "1"),
    "language without words": ({"--lang": "xx"}, "--lang", "xx", None),
}
ESTIMATE_ONLY = {
    "unknown gpu": ({"--gpu": "h100x"}, "--gpu", "h100x", "h100"),
    "unknown attention": ({"--attention": "flsh2"}, "--attention", "flsh2", "flash2"),
    "unknown recipe": ({"--recipe": "bf16-mixd"}, "--recipe", "bf16-mixd", "bf16-mixed"),
    "unknown optimizer": ({"--optimizer": "adamv"}, "--optimizer", "adamv", "adamw"),
    "no GPU": ({"--gpus": "0"}, "--gpus", "0", "1"),
    "unknown checkpointing": ({"--checkpointing": "ful"}, "--checkpointing", "ful", "full"),
    "unknown architecture": ({"--arch": "dot"}, "--arch", "dot", "dit"),
}


def line(extra):
    """The base command line with some flags replaced."""
    return [piece for flag, value in {**BASE, **extra}.items() for piece in (flag, value)]


def refused(done, flag, value, nearest):
    """The line on standard error says what it must."""
    assert done.code == 2
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err
    assert flag in done.err
    assert value in done.err
    if nearest is not None:
        assert nearest in done.err


@pytest.mark.parametrize("name", CASES)
def test_the_calculator_refuses(name, ask):
    extra, flag, value, nearest = CASES[name]
    refused(ask(*line(extra), program="calculator.py"), flag, value, nearest)


@pytest.mark.parametrize("name", {**CASES, **ESTIMATE_ONLY})
def test_estimate_refuses(name, ask):
    extra, flag, value, nearest = {**CASES, **ESTIMATE_ONLY}[name]
    refused(ask("estimate", *line(extra)), flag, value, nearest)


@pytest.mark.parametrize("name", {**CASES, **ESTIMATE_ONLY})
def test_with_json_the_refusal_is_an_object_on_standard_output(name, ask):
    extra, flag, value, nearest = {**CASES, **ESTIMATE_ONLY}[name]
    done = ask("estimate", *line(extra), "--json")
    told = json.loads(done.out)["error"]
    assert done.code == 2
    assert done.err == ""
    assert set(told) == {"flag", "value", "allowed", "nearest", "message"}
    assert told["flag"] == flag
    assert str(told["value"])[:50] == value[:50]
    if nearest is not None:
        assert nearest in told["nearest"]


@pytest.mark.parametrize("name", {**CASES, **ESTIMATE_ONLY})
def test_refusals_are_in_korean_too(name, ask, monkeypatch):
    extra, flag, value, _ = {**CASES, **ESTIMATE_ONLY}[name]
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    done = ask("estimate", *line(extra))
    assert done.err.startswith("오류:")
    assert "허용:" in done.err
    assert flag in done.err
    assert value in done.err


def test_an_unknown_model_suggests_the_nearest(ask):
    done = ask("estimate", "-m", "wan2.1-t2v-14")
    refused(done, "--model", "wan2.1-t2v-14", "wan2.1-t2v-14b")


@pytest.mark.parametrize("left_out", BASE)
def test_what_is_missing_is_named(left_out, ask):
    flags = {flag: value for flag, value in BASE.items() if flag != left_out}
    done = ask(*[piece for pair in flags.items() for piece in pair], program="calculator.py")
    long = {"-p": "--params", "-r": "--resolution", "-f": "--frames"}[left_out]
    assert done.code == 2
    assert done.err.startswith(f"error: {long}")


def test_an_unknown_flag_suggests_the_nearest(ask):
    refused(ask("estimate", "-m", "sora", "--framse", "3"), "--framse", "--framse", "--frames")


@pytest.mark.parametrize(
    ("command", "typed", "flag"),
    [
        ("estimate", "--num_inference_steps", "--steps"),
        ("estimate", "--num-frames", "--frames"),
        ("estimate", "--width=832", "--resolution"),
        ("estimate", "--vram", "--gpu"),
        ("estimate", "--dtype", "--precision"),
        ("estimate", "--ulysses_size", "--parallel"),
        ("estimate", "--guidance_scale", "--guidance"),
        ("train", "--precision", "--base-precision"),
        ("train", "--lora", "--lora-rank"),
        ("train", "--gradient_checkpointing", "--checkpointing"),
        ("train", "--blocks_to_swap", "--offload"),
        ("fix", "--ram", "--host-ram"),
        ("choose", "--max-time", "--deadline"),
        ("choose", "--max-cost", "--budget"),
        ("fit", "--deadline", "--max-time"),
        ("fit", "--budget", "--max-cost"),
    ],
)
def test_a_flag_is_taken_for_what_it_is_called_elsewhere(ask, command, typed, flag):
    told = json.loads(ask(command, "-m", "wan2.1-t2v-14b", typed, "8", "--json").out)["error"]
    assert told["nearest"] == flag


def test_flags_that_names_of_elsewhere_stand_for_exist():
    from vidcalc.catalog.load import table
    from vidcalc.faces.flags.catalogue import FLAGS
    from vidcalc.faces.flags.meant import CALLED, SETTLED_BY

    searched = {"--max-time", "--max-cost", "--deadline", "--budget"}
    ours = {"--bucket", *searched, *(name for spec in FLAGS.values() for name in spec.names)}
    assert {*CALLED, *(flag for flags in SETTLED_BY.values() for flag in flags)} <= ours
    # what a program's file says of a name need not be said again
    keys = {key.rpartition(".")[2].replace("_", "-"): settles for kind in ("launchers", "trainer_files")
            for row in table(kind).values() for key, settles in row.get("keys", {}).items()}  # fmt: skip
    said_twice = {
        name for flag, names in CALLED.items() for name in names if flag in SETTLED_BY.get(keys.get(name), ())
    }
    assert said_twice == set()


def test_an_unknown_command_suggests_the_nearest(ask):
    refused(ask("estimte"), "", "estimte", "estimate")


def test_an_unknown_quantity_suggests_the_nearest(ask):
    refused(ask("explain", "flops_per_stp", "-m", "sora"), "QUANTITY", "flops_per_stp", "compute.flops_per_step")


def test_a_flag_without_its_value_and_a_stray_word_are_refused(ask):
    refused(ask("estimate", "-m"), "-m", "-m", None)
    refused(ask("estimate", "-m", "sora", "1080p"), "", "1080p", None)


def test_flags_that_settle_the_same_are_not_taken_together(ask):
    for flag, value in (("--params", "3B"), ("--patch-size", "2"), ("--arch", "dit"), ("--vae-params", "83M")):
        done = ask("estimate", "-m", "sora", flag, value)
        assert done.code == 2
        assert done.err.startswith(f"error: {flag}: ")
    assert ask("estimate", "-m", "sora", "--seconds", "5", "--frames", "120").code == 2


def test_a_model_whose_network_is_missing_is_refused_in_words(ask, monkeypatch):
    from vidcalc.faces.requests import estimate as request

    def absent(*_):
        raise ModuleNotFoundError(name="vidcalc.networks.transformers.absent")

    monkeypatch.setattr(request, "hardware", absent)
    done = ask("estimate", "-m", "sora", "--gpu", "l4")
    assert done.code == 2
    assert "transformers.absent" in done.err


def test_control_characters_of_a_value_are_not_echoed(ask):
    done = ask("estimate", *line({"-r": "\x1b[31mred\n\x07"}))
    assert "\x1b" not in done.err
    assert done.err.count("\n") == 1


THREE_BILLION = ("3B", "3b", "3_000_000_000", "3000000000", "3e9", "3,000,000,000", "0.003T", " 3 B ")
FULL_HD = ("1080p", "1080P", "1920x1080", "1920X1080", "1920×1080", "1920*1080", "1920 x 1080")


@pytest.mark.parametrize("spelled", THREE_BILLION)
def test_counts_are_read_as_people_write_them(spelled, ask):
    done = ask("-p", spelled, "-r", "480p", "-f", "16", "--json", program="calculator.py")
    assert json.loads(done.out)["model"]["params"] == 3 * 10**9


@pytest.mark.parametrize("spelled", FULL_HD)
def test_sizes_are_read_as_people_write_them(spelled, ask):
    done = ask("-p", "600M", "-r", spelled, "-f", "16", "--json", program="calculator.py")
    found = json.loads(done.out)["workload"]
    assert (found["width"], found["height"]) == (1920, 1080)
