"""Many accelerators: neutral at one, shards and pieces add up, and degrees that do not divide the heads are refused."""

import pytest
from msgspec.structs import asdict, replace

from vidcalc.account.time import inference_time
from vidcalc.base.errors import InputError
from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.cost import memory
from vidcalc.ops import Attention, Collective
from vidcalc.passes import degrees, generation, guidance, legal
from vidcalc.rates.machines import hardware
from vidcalc.tape.trace import configuration

DEGREES = (
    "guidance_degree",
    "ulysses_degree",
    "ring_degree",
    "tensor_degree",
    "pipefusion_degree",
    "shard_degree",
    "decode_degree",
)


@pytest.fixture(scope="module")
def wan():
    model = fill.model("wan2.1-t2v-14b")
    return model, fill.workload(model), fill.plan(model)


def rewritten(wan, **changes):
    """What one rank of the plan does and holds, and the same of the first step."""
    model, workload, plan = wan
    return generation(model, workload, hardware("h100-sxm"), replace(plan, **changes))


def peaks(wan, **changes):
    return {stage.id: stage for stage in memory.stages(rewritten(wan, **changes)[0])}


def seconds(wan, **changes):
    return inference_time(*rewritten(wan, **changes), hardware("h100-sxm"))


def test_every_degree_is_neutral_at_one(wan):
    plan, (ledger, _) = wan[2], rewritten(wan)
    assert degrees.ranks(plan) == 1
    assert all(getattr(plan, degree) == 1 for degree in DEGREES)
    for network in ledger.weights.values():
        assert asdict(network.stored) == asdict(network.weights)
    denoise = ledger.phase("denoise")
    assert denoise.resident["gathered"] == 0
    assert "stale" not in denoise.live
    assert denoise.ops == denoise.executed == denoise.trace.ops
    assert not any(isinstance(op, Collective) for phase in ledger.phases for op in phase.ops)
    assert seconds(wan).parts["denoise"]["communication"] == 0


def test_split_tokens_divide_activations_and_leave_weights(wan):
    alone, shared = peaks(wan)["denoise"], peaks(wan, ulysses_degree=8)["denoise"]
    assert shared.activations == pytest.approx(alone.activations / 8, rel=1e-6)
    assert shared.weights == alone.weights


def test_shards_divide_weights_and_gather_two_blocks(wan):
    alone, shared = peaks(wan)["denoise"], peaks(wan, shard_degree=8)["denoise"]
    own = shared.resident["transformer"]
    assert own == pytest.approx(alone.resident["transformer"] / 8, rel=1e-6)
    assert 0 < shared.resident["gathered"] < own
    assert shared.resident["vae"] == alone.resident["vae"]


@pytest.mark.parametrize("way", ["tensor_degree", "pipefusion_degree"])
def test_shards_are_spread_over_the_ranks_that_hold_the_same_slice(wan, way):
    alone = peaks(wan)["denoise"].resident["transformer"]
    both = peaks(wan, **{way: 4}, shard_degree=8)["denoise"].resident["transformer"]
    assert alone / 8 < both < 1.1 * alone / 8  # what is outside of the blocks is in two pieces
    assert peaks(wan, **{way: 8}, shard_degree=8)["denoise"].resident == {
        **peaks(wan, **{way: 8})["denoise"].resident,
    }


def test_what_is_outside_of_the_blocks_is_gathered_with_them(wan):
    weights = rewritten(wan)[0].weights["transformer"].weights
    whole = 2 * weights.block + weights.copy - weights.blocks
    assert weights.copy - weights.blocks > 0.2 * weights.block
    assert peaks(wan, shard_degree=8)["denoise"].resident["gathered"] == pytest.approx(whole, rel=1e-6)


@pytest.mark.parametrize(("program", "kept"), [("diffusers", 1), ("vllm-omni", 0)])
def test_ranks_share_an_encoders_layers_and_in_some_programs_its_vocabulary(wan, program, kept):
    wan = (*wan[:2], fill.plan(wan[0], framework=program, precision="bf16", text_encoder_precision="bf16"))
    whole = rewritten(wan)[0].weights["umt5-xxl"].weights
    words = whole.copy - whole.blocks
    slice_of = rewritten(wan, text_degree=4)[0].weights["umt5-xxl"].stored.copy
    assert words > 0.1 * whole.copy
    assert slice_of == pytest.approx((whole.copy - kept * words) / 4 + kept * words, rel=1e-6)


def test_encoders_are_sharded_only_where_the_plan_says_so(wan):
    kept = peaks(wan, shard_degree=4)["text_encode"].resident["umt5-xxl"]
    split = peaks(wan, shard_degree=4, shards="encoders")["text_encode"].resident["umt5-xxl"]
    assert split == pytest.approx(kept / 4, rel=1e-6)


def test_pipefusion_splits_layers_and_patches_and_keeps_old_keys_and_values(wan):
    alone, shared = peaks(wan)["denoise"], peaks(wan, pipefusion_degree=4)["denoise"]
    job = rewritten(wan)[0]
    blocks = job.weights["transformer"].weights.blocks
    saved = alone.resident["transformer"] - shared.resident["transformer"]
    assert saved == pytest.approx(blocks * 3 / 4, rel=1e-6)
    config = configuration(wan[0].denoiser)
    kept = 2 * 10 * job.video_tokens * config.width * 2  # keys and values of 40 / 4 layers, all tokens, bf16
    assert shared.activations == pytest.approx(alone.activations / 4 + kept, rel=1e-6)
    cut = rewritten(wan, pipefusion_degree=4, tensor_degree=2)[0].phase("denoise")
    assert cut.live["stale"] == pytest.approx(kept / 2, rel=1e-6)  # a rank keeps those of its own heads


def test_layers_that_do_not_divide_are_refused_with_the_legal_degrees(wan):
    with pytest.raises(InputError) as refused:
        legal.checked(wan[0], replace(wan[2], pipefusion_degree=3), 2)
    assert refused.value.allowed == tuple(f"pipefusion={degree}" for degree in (1, 2, 4, 5, 8, 10, 20, 40))


def work(wan, **changes):
    """FLOPs of one rank over the denoising, by kind of op, and how many ranks there are."""
    found = {"attention": 0, "matmul": 0}
    for phase in (phase for phase in rewritten(wan, **changes)[0].phases if phase.id == "denoise"):
        for op in phase.ops:
            if op.kind in found:
                found[op.kind] += op.flops * op.count * phase.turns
    return found, degrees.ranks(replace(wan[2], **changes))


@pytest.mark.parametrize(
    "ways",
    [
        {"ulysses_degree": 4},
        {"ring_degree": 3},
        {"tensor_degree": 4},
        {"pipefusion_degree": 4},
        {"guidance_degree": 2},
        {"ulysses_degree": 2, "guidance_degree": 2},
        {"ulysses_degree": 2, "ring_degree": 3, "tensor_degree": 4},
    ],
)
def test_work_over_ranks_is_the_work(wan, ways):
    alone, _ = work(wan)
    shared, ranks = work(wan, **ways)
    assert shared["attention"] * ranks == alone["attention"]
    again = shared["matmul"] * ranks / alone["matmul"] - 1  # the prompt's rows are worked on by every rank
    assert 0 <= again < 0.02
    assert seconds(wan, ulysses_degree=4).parts["denoise"]["communication"] > 0


def test_tokens_that_do_not_divide_leave_more_to_the_slowest_rank(wan):
    alone, _ = work(wan)
    shared, ranks = work(wan, ring_degree=11)
    assert alone["attention"] < shared["attention"] * ranks < 1.01 * alone["attention"]


@pytest.mark.parametrize(
    ("model", "ways", "asked", "allowed", "near"),
    [
        ("wan2.1-t2v-14b", {"ulysses_degree": 3}, "ulysses=3", (1, 2, 4, 5, 8, 10, 20, 40), "ulysses=2"),
        ("wan2.1-t2v-14b", {"tensor_degree": 3}, "tp=3", (1, 2, 4, 5, 8, 10, 20, 40), "tp=2"),
        ("wan2.1-t2v-14b", {"tensor_degree": 8, "ulysses_degree": 10}, "tp=8", (1, 2, 4), "tp=4"),
        ("wan2.1-t2v-14b", {"guidance_degree": 3}, "cfg=3", (1, 2), "cfg=2"),
        ("hunyuanvideo-t2v", {"guidance_degree": 2}, "cfg=2", (1,), "cfg=1"),
        ("svd", {"ring_degree": 2}, "ring=2", (1,), "ring=1"),
    ],
)
def test_degrees_that_do_not_divide_what_they_share_are_refused_with_the_legal_ones(model, ways, asked, allowed, near):
    model = fill.model(model)
    plan = replace(fill.plan(model), **ways)
    with pytest.raises(InputError) as refused:
        legal.checked(model, plan, guidance.possible(plan))
    way = asked.partition("=")[0]
    assert refused.value.value == asked
    assert refused.value.allowed == tuple(f"{way}={degree}" for degree in allowed)
    assert refused.value.nearest == near


@pytest.mark.parametrize(
    "ways",
    [
        {"ulysses_degree": 4, "guidance_degree": 2},
        {"ulysses_degree": 2, "ring_degree": 2, "shard_degree": 4, "decode_degree": 4},
        {"tensor_degree": 8},
        {"pipefusion_degree": 4, "ulysses_degree": 2},
        {"guided_share": 0.5, "guidance_degree": 2, "step_cache": "stated", "computed_steps": 0.4, "cached_blocks": 1},
        {"ring_degree": 4, "sparse_attention": "stated", "attention_density": 0.3, "merged_tokens": 0.25},
    ],
)
def test_an_explanation_ends_in_the_shared_number(wan, ways):
    from vidcalc.derivation import explain

    model, workload, plan = wan
    asked = model, workload, hardware("h100-sxm", 8), replace(plan, **ways)
    report = calculate(*asked)
    assert explain("time.inference.total", *asked).value == pytest.approx(report.time.inference.total, rel=1e-9)
    assert explain("memory.inference.peak", *asked).value == report.memory.inference.peak
    assert explain("compute.flops_executed", *asked).value == pytest.approx(report.compute.flops_executed)
    assert explain("compute.forwards_per_step", *asked).value == report.compute.forwards_per_step


@pytest.mark.parametrize("way", ["ulysses_degree", "ring_degree"])
def test_attention_over_time_at_each_place_stays_on_the_rank_of_the_place(way):
    model = fill.model("latte-1")
    workload = fill.workload(model, width=256, height=256, frames=16, steps=2)
    machine = hardware("h100-sxm")

    def forward(**plan):
        return generation(model, workload, machine, fill.plan(model, **plan))[0].phase("denoise")

    alone, shared = forward(), forward(**{way: 4})
    over_time = [op for op in alone.ops if isinstance(op, Attention) and "temporal" in op.path]
    within = [op for op in alone.ops if isinstance(op, Attention) and not op.crossed and "temporal" not in op.path]
    assert all(op.queries == 16 and op.batch > 16 for op in over_time) and over_time and within
    # every place's frames attend one another on one rank, a quarter of the places each
    mine = [op for op in shared.ops if isinstance(op, Attention) and "temporal" in op.path]
    assert [(op.batch, op.heads, op.queries, op.keys, op.count) for op in mine] == [
        (-(-op.batch // 4), op.heads, op.queries, op.keys, op.count) for op in over_time
    ]
    # frames attend over their places, which are spread: what is exchanged is theirs alone
    spoken = {op.path for op in shared.ops if isinstance(op, Collective) and op.count and op.way != "guidance"}
    assert spoken - {"predictions"} == {op.path for op in within}
    flops = [sum(op.flops * op.count for op in phase.ops if isinstance(op, Attention)) for phase in (alone, shared)]
    assert flops[1] == pytest.approx(flops[0] / 4, rel=0.01)
