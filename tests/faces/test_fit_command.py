"""`vidcalc fit` and `vidcalc choose`: the questions people ask, answered on one screen, each row by its command."""

import json
import shlex

import pytest

from vidcalc.faces.terminal.cells import width

GIB = 2**30
SMALL_HOST = ("fit", "-m", "wan2.1-i2v-14b-480p", "--gpu", "4070ti-super", "--host-ram", "32GB")
# the questions, and what their answer holds
QUESTIONS = {
    "longest 480p clip of Wan 2.1 14B I2V on a 4070 Ti Super with 48 GB of RAM, and its time": (
        ("fit", "-m", "wan2.1-i2v-14b-480p", "--gpu", "4070ti-super", "--host-ram", "48GB"),
        ("frames", "--offload", "made for clips of up to 81 frames"),
    ),
    "the same with 32 GB, which holds fewer bits alone, in 20 minutes": (
        (*SMALL_HOST, "--max-time", "20min", "--allow", "precision"),
        ("nf4", "One more takes longer"),
    ),
    "cheapest cloud GPU for HunyuanVideo 720p 129 frames under 5 minutes": (
        ("choose", "-m", "hunyuanvideo", "-r", "720p", "-f", "129", "--deadline", "5min"),
        ("B200", "--parallel"),
    ),
    "what the cards that I have can do": (
        ("choose", "-m", "ltx-video-13b", "--have", "4090x2,3090"),
        ("RTX 4090", "RTX 3090"),
    ),
    "the largest picture": (
        ("fit", "-m", "ltx-video-2b", "--gpu", "4060", "--largest", "size", "-f", "121"),
        ("×", "largest picture"),
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_on_one_screen(question, ask):
    words, expected = QUESTIONS[question]
    done = ask(*words)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert len(lines) <= 40
    assert all(width(line) <= 80 for line in lines)
    for each in expected:
        assert each in done.out
    korean = ask(*words, "--lang", "ko").out.splitlines()
    assert len(korean) <= 40
    assert all(width(line) <= 80 for line in korean)


@pytest.mark.parametrize("model", ["wan2.1-t2v-14b", "ltx-2", "hunyuanvideo-1.5-t2v-480p"])
def test_which_of_three_models_on_a_5090(model, ask):
    rows = json.loads(ask("choose", "-m", model, "--gpu", "5090", "--json").out)["rows"]
    assert {row["accelerator"] for row in rows} == {"rtx-5090"}
    assert rows[0]["seconds"] > 0


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    [
        (*SMALL_HOST, "--max-time", "1h", "--allow", "precision,steps"),
        ("fit", "-m", "ltx-video-2b", "--gpu", "4060", "--largest", "size", "--offload-to", "pinned"),
        ("fit", "-m", "wan2.1-t2v-1.3b", "--gpu", "4090", "--gpus", "2", "--framework", "xdit", "--max-time", "3min"),
        ("fit", "-m", "wan2.1-t2v-14b", "--gpu", "4090", "--framework", "wanvideo-wrapper", "--max-time", "30min"),
        ("fit", "-m", "hunyuanvideo", "--gpu", "4090", "--framework", "comfyui", "--largest", "batch", "-f", "33"),
        ("fit", "-m", "ltx-video-2b", "--gpu", "3060", "--allow", "cache", "--largest", "batch", "--lora", "16"),
        ("choose", "-m", "hunyuanvideo", "-f", "129", "--deadline", "5min"),
        ("choose", "-m", "wan2.1-t2v-1.3b", "--have", "4090x2,3090", "--snap", "-r", "700x500", "--allow", "precision"),
    ],
    ids=str,
)
def test_the_command_of_a_row_gives_that_row(words, ask):
    rows = json.loads(ask(*words, "--json").out)["rows"]
    assert rows
    for row in rows[:4]:
        program, *line = shlex.split(row["command"])
        assert program == "vidcalc"
        alone = json.loads(ask(*line, "--json").out)
        memory, time = alone["memory"]["inference"], alone["time"]["inference"]
        assert (memory["peak"], memory["device"], memory["verdict"]) == (row["peak"], row["device"], row["verdict"])
        assert memory["host_ram"] == row["host_ram"]
        assert time["total"] == pytest.approx(row["seconds"], rel=1e-12)
        if row["cost"] is not None:
            assert alone["cost"]["per_video"]["likely"] == pytest.approx(row["cost"])


def test_nothing_fits_is_one_line_with_what_is_needed_and_what_helps(ask):
    done = ask(*SMALL_HOST)
    assert done.code == 2
    assert done.err.startswith("error: --host-ram: nothing fits: the smallest job")
    assert "--allow precision" in done.err
    assert len(done.err.splitlines()) == 1
    done = ask("choose", "-m", "wan2.1-t2v-14b", "--deadline", "1s")
    assert done.code == 2
    assert "no machine fits" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fit", "-m", "ltx-2", "-f", "81"), "--frames"),
        (("fit", "-m", "ltx-2", "--largest", "batch", "-b", "2"), "--batch-size"),
        (("fit", "-m", "ltx-2", "--max-time", "soon"), "--max-time"),
        (("fit", "-m", "ltx-2", "--allow", "quality"), "precision"),
        (("fit", "-m", "ltx-2", "--framework", "comfyui", "--gpus", "2"), "--gpus"),
        (("fit", "-m", "ltx-2", "--gpus", "100000"), "from 1 to 64"),
        (("choose", "-m", "ltx-2", "--have", "409O"), "409O"),
        (("choose", "-m", "ltx-2", "--have", "4090x0"), "--have"),
        (("choose", "-m", "ltx-2", "--have", "4090", "--gpu", "3090"), "--have"),
        (("choose", "-m", "ltx-2", "--class", "asics"), "asic"),
        (("choose", "-m", "ltx-2", "--rate", "often"), "--rate"),
    ],
    ids=str,
)
def test_a_refusal_is_one_line_that_names_the_flag(words, said, ask):
    done = ask(*words)
    assert done.code == 2
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_limits_hold_for_every_row(ask):
    words = ("fit", "-m", "wan2.1-t2v-1.3b", "--gpu", "4090", "--max-time", "10min", "--max-cost", "0.05")
    report = json.loads(ask(*words, "--host-ram", "24GB", "--json").out)
    for row in report["rows"]:
        assert row["seconds"] <= 600
        assert row["cost"] <= 0.05
        assert row["host_ram"] <= 24 * GIB
