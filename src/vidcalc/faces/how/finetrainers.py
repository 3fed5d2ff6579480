"""A training run for finetrainers: the command that trains, and the data set's JSON."""

import json

from vidcalc.base.facts import Facts
from vidcalc.describe.question import Run
from vidcalc.faces.how.said import Leavings, Said
from vidcalc.faces.how.tools import Tool
from vidcalc.faces.how.training import SAYS as COMMON
from vidcalc.faces.how.training import adapts, batch, said_of, sharing, steps, words

SAYS = (*COMMON, "targets", "latents", "texts", "sharding")
DEGREES = {"pp": "pp_degree", "dp": "dp_degree", "fsdp": "dp_shards", "ulysses": "cp_degree", "tp": "tp_degree"}
ATTENTION = "to_q|to_k|to_v|to_out.0"


def spoken(job: Run, tool: Tool, whole: bool) -> Said:
    """The run as a command; `whole`: with its data set. Raises Refused."""
    facts, own = words(job, tool)
    left = Leavings(tool.title)
    command = trained(job, facts, own, left)
    lines = ["#!/bin/bash", "set -e", *dataset(job), *command] if whole else command
    return Said(tool=tool.id, version=facts["version"], language="shell", lines=tuple(lines), left=tuple(left.every))


def dataset(job: Run) -> list[str]:
    """The data set: [frames, height, width] each, pictures as [height, width]."""
    sizes = [(int(each.frames), int(each.height), int(each.width)) for each in job.data.buckets]
    found = []
    for kind, buckets in (
        ("video", [list(size) for size in sizes if size[0] > 1]),
        ("image", [list(size[1:]) for size in sizes if size[0] == 1]),
    ):
        if buckets:
            found.append({"data_root": "clips", "dataset_type": kind, f"{kind}_resolution_buckets": buckets})
    text = json.dumps({"datasets": found}, indent=2).splitlines()
    return ["cat > training.json <<'JSON'", *text, "JSON"]


def trained(job: Run, facts: Facts, own: Facts, left: Leavings) -> list[str]:
    """The command that trains."""
    plan = job.plan.training
    degrees = sharing(job, left, tuple(DEGREES))
    shards = min(degrees.get("fsdp", 1), degrees.get("dp", 1))  # ranks of a sample hold their share beside
    if plan.sharding not in ("none", "zero3") or (plan.sharding == "none") != (shards == 1):
        left.add("--sharding", plan.sharding)
    replicas = max(degrees.get("dp", 1) // shards, 1)  # what each shard's group sees beside the others
    told = {**degrees, "dp": replicas, "fsdp": shards}
    ranks = replicas * shards
    for way in ("pp", "ulysses", "tp"):
        ranks *= degrees.get(way, 1)
    arguments = ["--parallel_backend ptd", *(f"--{flag} {told.get(way, 1)}" for way, flag in DEGREES.items())]
    arguments += [f"--model_name {own['name']}", f"--pretrained_model_name_or_path {own['path']}"]
    arguments += ["--dataset_config training.json", f"--training_type {'lora' if adapts(job) else 'full-finetune'}"]
    if adapts(job):
        layers = "|".join([ATTENTION, *([own["feed_forward"]] if plan.targets == "attention+ffn" else [])])
        arguments += [f"--rank {plan.rank}", f"--lora_alpha {plan.rank}"]
        arguments.append(f'--target_modules "{own["blocks"]}.*({layers})"')
        if plan.targets not in ("attention", "attention+ffn"):
            left.add("--lora-targets", plan.targets)
        arguments.append(said_of(facts, "base", plan.base, "--base-precision", left))
    arguments += [f"--batch_size {batch(job, left)}", f"--train_steps {steps(job)}"]
    arguments.append(f"--gradient_accumulation_steps {plan.grad_accum}")
    if plan.checkpointing == "full":
        arguments.append("--gradient_checkpointing")
    elif plan.checkpointing != "none":
        left.add("--checkpointing", plan.checkpointing)
    if plan.latents == "precomputed" and plan.texts == "precomputed":
        arguments.append("--enable_precomputation")
    else:
        for flag, value in (("--latents", plan.latents), ("--texts", plan.texts)):
            if value != "online":
                left.add(flag, value)
    if plan.offload != "none":
        left.add("--training-offload", plan.offload)
    arguments.append(f"--optimizer {said_of(facts, 'optimizers', plan.optimizer, '--optimizer', left) or 'adamw'}")
    kept = [each for each in [*arguments, "--output_dir out"] if each]
    launch = f"torchrun --standalone --nnodes=1 --nproc_per_node={ranks} train.py"
    return [launch + " \\", *(f"  {each} \\" for each in kept[:-1]), f"  {kept[-1]}"]
