"""`--from` on the command line: the report of a model's own files, and each refusal one clear line with exit code 2."""

import importlib.util
import json

import pytest

PARTS = ("truncated", "not JSON", "missing", "empty folder", "unknown class", "another kind of file")


def found(done):
    assert done.code == 0, done.err or done.out
    return json.loads(done.out)


def test_a_folder_answers_like_the_catalogue(make, tmp_path, ask):
    root = make.pipeline(tmp_path / "wan", "wan2.1-t2v-1.3b")
    ours = found(ask("estimate", "--from", str(root), "--json"))
    theirs = found(ask("estimate", "-m", "wan2.1-t2v-1.3b", "--json"))
    assert ours["compute"] == theirs["compute"]
    assert ours["memory"]["inference"]["peak"] == theirs["memory"]["inference"]["peak"]
    assert ours["memory"]["training"]["total"] == theirs["memory"]["training"]["total"]
    assert ours["workload"] == theirs["workload"]
    assert "settings_from_catalogue" in {each["id"] for each in ours["assumptions"]}


def test_stored_formats_decide_unless_a_precision_is_given(make, tmp_path, ask):
    root = make.pipeline(tmp_path / "wan", "wan2.1-t2v-1.3b", num_layers=2)
    nbytes = make.safetensors(root / "transformer/model.safetensors", make.wan(2, 12, 8960, dtype="F16"))
    kept = found(ask("estimate", "--from", str(root), "--json"))
    assert kept["plan"]["precision"] == "fp16"
    assert kept["model"]["components"][0]["bytes"] == nbytes
    asked = found(ask("estimate", "--from", str(root), "--precision", "fp32", "--json"))
    assert asked["plan"]["precision"] == "fp32"
    assert asked["model"]["components"][0]["bytes"] == 2 * nbytes
    assert not [each for each in asked["assumptions"] if each["id"] == "weights_as_stored"]


def test_the_report_says_where_it_comes_from_in_both_languages(make, tmp_path, ask):
    root = make.pipeline(tmp_path / "wan", "wan2.1-t2v-1.3b")
    assert "wan2.1-t2v-1.3b of the catalogue" in " ".join(ask("estimate", "--from", str(root), "--full").out.split())
    assert "카탈로그의" in ask("estimate", "--from", str(root), "--full", "--lang", "ko").out


def test_explain_takes_it_too(make, tmp_path, ask):
    root = make.pipeline(tmp_path / "wan", "wan2.1-t2v-1.3b")
    assert ask("explain", "compute.flops_per_step", "--from", str(root)).code == 0


@pytest.fixture
def bad(make, tmp_path):
    """A path for each way a path can be wrong."""
    make.safetensors(tmp_path / "cut.safetensors", {"a": ("F32", (4,))})
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "cut.safetensors").read_bytes()[:20])
    (tmp_path / "config.json").write_text("{not json")
    (tmp_path / "empty").mkdir()
    (tmp_path / "class.json").write_text('{"_class_name": "NoSuchTransformer3DModel"}')
    (tmp_path / "notes.txt").write_text("hello")
    names = ("cut.safetensors", "config.json", "nowhere", "empty", "class.json", "notes.txt")
    return dict(zip(PARTS, (str(tmp_path / name) for name in names), strict=True))


@pytest.mark.parametrize("part", PARTS)
def test_wrong_files_are_one_clear_line(part, bad, ask):
    done = ask("estimate", "--from", bad[part])
    assert done.code == 2
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err
    named = "NoSuchTransformer3DModel" if part == "unknown class" else bad[part].rpartition("/")[2]
    assert named in done.err
    told = json.loads(ask("estimate", "--from", bad[part], "--json").out)["error"]
    assert told["flag"] == "--from"
    korean = ask("estimate", "--from", bad[part], "--lang", "ko")
    assert korean.code == 2
    assert named in korean.err
    assert korean.err != done.err


NONSENSE = (0, -1, 2.5, "x", [], {}, 10**12, 1e300)


@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_in_a_configuration_is_answered_or_refused_never_a_traceback(value, make, tmp_path, ask):
    root = make.pipeline(tmp_path / "wan", "wan2.1-i2v-14b-480p")
    for part in ("transformer", "vae", "image_encoder"):
        path = root / part / "config.json"
        whole = json.loads(path.read_text())
        for key in whole:
            path.write_text(json.dumps({**whole, key: value}))
            done = ask("estimate", "--from", str(root), "--json")
            assert done.code in (0, 2), key
            assert ("error" in json.loads(done.out)) == (done.code == 2), key
        path.write_text(json.dumps(whole))


def test_a_class_no_family_knows_asks_for_the_extra_where_it_is_missing(bad, ask, monkeypatch):
    from vidcalc.reference import published

    monkeypatch.setattr(published, "find_spec", lambda name: None)
    done = ask("estimate", "--from", bad["unknown class"])
    assert done.code == 2
    assert "vidcalc[reference]" in done.err
    done = ask("verify", "wan2.1-t2v-14b")
    assert done.code == 2
    assert "vidcalc[reference]" in done.err


@pytest.mark.parametrize("other", [("-m", "wan2.1-t2v-14b"), ("-p", "3B"), ("--arch", "unet")])
def test_what_the_files_settle_cannot_be_given_beside(other, make, tmp_path, ask):
    done = ask("estimate", "--from", str(make.pipeline(tmp_path / "wan", "wan2.1-t2v-1.3b")), *other)
    assert done.code == 2
    assert "--from" in done.err


def test_snap_takes_the_nearest_size_and_says_so(ask):
    done = found(ask("estimate", "-m", "wan2.1-t2v-1.3b", "-r", "1000x500", "-f", "80", "--snap", "--json"))
    assert (done["workload"]["width"], done["workload"]["height"], done["workload"]["frames"]) == (1008, 496, 81)
    said = {each["id"]: each["values"] for each in done["warnings"]}
    assert said["snapped_width"] == {"asked": 1000, "value": 1008}
    assert said["snapped_frames"] == {"asked": 80, "value": 81}
    assert not any(name.startswith("illegal_") for name in said)


def test_without_snap_an_illegal_size_is_computed_with_the_nearest_legal_ones(ask):
    done = found(ask("estimate", "-m", "wan2.1-t2v-1.3b", "-r", "1000x500", "-f", "80", "--json"))
    assert done["workload"]["width"] == 1000
    said = {each["id"]: each["values"] for each in done["warnings"]}
    assert said["illegal_width"] == {"value": 1000, "lower": 992, "upper": 1008}
    assert said["illegal_frames"] == {"value": 80, "lower": 77, "upper": 81}


def test_snap_changes_nothing_that_is_legal(ask):
    plain = ask("estimate", "-m", "wan2.1-t2v-1.3b", "--json")
    assert ask("estimate", "-m", "wan2.1-t2v-1.3b", "--snap", "--json") == plain


@pytest.mark.parametrize("name", ["hf:", "hf:owner", "hf:a/b/c", "hf:../../etc/passwd"])
def test_a_wrong_name_of_a_repository_is_refused(name, ask):
    done = ask("estimate", "--from", name)
    assert done.code == 2
    assert "hf:OWNER/NAME" in done.err


def test_without_the_hubs_client_the_extra_is_named(ask, monkeypatch):
    from vidcalc.modelfiles import hub

    monkeypatch.setattr(hub, "find_spec", lambda name: None)
    done = ask("estimate", "--from", "hf:owner/name")
    assert done.code == 2
    assert "vidcalc[hub]" in done.err


def test_the_extra_is_what_the_message_says():
    """The check for the extra looks for packages that exist."""
    from vidcalc.reference import published

    assert published.missing() == [name for name in published.NEEDED if importlib.util.find_spec(name) is None]
