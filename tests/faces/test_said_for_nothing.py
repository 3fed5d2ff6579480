"""What says nothing, or nothing beside what else is said, is refused: it was meant otherwise. What counts, counts."""

import json
import sys

import pytest

from vidcalc.faces.cli import run, vidcalc

WAN = ("-m", "wan2.1-t2v-1.3b")
COUNT = ("-p", "3B", "-r", "480p", "-f", "17")
# (command line, the flag that is named, what the line holds beside it)
REFUSED = {
    "guidance off, and where it runs": (
        ("estimate", *WAN, "--guidance", "1", "--guidance-interval", "0.5"),
        "--guidance-interval",
        "--guidance",
    ),
    "a way twice": (("estimate", *WAN, "--parallel", "ulysses=2,ulysses=3"), "--parallel", "ulysses=3"),
    "a way twice of a search": (
        ("scale", *WAN, "--gpus", "4", "--parallel", "ulysses,ulysses=2"),
        "--parallel",
        "once",
    ),
    "a way twice of training": (("train", *WAN, "--parallel", "dp=2,dp=2"), "--parallel", "dp=2"),
    "a fact twice": (("estimate", *WAN, "--gpu", "h100,tdp=7W,tdp=8W"), "--gpu", "tdp=8W"),
    "a GPU of petabytes": (("estimate", *WAN, "--gpu", "h100,memory=80PB"), "--gpu", "memory=80PB"),
    "a GPU of megawatts": (("estimate", *WAN, "--gpu", "h100,tdp=5e9W"), "--gpu", "tdp=5e9W"),
    "a machine without memory": (("estimate", *WAN, "--host-ram", "0"), "--host-ram", "0"),
    "a machine of exabytes": (("estimate", *WAN, "--host-ram", "1e12GiB"), "--host-ram", "1e12GiB"),
    "tokens between layers that nobody cut": (
        ("train", *WAN, "--sequence-parallel", "off"),
        "--sequence-parallel",
        "--parallel tp",
    ),
    "a shelf of nothing": (("choose", *WAN, "--have", "nothingx2"), "--have", "vidcalc gpus"),
    "no file": (("fix", "", *WAN), "''", ""),
    "no operand": (("validate",), "FILE", ""),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_what_says_nothing_is_refused(name: str, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, flag, beside = REFUSED[name]
    assert run(vidcalc, "vidcalc", (*words, "--lang", lang)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert flag in said.err
    assert beside in said.err or (lang == "ko" and beside == "once")


ACCEPTED = {
    "guidance on": ("estimate", *WAN, "--guidance", "5", "--guidance-interval", "0.5"),
    "all blocks": ("estimate", *WAN, "--offload", "block-swap:30"),
    "blocks by their own flag": ("estimate", *WAN, "--offload", "block-swap", "--swapped-blocks", "5"),
    "patches, which a U-Net has none of": ("estimate", *COUNT, "--arch", "unet", "--patch-size", "2"),
    "cut layers": ("train", *WAN, "--gpus", "2", "--parallel", "tp=2", "--sequence-parallel", "off"),
    "nothing in use": ("estimate", *WAN, "--used", "0"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_says_something_is_answered(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(vidcalc, "vidcalc", ACCEPTED[name]) == 0, capsys.readouterr().err


def report(capsys: pytest.CaptureFixture[str], *words: str) -> dict:  # type: ignore[type-arg]
    """The JSON of a command line."""
    assert run(vidcalc, "vidcalc", (*words, "--json")) == 0
    found: dict = json.loads(capsys.readouterr().out)  # type: ignore[type-arg]
    return found


@pytest.mark.parametrize("more", [(), ("--bucket", "480x480x17", "--bucket", "256x256x1")])
def test_the_length_of_the_prompt_counts_in_training(more: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    short, usual, long = (
        report(capsys, "train", *WAN, *more, *tokens)
        for tokens in (("--text-tokens", "64"), (), ("--text-tokens", "2048"))
    )
    for place, _bucket in enumerate(usual["buckets"]):
        work = [each["buckets"][place]["flops_per_sample"] for each in (short, usual, long)]
        assert work[0] < work[1] < work[2]
    assert short["run"]["texts"] == usual["run"]["texts"] / 8  # 64 of 512
    assert report(capsys, "train", *WAN, *more, "--text-tokens", "512") == usual


@pytest.mark.parametrize(
    "words",
    [
        ("fit", "-m", "ltx-video-2b", "--gpu", "4060"),
        ("plan", *WAN, "--gpus", "2"),
        ("train", *WAN, "--gpus", "2", "--parallel", "auto"),
        ("sweep", *WAN, "-f", "17,33"),
    ],
    ids=lambda words: words[0],
)
def test_without_numpy_one_line_says_so(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert run(vidcalc, "vidcalc", words) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "error: this needs NumPy, which is not installed here: pip install numpy\n")
    assert run(vidcalc, "vidcalc", (*words, "--json")) == 2
    assert "NumPy" in json.loads(capsys.readouterr().out)["error"]["message"]


@pytest.mark.parametrize(
    ("script", "flag"),
    [
        ("python generate.py --task t2v-1.3B --size 832*480 --frame_num 0 --ckpt_dir w\n", "--frames"),
        ("python generate.py --task t2v-1.3B --size 832*480 --sample_steps -3 --ckpt_dir w\n", "--steps"),
        ("python generate.py --task t2v-1.3B --size 832*0 --ckpt_dir w\n", "--resolution"),
        (
            "torchrun --nnodes=0 --nproc_per_node=8 generate.py --task t2v-14B --ckpt_dir w --ulysses_size 8\n",
            "--nodes",
        ),
    ],
)
@pytest.mark.parametrize("ending", ["sh", "cmd"])
def test_what_a_script_asks_for_is_refused_as_what_is_typed(
    script: str, flag: str, ending: str, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"{tmp_path}/run.{ending}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(script)
    assert run(vidcalc, "vidcalc", ("estimate", "--from", path)) == 2
    assert capsys.readouterr().err.startswith(f"error: run.{ending}: {flag} ")


def test_more_blocks_than_there_are_means_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    every, more = (report(capsys, "estimate", *WAN, "--offload", f"block-swap:{count}") for count in (30, 40))
    assert every["memory"] == more["memory"]
    assert every["time"] == more["time"]
