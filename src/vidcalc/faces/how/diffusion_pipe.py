"""A training run for diffusion-pipe: two TOML files, and the command that reads them."""

from vidcalc.base.facts import Facts
from vidcalc.describe.question import Run
from vidcalc.faces.how.said import Leavings, Said
from vidcalc.faces.how.tools import Tool
from vidcalc.faces.how.training import SAYS as COMMON
from vidcalc.faces.how.training import adapts, batch, said_of, sharing, side, steps, words
from vidcalc.faces.words import _

SAYS = (*COMMON, "targets")


def spoken(job: Run, tool: Tool, whole: bool) -> Said:
    """The run as its configuration; `whole`: a shell script that writes both files and trains. Raises Refused."""
    facts, own = words(job, tool)
    left = Leavings(tool.title)
    config = configured(job, facts, own, left)
    degrees = sharing(job, left, ("dp", "pp"))
    gpus = degrees.get("dp", 1) * degrees.get("pp", 1)
    command = f"deepspeed --num_gpus={gpus} train.py --deepspeed --config config.toml"
    if whole:
        config = ["#!/bin/bash", "set -e", "cat > config.toml <<'TOML'", *config, "TOML", "cat > dataset.toml <<'TOML'"]
        config += [*dataset(job), "TOML", command]
    return Said(
        tool=tool.id,
        version=facts["version"],
        language="shell" if whole else "toml",
        lines=tuple(config),
        left=tuple(left.every),
        run="" if whole else command,
    )


def dataset(job: Run) -> list[str]:
    """The data set: sides of squares of equal area, and lengths."""
    sides = sorted({side(each) for each in job.data.buckets})
    frames = sorted({each.frames for each in job.data.buckets})
    ratios = sorted({round(float(each.width / each.height), 4) for each in job.data.buckets})
    return [
        f"resolutions = {sides}",
        "enable_ar_bucket = true",
        f"ar_buckets = {ratios}",
        f"frame_buckets = {frames}",
        "",
        "[[directory]]",
        "path = 'clips'",
    ]


def configured(job: Run, facts: Facts, own: Facts, left: Leavings) -> list[str]:
    """The configuration."""
    plan = job.plan.training
    lines = ["output_dir = 'out'", "dataset = 'dataset.toml'", f"max_steps = {steps(job)}", "epochs = 100000"]
    lines += [f"micro_batch_size_per_gpu = {batch(job, left)}"]
    lines += [f"gradient_accumulation_steps = {plan.grad_accum}", f"pipeline_stages = {plan.pipeline_degree}"]
    checkpointing = {"none": "false", "full": "true", "offload": "'unsloth'"}.get(plan.checkpointing)
    if checkpointing is None:
        left.add("--checkpointing", plan.checkpointing)
    lines.append(f"activation_checkpointing = {checkpointing or 'true'}")
    if plan.offload not in ("none", "block-swap"):
        left.add("--training-offload", plan.offload)
    elif plan.offload == "block-swap":
        lines.append(f"blocks_to_swap = {plan.swapped_blocks}")
    lines += ["", "[model]", f"type = '{own['type']}'", own["path"], "dtype = 'bfloat16'"]
    if adapts(job):
        base = said_of(facts, "base", plan.base, "--base-precision", left)
        lines += [f"transformer_dtype = '{base}'"] if base else []
        lines += ["", "[adapter]", "type = 'lora'", f"rank = {plan.rank}", "dtype = 'bfloat16'"]
        if plan.targets == "attention":
            left.add("--lora-targets", plan.targets, _("it adapts every linear layer of a block"))
    optimizer = said_of(facts, "optimizers", plan.optimizer, "--optimizer", left)
    return [*lines, "", "[optimizer]", f"type = '{optimizer}'", "lr = 2e-5"]
