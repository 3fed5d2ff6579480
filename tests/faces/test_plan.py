"""`vidcalc plan` and `train --parallel auto`: the page, its JSON, its pictures and its refusals, in both languages."""

import io
import json
import shlex
import sys
from xml.etree import ElementTree

import jsonschema
import msgspec
import pytest

from vidcalc.faces import progress
from vidcalc.report.plan import SCHEMA, PlanReport

SMALL = ("-m", "wan2.1-t2v-1.3b", "--gpu", "h100-sxm")
ASKED = ("plan", *SMALL, "--gpus", "8", "--global-batch", "32")


@pytest.fixture
def answer(ask):
    """The answer of a search in JSON."""

    def asked(*arguments):
        done = ask(*arguments, "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)

    return asked


def command(text):
    """The command that a page shows, as it is pasted: its words."""
    block = text[text.index("  vidcalc train ") :].partition("\n\n")[0]
    return shlex.split(block.replace("\\\n", " "))[1:]


def test_the_json_is_what_its_schema_says(answer):
    found = answer(*ASKED)
    assert found["schema"] == SCHEMA == "vidcalc.plan/1"
    jsonschema.Draft202012Validator(msgspec.json.schema(PlanReport)).validate(found)
    assert [row["seconds"] for row in found["best"]] == sorted(row["seconds"] for row in found["best"])
    assert all(row["peak"] <= found["capacity"] and row["global_batch"] == 32 for row in found["best"])
    (count,) = found["counts"]
    assert 0 < count["fitting"] <= count["priced"] <= count["legal"]


@pytest.mark.parametrize(
    "more",
    [
        (),
        pytest.param(("--by", "memory", "--currency", "KRW"), marks=pytest.mark.long),
        ("--sharding", "zero3", "--reshard", "off"),
        pytest.param(
            ("--try", "offload", "--mode", "lora", "--lora-rank", "8", "--by", "memory"), marks=pytest.mark.long
        ),
        pytest.param(("--bucket", "480px17:0.25", "--bucket", "832x480x1:b4"), marks=pytest.mark.long),
    ],
)
def test_the_command_shown_is_the_plan_found(more, ask, answer):
    winner = answer(*ASKED, *more)["best"][0]
    shown = command(ask(*ASKED, *more).out)
    steps = 32 * 1000 // winner["global_batch"]
    assert shown == shlex.split(winner["command"])[1:]
    alone = answer(*shown, "--train-steps", str(steps))
    assert (alone["memory"]["peak"], alone["time"]["total"]) == (winner["peak"], winner["seconds"])
    assert (alone["ranks"]["world"], alone["buckets"][0]["global_batch"]) == (8, 32)


@pytest.mark.parametrize(("language", "words"), [("en", ("Why this one", "fits")), ("ko", ("이 계획인 이유", "가능"))])
def test_the_page_speaks(language, words, ask):
    done = ask(*ASKED, "--lang", language)
    assert done.code == 0 and done.err == ""
    assert all(word in done.out for word in words)


def test_why_tells_what_stands_in_the_way(answer):
    found = answer("plan", "-m", "wan2.1-t2v-14b", "-r", "720p", "--gpu", "h100-sxm", "--gpus", "16")
    why, winner = found["why"], found["best"][0]
    assert why["bound"] == "memory" and why["unlimited"] < winner["seconds"]
    assert sum(why["shares"].values()) == pytest.approx(1)
    lacking = {row["id"]: row for row in why["alternatives"] if row["missing"] > 0}
    assert lacking["checkpointing"]["value"] == "none"
    assert all(row["peak"] - row["missing"] == found["capacity"] for row in lacking.values())
    assert all(row["slower"] >= 0 for row in why["alternatives"] if not row["missing"])


def test_what_is_stated_is_settled(answer):
    stated = ("--parallel", "ulysses=2,tp=2", "--checkpointing", "full", "--sharding", "zero1")
    for row in answer(*ASKED, *stated)["best"]:
        assert (row["degrees"]["ulysses_degree"], row["degrees"]["tensor_degree"]) == (2, 2)
        assert (row["words"]["checkpointing"], row["words"]["sharding"]) == ("full", "zero1")


@pytest.mark.long
def test_trying_more_finds_no_worse(answer):
    plain, more = (answer(*ASKED, *words) for words in ((), ("--try", "update,offload")))
    assert more["counts"][0]["legal"] > plain["counts"][0]["legal"]
    assert more["best"][0]["seconds"] <= plain["best"][0]["seconds"]


def test_several_numbers_of_gpus(answer):
    found = answer("plan", *SMALL, "--gpus", "8,2,4", "--by", "cost")
    assert [row["gpus"] for row in found["counts"]] == [2, 4, 8]
    assert found["global_batch"] == 8
    costs = [row["best"]["cost"] for row in found["counts"]]
    assert found["best"][0]["cost"] == min(costs)
    assert any(row["efficient"] for row in found["counts"])


def test_buckets_grow_together(answer):
    sizes = ("--bucket", "832x480x81:0.5:b1", "--bucket", "832x480x1:0.5:b4")
    found = answer("plan", *SMALL, *sizes, "--gpus", "4", "--global-batch", "16")
    assert all(row["batches"][1] == 4 * row["batches"][0] for row in (*found["best"], *found["front"]))


def test_a_network_without_layers_gets_data_parallel_only(answer):
    found = answer("plan", "-m", "sd1.5", "--gpus", "4", "--gpu", "h100-sxm")
    for row in (*found["best"], *found["front"]):
        degrees = {name: row["degrees"][name] for name in row["degrees"] if name != "shard_degree"}
        assert degrees.pop("data_degree") == 4
        assert set(degrees.values()) == {1}


REFUSED = {
    "a number no plan has": (("--gpus", "7", "--parallel", "tp=2"), "--gpus", ("7", "6")),
    "no number": (("--gpus", "8,many"), "--gpus", ("many",)),
    "a word": (("--by", "price"), "--by", ("price", "cost")),
    "what may change": (("--try", "optimiser"), "--try", ("optimizer",)),
    "heads": (("--parallel", "ulysses=5"), "--parallel", ("ulysses=5", "4")),
    "a bucket's batch": (("--bucket", "832x480x81:1:b4", "--global-batch", "6"), "--global-batch", ("6", "4")),
}


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_one_line(name, language, ask):
    arguments, flag, pieces = REFUSED[name]
    done = ask("plan", *SMALL, *arguments, "--lang", language)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert flag in done.err
    assert all(piece in done.err for piece in pieces)


@pytest.mark.parametrize(("language", "said"), [("en", "nothing fits on 4"), ("ko", "들어가는 계획이 없습니다")])
def test_where_nothing_fits_it_says_by_how_much_and_what_helps(language, said, ask):
    asked = (
        "plan",
        "-m",
        "wan2.1-t2v-14b",
        "-r",
        "720p",
        "--gpu",
        "rtx-4090",
        "--gpus",
        "4",
        "--checkpointing",
        "full",
    )
    done = ask(*asked, "--lang", language)
    assert done.code == 2 and done.err.count("\n") == 1
    assert said in done.err and "GiB" in done.err
    helps = json.loads(ask(*asked, "--json").out)["error"]["allowed"]
    assert "--training-offload optimizer+weights" in helps
    for flags in helps:
        changed = dict(zip(asked[1::2], asked[2::2], strict=True)) | dict([flags.split(" ")])
        assert ask("plan", *[piece for pair in changed.items() for piece in pair]).code == 0, flags


def test_pictures(ask, tmp_path):
    svg = tmp_path / "front.svg"
    done = ask(*ASKED, "--svg", str(svg), "--lang", "ko")
    assert done.code == 0
    text = svg.read_text("utf-8")
    tips = [tip for tip in ElementTree.fromstring(text).iter("{http://www.w3.org/2000/svg}title") if tip.text]
    front = json.loads(ask(*ASKED, "--json").out)["front"]
    assert len(tips) == len(front) + 1  # a point each, and the picture's own title
    assert "파레토" in text


def test_auto_fills_the_degrees_with_the_fastest_that_fits(answer):
    asked = (
        "train",
        "-m",
        "wan2.1-t2v-14b",
        "-r",
        "720p",
        "--gpu",
        "h100-sxm",
        "--gpus",
        "8",
        "--checkpointing",
        "full",
    )
    auto = answer(*asked, "--parallel", "auto")
    assert auto["memory"]["verdict"] != "too_big" and auto["ranks"]["world"] == 8
    for ways in ("fsdp=8,ulysses=8", "fsdp=8,ulysses=2", "fsdp=8,ring=4"):
        mine = answer(*asked, "--parallel", ways)
        slower = mine["time"]["samples_per_second"] <= auto["time"]["samples_per_second"] * (1 + 1e-9)
        assert slower or mine["memory"]["margin"] < 0
    alone = answer("train", *SMALL, "--parallel", "auto")
    assert alone["ranks"]["world"] == 1


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "said"), [(Terminal, True), (io.StringIO, False)])
def test_progress_is_told_on_a_terminal_only_and_cleared(stream, said, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setattr("sys.stderr", stream())
    with progress.progress() as told:
        told(1, 4)
        shown = sys.stderr.getvalue()
    assert ("25 %" in shown) == said
    assert sys.stderr.getvalue().endswith(progress.CLEAR if said else "")
    assert said or not sys.stderr.getvalue()
