"""Edges of what people type and of the files they have: one line, its width, the list, particles, cells of tables."""

import json
import os

import pytest

from vidcalc.base import reading
from vidcalc.base.errors import Unreadable
from vidcalc.catalog.models import model
from vidcalc.faces.terminal.cells import width, wrap
from vidcalc.faces.words.particles import particles
from vidcalc.modelfiles.source import opened

WAN = model("wan2.1-t2v-1.3b").denoiser
LINES = (
    ("estimate", "-m", "sora", "--link", "nope"),
    ("estimate", "-m", "sora", "--vae-precision", "?"),
    ("estimate", "-m", "sora", "--country", "0"),
    ("estimate", "-p", "3B", "-r", "8k", "-f", "9"),
    ("gpus", "--vendor", "nope"),
    ("gpus", "--filter", "zzz"),
    ("gpus", "--min-memory", "9TB"),
)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_a_refusal_keeps_to_a_line_of_80_cells_and_names_the_nearest(line, language, ask):
    done = ask(*line, "--lang", language)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert width(done.err.rstrip()) <= 80
    assert ("nearest: " if language == "en" else "가까운 값: ") in done.err


def test_list_in_the_place_of_a_value_lists_all(ask):
    done = ask("estimate", "-m", "sora", "--link", "list")
    every = json.loads(ask("estimate", "-m", "sora", "--link", "nope", "--json").out)["error"]["allowed"]
    assert done.code == 0
    assert done.out.replace(",", " ").split() == every


@pytest.mark.parametrize("flag", ["--steps", "--gpu", "--price", "--used", "--resolution", "--lora"])
def test_list_is_refused_where_no_list_of_words_is_allowed(ask, flag):
    done = ask("estimate", "-m", "sora", flag, "list")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {flag} ")


def test_flags_without_a_command_are_shown_the_help(ask):
    done = ask("--lang", "ko")
    assert done.code == 2
    assert done.out.startswith("사용법: vidcalc")


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -2, 0, 1e300, 10**30])
@pytest.mark.parametrize("key", ["patch_size", "in_channels", "ffn_dim"])
def test_a_number_that_no_network_has_makes_none(key, value, ask, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": WAN.class_, **WAN.config, key: value}))
    done = ask("estimate", "--from", "config.json", "-r", "480p", "-f", "17")
    assert (done.code, "makes no network" in done.err) == (2, True)


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, ".".join("a" * 100_000) + " = 1", "a = " + "{a=" * 1000])
@pytest.mark.parametrize("flag", ["--gpu-file", "--calibration"])
def test_toml_without_end_is_no_toml(text, flag, ask, tmp_path):
    path = tmp_path / "deep.toml"
    path.write_text(text)
    assert "is not a TOML file" in ask("estimate", "-m", "sora", flag, str(path)).err


def test_what_may_not_be_read_is_not_called_missing(tmp_path, monkeypatch):
    def forbidden(*_args, **_named):
        raise PermissionError(13, "Permission denied")

    assert reading.unread("x", PermissionError(13, "no")).problem == "no_permission"
    with pytest.raises(Unreadable) as folder:
        reading.content(tmp_path)
    assert folder.value.problem == "is_folder"
    monkeypatch.setattr(os, "listdir", forbidden)
    with pytest.raises(Unreadable) as refused:
        opened(str(tmp_path))
    assert refused.value.problem == "no_permission"


def test_a_folder_with_links_into_itself_and_sockets_is_looked_through(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "again").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "config.json").write_text("{}")
    assert "config.json" in opened(str(tmp_path)).files()
    assert not any("loop" in path or "pipe" in path for path in opened(str(tmp_path)).files())


def test_one_picture_is_not_written_over_the_other(ask, tmp_path):
    path = str(tmp_path / "x")
    done = ask("estimate", "-m", "sora", "--svg", path, "--png", path)
    assert done.code == 2
    assert "--png" in done.err


def test_a_video_below_one_token_is_refused_with_the_smallest(ask):
    for command in ("estimate", "train"):
        done = ask(command, "-m", "ltx-2-spatial-upscaler", "-r", "16x16")
        assert (done.code, "nearest: 64x64" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("bf16은(는)", "bf16은"),
        ("14b은(는)", "14b는"),
        ("모델을(를)", "모델을"),
        ("프롬프트이(가)", "프롬프트가"),
        ("int8(으)로", "int8로"),
        ("bf16(으)로", "bf16으로"),
        ("'group'과(와)", "'group'과"),
        ("12 GiB은(는)", "12 GiB는"),
        ("a.json을(를)", "a.json을"),
    ],
)
def test_particles_follow_the_last_sound(written, read):
    assert particles(written) == read


def test_a_number_stays_with_its_unit():
    assert wrap("it takes 12 GiB of it", 11) == ["it takes", "12 GiB of", "it"]


CELLS = {"Yes": "predicted", "NO": "predicted", "true": "predicted", "0": "predicted", "partial": "unmapped"}


def test_a_cell_of_no_known_word_leaves_its_row_out_alone(ask, tmp_path):
    head = "id,model,mode,width,height,frames,batch_per_gpu,gpu,n_gpus,checkpointing,precomputed_latents,peak_mem_gb\n"
    rows = [f"{cell},Wan2.1-T2V-1.3B,lora,832,480,81,1,H100,1,full,{cell},20\n" for cell in CELLS]
    path = tmp_path / "a.csv"
    path.write_text(head + "".join(rows))
    found = json.loads(ask("validate", str(path), "--json").out)["rows"]
    assert {row["id"]: row["status"] for row in found} == CELLS


def test_cells_beyond_the_head_are_passed_over(ask, tmp_path):
    for head in ("id,model,width,height,frames", "id,kind,model,settings,peak_allocated_bytes,seconds"):
        path = tmp_path / "a.csv"
        path.write_text(head + "\n" + ",".join(["a"] * 12) + "\n")
        assert ask("validate", str(path)).code == 0


def test_equal_rows_are_predicted_once(tmp_path):
    from vidcalc.validate import run, table

    row = table.Row(id="a", model="Wan2.1-T2V-1.3B", width="832", height="480", frames="81", gpu="H100", steps="50")
    run._result.cache_clear()
    found = run.validate([table.Row(**{**dict(zip(row.__struct_fields__, vars_of(row), strict=True)), "id": str(n)})
                          for n in range(500)]).rows  # fmt: skip
    assert run._result.cache_info().misses == 1
    assert [each.id for each in found] == [str(n) for n in range(500)]


def vars_of(row):
    """The values of a row's fields."""
    return [getattr(row, name) for name in row.__struct_fields__]
