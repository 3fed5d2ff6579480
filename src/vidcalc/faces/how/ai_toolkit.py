"""A training run for ai-toolkit: its YAML file."""

from vidcalc.base.facts import Facts
from vidcalc.describe.question import Run
from vidcalc.faces.how.said import Leavings, Said
from vidcalc.faces.how.tools import Tool
from vidcalc.faces.how.training import SAYS as COMMON
from vidcalc.faces.how.training import adapts, batch, said_of, sharing, side, steps, words

SAYS = (*COMMON, "ema", "latents", "texts")


def spoken(job: Run, tool: Tool, whole: bool) -> Said:
    """The run as its file, which is whole in any case. Raises Refused."""
    facts, own = words(job, tool)
    left = Leavings(tool.title)
    return Said(
        tool=tool.id,
        version=facts["version"],
        language="yaml",
        lines=tuple(configured(job, facts, own, left)),
        left=tuple(left.every),
        run="python run.py config.yaml",
    )


def configured(job: Run, facts: Facts, own: Facts, left: Leavings) -> list[str]:
    """The file, line by line."""
    plan = job.plan.training
    process = ["type: sd_trainer", "training_folder: output", "device: cuda:0"]
    if adapts(job):
        process += ["network:", "  type: lora", f"  linear: {plan.rank}", f"  linear_alpha: {plan.rank}"]
    process.append("datasets:")
    for bucket in job.data.buckets:
        process += ["  - folder_path: clips", f"    num_frames: {bucket.frames}", f"    resolution: [{side(bucket)}]"]
        process.append(f"    cache_latents_to_disk: {yes(plan.latents == 'precomputed')}")
    process += ["train:", f"  batch_size: {batch(job, left)}", f"  steps: {steps(job)}"]
    process += [f"  gradient_accumulation: {plan.grad_accum}"]
    process += [f"  gradient_checkpointing: {yes(plan.checkpointing == 'full')}"]
    if plan.checkpointing not in ("none", "full"):
        left.add("--checkpointing", plan.checkpointing)
    process.append(f"  optimizer: {said_of(facts, 'optimizers', plan.optimizer, '--optimizer', left)}")
    process += [f"  cache_text_embeddings: {yes(plan.texts == 'precomputed')}", "  dtype: bf16"]
    if plan.ema != "none":
        process += ["  ema_config:", "    use_ema: true"]
    process += ["model:", f"  name_or_path: {own['path']}", f"  arch: {own['arch']}"]
    base = said_of(facts, "base", plan.base, "--base-precision", left) if adapts(job) else ""
    if base:
        process += ["  quantize: true", f"  qtype: {base}"]
    sharing(job, left)
    if plan.offload != "none":
        left.add("--training-offload", plan.offload)
    inner = [f"    {'- ' if place == 0 else '  '}{line}" for place, line in enumerate(process)]
    return ["job: extension", "config:", "  name: lora", "  process:", *inner]


def yes(stated: bool) -> str:
    """A switch as YAML has it."""
    return "true" if stated else "false"
