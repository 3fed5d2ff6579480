"""`vidcalc sweep`: axes as people type them, files that resume, tables and JSON, refusals before any work."""

import csv
import json
import pickle

import jsonschema
import numpy as np
import polars as pl
import pytest

import vidcalc
from vidcalc.faces import words
from vidcalc.faces.commands.schema import schema_of
from vidcalc.faces.sweeping import asked as asked_for
from vidcalc.faces.sweeping import files, on_ray, run
from vidcalc.faces.sweeping.asked import Asked
from vidcalc.faces.sweeping.axes import axes

SMALL = ("-m", "wan2.1-t2v-1.3b", "--gpu", "h100,4090", "-f", "17:81:16")
COLUMNS = ("--columns", "seconds,verdict,cost")


def values(**given):
    return {axis.name: axis.shown for axis in axes(given)}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"frames": ("33:161:16",)}, tuple(range(33, 162, 16))),
        ({"frames": ("33:48:16",)}, (33,)),
        ({"frames": ("17,33:65:16", "81")}, (17, 33, 49, 65, 81)),
        ({"frames": ("17,17",)}, (17,)),
        ({"price": ("0.1:0.5:0.2",)}, (0.1, 0.3, 0.5)),
        ({"steps": ("8:10",)}, (8, 9, 10)),
        ({"model": ("LTX-2,wan2.1-t2v-14b",)}, ("ltx-2", "wan2.1-t2v-14b")),
        ({"gpu": ("h100,memory=94GiB,4090",)}, ("h100-sxm,memory=94GiB", "rtx-4090")),
        ({"parallel": ("ulysses=4,cfg=2", "ulysses=8")}, ("ulysses=4,cfg=2", "ulysses=8")),
        ({"guidance_scales": ("audio=1,stg=0",)}, ("audio=1,stg=0",)),
        ({"references": ("2,1", "3")}, ("2,1", "3")),
        ({"resolution": ("480p", "1280x704")}, ("480p", "1280x704")),
        ({"snap": True}, ("on",)),
        ({"steps": np.array([8, 9])}, (8, 9)),
        ({"frames": range(17, 50, 16)}, (17, 33, 49)),
        ({"resolution": [(1280, 720), "480p"]}, ("1280x720", "480p")),
        ({"parallel": [{"ulysses": 2}]}, ("ulysses=2",)),
        ({"params": ("600M,3B",)}, (600_000_000, 3_000_000_000)),
    ],
)
def test_values_of_an_axis(given, shown):
    (found,) = values(**given).values()
    assert found == shown and list(map(type, found)) == list(map(type, shown))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("-m", "ltx-2x"), ("--model cannot be 'ltx-2x'", "nearest: ltx-2")),
        (("-m", "ltx-2", "--gpu", "h10O"), ("--gpu cannot be 'h10O'",)),
        (
            ("-m", "ltx-2", "-f", "33:20"),
            ("--frames cannot be '33:20'", "that rises", "nearest: 20:33:1"),
        ),
        (("-m", "ltx-2", "-f", "33:161:0"), ("--frames cannot be '33:161:0'",)),
        (("-m", "ltx-2", "-f", "1:2:3:4"), ("--frames cannot be '1:2:3:4'",)),
        (("-m", "ltx-2", "-f", "17,,33"), ("--frames cannot be '17,,33'",)),
        (("-m", "ltx-2", "-f", "1:99", "--price", "0:1000:1e-5"), ("--price",)),
        (("-m", "ltx-2", "-s", "4,x"), ("--steps cannot be 'x'",)),
        (("-m", "ltx-2", "--offload", "none,grop"), ("--offload cannot be 'grop'", "nearest: group")),
        (("-m", "ltx-2", "--where", "secnds < 3"), ("--where cannot be 'secnds'", "nearest: seconds")),
        (("-m", "ltx-2", "--where", "seconds <"), ("--where cannot be 'seconds <'",)),
        (("-m", "ltx-2", "--where", "seconds"), ("--where cannot be 'seconds'", "seconds < 10min")),
        (("-m", "ltx-2", "--where", "verdict < 3"), ("--where",)),
        (("-m", "ltx-2", "--where", "verdict < 'fits'"), ("--where",)),
        (("-m", "ltx-2", "--where", "__import__('os')"), ("--where",)),
        (("-m", "ltx-2", "--where", "seconds; 1"), ("--where",)),
        (("-m", "ltx-2", "--sort", "secnds"), ("--sort cannot be 'secnds'", "nearest: seconds")),
        (("-m", "ltx-2", "--sort", "verdict"), ("--sort cannot be 'verdict'",)),
        (("-m", "ltx-2", "--sort", "frames"), ("--sort cannot be 'frames'",)),
        (("-m", "ltx-2", "--pareto", "cost"), ("--pareto cannot be 'cost'", "nearest: cost,seconds")),
        (("-m", "ltx-2", "--pareto", "cost,seconds", "--sort", "cost"), ("--sort: not together with --pareto",)),
        (("-m", "ltx-2", "--top", "3"), ("--top", "--sort")),
        (("-m", "ltx-2", "--columns", "second"), ("--columns cannot be 'second'", "nearest: seconds")),
        (("-m", "ltx-2", "-o", "x.txt"), ("--output cannot be 'x.txt'", ".csv")),
        (("-m", "ltx-2", "-o", "no/such/folder/x.csv"), ("--output",)),
        (("-m", "ltx-2", "--where", "seconds < 3lightyears"), ("--where cannot be '3lightyears'", "24GiB")),
        (("-m", "ltx-2", "--where", "tokens > 5M"), ("--where cannot be '5M'", "24GiB")),
        (("-m", "ltx-2", "--resume"), ("--resume", "--output")),
        (("-m", "ltx-2", "--ray-address", "auto"), ("--ray-address", "--engine ray")),
        (("-f", "17"), ("--params",)),
    ],
)
def test_what_is_wrong_is_one_line_before_any_work(ask, monkeypatch, flags, said):
    monkeypatch.setattr(run, "made", None)
    done = ask("sweep", *flags)
    assert done.code == 2 and done.out == ""
    assert done.err.count("\n") == 1 and done.err.startswith("error: ")
    for each in said:  # of a long refusal the line has the beginning
        assert each.replace(" cannot be", "") in done.err.replace(" cannot be", "")


def test_a_folder_is_no_file(ask, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "made", None)
    (tmp_path / "rows.csv").mkdir()
    done = ask("sweep", *SMALL, "-o", str(tmp_path / "rows.csv"))
    assert done.code == 2 and "folder of that name" in done.err and str(tmp_path / "rows.csv" / "rows.csv") in done.err


def lines(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("polars", [True, False])
def test_all_kinds_of_file_hold_the_same_rows(ask, tmp_path, monkeypatch, polars):
    if not polars:
        monkeypatch.setattr(files, "find_spec", lambda name: None)
    wanted = vidcalc.sweep("wan2.1-t2v-1.3b", gpu="h100,4090", frames="17:81:16", columns="seconds,verdict,cost")
    paths = [tmp_path / f"rows.{ending}" for ending in ("csv", "jsonl", *(["parquet"] if polars else []))]
    for path in paths:
        done = ask("sweep", *SMALL, *COLUMNS, "-o", str(path))
        assert done.code == 0 and "10 of 10 rows written" in " ".join(done.out.split())
        assert [each.name for each in tmp_path.iterdir() if each.suffix not in (".csv", ".jsonl", ".parquet")] == []
    tables = [lines(paths[0]), [json.loads(line) for line in paths[1].read_text().splitlines()]]
    tables += [pl.read_parquet(path).to_dicts() for path in paths[2:]]
    for table in tables:
        assert list(table[0]) == ["model", "frames", "gpu", "seconds", "verdict", "cost"]
        assert [int(row["frames"]) for row in table] == wanted["frames"].tolist()
        assert [float(row["seconds"]) for row in table] == wanted["seconds"].tolist()
        assert [row["verdict"] for row in table] == wanted["verdict"].tolist()


def test_without_polars_parquet_names_the_extra(ask, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    done = ask("sweep", *SMALL, "-o", str(tmp_path / "rows.parquet"))
    assert done.code == 2 and "vidcalc[sweep]" in done.err


def test_what_is_not_known_is_empty(tmp_path):
    path = tmp_path / "rows.jsonl"
    vidcalc.sweep("wan2.1-t2v-1.3b", gpu="gaudi2,tpu-v4,m3-max", columns="cost", output=path)
    costs = {row["gpu"]: row["cost"] for row in map(json.loads, path.read_text().splitlines())}
    assert None in costs.values() and len(costs) == 3


@pytest.fixture
def in_parts(monkeypatch):
    """Sweeps in parts of two rows, and which parts are made."""
    monkeypatch.setattr(asked_for, "PART", 2)
    monkeypatch.setattr("vidcalc.faces.sweeping.combine.ROWS", 2)
    made, whole = [], run.made

    def making(asked, number, kind):
        made.append(number)
        return whole(asked, number, kind)

    monkeypatch.setattr(run, "made", making)
    return made


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_sweep_that_is_stopped_goes_on_where_it_was(ask, tmp_path, monkeypatch, in_parts, ending):
    whole, path = tmp_path / f"whole.{ending}", tmp_path / f"rows.{ending}"
    assert ask("sweep", *SMALL, "-o", str(whole)).code == 0
    parts = len(in_parts)
    assert parts == 6
    making = run.made

    def stopped(asked, number, kind):
        if number == 3:
            raise KeyboardInterrupt
        return making(asked, number, kind)

    in_parts.clear()
    monkeypatch.setattr(run, "made", stopped)
    done = ask("sweep", *SMALL, "-o", str(path))
    assert done.code == 130 and not path.exists()
    assert "3 of 6 parts" in done.err and "--resume" in done.err
    (tmp_path / f"rows.{ending}.parts" / f"part-000004.{ending}.unfinished").write_text("half a part")
    monkeypatch.setattr(run, "made", making)

    refused = ask("sweep", *SMALL, "-o", str(path))
    assert refused.code == 2 and "--resume" in refused.err
    other = ask("sweep", *SMALL, "-s", "7", "-o", str(path), "--resume")
    assert other.code == 2 and "--resume" in other.err

    in_parts.clear()
    done = ask("sweep", *SMALL, "-o", str(path), "--resume")
    assert done.code == 0, done.err
    assert in_parts == [3, 4, 5]
    assert path.read_bytes() == whole.read_bytes() or pl.read_parquet(path).equals(pl.read_parquet(whole))
    assert sorted(each.name for each in tmp_path.iterdir()) == [f"rows.{ending}", f"whole.{ending}"]


def test_what_was_left_out_is_told_after_a_resume_as_well(ask, tmp_path, monkeypatch, in_parts):
    flags = ("sweep", "-m", "wan2.1-t2v-1.3b", "-f", "17:49:16", "--parallel", "ulysses=5", "--parallel", "ulysses=2")
    done = ask(*flags, "-o", str(tmp_path / "rows.csv"))
    assert "3 ×" in done.out and "--parallel cannot be 'ulysses=5'" in done.out and "3 of 6 rows" in done.out


def test_a_worker_speaks_the_language_of_whoever_asked():
    given = {"model": "wan2.1-t2v-1.3b", "parallel": "ulysses=5"}
    try:
        words.use("ko")
        sent, here = pickle.dumps(Asked(given, ("cost",))), run.made(Asked(given, ("cost",)), 0, "")
        words.use("en")
        there = on_ray.part(pickle.loads(sent), 0, "")
        assert words.spoken() == "ko"
    finally:
        words.use("en")
    assert there.left_out == here.left_out != run.made(Asked(given, ("cost",)), 0, "").left_out


def test_orders_and_fronts(ask):
    every = vidcalc.sweep("wan2.1-t2v-1.3b", gpu="h100,4090,l40s", frames="17:81:16", columns="seconds,cost")
    by_cost = sorted(every["cost"])
    top = vidcalc.sweep(
        "wan2.1-t2v-1.3b", gpu="h100,4090,l40s", frames="17:81:16", sort="cost:desc", top=4, columns="cost"
    )
    assert top["cost"].tolist() == by_cost[::-1][:4] and len(top) == 4
    front = vidcalc.sweep("wan2.1-t2v-1.3b", gpu="h100,4090,l40s", frames="17:81:16", pareto="cost,seconds")
    points = list(zip(every["cost"], every["seconds"], strict=True))
    wanted = {p for p in points if not any(q[0] <= p[0] and q[1] <= p[1] and q != p for q in points)}
    assert set(zip(front["cost"], front["seconds"], strict=True)) == wanted
    longest = vidcalc.sweep("wan2.1-t2v-1.3b", gpu="h100", frames="17:81:16", pareto="cost,frames:desc", columns="cost")
    assert longest["frames"].tolist() == [17, 33, 49, 65, 81]


def test_json_follows_its_schema(ask):
    done = ask("sweep", *SMALL, "--parallel", "ulysses=5", "--parallel", "ulysses=2", "--json")
    document = json.loads(done.out)
    jsonschema.validate(document, schema_of("sweep"))
    assert document["schema"] == "vidcalc.sweep/1" and document["kept"] == len(document["rows"]) == 10
    assert document["left_out"] == [{"reason": document["left_out"][0]["reason"], "rows": 10}]
    assert list(document["rows"][0]) == document["columns"]


def test_json_has_every_row_where_a_table_stops(ask, in_parts):
    flags = ("sweep", "-m", "wan2.1-t2v-1.3b", "-f", "17:417:16", "--reserved", "share")
    document = json.loads(ask(*flags, "--json").out)
    assert document["kept"] == document["looked_at"] == document["of"] == len(document["rows"]) == 26
    assert "device" in document["columns"] and "denoise_seconds" not in document["columns"]
    in_parts.clear()
    assert ask(*flags).code == 0 and len(in_parts) == 10


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_says_what_there_is(ask, language):
    done = ask("sweep", *SMALL, "--parallel", "ulysses=5", "--parallel", "ulysses=2", "--lang", language)
    assert done.code == 0
    for told in ("rtx-4090", "GiB", "$", "10 ×", "ulysses=5"):
        assert told in done.out


def test_a_table_without_an_order_stops_when_it_is_full(ask):
    done = ask("sweep", "-m", "wan2.1-t2v-1.3b", "-f", "17:400000:16", "--price", "1:40", "--columns", "cost")
    assert done.code == 0 and "-o FILE" in done.out and done.out.count("\n") < 260


def test_a_row_is_a_dictionary_of_plain_values():
    found = vidcalc.sweep("wan2.1-t2v-1.3b", frames=[17, 33], seconds=None, columns=["seconds", "verdict"])
    (first, _second) = found
    assert first["frames"] == 17 and type(first["frames"]) is int and type(first["seconds"]) is float
    assert first["verdict"] in ("fits", "tight") and found.units() == {"seconds": "second", "verdict": ""}
    assert found.frame().height == len(found) == found.kept == 2 and found.left_out == {}
    assert json.loads(found.to_json())["rows"][0] == first
    with pytest.raises(TypeError, match="frames"):
        vidcalc.sweep("ltx-2", framez=3)
    with pytest.raises(vidcalc.InputError, match="--frames"):
        vidcalc.sweep("ltx-2", frames=[33, 1.5])
