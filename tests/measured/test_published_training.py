"""Whole training runs and samples as their makers published them: FLOPs logged, rates and budgets."""

import runpy
from pathlib import Path

import pytest
from vidcalc.train import workload_of
from vidcalc.training.bucket import micro

from vidcalc.catalog import fill
from vidcalc.describe.data import Bucket
from vidcalc.describe.training import TrainingPlan

TERA = 1e12
BUDGET = Path(__file__).parents[2] / "examples" / "open_sora_2_budget.py"


def test_a_wan_sample_takes_the_flops_that_were_logged():
    """maxdiffusion logs 4,893 TFLOP per device and step on four devices that share one sample of 1280x720x81."""
    model = fill.model("wan2.1-t2v-14b")
    plan = fill.plan(model)
    workload = workload_of(model, Bucket(width=1280, height=720, frames=81))
    found = micro(model, workload, _trained(plan)).flops.model
    assert found / TERA == pytest.approx(19_573, rel=1e-3)


@pytest.fixture(scope="module")
def budget():
    return runpy.run_path(str(BUDGET))


def test_open_sora_2_takes_its_published_iterations(budget):
    for stage in budget["STAGES"]:
        found = budget["report"](stage)
        assert found.run.steps == pytest.approx(stage.steps, rel=1e-3)
        assert found.ranks.world == stage.gpus


def test_open_sora_2_trains_small_clips_at_the_published_rate(budget):
    """200 to 206 TFLOP/s of model FLOPs per H200 on 256px clips, encoders in the loop (three passes counted)."""
    found = budget["report"](budget["STAGES"][0])
    for bucket in found.buckets:
        rate = bucket.flops_per_sample * bucket.samples_per_second / found.ranks.world
        assert rate / TERA == pytest.approx(203, rel=0.2), bucket.frames


def test_the_example_says_what_is_published_and_what_we_say(budget, capsys):
    budget["main"]()
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 4
    assert "99840" in told[-1]


def _trained(plan):
    from msgspec.structs import replace

    return replace(plan, training=TrainingPlan(mode="full"))
