"""What keywords of the calls have in common, as types: the machine, the clip, how it is generated and trained."""

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
    provider: str
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
    dataset: File
    clip_seconds: Number


class OfEpochs(TypedDict, total=False):
    """How often the data is seen."""

    epochs: Number
