"""A preset lies over a model's defaults and beneath what is asked for; what it leaves out stays."""

import pytest

import vidcalc
from vidcalc.base.errors import InputError
from vidcalc.catalog import fill, models
from vidcalc.catalog.presets import with_preset

PRESETS = [(name, preset) for name in models.names() for preset in models.model(name).presets]


@pytest.mark.parametrize(("name", "preset"), PRESETS)
def test_every_preset_of_the_catalogue_is_laid_over(name, preset):
    model = fill.model(name)
    laid, stated = with_preset(model, preset), model.presets[preset]
    workload = fill.workload(laid)
    for field in ("width", "height", "frames", "fps", "steps", "guidance"):
        asked = getattr(stated, field)
        assert getattr(workload, field) == (getattr(model.defaults, field) if asked is None else asked)
    assert fill.plan(laid).forwards_per_step == (
        1 if stated.guidance == 1 else stated.forwards_per_step or fill.plan(model).forwards_per_step
    )
    assert laid.basis[-1].value == preset


def test_a_distilled_preset_runs_one_forward_and_what_is_asked_for_stands_over_it():
    def asked(**more):
        return vidcalc.estimate("wan2.2-t2v-a14b", preset="lightning", **more)

    plain = asked()
    assert (plain.workload["steps"], plain.compute.forwards_per_step) == (4, 1)
    assert asked(steps=6).workload["steps"] == 6
    assert asked(guidance=3).compute.forwards_per_step == 2
    assert asked(guidance_mode="batched").compute.forwards_per_step == 1
    assert [each.value for each in plain.assumptions if each.id == "preset"] == ["lightning"]


def test_scales_that_a_distilled_model_has_not_are_not_warned_of():
    ids = {each.id for each in vidcalc.estimate("ltx-2", preset="distilled").warnings}
    assert "several_scales" not in ids
    assert "several_scales" in {each.id for each in vidcalc.estimate("ltx-2", guidance=1).warnings}


def test_more_forwards_run_in_the_call_that_ran_all_of_them():
    plan = fill.plan(with_preset(fill.model("ltx-video-2b"), "official"))
    assert (plan.forwards_per_step, plan.batched_forwards) == (3, 3)


def test_a_word_is_enough_where_one_preset_has_it():
    assert with_preset(fill.model("longcat-video"), "distilled").basis[-1].value == "distill-lora"
    with pytest.raises(InputError) as refused:
        with_preset(fill.model("hunyuanvideo-1.5"), "distilled")
    assert refused.value.allowed == ("official", "cfg-distilled", "480p-i2v-step-distilled")


def test_a_wrong_preset_is_refused_in_one_line():
    with pytest.raises(vidcalc.InputError, match="allowed: official, distilled"):
        vidcalc.estimate("ltx-2", preset="turbo")
    with pytest.raises(vidcalc.InputError, match="cogvideox-5b has no presets"):
        vidcalc.estimate("cogvideox-5b", preset="turbo")
    assert {row.name: row.presets for row in vidcalc.models()}["ltx-2"] == ["official", "distilled"]


SAME = (
    ("wan2.1-t2v-1.3b", "fastwan", "fastwan2.1-t2v-1.3b"),
    ("wan2.2-ti2v-5b", "fastwan", "fastwan2.2-ti2v-5b"),
    ("ltx-2.3", "distilled", "ltx-2.3-distilled"),
)


@pytest.mark.parametrize(("model", "preset", "own"), SAME)
def test_a_preset_that_is_also_a_model_asks_for_the_same(model: str, preset: str, own: str) -> None:
    by_preset, by_name = vidcalc.estimate(model, preset=preset, gpu="h200"), vidcalc.estimate(own, gpu="h200")
    asked = ("width", "height", "frames", "fps", "steps", "guidance")
    assert [by_preset.workload[name] for name in asked] == [by_name.workload[name] for name in asked]
    assert by_preset.time.inference.denoise == pytest.approx(by_name.time.inference.denoise)
