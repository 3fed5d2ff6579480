"""The report is short first: one screen, its whole on --full; exit codes; sizes by name; flags stand once."""

import json

import pytest

from vidcalc.catalog import load
from vidcalc.faces.terminal.brief import LINES
from vidcalc.faces.terminal.cells import width

JOBS = {
    "fits": ("-m", "wan2.1-t2v-1.3b", "--gpu", "h100"),
    "does not": ("-m", "wan2.1-t2v-14b", "--gpu", "4090", "--host-ram", "32GB"),
    "by count": ("-p", "3B", "-r", "1080p", "-f", "120"),
    "many stages": ("-m", "ltx-2.3", "--gpu", "3060", "-r", "480p", "--host-ram", "16GB"),
    "many notes": ("-m", "minimax-h3", "--gpu", "4090", "-r", "1000x500", "-f", "500", "--offload", "group-leaf"),
    "several": ("-m", "wan2.2-i2v-a14b", "--gpu", "a100-40gb", "--gpus", "4", "-b", "3", "--compile", "on"),
    "closed": ("-m", "sora"),
}


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("job", JOBS)
def test_it_is_one_screen(job, language, ask):
    lines = ask("estimate", *JOBS[job], "--lang", language).out.splitlines()
    assert 15 < len(lines) <= LINES
    assert max(map(width, lines)) <= 80


def test_training_is_said_on_the_whole_page_and_by_train_alone(ask):
    short, full = (ask("estimate", *JOBS["does not"], *more).out for more in ((), ("--full",)))
    assert "Train " not in short and "GPU memory to train" not in short
    assert "GPU memory to train" in full and "Assumptions" in full
    # what both say they say alike
    for line in short.splitlines():
        if "░" in line:
            assert line in full


def test_at_most_three_ways_out_and_the_json_has_all(ask):
    page = ask("estimate", *JOBS["does not"][:4]).out
    ways = page.partition("What to change")[2].partition("\n\n")[0].count("\n  --")
    listed = json.loads(ask("estimate", *JOBS["does not"][:4], "--json").out)["memory"]["inference"]["relief"]
    assert ways == min(len(listed), 3) > 0


def test_the_json_is_the_same_with_and_without_full(ask):
    base = ("estimate", *JOBS["fits"], "--json")
    assert ask(*base).out == ask(*base, "--full").out


@pytest.mark.parametrize("shown", [(), ("--json",), ("--full",)])
def test_check_tells_a_script_whether_it_fits(ask, shown):
    codes = {}
    for job, gpu in (("estimate", "h100"), ("estimate", "3060"), ("estimate", "l4")):
        done = ask(job, "-m", "wan2.1-t2v-1.3b", "--gpu", gpu, *shown, "--check")
        verdict = json.loads(ask(job, "-m", "wan2.1-t2v-1.3b", "--gpu", gpu, "--json").out)["memory"]["inference"][
            "verdict"
        ]
        codes[verdict] = done.code
    assert codes == {"fits": 0, "too_big": 3, "tight": 4}


def test_check_of_training_of_a_chain_and_of_host_memory(ask):
    lora = ("train", "-m", "wan2.1-t2v-1.3b", "--mode", "lora", "--gpu", "h100", "--checkpointing", "full")
    assert ask(*lora, "--check").code == 0
    assert ask("train", "-m", "wan2.1-t2v-14b", "--gpu", "4090", "--check").code == 3
    assert ask("train", "-m", "wan2.1-t2v-14b", "--gpu", "4090").code == 0
    assert ask("chain", "wan2.1-t2v-14b", "wan2.1-t2v-14b -s 3", "--gpu", "4090", "--check").code == 3
    host = ("estimate", "-m", "wan2.1-t2v-14b", "--gpu", "4090", "--offload", "group", "--host-ram")
    assert [ask(*host, ram, "--check").code for ram in ("32GB", "128GB")] == [3, 0]
    assert ask("estimate", "-m", "wan2.1-t2v-1.3b", "--gpu", "none", "--check").code == 2


def clip(done):
    found = json.loads(done.out)
    return found["workload"]["width"], found["workload"]["height"], [each["id"] for each in found["warnings"]]


@pytest.mark.parametrize(
    ("model", "name", "size"),
    [
        ("wan2.1-t2v-14b", "480p", (832, 480)),
        ("wan2.1-t2v-14b", "720p", (1280, 720)),
        ("cogvideox-5b", "480p", (720, 480)),
        ("kandinsky6-lite", "480p", (864, 480)),
        ("hunyuanvideo-t2v", "480p", (848, 480)),
        ("wan2.2-ti2v-5b", "720p", (1280, 736)),
    ],
)
def test_a_size_by_its_name_is_the_models_own_and_said(ask, model, name, size):
    *found, notes = clip(ask("estimate", "-m", model, "-r", name, "--json"))
    documented = {"480p": (854, 480), "720p": (1280, 720)}[name]
    assert tuple(found) == size
    assert ("own_size" in notes) == (size != documented)
    assert not any(note.startswith("illegal_") for note in notes if note != "illegal_frames")


def test_a_size_by_its_name_is_the_documents_where_the_document_asks(ask):
    assert clip(ask("estimate", "-p", "3B", "-r", "480p", "-f", "81", "--json"))[:2] == (854, 480)
    by_model = ("-m", "wan2.1-t2v-14b", "-r", "480p", "--json")
    assert clip(ask(*by_model, program="calculator.py"))[:2] == (854, 480)
    assert clip(ask("estimate", "-m", "wan2.1-t2v-14b", "-r", "854x480", "--json"))[:2] == (854, 480)


@pytest.mark.parametrize(
    ("line", "flag"),
    [
        (("estimate", "-m", "wan2.1-t2v-1.3b", "-f", "33", "-f", "81"), "--frames"),
        (("estimate", "-m", "wan2.1-t2v-1.3b", "-f", "33", "--frames=81"), "--frames"),
        (("train", "-m", "wan2.1-t2v-1.3b", "--mode", "lora", "--mode", "full"), "--mode"),
        (("estimate", "-m", "sora", "--json", "--json"), "--json"),
        (("chain", "wan2.1-t2v-1.3b", "wan2.1-t2v-1.3b -s 3 -s 4"), "--steps"),
    ],
)
def test_a_flag_that_stands_twice_is_refused(ask, line, flag):
    done = ask(*line)
    assert done.code == 2
    assert flag in done.out + done.err


def test_what_may_be_repeated_may(ask):
    line = ("train", "-m", "wan2.1-t2v-1.3b", "--bucket", "832x480x33", "--bucket", "832x480x1")
    assert ask(*line).code == 0


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("wan2.1-i2v-13b", "wan2.1-i2v-14b-480p"),
        ("wan2.1-i2v", "wan2.1-i2v-14b-480p"),
        ("cogvideo", "cogvideox-1.5-5b"),
        ("hunyuan-i2v", "hunyuanvideo-i2v"),
        ("wan2.1-t2v-14b-720p", "wan2.1-t2v-14b"),
    ],
)
def test_names_are_taken_for_what_was_meant_before_how_they_are_spelled(ask, typed, nearest):
    told = json.loads(ask("estimate", "-m", typed, "--json").out)["error"]
    assert told["nearest"] == told["allowed"][0] == nearest
    tasks = {task for task in ("i2v", "t2v") if task in typed}
    assert all(
        any(task in each for each in called(name))
        for task in tasks
        for name in told["allowed"]
        if "1.5" not in name and "skyreels" not in name
    )


def called(name):
    """Every name of a model."""
    return name, *load.entry("models", name).get("aliases", ())


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("ltx2.3-distiled", "ltx-2.3-distilled"),
        ("wna2.1-t2v", "wan2.1-t2v-14b"),
        ("cogvideox-5b-i2vv", "cogvideox-5b-i2v"),
        ("mochi-preview-2", "mochi-1-preview"),
        ("wan2.1-vace-15b", "wan2.1-vace-14b"),
        ("hunyuanvideo-1.5-720p-t2vv", "hunyuanvideo-1.5"),
    ],
)
def test_a_slip_of_the_pen_finds_the_name_that_is_spelled_most_like_it(ask, typed, nearest):
    told = json.loads(ask("estimate", "-m", typed, "--json").out)["error"]
    assert told["nearest"] == told["allowed"][0] == nearest


def test_what_begins_only_one_name_is_that_model(ask):
    assert json.loads(ask("estimate", "-m", "hunyuan-1.5", "--json").out)["model"]["name"] == "hunyuanvideo-1.5"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_help_stands_by_theme_with_the_usual_flags_first(ask, language):
    page = ask("estimate", "--help", "--lang", language).out
    places = [page.index(flag) for flag in ("--model", "--resolution", "--gpu ", "--token-merge", "--link", "--lang")]
    assert places == sorted(places)
    assert page.count("\n  -m, --model") == 1
