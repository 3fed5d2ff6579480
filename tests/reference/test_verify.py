"""`vidcalc verify`: both numbers and their ratio for every component; a figure outside its bar is exit code 1."""

import json

import pytest

from vidcalc.catalog.models import model
from vidcalc.faces.cli import run, vidcalc
from vidcalc.reference import check, published


@pytest.fixture
def quick(monkeypatch):
    """Only the smallest call of each kind of component, so that the test is quick."""
    everything = check.cases

    def cases(known):
        size = lambda shape: sum(shape.get("latent") or shape.get("pixels") or [shape.get("tokens", 0)])  # noqa: E731
        kept = {}
        for case in everything(known):
            if case[0] not in kept or size(case[2]) < size(kept[case[0]][2]):
                kept[case[0]] = case
        return list(kept.values())

    monkeypatch.setattr(check, "cases", cases)


def test_every_component_is_measured_at_two_shapes():
    found = check.cases(model("wan2.1-i2v-14b-480p"))
    for component in ("text_encoder", "image_encoder", "denoiser", "vae_decode", "vae_encode"):
        assert len({json.dumps(shape) for kind, _, shape in found if kind == component}) == 2


def test_verify_prints_both_numbers_and_the_ratio(quick, capsys):
    assert run(vidcalc, "vidcalc", ["verify", "ltx-video-2b", "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["summary"] == {"within": 4}
    for row in found["rows"]:
        assert set(row["figures"]) == {"params", "flops", "peak_activation_bytes"}
        for figure in row["figures"].values():
            assert figure["ratio"] == pytest.approx(figure["ours"] / figure["referee"])
    assert "\r" not in err  # progress is for terminals
    assert run(vidcalc, "vidcalc", ["verify", "ltx-video-2b"]) == 0
    shown = capsys.readouterr().out
    denoiser = next(row for row in found["rows"] if row["component"] == "denoiser")
    assert f"{denoiser['figures']['flops']['ours']:,}" in shown


def test_a_figure_outside_its_bar_is_exit_code_1(quick, capsys, monkeypatch):
    honest = check.figures
    monkeypatch.setattr(check, "figures", lambda *given: {**honest(*given), "flops": honest(*given)["flops"] * 1.002})
    assert run(vidcalc, "vidcalc", ["verify", "ltx-video-2b", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["summary"] == {"outside": 4}


def test_a_class_without_a_referee_is_said(monkeypatch):
    known = model("step-video-t2v")
    assert not published.exists(known.denoiser.class_)
    case = next(case for case in check.cases(known) if case[0] == "denoiser")
    assert check.check(known, *case).status == "no_referee"
