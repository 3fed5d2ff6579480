"""What experts have in common is there once, in every sum: weights, blocks, LoRAs, the list of models."""

import pytest

import vidcalc
from vidcalc.calculate import bucket
from vidcalc.catalog import fill, load, models
from vidcalc.describe.adapters import Adapters
from vidcalc.describe.data import Bucket
from vidcalc.describe.training import TrainingPlan
from vidcalc.passes import generation
from vidcalc.rates.machines import hardware

SHARING = [name for name in models.names() if load.entry("models", name)["denoiser"].get("shared")]
MODES = ("full", "lora")


def test_there_are_such_models() -> None:
    assert SHARING


@pytest.mark.parametrize("name", SHARING)
@pytest.mark.parametrize("mode", MODES)
def test_blocks_are_part_of_the_network_where_all_experts_train(name: str, mode: str) -> None:
    model = fill.model(name)
    training = TrainingPlan(mode=mode, experts="both", checkpointing="full")
    plan = fill.plan(model, training=training)
    trained = bucket(model, Bucket(width=256, height=256, frames=9), hardware("h100-sxm"), plan).step.trained
    held, own = trained.held, model.denoiser
    assert 0 <= held.blocks <= held.copy
    assert 0 <= trained.repeated <= trained.trained
    # [weights of all experts] / [of one] is the same of blocks and of what is outside them
    share = 2 - own.shared / own.params
    one = bucket(model, Bucket(width=256, height=256, frames=9), hardware("h100-sxm"), fill.plan(model)).step.trained
    assert held.blocks / held.copy == pytest.approx(one.held.blocks / one.held.copy, rel=1e-6)
    assert held.copy == pytest.approx(share * one.held.copy, rel=1e-6)


@pytest.mark.parametrize("name", SHARING)
def test_weights_that_stream_leave_what_is_outside_the_blocks(name: str) -> None:
    line = {"gpu": "h200", "mode": "lora", "experts": "both", "checkpointing": "full"}
    streamed, kept = (
        vidcalc.train(name, **line, training_offload=way).memory.phases[0].weights for way in ("base", "none")
    )
    assert 0 < streamed < 0.1 * kept


@pytest.mark.parametrize("name", SHARING)
def test_loras_are_beside_common_layers_once(name: str) -> None:
    model, lora = fill.model(name), Adapters(rank=64, dtype="")
    small = fill.workload(model, width=256, height=256, frames=9)
    plain, laden = (
        generation(model, small, hardware("h200"), fill.plan(model, loras=loras))[0].weights["transformer"].weights
        for loras in ((), (lora,))
    )
    beside = laden.copy - plain.copy
    own = model.denoiser
    assert beside > 0
    assert laden.total - plain.total == pytest.approx(beside * (2 - own.shared / own.params), rel=1e-6)


@pytest.mark.parametrize("name", SHARING)
def test_the_list_of_models_counts_them_once(name: str) -> None:
    own = fill.model(name).denoiser
    assert models.summary(load.entry("models", name))["params_total"] == own.every(own.params)
