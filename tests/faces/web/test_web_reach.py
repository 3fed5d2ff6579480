"""What reaches beyond the program is refused over HTTP by the flag's type, before anything reads it."""

import os

import click
import pytest

from vidcalc.faces import commands
from vidcalc.faces.flags import reach
from vidcalc.faces.web import asked
from vidcalc.faces.web.answers import ANSWERED, Refusal, answer
from vidcalc.faces.web.asked import PRINTED, command, name_of

BEYOND = [
    ("estimate", {"from": "/etc/passwd"}),
    ("estimate", {"from": "hf:owner/name"}),
    ("estimate", {"model": "ltx-2", "gpu_file": "card.toml"}),
    ("estimate", {"model": "ltx-2", "calibration": "h100.toml"}),
    ("estimate", {"model": "ltx-2", "gpu": "auto"}),
    ("estimate", {"model": "ltx-2", "gpu": " AUTO ,memory=80GiB"}),
    ("estimate", {"model": "ltx-2", "lora": ["32:attention", "style.safetensors"]}),
    ("estimate", {"model": "ltx-2", "lora": "/etc/passwd"}),
    ("estimate", {"model": "wan2.1-t2v-14b", "control": "../x:0.5"}),
    ("estimate", {"model": "wan2.1-t2v-14b", "control": ["vace", "x.safetensors"]}),
    ("choose", {"model": "ltx-2", "gpu": ["h100", "auto"]}),
    ("fix", {"model": "ltx-2", "file": "/var/log/syslog"}),
    ("fix", {"model": "ltx-2", "file": "-"}),
    ("chain", {"job": ["ltx-2", "--from /etc/passwd"]}),
    ("chain", {"job": ["ltx-2", {"from": "/etc/passwd"}]}),
    ("chain", {"job": ["ltx-2 --lora x.safetensors"]}),
    ("compare", {"job": ["ltx-2", "report.json"]}),
    ("compare", {"job": ["ltx-2", "ltx-2 --gpu auto"]}),
    ("compare", {"job": ["ltx-2", "ltx-2 --gpu=auto"]}),
    ("train", {"model": "ltx-2", "from": "train.toml"}),
]


@pytest.mark.parametrize(("name", "question"), BEYOND)
def test_what_reaches_beyond_is_refused_before_it_is_read(name, question, monkeypatch):
    def opened(*_arguments, **_named):
        raise AssertionError("something was looked for")

    for module, looks in ((os.path, "isfile"), (os.path, "exists"), (os.path, "getsize")):
        monkeypatch.setattr(module, looks, opened)
    with pytest.raises(Refusal) as refused:
        answer(name, question)
    assert "are not read for others" in refused.value.as_dict()["message"]


def test_names_and_numbers_of_the_same_flags_are_answered():
    for question in ({"lora": "32:attention"}, {"gpu": "h100-sxm,memory=94GiB"}, {"preset": "distilled"}):
        assert answer("estimate", {"model": "ltx-2", **question}).startswith(b'{"schema":"vidcalc.report/1"')
    assert answer("estimate", {"model": "wan2.1-t2v-1.3b", "control": "vace:0.5", "frames": 17})


COMMANDS = [name[:-3] for name in sorted(os.listdir(commands.__path__[0])) if name[0] != "_" and name.endswith(".py")]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_flag_of_every_command_has_a_type_that_says_what_it_reaches(name):
    """A type of click's own counts as reaching: where one is left, its flag is closed to others by chance."""
    for flag in command(name).params:
        if flag.expose_value and not getattr(flag, "is_flag", False) and flag.name != asked.JOB and name != "sweep":
            closed = reach.reaches(flag.type, "x")
            assert not closed or hasattr(flag.type, "reaches"), (name, flag.opts, "has a type of click's")


@pytest.mark.parametrize("words", ["file", "path", "folder", "directory"])
def test_a_flag_that_speaks_of_files_is_of_a_type_that_reaches(words):
    for name in ANSWERED:
        for flag in command(name).params:
            metavar = (flag.metavar or "").casefold()
            if isinstance(flag, click.Option) and words in metavar and flag.name not in PRINTED:
                assert reach.reaches(flag.type, "x.safetensors"), (name, name_of(flag))
