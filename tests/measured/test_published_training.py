"""Whole training runs and samples as their makers published them: FLOPs logged, rates and budgets."""

import runpy
from pathlib import Path

import pytest

from vidcalc.describe.data import Bucket

TERA = 1e12
BUDGET = Path(__file__).parents[2] / "examples" / "open_sora_2_budget.py"
READMES = ("README.md", "README.ko.md")


def test_a_wan_sample_takes_the_flops_that_were_logged(run):
    """maxdiffusion logs 4,893 TFLOP per device and step on four devices that share one sample of 1280x720x81."""
    found = run("wan2.1-t2v-14b", Bucket(width=1280, height=720, frames=81)).buckets[0]
    assert found.flops_per_sample / TERA == pytest.approx(19_573, rel=1e-3)


@pytest.fixture(scope="module")
def budget():
    return runpy.run_path(str(BUDGET))


def test_open_sora_2_takes_its_published_iterations(budget):
    for stage in budget["STAGES"]:
        found = budget["report"](stage)
        assert found.run.steps == pytest.approx(stage.steps, rel=1e-3)
        assert found.ranks.world == stage.gpus


@pytest.mark.xfail(
    strict=True, reason="250 to 281 with T5 in bf16, the dtype of its run: what else a step waits for is not known"
)
def test_open_sora_2_trains_small_clips_at_the_published_rate(budget):
    """200 to 206 TFLOP/s of model FLOPs per H200 on 256px clips, encoders in the loop (three passes counted)."""
    found = budget["report"](budget["STAGES"][0])
    for bucket in found.buckets:
        rate = bucket.flops_per_sample * bucket.samples_per_second / found.ranks.world
        assert rate / TERA == pytest.approx(203, rel=0.2), bucket.frames


def test_open_sora_2_comes_out_too_fast_by_no_more_than_is_said(budget):
    """By 23 to 38 %: see the test above, which names what is not known."""
    found = budget["report"](budget["STAGES"][0])
    for bucket in found.buckets:
        rate = bucket.flops_per_sample * bucket.samples_per_second / found.ranks.world / TERA
        assert 203 < rate < 203 * 1.4, bucket.frames


def test_the_example_says_what_is_published_and_what_we_say(budget, capsys):
    budget["main"]()
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 4
    assert "99840" in told[-1]


def test_the_readmes_say_what_the_example_says(budget, capsys):
    budget["main"]()
    share = round(float(capsys.readouterr().out.split()[-1]) * 100)
    root = BUDGET.parents[1]
    english, korean = (" ".join((root / name).read_text(encoding="utf-8").split()) for name in READMES)
    assert f"Open-Sora 2.0's settings alone give {share} %" in english
    assert f"GPU시간의 {share} %" in korean
