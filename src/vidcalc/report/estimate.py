"""The answer: ids and numbers in SI base units, never prose. Its JSON form is a stable contract (vidcalc.report/1).
The type of each number is its unit (`vidcalc.report.units`); integers where exact. Faces put it into words."""

from typing import Any

import msgspec

from vidcalc.report.compute import Compute
from vidcalc.report.money import Energy, Money, Throughput
from vidcalc.report.units import (
    Bytes,
    Count,
    GpuHours,
    Gpus,
    JobSettings,
    Places,
    Seconds,
    Settings,
    Steps,
    Tokens,
    Weights,
)

SCHEMA = "vidcalc.report/1"


class Entry(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Base of every part of the report."""


class ComponentRow(Entry, frozen=True, kw_only=True, eq=False):
    """One network of the pipeline: weight elements and bytes (all copies)."""

    id: str
    role: str
    params: Weights
    bytes: Bytes
    precision: str


class ModelPart(Entry, frozen=True, kw_only=True, eq=False):
    """The model. `params` are one denoiser's, `params_total` all experts', `params_active` those a token passes."""

    name: str
    title: str
    params: Weights
    params_total: Weights
    params_active: Weights
    provenance: str
    components: list[ComponentRow]
    architecture: Settings


class Latent(Entry, frozen=True, kw_only=True, eq=False):
    """The latent grid."""

    channels: Count
    frames: Places
    height: Places
    width: Places


class Sequence(Entry, frozen=True, kw_only=True, eq=False):
    """Tokens; `total` is the length self-attention sees."""

    video_tokens: Tokens
    text_tokens: Tokens
    total: Tokens


class StageRow(Entry, frozen=True, kw_only=True, eq=False):
    """Bytes during one stage.

    `resident` are the weights by component, `workspace` is the part of `other` that kernels take beside their
    tensors, `missing` what the accelerator has not.
    """

    id: str
    weights: Bytes
    activations: Bytes
    other: Bytes
    total: Bytes
    workspace: Bytes
    missing: Bytes
    resident: dict[str, Bytes]


class HostMemory(Entry, frozen=True, kw_only=True, eq=False):
    """Bytes in host memory of one process: offloaded weights that wait there, those of them that are pinned because
    they stream, and the largest network on its way to the device while loading."""

    resident: Bytes
    pinned: Bytes
    loading_peak: Bytes


class HostRoom(Entry, frozen=True, kw_only=True, eq=False):
    """Host memory of one machine in bytes, where it is known how much there is (`vidcalc.cost.host`).

    needed   by all its processes, with the system and the program itself
    verdict  "fits", "too_big", or "tight" where Windows would not pin as much, or files are read again and again
    limit    what decides: what waits "pinned", "resident" or in "files", what passes through while "loading", or what
             the accelerator has "shared" with it
    """

    needed: Bytes
    capacity: Bytes
    margin: Bytes
    verdict: str
    limit: str


class Relief(Entry, frozen=True, kw_only=True, eq=False):
    """Changes with which a job fits: fields of plan or workload and their new values, and what then comes of it.

    peak and margin in bytes, `verdict` "fits" or "tight"; seconds of one generation, `slower` beyond the job as asked
    (negative: faster); `touches` what of the result is no longer the same: "seams" (of tiles), "weights" (fewer bits),
    "clip", "batch"
    """

    changes: Settings
    peak: Bytes
    margin: Bytes
    verdict: str
    host_ram: Bytes
    seconds: Seconds
    slower: Seconds
    touches: list[str] = []


class InferenceMemory(Entry, frozen=True, kw_only=True, eq=False):
    """Bytes on one accelerator while generating; `verdict` is "fits", "tight", "at_least" or "too_big".

    It is that of the accelerator's memory or of the host's (`host_room`, where that is known), whichever is worse.
    "at_least": it would fit, but nothing tells the size of the networks in `unsized`. The peak is tensors, workspaces
    and context; `allocated`, `reserved` and `device` are it as three counters show it (`vidcalc.cost.reserve`). `low`
    and `high` bound the last of them; the verdict compares them with `capacity`, what the driver reports. `host_ram` is
    the largest of `host`, of all processes of a machine; `streamed` what of the denoiser comes at each call because
    there is no room for it, and is slower; `kv_cache` what a causal denoiser keeps, part of the activations. `relief`
    lists what would make a job fit, the fastest first (`vidcalc.search.relief`).
    """

    stages: list[StageRow]
    peak: Bytes
    peak_stage: str
    allocated: Bytes
    reserved: Bytes
    device: Bytes
    low: Bytes
    high: Bytes
    host: HostMemory
    host_ram: Bytes
    denoiser_activation_peak: Bytes
    vae_decode_activation_peak: Bytes
    capacity: Bytes
    margin: Bytes
    verdict: str
    streamed: Bytes = 0
    kv_cache: Bytes = 0
    unsized: list[str] = []
    host_room: HostRoom | None = None
    relief: list[Relief] = []


class TrainingMemory(Entry, frozen=True, kw_only=True, eq=False):
    """Bytes on one accelerator while training: the five documented rows and what the process needs beside them.

    They add up to `total`, all that is ever held. `peak` is the most that is held at once (gradients come as
    activations go); margin and verdict are about it.
    """

    weights: Bytes
    vae: Bytes
    encoders: Bytes
    optimizer: Bytes
    gradients: Bytes
    activations: Bytes
    other: Bytes
    total: Bytes
    kept_for_backward: Bytes
    forward_backward_peak: Bytes
    peak: Bytes
    margin: Bytes
    verdict: str
    unsized: list[str] = []


class Memory(Entry, frozen=True, kw_only=True, eq=False):
    """Bytes."""

    inference: InferenceMemory
    training: TrainingMemory | None


class InferenceTime(Entry, frozen=True, kw_only=True, eq=False):
    """Seconds of one generation. `low` and `high` bound the total; `parts` are seconds per stage and kind.

    `load` is what the weights take from host memory to the device, once before the first generation: not in the total.
    `per_step` is the average denoising step; `first_step` the first, before anything is cached.
    `beside` is what further models of the framework's pipeline take (guardrails, prompt writing, face models).
    """

    load: Seconds
    text_encode: Seconds
    image_encode: Seconds
    vae_encode: Seconds
    denoise: Seconds
    vae_decode: Seconds
    audio_decode: Seconds
    beside: Seconds
    total: Seconds
    per_step: Seconds
    first_step: Seconds
    low: Seconds
    high: Seconds
    provenance: str
    gpu_hours: GpuHours
    parts: dict[str, dict[str, Seconds]]


class TrainingTime(Entry, frozen=True, kw_only=True, eq=False):
    """Seconds of one optimizer step (`parts` sum to it), of `steps` of them, and GPU-hours of all accelerators."""

    per_step: Seconds
    total: Seconds
    gpu_hours: GpuHours
    low: Seconds
    high: Seconds
    steps: Steps
    parts: dict[str, Seconds]


class Time(Entry, frozen=True, kw_only=True, eq=False):
    """Seconds."""

    inference: InferenceTime
    training: TrainingTime | None


class Assumption(Entry, frozen=True, kw_only=True, eq=False):
    """One thing taken as given; provenance is exact, measured, interpolated, assumed or estimate."""

    id: str
    value: Any
    source: str
    provenance: str


class Warning_(Entry, frozen=True, kw_only=True, eq=False):
    """One thing the user should know; `values` fill the words of its id."""

    id: str
    values: dict[str, Any] = {}


class HardwarePart(Entry, frozen=True, kw_only=True, eq=False):
    """What it runs on: `count` accelerators over all `nodes`, the ids of the links among those of a node and beyond."""

    accelerator: str
    name: str
    count: Gpus
    capacity: Bytes
    nodes: Count = 1
    link: str = ""
    network: str = ""


class Report(Entry, frozen=True, kw_only=True, eq=False):
    """The whole answer."""

    schema: str = SCHEMA
    model: ModelPart
    workload: JobSettings
    plan: Settings
    hardware: HardwarePart
    latent: Latent
    sequence: Sequence
    compute: Compute
    memory: Memory
    time: Time
    cost: Money | None
    energy: Energy | None
    throughput: Throughput
    assumptions: list[Assumption]
    warnings: list[Warning_]
