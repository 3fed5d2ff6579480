"""A training run for musubi-tuner: a shell script that writes the data set's TOML, caches it, and trains."""

from vidcalc.base.facts import Facts
from vidcalc.describe.question import Run
from vidcalc.faces.how.said import Leavings, Said
from vidcalc.faces.how.tools import Tool
from vidcalc.faces.how.training import SAYS as COMMON
from vidcalc.faces.how.training import adapts, said_of, sharing, steps, words
from vidcalc.faces.words import _

SOURCE = "src/musubi_tuner"

SAYS = (*COMMON, "targets", "attention", "experts")


def spoken(job: Run, tool: Tool, whole: bool) -> Said:
    """The run as a command; `whole`: with its data set and caches. Raises Refused."""
    facts, own = words(job, tool)
    left = Leavings(tool.title)
    command = trained(job, facts, own, left)
    lines = ["#!/bin/bash", "set -e", *dataset(job), *caches(own), *command] if whole else command
    return Said(tool=tool.id, version=facts["version"], language="shell", lines=tuple(lines), left=tuple(left.every))


def dataset(job: Run) -> list[str]:
    """The data set: a size and its lengths each."""
    lines = ["cat > dataset.toml <<'TOML'", "[general]", 'caption_extension = ".txt"', "enable_bucket = true"]
    for bucket in job.data.buckets:
        folder = "image_directory" if bucket.frames == 1 else "video_directory"
        lines += ["", "[[datasets]]", f'{folder} = "clips"', 'cache_directory = "cache"']
        lines += [f"resolution = [{bucket.width}, {bucket.height}]", f"batch_size = {bucket.batch}"]
        lines += [] if bucket.frames == 1 else [f"target_frames = [{bucket.frames}]", 'frame_extraction = "head"']
    return [*lines, "TOML", ""]


def caches(own: Facts) -> list[str]:
    """The two passes before training: latents and texts."""
    latents, texts = ("wan_cache_latents", "wan_cache_text_encoder_outputs")
    if own["script"] == "hv":
        latents, texts = "cache_latents", "cache_text_encoder_outputs"
    files = (
        "--vae vae.safetensors",
        "--t5 t5.pth" if own["script"] == "wan" else "--text_encoder1 llm --text_encoder2 clip",
    )
    return [
        f"python {SOURCE}/{latents}.py --dataset_config dataset.toml {files[0]}",
        f"python {SOURCE}/{texts}.py --dataset_config dataset.toml {files[1]}",
        "",
    ]


def trained(job: Run, facts: Facts, own: Facts, left: Leavings) -> list[str]:
    """The command that trains."""
    plan = job.plan.training
    script = f"{own['script']}_train_network.py" if adapts(job) else f"{own['script']}_train.py"
    ranks = sharing(job, left, ("dp",)).get("dp", 1)
    launch = f"accelerate launch --num_processes {ranks} --mixed_precision bf16 {SOURCE}/{script}"
    arguments = [f"--task {own['task']}"] if "task" in own else []
    arguments += [f"--dit {own['dit']}", *expert(job, own, left), "--dataset_config dataset.toml"]
    arguments.append(said_of(facts, "attention", job.plan.attention, "--attention", left))
    arguments.append(f"--optimizer_type {said_of(facts, 'optimizers', plan.optimizer, '--optimizer', left)}")
    if adapts(job):
        arguments.append(f"--network_module networks.lora{'_wan' if own['script'] == 'wan' else ''}")
        arguments.append(f"--network_dim {plan.rank}")
        arguments.append(said_of(facts, "base", plan.base, "--base-precision", left))
    if plan.checkpointing == "full":
        arguments.append("--gradient_checkpointing")
    elif plan.checkpointing == "offload":
        arguments.append("--gradient_checkpointing --gradient_checkpointing_cpu_offload")
    elif plan.checkpointing != "none":
        left.add("--checkpointing", plan.checkpointing)
    if plan.offload not in ("none", "block-swap"):
        left.add("--training-offload", plan.offload)
    elif plan.offload == "block-swap":
        arguments.append(f"--blocks_to_swap {plan.swapped_blocks}")
    arguments += [f"--gradient_accumulation_steps {plan.grad_accum}", f"--max_train_steps {steps(job)}"]
    arguments += ["--output_dir out", "--output_name lora"]
    if plan.targets == "attention" and adapts(job):
        left.add("--lora-targets", plan.targets, _("it adapts every linear layer of a block"))
    kept = [each for each in arguments if each]
    return [launch + " \\", *(f"  {each} \\" for each in kept[:-1]), f"  {kept[-1]}"]


def expert(job: Run, own: Facts, left: Leavings) -> list[str]:
    """Of a model of two experts: both, each in its timesteps, or those of the one for low noise alone."""
    both = job.plan.training.experts == "both"
    if "high" not in own:
        if both:
            left.add("--experts", "both")
        return []
    if both:
        return [f"--dit_high_noise {own['high']}", f"--timestep_boundary {own['boundary']}"]
    return ["--min_timestep 0", f"--max_timestep {own['boundary']}"]
