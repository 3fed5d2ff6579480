"""The keywords of each call as types, for editors and type checkers; the same as the flags of its command, which a
test holds. What each means, takes and is without: `help(vidcalc.estimate)`, made from the flags.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias, TypedDict

from vidcalc.faces.python.keywords import (
    File,
    Number,
    OfAClip,
    OfAnyJob,
    OfAnyMachine,
    OfARun,
    OfDenoising,
    OfEpochs,
    OfGeneration,
    OfLength,
    OfNodes,
    OfOneBatch,
    OfTheMachine,
    OfTraining,
    Words,
)


class EstimateSettings(OfAnyJob, OfOneBatch, OfNodes, OfGeneration, OfTraining, OfLength, total=False):
    """The keywords of `vidcalc.estimate` and `vidcalc.explain`."""

    target_rate: Number


class ChainSettings(OfTheMachine, OfDenoising, total=False):
    """The keywords of `vidcalc.chain`, of all jobs alike."""

    gpus: Number
    nodes: Number
    place: str
    country: str
    utilisation: Number


class TrainSettings(OfAnyJob, OfOneBatch, OfNodes, OfTraining, OfLength, OfARun, OfEpochs, total=False):
    """The keywords of `vidcalc.train`."""


class PlanSettings(OfAnyJob, OfTraining, OfLength, OfARun, OfEpochs, total=False):
    """The keywords of `vidcalc.plan`."""

    gpus: Number | Sequence[int]
    global_batch: Number
    by: str
    try_: Words


class ScaleSettings(OfAnyJob, OfOneBatch, OfGeneration, total=False):
    """The keywords of `vidcalc.scale`."""

    counts: str


class FitSettings(OfTheMachine, OfAClip, OfOneBatch, OfGeneration, total=False):
    """The keywords of `vidcalc.fit`."""

    nodes: Number
    largest: str
    max_time: Number
    max_cost: Number
    allow: Words


class ChooseSettings(OfAnyMachine, OfAClip, OfOneBatch, OfGeneration, total=False):
    """The keywords of `vidcalc.choose`."""

    gpu: Words
    provider: str
    class_: Words
    have: Words
    deadline: Number
    budget: Number
    rate: Number
    allow: Words
    snap: bool


class CompareSettings(OfAnyJob, OfOneBatch, OfGeneration, total=False):
    """The keywords of `vidcalc.compare`, of all jobs alike."""

    model: str
    nodes: Number
    place: str
    country: str
    utilisation: Number


class FixSettings(OfAnyJob, OfOneBatch, OfNodes, OfGeneration, OfTraining, OfLength, OfARun, OfEpochs, total=False):
    """The keywords of `vidcalc.fix`."""

    file: str


class BudgetSettings(OfAnyJob, OfOneBatch, OfNodes, OfTraining, OfARun, total=False):
    """The keywords of `vidcalc.budget`."""

    hours: Number
    gpu_hours: Number
    budget: Number
    law: str
    fill: bool


Axis: TypeAlias = Any  # a value as an estimate takes it, several in a list, range or array, or text of values


class SweepSettings(TypedDict, total=False):
    """The keywords of `vidcalc.sweep` beside the model: settings of an estimate, each of which may be an axis, then
    those of its own."""

    params: Axis
    from_: Axis
    preset: Axis
    resolution: Axis
    frames: Axis
    seconds: Axis
    window: Axis
    snap: bool
    fps: Axis
    steps: Axis
    batch_size: Axis
    guidance_scales: Axis
    guidance: Axis
    text_tokens: Axis
    latent_channels: Axis
    patch_size: Axis
    vae_params: Axis
    vae: Axis
    arch: Axis
    gpu: Axis
    gpus: Axis
    link: Axis
    nodes: Axis
    network: Axis
    gpu_file: Axis
    calibration: Axis
    price: Axis
    provider: Axis
    place: Axis
    country: Axis
    utilisation: Axis
    target_rate: Axis
    lora: Axis
    control: Axis
    references: Axis
    host_ram: Axis
    used: Axis
    framework: Axis
    precision: Axis
    text_encoder_precision: Axis
    vae_precision: Axis
    attention: Axis
    compile: Axis
    guidance_mode: Axis
    offload: Axis
    swapped_blocks: Axis
    resident_blocks: Axis
    blocks_per_group: Axis
    offload_to: Axis
    segments: Axis
    vae_tiling: Axis
    vae_slicing: Axis
    step_cache: Axis
    guidance_interval: Axis
    attention_density: Axis
    token_merge: Axis
    lora_mode: Axis
    parallel: Axis
    trainer: Axis
    mode: Axis
    recipe: Axis
    optimizer: Axis
    optimizer_update: Axis
    ema: Axis
    checkpointing: Axis
    grad_accum: Axis
    lora_rank: Axis
    lora_targets: Axis
    adapter: Axis
    base_precision: Axis
    latents: Axis
    texts: Axis
    training_offload: Axis
    loading: Axis
    train_steps: Axis
    where: str
    sort: str
    top: Number
    pareto: str | Sequence[str]
    columns: str | Sequence[str]
    reserved: str
    output: File
    resume: bool
    engine: str
    ray_address: str


class GpuSettings(TypedDict, total=False):
    """The keywords of `vidcalc.gpus`."""

    filter: str
    vendor: str
    min_memory: Number
    sort: str
