"""A training run for SimpleTuner: its configuration, and the data backends that it names."""

import json
from typing import Any

from vidcalc.base.facts import Facts
from vidcalc.describe.question import Run
from vidcalc.faces.how.said import Leavings, Said
from vidcalc.faces.how.tools import Tool
from vidcalc.faces.how.training import SAYS as COMMON
from vidcalc.faces.how.training import adapts, batch, said_of, sharing, side, steps, words
from vidcalc.faces.words import _

SAYS = (*COMMON, "targets", "ema", "experts")
COMMAND = "simpletuner train"


def spoken(job: Run, tool: Tool, whole: bool) -> Said:
    """The run as config.json; `whole`: a shell script that writes it and its backends, and trains. Raises Refused."""
    facts, own = words(job, tool)
    left = Leavings(tool.title)
    config = json.dumps(configured(job, facts, own, left), indent=2).splitlines()
    if whole:
        backends = json.dumps(backed(job), indent=2).splitlines()
        config = ["#!/bin/bash", "set -e", "mkdir -p config", "cat > config/config.json <<'JSON'", *config, "JSON"]
        config += ["cat > config/backend.json <<'JSON'", *backends, "JSON", COMMAND]
    return Said(
        tool=tool.id,
        version=facts["version"],
        language="shell" if whole else "json",
        lines=tuple(config),
        left=tuple(left.every),
        run="" if whole else COMMAND,
    )


def backed(job: Run) -> list[Facts]:
    """Where samples lie: a backend for each size and length, and one for the texts."""
    found: list[Facts] = []
    for place, bucket in enumerate(job.data.buckets, 1):
        one: Facts = {"id": f"clips-{place}", "type": "local", "instance_data_dir": "clips", "cache_dir_vae": "cache"}
        one |= {"dataset_type": "image" if bucket.frames == 1 else "video"}
        one |= {"resolution": side(bucket), "resolution_type": "pixel_area", "caption_strategy": "textfile"}
        one |= {} if bucket.frames == 1 else {"video": {"num_frames": int(bucket.frames)}}
        found.append(one)
    texts = {"id": "texts", "type": "local", "dataset_type": "text_embeds", "default": True, "cache_dir": "cache/text"}
    return [*found, texts]


def configured(job: Run, facts: Facts, own: Facts, left: Leavings) -> Facts:
    """The configuration."""
    plan = job.plan.training
    config: dict[str, Any] = {"model_family": own["family"], "model_flavour": own["flavour"]}
    config |= {"model_type": "lora" if adapts(job) else "full", "data_backend_config": "config/backend.json"}
    config |= {"output_dir": "output", "mixed_precision": "bf16", "train_batch_size": batch(job, left)}
    config |= {"gradient_accumulation_steps": int(plan.grad_accum), "max_train_steps": steps(job)}
    config["optimizer"] = said_of(facts, "optimizers", plan.optimizer, "--optimizer", left) or "adamw_bf16"
    config["gradient_checkpointing"] = plan.checkpointing != "none"
    if plan.checkpointing == "offload":
        config["gradient_checkpointing_backend"] = "unsloth"
    elif plan.checkpointing not in ("none", "full"):
        left.add("--checkpointing", plan.checkpointing)
    if adapts(job):
        config |= {"lora_type": "standard", "lora_rank": int(plan.rank), "lora_alpha": int(plan.rank)}
        base = said_of(facts, "base", plan.base, "--base-precision", left)
        config |= {"base_model_precision": base} if base else {}
        if plan.targets != "attention":
            left.add("--lora-targets", plan.targets, _("it adapts attention alone"))
    if plan.ema != "none":
        config["use_ema"] = True
    degrees = sharing(job, left, ("dp", "ulysses"))
    config |= {"context_parallel_size": degrees["ulysses"]} if "ulysses" in degrees else {}
    ranks = degrees.get("dp", 1) * degrees.get("ulysses", 1)
    config |= {"num_processes": ranks} if ranks > 1 else {}
    if plan.offload == "block-swap":
        config["musubi_blocks_to_swap"] = int(plan.swapped_blocks)
    elif plan.offload != "none":
        left.add("--training-offload", plan.offload)
    if plan.experts == "both":
        left.add("--experts", plan.experts, _("it trains one expert in a run, by its flavour"))
    return config
