"""Work left out: neutral at the default, in proportion elsewhere, and each way on top of the others."""

import pytest
from msgspec.structs import replace

from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.ledger.unroll import unroll
from vidcalc.ops import Attention
from vidcalc.passes import generation
from vidcalc.rates.machines import hardware

CLIP = {"width": 832, "height": 480, "frames": 33, "steps": 10}
HALVES = {
    "step_cache": {"step_cache": "stated", "computed_steps": 0.5},
    "attention_density": {"sparse_attention": "stated", "attention_density": 0.5},
    "guided_share": {"guided_share": 0.5},
    "merged_tokens": {"merged_tokens": 0.5},
}


def job(name="wan2.1-t2v-1.3b", guidance=None, **changes):
    model = fill.model(name)
    sizes = CLIP if name.startswith("wan") else {}
    return model, fill.workload(model, **sizes), replace(fill.plan(model, guidance=guidance), **changes)


def report(*asked, **changes):
    model, workload, plan = job(*asked, **changes)
    return calculate(model, workload, hardware("h100-sxm"), plan)


def executed(name="wan2.1-t2v-1.3b", **changes):
    """FLOPs of the denoising by kind of op, self-attention apart."""
    model, workload, plan = job(name, **changes)
    found = {}
    ledger, _ = generation(model, workload, hardware("h100-sxm"), plan)
    for phase in (phase for phase in ledger.phases if phase.id == "denoise"):
        whole = {op.path: op for op in phase.trace.ops if isinstance(op, Attention)}
        for op in phase.executed:
            own = op.kind == "attention" and whole[op.path].queries == whole[op.path].keys
            kind = "self" if own else op.kind
            found[kind] = found.get(kind, 0) + op.flops * op.count * phase.calls
    return found


@pytest.mark.parametrize("name", HALVES)
def test_a_speed_up_leaves_the_dense_network_as_it_is(name):
    dense, light = report(), report(**HALVES[name])
    assert light.compute.flops_per_forward == dense.compute.flops_per_forward
    assert light.compute.flops_executed < dense.compute.flops_executed == dense.compute.flops_per_video
    assert light.time.inference.denoise < dense.time.inference.denoise
    assert light.time.inference.vae_decode == dense.time.inference.vae_decode
    assert light.memory.training.total == dense.memory.training.total


def test_half_the_steps_computed_is_half_the_blocks():
    dense, light = executed(), executed(**HALVES["step_cache"])
    assert light["self"] == dense["self"] / 2
    outside = light["matmul"] / dense["matmul"]  # embeddings and the last projection run at every step
    assert 0.5 < outside < 0.52


def test_a_first_block_cache_still_runs_the_first_block():
    blocks = job()[0].denoiser.config["num_layers"]
    light = executed(step_cache="stated", computed_steps=0.5, cached_blocks=1)
    assert light["self"] == pytest.approx(executed()["self"] * (0.5 + 0.5 / blocks))


def test_a_cache_holds_what_the_blocks_added():
    model, workload, _ = job()
    tokens = unroll(model, workload).video_tokens * 1536 * 2  # hidden states of the 1.3B in bf16
    plain, cached = (report(**each).memory.inference for each in ({}, HALVES["step_cache"]))
    by_id = [{stage.id: stage for stage in memory.stages}["denoise"] for memory in (plain, cached)]
    assert by_id[1].activations - by_id[0].activations == 2 * tokens  # one for each prediction of a step
    shared = report(**HALVES["step_cache"], ulysses_degree=4).memory.inference
    alone = report(ulysses_degree=4).memory.inference
    stage = [{each.id: each for each in memory.stages}["denoise"] for memory in (alone, shared)]
    assert stage[1].activations - stage[0].activations == pytest.approx(2 * tokens / 4, abs=2)


def test_density_thins_self_attention_alone():
    dense, light = executed(), executed(**HALVES["attention_density"])
    assert light["self"] == dense["self"] / 2
    assert {kind: light[kind] for kind in light if kind != "self"} == {k: dense[k] for k in dense if k != "self"}


def test_an_interval_runs_the_further_prediction_at_its_share_of_the_steps():
    for mode, together in (("batched", 2), ("sequential", 1)):
        way = {"guidance_mode": mode, "forwards_per_step": 2, "batched_forwards": together}
        whole, half, none = (report(**way, guided_share=share) for share in (1, 0.5, 0))
        assert half.compute.forwards_per_step == 1.5
        assert half.compute.flops_denoise == 0.75 * whole.compute.flops_denoise == 1.5 * none.compute.flops_denoise
        alone = report(guidance=1.0)
        assert none.compute.flops_denoise == alone.compute.flops_denoise
        assert none.time.inference.denoise == pytest.approx(alone.time.inference.denoise)
        assert half.memory.inference.denoiser_activation_peak == whole.memory.inference.denoiser_activation_peak


def test_an_interval_leaves_a_model_without_guidance_alone():
    plain, asked = report("hunyuanvideo-t2v"), report("hunyuanvideo-t2v", guided_share=0.5)
    assert asked.time.inference.total == plain.time.inference.total
    assert asked.compute.flops_denoise == plain.compute.flops_denoise


def test_with_the_predictions_on_two_ranks_unguided_steps_are_no_shorter():
    def seconds(**changes):
        found = report(guidance_mode="sequential", forwards_per_step=2, batched_forwards=1, **changes)
        return found.time.inference.parts["denoise"]["matmul"]

    assert seconds(guidance_degree=2) == pytest.approx(seconds() / 2)
    assert seconds(guidance_degree=2, guided_share=0.5) == pytest.approx(seconds(guidance_degree=2))


def test_merged_tokens_leave_the_longest_self_attention():
    dense, light = executed("sd1.5"), executed("sd1.5", merged_tokens=0.5)
    assert light["convolution"] == dense["convolution"]
    assert light["self"] < 0.5 * dense["self"]  # its longest level is most of it, and that is a quarter
    assert light["attention"] == dense["attention"]  # to the prompt, and of lower levels


def test_speed_ups_multiply():
    model, workload, plan = job()
    both = {**HALVES["step_cache"], **HALVES["attention_density"], **HALVES["guided_share"]}
    assert executed(**both)["self"] == pytest.approx(executed()["self"] * 0.5 * 0.5 * 0.75)
    fewer = calculate(model, replace(workload, steps=4), hardware("h100-sxm"), replace(plan, **HALVES["step_cache"]))
    ten = calculate(model, workload, hardware("h100-sxm"), replace(plan, **HALVES["step_cache"]))
    assert fewer.time.inference.denoise == pytest.approx(0.4 * ten.time.inference.denoise)
    distilled = report(guidance=1.0, **HALVES["step_cache"])
    assert distilled.time.inference.denoise == pytest.approx(ten.time.inference.denoise / 2)


def test_ranks_share_what_is_left():
    light = {**HALVES["step_cache"], **HALVES["attention_density"]}
    alone, shared = report(**light).time.inference, report(**light, ulysses_degree=4).time.inference
    assert shared.parts["denoise"]["attention"] * 4 == pytest.approx(alone.parts["denoise"]["attention"], rel=0.01)


@pytest.mark.parametrize("changes", [*HALVES.values(), {}])
def test_the_report_says_what_was_left_out_and_where_that_is_from(changes):
    ids = {"step_cache", "attention_density", "guided_share", "merged_tokens"}
    found = {row.id: row for row in report(**changes).assumptions if row.id in ids}
    assert len(found) == (1 if changes else 0)
    for row in found.values():
        assert row.value == 0.5
        assert row.source.startswith("--")
