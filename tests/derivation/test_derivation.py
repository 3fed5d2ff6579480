"""Every number of a report is explained: the chain says what the report says, adds up, and ends in sources."""

import re
from functools import cache
from math import ceil, floor, log2
from pathlib import Path

import pytest

import vidcalc.derivation as room
from vidcalc.base.errors import UnknownName
from vidcalc.base.guest import Guest, plain
from vidcalc.calculate import calculate, train
from vidcalc.derivation import explain, explained, explained_training, of_training, quantities
from vidcalc.derivation.leaves import matches, numbers
from vidcalc.derivation.render import LONGER
from vidcalc.faces.requests.estimate import request
from vidcalc.faces.requests.training import run
from vidcalc.search.relief import advised

JOBS = {
    "by name": request({"model": "wan2.1-t2v-14b"}),
    "by count": request({"params": 3 * 10**9, "resolution": (1920, 1080), "frames": 120, "guidance": 5.0}),
    "training set": request(
        {"model": "wan2.1-t2v-1.3b", "guidance": 1, "checkpointing": "full", "gpus": 4, "optimizer": "adamw-8bit"}
    ),
    "accumulated, states in host memory": request(
        {
            "model": "wan2.1-t2v-1.3b",
            "checkpointing": "offload",
            "grad_accum": 4,
            "texts": "online",
            "ema": "bf16",
            "training_offload": "optimizer",
            "latents": "precomputed",
            "gpu": "rtx-4090",
        }
    ),
    "adapters, base streamed": request(
        {
            "model": "cogvideox-2b",
            "mode": "qlora",
            "checkpointing": "every:2",
            "recipe": "bf16-autocast",
            "training_offload": "base",
            "texts": "online",
            "grad_accum": 2,
            "ema": "fp32",
        }
    ),
    "update at the peak": request({"model": "flux.1-dev", "checkpointing": "full", "recipe": "fp32", "ema": "host"}),
    "offloaded": request(
        {"model": "wan2.1-t2v-14b", "gpu": "rtx-4090", "offload": "model", "precision": "fp8", "vae_tiling": "default"}
    ),
    "streamed": request({"model": "hunyuanvideo-t2v", "gpu": "rtx-4090", "offload": "group", "steps": 5}),
    "streams": request({"model": "wan2.1-t2v-14b", "gpu": "rtx-4080-super", "framework": "comfyui", "frames": 33}),
    "legacy": request(
        {"model": "hunyuanvideo-1.5", "gpu": "rtx-3060-12gb", "framework": "comfyui-legacy", "frames": 33}
    ),
    "swapped": request({"model": "wan2.1-t2v-14b", "gpu": "h200", "offload": "block-swap:20", "precision": "nf4"}),
    "sequential": request({"model": "wan2.2-t2v-a14b", "offload": "sequential", "vae_precision": "fp32"}),
    "another framework": request({"model": "wan2.1-t2v-1.3b", "framework": "wan-official"}),
    "unet": request({"params": 10**9, "resolution": (854, 480), "frames": 16, "arch": "unet"}),
    "shared": request(
        {
            "model": "hunyuanvideo-t2v",
            "gpu": "h100-sxm",
            "parallel": {"tensor_degree": 2, "ulysses_degree": 2, "ring_degree": 2},
        }
    ),
    "patches and shards": request(
        {
            "model": "wan2.1-t2v-14b",
            "gpu": "l40s",
            "parallel": {"pipefusion_degree": 2, "guidance_degree": 2, "shard_degree": 4},
        }
    ),
    "cached": request(
        {"model": "wan2.1-t2v-14b", "step_cache": "teacache-0.2", "attention_density": 0.5, "token_merge": 0.1}
    ),
    "fused": request({"model": "hunyuanvideo-t2v", "framework": "vllm-omni", "attention": "flash"}),
    "quantised": request({"model": "cogvideox-5b", "precision": "int8-dynamic", "framework": "diffusers-0.31"}),
    "waiting": request({"model": "wan2.1-t2v-1.3b", "resolution": (256, 256), "frames": 1, "gpu": "b200"}),
    "further models": request({"model": "cosmos-predict1-7b", "framework": "cosmos-official"}),
    "decoder by its work": request({"model": "open-sora-1.3", "framework": "opensora"}),
    "a fleet": request(
        {"model": "ltx-video-2b", "target_rate": 0.5, "utilisation": 0.5, "gpu": "h100-sxm", "batch_size": 2}
    ),
}
RUNS = {
    "one card": run({"model": "wan2.1-t2v-1.3b", "mode": "lora", "gpu": "rtx-4090", "checkpointing": "full"}),
    "sharded": run({"model": "wan2.1-t2v-14b", "gpu": "h100-sxm", "gpus": 8, "sharding": "fsdp", "validation": "on"}),
    "sizes": run(
        {
            "model": "ltx-video-2b",
            "bucket": ((768, 512, 49, None, 1), (768, 512, 1, 0.3, 9)),
            "texts": "online",
            "grad_accum": 2,
            "gpus": 4,
            "mixing": "ranks",
        }
    ),
    "many ways": run(
        {
            "model": "wan2.1-t2v-14b",
            "gpu": "h100-sxm",
            "gpus": 32,
            "training_parallel": {"tensor_degree": 2, "ulysses_degree": 2, "ring_degree": 2, "shard_degree": 4},
            "grad_accum": 4,
            "checkpointing": "full",
            "latents": "precomputed",
        }
    ),
    "distilled": run({"model": "wan2.1-t2v-1.3b", "networks": "distillation", "rollout_steps": 4, "gpu": "h200"}),
}
every_job = pytest.mark.parametrize("job", [*JOBS, *RUNS])


@cache
def told(job):
    """A job, explained."""
    return explained(*JOBS[job]) if job in JOBS else explained_training(*RUNS[job])


@cache
def report(job):
    """The numbers of a job's report, by path."""
    return dict(numbers(calculate(*JOBS[job]) if job in JOBS else train(*RUNS[job])))


@cache
def steps(job):
    """Every step behind every number of a job, each once."""
    seen = {}
    left = [told(job).step(path) for path in report(job)]
    while left:
        step = left.pop()
        if id(step) not in seen:
            seen[id(step)] = step
            left += step.parts
    return list(seen.values())


@every_job
def test_every_number_is_explained_or_an_input(job):
    assert list(told(job).numbers) == list(report(job))
    assert told(job).unexplained == []


@every_job
def test_an_explanation_ends_in_the_reported_number(job):
    for path, value in report(job).items():
        step = told(job).step(path)
        assert step.id == path
        assert step.value == pytest.approx(value, rel=1e-9), path
        assert type(step.value) is type(value) or isinstance(value, float) or step.value == value, path


@every_job
def test_every_level_adds_up(job):
    for step in steps(job):
        totals = [part.value * part.count for part in step.parts]
        if step.formula == "sum":
            assert step.value == sum(totals), step.id
        if step.formula == "max":
            assert step.value == max(totals), step.id


def evaluated(digits):
    """The digits of a formula as Python works them out."""
    text = re.sub(r",(?! )", "", digits)
    for written, meant in (("·", "*"), ("^", "**"), ("−", "-"), (" mod ", " % "), ("∞", "inf")):
        text = text.replace(written, meant)
    text = text.replace("⌊", "floor(").replace("⌋", ")").replace("⌈", "ceil(").replace("⌉", ")")
    known = {"floor": floor, "ceil": ceil, "log2": log2, "max": max, "min": min, "round": round, "inf": float("inf")}
    return eval(text, {"__builtins__": {}}, known)


@every_job
def test_digits_evaluate_to_the_value(job):
    """Whole numbers exactly, rounded ones to their digits."""
    for step in steps(job):
        if step.digits:
            rounded = not isinstance(step.value, int) or "." in step.digits
            near = pytest.approx(step.value, rel=2e-3, abs=1e-9)
            assert evaluated(step.digits) == (near if rounded else step.value), (step.id, step.digits)


@every_job
def test_every_end_of_a_chain_has_a_source(job):
    for step in steps(job):
        if not step.parts and step.value:
            assert step.source, step.id


@every_job
def test_formulas_are_short_enough_to_read(job):
    assert max(len(step.formula) for step in steps(job)) < 400


@every_job
def test_most_parts_have_a_name_of_their_own(job):
    """What is only called by its arithmetic is a name that is missing where it is worked out."""
    found = steps(job)
    nameless = [step for step in found if step.id in LONGER.values()]
    assert len(nameless) < len(found) / 10


def test_what_a_report_has_not_is_explained_as_nothing():
    absent = [name for name in quantities() if "*" not in name and name not in report("unet")]
    assert absent
    assert {explain(name, *JOBS["unet"]).value for name in absent[:: len(absent) // 3]} == {0}


@pytest.mark.parametrize("quantity", ["compute.flops_per_step", "memory.inference.peak", "cost.per_video.likely"])
def test_a_quantity_is_explained_by_its_path(quantity):
    assert explain(quantity, *JOBS["unet"]).value == pytest.approx(report("unet")[quantity], rel=1e-9)


def test_numbers_of_a_training_run_are_told_apart_by_their_path():
    assert of_training("run.flops")
    assert of_training("buckets.0.mfu")
    assert of_training("memory.peak")
    assert not of_training("memory.inference.peak")
    assert not of_training("model.params")
    assert explain("run.flops", *RUNS["sizes"]).value == report("sizes")["run.flops"]


@pytest.mark.parametrize(
    ("job", "known"), [(name, quantities()) for name in JOBS] + [(n, quantities("training")) for n in RUNS]
)
def test_every_number_is_one_of_the_quantities(job, known):
    assert [path for path in report(job) if not any(matches(pattern, path) for pattern in known)] == []


@pytest.mark.long
def test_ways_out_of_a_job_that_does_not_fit_are_explained():
    asked = request({"model": "wan2.1-t2v-14b", "gpu": "rtx-4090"})
    report, whole = advised(calculate(*asked), asked), explained(*asked, advise=True)
    assert report.memory.inference.relief
    assert dict(numbers(report)) == pytest.approx({path: plain(value) for path, value in whole.numbers.items()})
    assert whole.unexplained == []
    path = "memory.inference.relief.0.seconds"
    assert explain(path, *asked).value == pytest.approx(report.memory.inference.relief[0].seconds)


def test_inputs_are_marked():
    whole = told("by name")
    for path in ("workload.frames", "workload.steps", "plan.ulysses_degree", "plan.training.grad_accum"):
        assert whole.step(path).source == "input"
        assert not whole.step(path).parts


def test_an_unknown_quantity_suggests_the_nearest():
    for unknown, near in (
        ("compute.flops_per_stp", "compute.flops_per_step"),
        ("time.inference.parts.denois.matmul", "time.inference.parts.denoise.matmul"),
    ):
        with pytest.raises(UnknownName) as refused:
            explain(unknown, *JOBS["by name"])
        assert refused.value.nearest == near


def test_a_guest_leaves_nothing_behind():
    """A calculation of plain numbers after one of guests finds none of them."""
    report = calculate(*JOBS["by name"])
    assert not any(isinstance(value, Guest) for _path, value in numbers(report))


def test_no_formula_of_cost_stands_in_here():
    """The room imports nothing that prices, rewrites or knows rates but the curves whose numbers it names."""
    for path in Path(room.__file__).parent.glob("*.py"):
        for line in path.read_text("utf-8").splitlines():
            for other in ("cost", "passes", "ops", "tape", "account", "ledger", "catalog"):
                assert f"vidcalc.{other}" not in line, (path.name, line)
