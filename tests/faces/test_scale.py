"""`vidcalc scale` and the flags of links and of work left out: pages in both languages, JSON, pictures, refusals."""

import json
import re
from xml.etree import ElementTree

import msgspec
import pytest

from vidcalc.faces import words
from vidcalc.faces.commands.schema import schema_of
from vidcalc.faces.terminal.cells import width
from vidcalc.search.scale import Scaling

JOB = ("scale", "-m", "wan2.1-t2v-14b", "--gpu", "h100-sxm", "--framework", "xdit")
BASE = ("estimate", "-m", "wan2.1-t2v-14b", "--gpu", "h100-sxm", "--json")


@pytest.fixture(autouse=True)
def english():
    yield
    words.use("en")


def asked(ask, *flags):
    done = ask(*BASE, *flags)
    assert done.code == 0, done.err
    return json.loads(done.out)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("cells", ["80", "100"])
@pytest.mark.parametrize("gpu", ["h100-sxm", "rtx-4090"])
def test_the_page_says_everything_and_fits(ask, monkeypatch, language, cells, gpu):
    monkeypatch.setenv("COLUMNS", cells)
    done = ask(*JOB[:4], gpu, *JOB[5:], "--gpus", "4", "--lang", language)
    assert done.code == 0, done.err
    assert max(width(line) for line in done.out.splitlines()) <= int(cells)
    for told in ("Wan2.1-T2V-14B", "100 %", "cfg 2", "GiB", "$", "•"):
        assert told in done.out
    if language == "ko":
        assert "효율" in done.out
        assert not re.search(r"worth|sooner|speed", done.out)


def test_json_is_the_documented_document(ask):
    done = ask(*JOB, "--gpus", "4", "--json")
    found = json.loads(done.out)
    assert found["schema"] == "vidcalc.scale/1"
    assert msgspec.to_builtins(msgspec.json.decode(done.out, type=Scaling)) == found
    known = schema_of("scale")["$defs"]["Scaling"]["properties"]
    assert set(found) == set(known)
    assert known["schema"] == {"const": "vidcalc.scale/1"}
    assert json.loads(ask("schema", "scale").out) == json.loads(json.dumps(schema_of("scale")))
    assert [row["count"] for row in found["rows"]] == [1, 2, 4]
    alone = json.loads(ask("estimate", *JOB[1:], "--json").out)
    assert found["rows"][0]["seconds"] == alone["time"]["inference"]["total"]


def test_all_counts_or_doubling(ask):
    def counts(*flags):
        found = json.loads(ask(*JOB, "--json", *flags).out)
        return [row["count"] for row in found["rows"]], found["without"]

    assert counts("--gpus", "6") == ([1, 2, 4, 6], [])
    every = counts("--gpus", "8", "--counts", "all", "--parallel", "ulysses")
    assert every == ([1, 2, 4, 5, 8], [3, 6, 7])


def test_the_picture_is_well_formed_and_to_scale(ask, tmp_path):
    path = tmp_path / "scale.svg"
    assert ask(*JOB, "--gpus", "4", "--svg", str(path)).code == 0
    found = json.loads(ask(*JOB, "--gpus", "4", "--json").out)
    root = ElementTree.fromstring(path.read_text("utf-8"))
    tag = "{http://www.w3.org/2000/svg}"
    bars: dict[float, float] = {}
    for box in root.iter(f"{tag}rect"):
        if box.find(f"{tag}title") is not None:
            place = float(box.get("y"))
            bars[place] = bars.get(place, 0) + float(box.get("width"))
    drawn = [bars[place] for place in sorted(bars)]
    seconds = [row["seconds"] for row in found["rows"]]
    assert [bar / drawn[0] for bar in drawn] == pytest.approx([each / seconds[0] for each in seconds], rel=1e-3)
    pytest.importorskip("PIL")
    png = tmp_path / "scale.png"
    assert ask(*JOB, "--gpus", "2", "--png", str(png)).code == 0
    assert png.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("flags", "named", "nearest"),
    [
        (("--gpus", "0"), "--gpus", "1"),
        (("--gpus", "many"), "--gpus", "1"),
        (("--counts", "al"), "--counts", "all"),
        (("--parallel", "ulyses"), "--parallel", "ulysses"),
        (("--parallel", "ulysses=x"), "--parallel", "1"),
        (("--parallel", "ulysses=16"), "--parallel", None),
        (("--framework", "comfy-ui-x"), "--framework", "comfyui"),
        (("--link", "nvlnk4"), "--link", "nvlink4"),
    ],
)
def test_wrong_input_is_refused_in_one_line(ask, flags, named, nearest):
    job = JOB if flags[0] not in JOB else JOB[: JOB.index(flags[0])]
    done = ask(*job, *flags, "--json")
    told = json.loads(done.out)["error"]
    assert done.code == 2
    assert (told["flag"], told["nearest"]) == (named, nearest)
    for language in ("en", "ko"):
        said = ask(*job, *flags, "--lang", language)
        assert (said.code, said.out) == (2, "")
        assert named in said.err
        assert len(said.err.strip().splitlines()) == 1


def test_links_change_what_ranks_wait_and_nothing_else(ask):
    plain = asked(ask, "--parallel", "ulysses=8")
    slow = asked(ask, "--parallel", "ulysses=8", "--link", "pcie4-x16")
    denoise = [each["time"]["inference"]["parts"]["denoise"] for each in (plain, slow)]
    assert denoise[1]["communication"] > 5 * denoise[0]["communication"]
    assert {name: denoise[0][name] for name in denoise[0] if name != "communication"} == {
        name: denoise[1][name] for name in denoise[1] if name != "communication"
    }
    assert slow["memory"] == plain["memory"]
    assert slow["hardware"]["link"] == "pcie4-x16"
    assert asked(ask, "--link", "nvlink4", "--parallel", "ulysses=8") == plain
    named = {row["id"]: row["value"] for row in slow["assumptions"]}
    assert named["link"] == "PCIe gen4 x16"


def test_nodes_are_joined_by_a_network(ask):
    far = asked(ask, "--parallel", "ulysses=8", "--nodes", "4")
    near = asked(ask, "--parallel", "ulysses=8")
    slow = asked(ask, "--parallel", "ulysses=8", "--nodes", "4", "--network", "ib-edr")
    waits = [each["time"]["inference"]["parts"]["denoise"]["communication"] for each in (near, far, slow)]
    assert waits == sorted(waits)
    assert waits[0] < waits[1] < waits[2]
    assert far["hardware"]["count"] == near["hardware"]["count"] == 8
    assert far["hardware"]["nodes"] == 4
    assert far["cost"]["per_video"]["likely"] > near["cost"]["per_video"]["likely"]
    assert {"link", "network"} <= {row["id"] for row in far["assumptions"]}


@pytest.mark.parametrize(
    ("flags", "named", "nearest"),
    [
        (("--parallel", "ulysses=8", "--nodes", "3"), "--nodes", "2"),
        (("--link", "ib-ndr"), "--link", None),
        (("--network", "nvlink4"), "--network", None),
        (("--network", "ib-ndrr"), "--network", "ib-ndr"),
        (("--step-cache", "2"), "--step-cache", "1"),
        (("--step-cache", "teacach-0.2"), "--step-cache", "teacache"),
        (("--step-cache", "magcash:k=4"), "--step-cache", "magcache"),
        (("--attention-density", "0"), "--attention-density", "0.01"),
        (("--attention-density", "natten"), "--attention-density", None),
        (("--guidance-interval", "1.5"), "--guidance-interval", "1"),
        (("--token-merge", "1"), "--token-merge", "0.9"),
    ],
)
def test_wrong_links_and_shares_are_refused(ask, flags, named, nearest):
    done = ask(*BASE, *flags)
    told = json.loads(done.out)["error"]
    assert done.code == 2
    assert told["flag"] == named
    assert told["allowed"]
    if nearest:
        assert told["nearest"] == nearest


NEUTRAL = (("--step-cache", "1"), ("--guidance-interval", "1"), ("--attention-density", "1"), ("--token-merge", "0"))


@pytest.mark.parametrize("flags", NEUTRAL)
def test_at_its_neutral_value_a_share_changes_nothing(ask, flags):
    def figures(report):
        return {
            "compute": report["compute"],
            "time": report["time"]["inference"]["total"],
            "training": report["time"]["training"],
        }

    assert figures(asked(ask, *flags)) == figures(asked(ask))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_what_is_left_out_is_told(ask, language):
    flags = (
        "--step-cache",
        "teacache-0.2",
        "--attention-density",
        "vsa",
        "--guidance-interval",
        "0.5",
        "--token-merge",
        "0.2",
    )
    report = " ".join(ask(*BASE[:-1], *flags, "--full", "--lang", language).out.split())
    for told in ("ali-vilab/TeaCache", "FastVideo", "10 %", "50 %", "--guidance-interval", "20 %"):
        assert told in report
