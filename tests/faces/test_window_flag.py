"""--window on the command line: what the page says of it, and what is refused."""

import json

import pytest
from msgspec import to_builtins

import vidcalc


def test_the_page_says_windows_and_calls(ask) -> None:
    job = ("estimate", "-m", "wan2.1-t2v-1.3b", "-f", "257", "--gpu", "4090")
    page = " ".join(ask(*job, "--full", "--window", "81:16").out.split())
    assert "4 of 81 frames, 16 shared with the one before; 400 denoiser calls" in page
    assert "--window 81:16" not in page
    assert "longer videos are made in windows: --window 81:16" in " ".join(ask(*job).out.split())
    korean = " ".join(ask(*job, "--full", "--window", "81:16", "--lang", "ko").out.split())
    assert "앞 구간과 16프레임 겹침; 디노이저 호출 400회" in korean


def test_windows_are_of_generating_alone_and_said():
    asked = {"model": "wan2.1-t2v-1.3b", "frames": 257, "gpu": "4090"}
    whole, cut = vidcalc.estimate(**asked), vidcalc.estimate(**asked, window="81:16")
    assert to_builtins(cut.time.training) == to_builtins(whole.time.training)
    assert to_builtins(cut.memory.training) == to_builtins(whole.memory.training)
    assert cut.time.inference.total < whole.time.inference.total
    said = {each.id: each.value for each in cut.assumptions}
    assert said["windows"] == "81:16"
    assert "windows" not in {each.id for each in whole.assumptions}
    # of a model whose pipeline has windows, training keeps those of the pipeline
    rolling = {"model": "skyreels-v2-df-1.3b", "frames": 257, "gpu": "4090"}
    own, other = vidcalc.estimate(**rolling), vidcalc.estimate(**rolling, window="49:9")
    assert to_builtins(other.time.training) == to_builtins(own.time.training)
    assert other.compute.chunks > own.compute.chunks


def test_a_window_that_is_none_is_refused(ask) -> None:
    for value, near in (("16:81", "16:15"), ("0", "81"), ("81:x", "81")):
        bad = ask("estimate", "-m", "wan2.1-t2v-1.3b", "--window", value, "--json")
        error = json.loads(bad.out)["error"]
        assert (bad.code, error["flag"], error["nearest"]) == (2, "--window", near)
    own = ask("estimate", "-m", "self-forcing-1.3b", "--window", "81:16")
    assert own.code == 2
    assert "--window" in own.err and len(own.err.strip().splitlines()) == 1


def test_a_window_is_a_pair_in_python_and_a_comma_is_refused():
    asked = {"model": "wan2.1-t2v-1.3b", "frames": 321, "gpu": "h100"}
    told = vidcalc.estimate(**asked, window="81:16")
    assert vidcalc.estimate(**asked, window=(81, 16)) == told
    assert told.compute.window_frames == 81
    with pytest.raises(vidcalc.InputError):
        vidcalc.estimate(**asked, window="81,16")
