"""Flags of a training run: what says nothing is refused, what goes together badly is told."""

import json

import pytest

from vidcalc.faces.terminal.cells import width

SMALL = ("train", "-m", "wan2.1-t2v-1.3b", "-r", "256x256", "-f", "9")
# (flags, the flag that is named)
IDLE = {
    "shards that are not gathered": (("--reshard", "off"), "--reshard"),
    "rollouts of a network alone": (("--rollout-steps", "8"), "--rollout-steps"),
    "validation that is off": (("--validation-every", "10"), "--validation-every"),
    "one expert": (("--experts", "both"), "--experts"),
    "shards of nothing": (("--sharding", "none", "--parallel", "fsdp=4", "--gpus", "8"), "--parallel"),
    "a batch beside a bucket's own": (("--bucket", "256x256x9:b2", "-b", "4"), "--batch-size"),
    "a size beside a bucket's own": (("--bucket", "256x256x9"), "--resolution"),
    "nothing left for a bucket": (("--bucket", "256x256x9:2", "--bucket", "256x256x1"), "--bucket"),
    "no share left for a bucket": (("--bucket", "256x256x9:1", "--bucket", "256x256x1"), "--bucket"),
    "a frozen base of none": (("--training-offload", "base"), "--training-offload"),
}


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("case", IDLE)
def test_a_flag_that_would_change_nothing_is_refused(ask, case, language):
    flags, named = IDLE[case]
    asked = SMALL[:3] if named in ("--bucket", "--batch-size") else SMALL
    done = ask(*asked, *flags, "--lang", language)
    assert done.code == 2 and done.out == "" and done.err.count("\n") == 1 and named in done.err
    told = ask(*asked, *flags, "--lang", language, "--json")
    assert told.code == 2 and json.loads(told.out or told.err)["error"]["flag"] == named


def test_estimate_refuses_a_frozen_base_where_nothing_is_frozen(ask):
    done = ask("estimate", *SMALL[1:], "--training-offload", "base")
    assert done.code == 2 and "--training-offload" in done.err
    assert ask("estimate", *SMALL[1:], "--training-offload", "base", "--mode", "lora").code == 0


@pytest.mark.parametrize(("gpus", "shards"), [(8, 8), (12, 6), (7, 7), (22, 2), (16, 8)])
def test_hybrid_sharding_fills_a_node_as_far_as_the_ranks_divide(ask, gpus, shards):
    told = json.loads(ask(*SMALL, "--gpus", str(gpus), "--sharding", "hybrid", "--json").out)
    assert told["ranks"]["shards"] == shards


def test_tensor_parallelism_that_no_network_allows_is_named_as_it_was_asked_for(ask):
    assert "'tp=2'" in ask("train", "-m", "svd", "--gpus", "2", "--parallel", "tp=2").err


@pytest.mark.parametrize(
    ("flags", "warning"),
    [
        (("--gpus", "3", "--parallel", "pp=3"), "pipeline_starved"),
        (("--gpus", "12", "--parallel", "tp=12"), "tensor_across_nodes"),
    ],
)
def test_degrees_that_hardly_pay_are_warned_of(ask, flags, warning):
    told = json.loads(ask(*SMALL, *flags, "--json").out)
    assert warning in [row["id"] for row in told["warnings"]]
    assert warning not in ask(*SMALL, "--json").out


def test_what_an_update_and_a_sum_of_gradients_hold_is_told(ask):
    def ids(*flags):
        return {row["id"]: row["value"] for row in json.loads(ask(*SMALL, *flags, "--json").out)["assumptions"]}

    assert ids()["optimizer_update"] == "foreach" and "gradient_buckets" not in ids()
    assert ids("--recipe", "bf16-megatron")["gradient_bytes"] == 4
    assert ids("--gpus", "8")["gradient_buckets"] == "none"
    assert "gradient_buckets" not in ids("--gpus", "8", "--sharding", "fsdp")


def test_a_scaling_law_beside_adapters_is_told_to_be_about_all_weights(ask):
    asked = ("budget", *SMALL[1:], "--gpu-hours", "1000", "--json")
    warned = [
        [row["id"] for row in json.loads(ask(*asked, "--mode", mode).out)["warnings"]] for mode in ("full", "lora")
    ]
    assert "law_of_all_weights" not in warned[0] and "law_of_all_weights" in warned[1]


def test_a_plan_whose_sharding_no_pipeline_allows_names_the_sharding(ask):
    done = ask("plan", "-m", "wan2.1-t2v-1.3b", "--sharding", "zero2", "--parallel", "pp=3", "--gpus", "3")
    assert done.code == 2 and "--sharding" in done.err and "zero1" in done.err


@pytest.mark.parametrize("command", ["estimate", "train"])
def test_what_is_trained_is_told_as_it_was_asked_for(ask, command):
    def ids(*flags):
        return {
            row["id"]: row["value"] for row in json.loads(ask(command, *SMALL[1:], *flags, "--json").out)["assumptions"]
        }

    assert "adapters" not in ids() and ids()["latents"] == "online"
    told = ids("--mode", "qlora", "--lora-rank", "64", "--latents", "precomputed", "--texts", "online")
    assert told["adapters"] == "lora, rank 64, attention, base nf4"
    assert told["latents"] == "precomputed" and told["texts"] == "online"


def test_a_long_setting_of_training_stands_on_a_line_of_its_own(ask):
    flags = ("--recipe", "bf16-autocast", "--optimizer", "paged-adamw-8bit", "--mode", "qlora")
    out = ask("estimate", *SMALL[1:], *flags, "--full", "--checkpointing", "partial:0.75+attention-offload").out
    assert max(map(width, out.splitlines())) <= 80
    assert "qlora · bf16-autocast · paged-adamw-8bit" in out


def test_the_links_of_a_run_are_stated_as_those_of_a_generation(ask):
    def run(*more):
        asked = ("train", "-m", "wan2.1-t2v-1.3b", "--gpu", "h100", "--gpus", "16", "--sharding", "fsdp", *more)
        return json.loads(ask(*asked, "--json").out)

    usual, slow = run(), run("--nodes", "4", "--network", "ib-hdr")
    assert (usual["hardware"]["count"], usual["hardware"]["nodes"]) == (16, 2)
    assert (slow["hardware"]["nodes"], slow["hardware"]["network"]) == (4, "ib-hdr")
    assert slow["time"]["per_step"] >= usual["time"]["per_step"]
    assert run("--nodes", "3")["error"]["flag"] == "--nodes"


def test_a_node_is_the_one_that_is_stated(ask):
    run = ("train", "-m", "wan2.1-t2v-1.3b", "--gpu", "h100", "--gpus", "16", "--sharding", "hybrid", "--json")
    assert json.loads(ask(*run).out)["ranks"]["shards"] == 8
    assert json.loads(ask(*run, "--nodes", "4").out)["ranks"]["shards"] == 4
    wide = ask(*run[:-3], "--parallel", "tp=4", "--nodes", "8", "--json").out
    assert "tensor_across_nodes" in {row["id"] for row in json.loads(wide)["warnings"]}
    found = json.loads(ask("plan", *run[1:5], "--gpus", "12", *run[7:]).out)
    assert found["best"][0]["degrees"]["shard_degree"] == 6
