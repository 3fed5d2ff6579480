"""`vidcalc bugreport`: one text with the question, how it ended, the versions and the whole answer."""

import json
import re

import pytest

from vidcalc.base.version import __version__
from vidcalc.faces.cli import run, vidcalc
from vidcalc.faces.commands import bugreport


@pytest.fixture
def ask(capsys):
    def asked(*words):
        code = run(vidcalc, "vidcalc", words)
        return code, *capsys.readouterr()

    return asked


def block(text):
    return re.search(r"```(?:json|text)\n(.*)\n```\n$", text, re.DOTALL).group(1)


def test_the_answer_is_that_of_the_command_asked_alone(ask):
    question = ("estimate", "-m", "ltx-video-2b", "--gpu", "rtx-4090")
    code, text, err = ask("bugreport", "--measured", "19.3 GiB", "--source", "my log", *question)
    assert (code, err) == (0, "")
    assert "    vidcalc estimate -m ltx-video-2b --gpu rtx-4090\n" in text
    for line in ("measured: 19.3 GiB", "source: my log", "ended with: exit code 0", f"vidcalc {__version__}"):
        assert f"- {line}\n" in text
    assert json.loads(block(text)) == json.loads(ask(*question, "--json")[1])


@pytest.mark.parametrize("question", [("schema", "plan"), ("estimate", "-m", "sora", "--json")])
def test_json_is_asked_for_once_and_where_it_can_be(ask, question):
    assert json.loads(block(ask("bugreport", *question)[1])) == json.loads(ask(*question)[1])


def test_a_refusal_is_reported_as_the_answer(ask):
    code, text, _ = ask("bugreport", "estimate", "-m", "sora", "--gpu", "none-such")
    assert code == 0
    assert "- ended with: exit code 2\n" in text
    assert json.loads(block(text))["error"]["flag"] == "--gpu"


def test_a_crash_is_reported_with_its_traceback(ask, monkeypatch):
    def broken(*_given):
        raise ZeroDivisionError("of the house")

    monkeypatch.setattr("vidcalc.faces.requests.estimate.request", broken)
    code, text, _ = ask("bugreport", "estimate", "-m", "sora")
    assert code == 0
    assert "- ended with: ZeroDivisionError\n" in text
    assert block(text).endswith("ZeroDivisionError: of the house")


def test_the_command_is_needed(ask):
    code, out, err = ask("bugreport", "--measured", "x")
    assert (code, out, err) == (2, "", "error: COMMAND is missing\n")


def test_the_home_folder_is_not_told(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    assert bugreport.without_home("--from /home/someone/wan: /home/someone") == "--from ~/wan: ~"
    monkeypatch.setenv("HOME", "/")
    assert bugreport.without_home("/a/b") == "/a/b"
