"""The JSON report: the fixed keys, whole numbers where exact, and a schema that holds and refuses."""

import json

import jsonschema
import pytest

from vidcalc.faces.commands.schema import DOCUMENTS, schema_of

# the keys of the report that never change
KEYS = {
    "model": ("name", "params", "params_total", "components"),
    "latent": ("channels", "frames", "height", "width"),
    "sequence": ("video_tokens", "text_tokens", "total"),
    "compute": (
        "flops_per_forward",
        "forwards_per_step",
        "flops_per_step",
        "flops_denoise",
        "flops_vae_decode",
        "flops_vae_encode",
        "flops_text_encode",
        "flops_per_video",
        "attention_share",
    ),
    "memory.inference": (
        "stages",
        "peak",
        "peak_stage",
        "host_ram",
        "denoiser_activation_peak",
        "vae_decode_activation_peak",
    ),
    "memory.training": (
        "weights",
        "vae",
        "optimizer",
        "gradients",
        "activations",
        "other",
        "total",
        "kept_for_backward",
        "forward_backward_peak",
    ),
    "time.inference": ("text_encode", "denoise", "vae_decode", "total", "per_step"),
    "time.training": ("per_step", "total", "gpu_hours"),
    "cost": ("inference", "training"),
    "energy": ("inference", "training"),
}
JOBS = {
    "by name": ("-m", "wan2.1-t2v-14b"),
    "by count": ("-p", "3B", "-r", "1080p", "-f", "120"),
    "everything set": (
        *("-m", "wan2.1-t2v-1.3b", "-r", "720p", "--seconds", "3", "-s", "20", "-b", "2", "--guidance", "1"),
        *("--text-tokens", "100", "--precision", "fp16", "--text-encoder-precision", "fp32", "--vae-precision", "fp32"),
        *("--attention", "flash2", "--gpu", "h100-sxm", "--gpus", "8", "--recipe", "pure-bf16", "--optimizer", "lion"),
        *("--checkpointing", "full", "--train-steps", "5000", "--fps", "16"),
    ),
}


@pytest.fixture(params=JOBS)
def job(request, ask):
    """A report as its reader gets it."""
    done = ask("estimate", *JOBS[request.param], "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def at(report, path):
    for name in path.split("."):
        report = report[name]
    return report


def test_the_fixed_keys_are_there(job):
    assert job["schema"] == "vidcalc.report/1"
    for path, names in KEYS.items():
        assert set(names) <= set(at(job, path)), path
    for row in job["memory"]["inference"]["stages"]:
        assert {"id", "weights", "activations", "other", "total"} <= set(row)
    for row in job["model"]["components"]:
        assert {"id", "role", "params", "bytes"} <= set(row)
    for row in job["assumptions"]:
        assert {"id", "value", "source", "provenance"} <= set(row)


def test_exact_numbers_are_whole(job):
    for path in ("compute.flops_per_forward", "compute.flops_per_video", "model.params", "sequence.total"):
        assert isinstance(at(job, path), int), path
    for path in ("memory.inference.peak", "memory.training.total"):
        assert isinstance(at(job, path), int), path


def test_the_schema_takes_every_report(job):
    jsonschema.Draft202012Validator(schema_of("estimate")).validate(job)


def test_the_schema_refuses_a_report_that_lost_a_key_or_changed_a_type(job):
    validator = jsonschema.Draft202012Validator(schema_of("estimate"))
    for path, wrong in (("compute.flops_per_step", "many"), ("memory.inference.peak", None), ("schema", "other/1")):
        broken = json.loads(json.dumps(job))
        *parents, last = path.split(".")
        at_parent = at(broken, ".".join(parents)) if parents else broken
        at_parent[last] = wrong
        assert not validator.is_valid(broken), path
        if path != "schema":  # what has a default may be absent
            del at_parent[last]
            assert not validator.is_valid(broken), path


def test_the_schema_command_prints_that_schema(ask):
    done = ask("schema")
    assert done.code == 0
    assert json.loads(done.out) == schema_of("estimate")
    jsonschema.Draft202012Validator.check_schema(schema_of("estimate"))


RUNS = {
    "estimate": ("-m", "wan2.1-t2v-1.3b"),
    "chain": ("wan2.1-t2v-1.3b", "wan2.1-t2v-1.3b -r 720p -s 4"),
    "scale": ("-m", "wan2.1-t2v-1.3b", "--gpus", "2"),
    "fit": ("-m", "ltx-video-2b", "--gpu", "rtx-4060", "--max-time", "5min"),
    "choose": ("-m", "ltx-video-2b", "--gpu", "rtx-4060", "--gpu", "rtx-4090", "--rate", "100/h"),
    "train": ("-m", "wan2.1-t2v-1.3b", "--texts", "online", "--validation", "on"),
    "plan": ("-m", "wan2.1-t2v-1.3b", "--gpu", "h100", "--gpus", "2"),
    "budget": ("-m", "wan2.1-t2v-1.3b", "--gpu", "h100", "--gpu-hours", "100"),
    "how": ("-m", "wan2.1-t2v-1.3b", "--step-cache", "teacache", "--how", "diffusers"),
    "compare": ("wan2.1-t2v-1.3b", "ltx-2 -r 768x512", "--gpu", "rtx-4090"),
    "fix": ("-m", "wan2.1-t2v-14b", "--gpu", "rtx-4090", "--host-ram", "64GB"),
    "sweep": ("-m", "wan2.1-t2v-1.3b", "--gpu", "h100,4090", "--parallel", "ulysses=2", "--parallel", "ulysses=5"),
    "models": (),
    "gpus": (),
}
COMMAND = {"how": "estimate"}  # of documents that a flag asks for


@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_every_document_is_what_its_schema_says(name, ask):
    document = json.loads(ask(COMMAND.get(name, name), *RUNS[name], "--json").out)
    known = schema_of(name)
    jsonschema.Draft202012Validator(known).validate(document)
    assert document["schema"] == known["title"]
    assert json.loads(ask("schema", name).out) == json.loads(json.dumps(known))


def test_flags_reach_the_report(ask):
    found = json.loads(ask("estimate", *JOBS["everything set"], "--json").out)
    asked = {"width": 1280, "height": 720, "frames": 48, "fps": 16, "steps": 20, "batch": 2, "text_tokens": 100}
    assert {name: found["workload"][name] for name in asked} == asked
    plan = {"precision": "fp16", "text_encoder_precision": "fp32", "vae_precision": "fp32", "attention": "flash2"}
    plan |= {"guidance_mode": "none"}
    assert {name: found["plan"][name] for name in plan} == plan
    training = {"recipe": "pure-bf16", "optimizer": "lion", "checkpointing": "full"}
    assert {name: found["plan"]["training"][name] for name in training} == training
    assert (found["hardware"]["accelerator"], found["hardware"]["count"]) == ("h100-sxm", 8)
    assert found["time"]["training"]["steps"] == 5000


@pytest.mark.parametrize(
    ("flag", "value", "path"),
    [
        ("-s", "10", "compute.flops_denoise"),
        ("-b", "2", "compute.flops_per_forward"),
        ("-f", "41", "sequence.video_tokens"),
        ("-r", "480x480", "sequence.video_tokens"),
        ("--guidance", "1", "compute.flops_per_step"),
        ("--text-tokens", "77", "compute.flops_per_forward"),
        ("--precision", "fp32", "memory.inference.peak"),
        ("--text-encoder-precision", "fp32", "memory.inference.peak"),
        ("--vae-precision", "fp32", "memory.inference.vae_decode_activation_peak"),
        ("--attention", "math", "time.inference.total"),
        ("--gpu", "h100-sxm", "time.inference.total"),
        ("--gpus", "2", "time.training.gpu_hours"),
        ("--recipe", "pure-bf16", "memory.training.optimizer"),
        ("--optimizer", "lion", "memory.training.optimizer"),
        ("--checkpointing", "full", "memory.training.kept_for_backward"),
        ("--train-steps", "10", "time.training.total"),
    ],
)
def test_every_flag_changes_what_it_is_about(flag, value, path, ask):
    base = json.loads(ask("estimate", "-m", "wan2.1-t2v-1.3b", "--json").out)
    changed = json.loads(ask("estimate", "-m", "wan2.1-t2v-1.3b", flag, value, "--json").out)
    assert at(base, path) != at(changed, path)


@pytest.mark.parametrize(
    ("flag", "value", "path"),
    [
        ("--latent-channels", "4", "latent.channels"),
        ("--patch-size", "4", "sequence.video_tokens"),
        ("--vae-params", "200M", "memory.training.vae"),
        ("--arch", "unet", "compute.flops_per_forward"),
        ("--guidance", "7", "compute.flops_per_step"),
    ],
)
def test_every_flag_of_a_counted_model_changes_what_it_is_about(flag, value, path, ask):
    base = ("estimate", "-p", "1B", "-r", "480p", "-f", "16", "--json")
    assert at(json.loads(ask(*base).out), path) != at(json.loads(ask(*base, flag, value).out), path)


def test_fps_changes_seconds_and_seconds_change_frames(ask):
    found = json.loads(ask("estimate", "-m", "wan2.1-t2v-1.3b", "--seconds", "2", "--fps", "24", "--json").out)
    assert found["workload"]["frames"] == 48


def test_lists_are_json_too(ask):
    models, gpus = json.loads(ask("models", "--json").out), json.loads(ask("gpus", "--json").out)
    assert "wan2.1-t2v-14b" in {row["name"] for row in models["models"]}
    assert "a100-sxm-80gb" in {row["id"] for row in gpus["gpus"]}
    assert "compute.flops_per_step" in json.loads(ask("explain", "--json").out)
