"""The keywords of each call as types, for editors and type checkers; the same as the flags of its command, which a
test holds. What each means, takes and is without: `help(vidcalc.estimate)`, made from the flags.
"""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

if TYPE_CHECKING:
    import numpy as np

    Numbers: TypeAlias = int | float | str | np.ndarray[Any, np.dtype[Any]]  # an array is a sweep
else:
    Numbers: TypeAlias = Any

Number = int | float | str
Size = str | tuple[int, int]
Switch = str | bool
Ways = str | Mapping[str, int]
File = str | os.PathLike[str]
Words = str | Sequence[str]
Clip = str | tuple[int, int, int]


class OfAnyMachine(TypedDict, total=False):
    """What stands around the GPUs, and which program runs on them."""

    host_ram: Number
    used: str | int | None
    link: str
    network: str
    framework: str
    attention: str
    text_encoder_precision: str
    vae_precision: str


class OfTheMachine(OfAnyMachine, total=False):
    """What runs it, and how ranks share it."""

    gpu: str
    gpu_file: File
    calibration: File
    price: Number
    parallel: Ways


class OfAClip(TypedDict, total=False):
    """Another model than one by name, and its clip."""

    params: Number
    from_: File
    latent_channels: Number
    patch_size: Number
    vae_params: Number
    arch: str
    preset: str
    vae: str
    resolution: Size
    frames: Numbers
    seconds: Number
    fps: Number
    text_tokens: Numbers


class OfAnyJob(OfTheMachine, OfAClip, total=False):
    """What every call takes: another model than one by name, its clip, the machine, how ranks share it."""

    snap: bool


class OfOneBatch(TypedDict, total=False):
    """How many videos or samples at once, on how many GPUs."""

    batch_size: Numbers
    gpus: Number


class OfNodes(TypedDict, total=False):
    """Of a machine and a step whose size is stated."""

    nodes: Number
    grad_accum: Number


class OfDenoising(TypedDict, total=False):
    """How a video is made: what jobs in a row may have in common."""

    guidance_mode: str
    precision: str
    compile: str
    offload: str
    swapped_blocks: Number
    resident_blocks: Number
    blocks_per_group: Number
    offload_to: str
    segments: str
    vae_tiling: str
    vae_slicing: Switch
    step_cache: Number
    guidance_interval: Number
    attention_density: Number
    token_merge: Number


class OfGeneration(OfDenoising, total=False):
    """How one video is made."""

    steps: Numbers
    window: Number | tuple[int, int]
    guidance: Number
    guidance_scales: dict[str, float] | str
    lora: Words | list[int]
    lora_mode: str
    control: Words
    references: Number | tuple[int, int]


class OfTraining(TypedDict, total=False):
    """How a model is trained, and where."""

    trainer: str
    mode: str
    recipe: str
    optimizer: str
    optimizer_update: str
    ema: str
    checkpointing: str
    lora_rank: Number
    lora_targets: str
    adapter: str
    base_precision: str
    latents: str
    texts: str
    training_offload: str
    loading: str
    place: str
    country: str


class OfLength(TypedDict, total=False):
    """How long a training run is, and how busy a fleet."""

    train_steps: Numbers
    utilisation: Number


class OfARun(TypedDict, total=False):
    """A training run's data, ranks and company."""

    bucket: Clip | list[str] | list[tuple[int, int, int]]
    sharding: str
    reshard: Switch
    sequence_parallel: Switch
    networks: str
    rollout_steps: Number
    experts: str
    mixing: str
    validation: Switch
    validation_every: Number
    save_every: Number
    clips: Number
    clip_seconds: Number


class OfEpochs(TypedDict, total=False):
    """How often the data is seen."""

    epochs: Number


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
    place: Axis
    country: Axis
    utilisation: Axis
    target_rate: Axis
    lora: Axis
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
