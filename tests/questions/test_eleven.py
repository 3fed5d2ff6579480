"""The questions of somebody new, each answered by one command on one screen: what the answer holds, in numbers."""

import json
import os
import re

import pytest

from vidcalc.faces.cli import run, vidcalc
from vidcalc.faces.commands.schema import schema_of
from vidcalc.faces.terminal.brief import LINES
from vidcalc.faces.terminal.cells import width


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    for name in ("VIDCALC_LANG", "LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def answer(capsys):
    """(exit code, what is printed) of a command; on a screen it is no longer and no wider than one."""

    def asked(*arguments):
        code = run(vidcalc, "vidcalc", arguments)
        text = capsys.readouterr().out
        if "--json" not in arguments:
            lines = text.splitlines()
            assert len(lines) <= LINES
            assert max(map(width, lines), default=0) <= 80
        return code, text

    return asked


SCREENS = {
    "the longest clip on a small card, and its time": (
        ("fit", "-m", "wan2.1-i2v-14b-480p", "--gpu", "4070ti-super", "--host-ram", "32GB", "--allow", "precision"),
        (r"\d+ frames [\d.]+ s +(\d+ h )?\d+ min", r"host RAM 32.0 GiB", "--host-ram 32GiB"),
    ),
    "the cheapest machine under a deadline": (
        ("choose", "-m", "hunyuanvideo", "-r", "720p", "-f", "129", "--deadline", "5min"),
        (r"≤ 5 min 0 s", r"\* \d+ × \S+ .*\d min \d+ s +\$\d", r"vidcalc estimate .*--gpu"),
    ),
    "out of memory in the decoder": (
        ("fix", "-m", "cogvideox-5b", "-r", "720p", "--gpu", "4090", "--framework", "diffusers"),
        (r"VAE decoding", r"What to change", r"--vae-tiling default", r"Does not help"),
    ),
    "a LoRA of two experts on one card": (
        ("train", "-m", "wan2.2-t2v-a14b", "--mode", "lora", "-r", "480p", "-f", "49", "--gpu", "4090"),
        (r"does not fit", r"What to change", r"--training-offload", r"a step", r"GPU-hours · \$"),
    ),
    "time, money and plan of pretraining": (
        ("plan", "-p", "5B", "-r", "480p", "-f", "81", "--gpu", "h100", "--gpus", "256", "--clips", "1000000"),
        (
            r"256 × NVIDIA H100",
            r"fits +[\d.]+ GiB .* h \d+ min +\$[\d,]+",
            r"vidcalc train [^…]*--parallel",
            r"Why this one",
        ),
    ),
    "three models on one card": (
        ("compare", "wan2.1-t2v-14b", "ltx-2", "hunyuanvideo-1.5", "--gpu", "5090"),
        (r"1 +does not fit", r"What to change", r"1  --offload", r"2 against 1: [\d.]+× the time", r"3 against 1"),
    ),
}


@pytest.mark.parametrize("question", SCREENS)
def test_a_screen_answers(question, answer):
    command, wanted = SCREENS[question]
    code, text = answer(*command)
    assert code == 0
    for pattern in wanted:
        assert re.search(pattern, text), pattern


def test_several_models_and_machines_become_a_table_in_a_file(answer, tmp_path):
    polars = pytest.importorskip("polars")
    path = tmp_path / "all.parquet"
    models, cards = "ltx-video-2b,wan2.1-t2v-1.3b,svd", "h100,4090,5090"
    code, _text = answer("sweep", "-m", models, "--gpu", cards, "-o", str(path))
    assert code == 0
    table = polars.read_parquet(path)
    assert len(table) == 9
    assert {"model", "gpu", "verdict", "device", "seconds"} <= set(table.columns)


def test_all_is_every_name_of_the_catalogue():
    from vidcalc.catalog.load import names
    from vidcalc.faces.sweeping.axes import axis

    assert axis("model", "all").values == tuple(names("models"))
    assert axis("gpu", "4090,all").values[0] == "rtx-4090"
    assert set(axis("gpu", "all").values) == set(names("accelerators"))


def test_a_notebook_shows_it_with_a_plot():
    import vidcalc

    report = vidcalc.estimate("wan2.1-t2v-1.3b", gpu="4090")
    assert "<pre" in report._repr_html_()
    assert report.picture()._repr_svg_().lstrip().startswith("<svg")


def test_a_picture_for_a_colleague(answer, tmp_path):
    path = tmp_path / "stages.svg"
    code, _text = answer("estimate", "-m", "wan2.1-t2v-1.3b", "--gpu", "4090", "--svg", str(path))
    assert code == 0
    assert path.read_text(encoding="utf-8").lstrip().startswith("<svg")


def test_a_script_gets_an_exit_code_and_a_schema(answer):
    jsonschema = pytest.importorskip("jsonschema")
    codes = [answer("estimate", "-m", "wan2.1-t2v-14b", "--gpu", gpu, "--check", "--json") for gpu in ("4090", "h100")]
    assert [code for code, _text in codes] == [3, 0]
    for _code, text in codes:
        jsonschema.validate(json.loads(text), schema_of("estimate"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes_and_the_readme_says_how(shell):
    from click.shell_completion import get_completion_class

    source = get_completion_class(shell)(vidcalc(), {}, "vidcalc", "_VIDCALC_COMPLETE").source()
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    with open(os.path.join(root, "README.md"), encoding="utf-8") as file:
        readme = file.read()
    assert f"{shell}_source" in readme and "_VIDCALC_COMPLETE=" in readme
    assert "_VIDCALC_COMPLETE" in source


def test_a_smaller_sample_is_one_flag(answer):
    code, text = answer("train", "-m", "wan2.1-t2v-1.3b", "--gpu", "4090", "--mode", "lora")
    assert code == 0
    assert re.search(r"--checkpointing full +[\d.]+ GiB", text)
    assert re.search(r"--resolution \d+x\d+ +[\d.]+ GiB", text)
