"""The answer about a training run: ids and numbers in SI base units. Its JSON form is vidcalc.training/1."""

from typing import Any

from vidcalc.report.estimate import Assumption, Entry, HardwarePart, ModelPart, Warning_

SCHEMA = "vidcalc.training/1"


class PhaseRow(Entry, frozen=True, kw_only=True, eq=False):
    """Bytes of one rank during a phase of a step: "encode", "forward_backward", "optimizer_step" or "validation"."""

    id: str
    weights: int | float
    vae: int | float
    encoders: int | float
    optimizer: int | float
    gradients: int | float
    activations: int | float
    other: int | float
    total: int | float


class BucketPart(Entry, frozen=True, kw_only=True, eq=False):
    """One size of sample: its latent and tokens, a micro-batch's FLOPs and bytes, and the steps and seconds it takes.

    flops_per_sample      forward and backward, as model FLOPs are counted [FLOP]
    hardware_flops        of a micro-batch, with all that is computed again and what other networks run beside [FLOP]
    samples, steps        of this size in the run; the samples of all buckets are the run's, the last step may be filled
                          in part
    seconds_per_step, samples_per_second  of the whole run's ranks on samples of this size
    """

    width: int | float
    height: int | float
    frames: int | float
    share: float
    batch: int | float
    global_batch: int | float
    latent: list[int | float]
    video_tokens: int | float
    sequence: int | float
    flops_per_sample: int | float
    hardware_flops: int | float
    kept_for_backward: int | float
    forward_backward_peak: int | float
    host: int | float
    peak: int | float
    peak_phase: str
    seconds_per_step: float
    low: float
    high: float
    samples_per_second: float
    parts: dict[str, float]
    mfu: float
    hfu: float
    samples: int | float
    steps: int | float
    seconds: float


class RunMemory(Entry, frozen=True, kw_only=True, eq=False):
    """Bytes on one rank, in the bucket that needs most.

    The five documented rows (weights, vae, optimizer, gradients, activations), `encoders` and `other` add up to
    `total`: all that is ever held. `peak` is the largest of the phases that really follow each other; the verdict is
    about it.
    """

    weights: int | float
    vae: int | float
    encoders: int | float
    optimizer: int | float
    gradients: int | float
    activations: int | float
    other: int | float
    total: int | float
    phases: list[PhaseRow]
    peak: int | float
    peak_phase: str
    peak_bucket: int
    low: int | float
    high: int | float
    capacity: int | float
    margin: int | float
    verdict: str
    host_ram: int | float


class Ranks(Entry, frozen=True, kw_only=True, eq=False):
    """How the accelerators share the work: degrees, and what the weights and states are in pieces of."""

    world: int | float
    data: int | float
    context: int | float
    tensor: int | float
    pipeline: int | float
    shards: int | float
    sharding: str


class RunTime(Entry, frozen=True, kw_only=True, eq=False):
    """Seconds of the run: `per_step` averages over the buckets' steps, `parts` of it.

    mfu, hfu  model and hardware FLOPs over what the accelerators could do in that time, at their dense peak
    """

    per_step: float
    total: float
    low: float
    high: float
    parts: dict[str, float]
    provenance: str
    gpu_hours: float
    samples_per_second: float
    tokens_per_second: float
    validation: float
    mfu: float
    hfu: float


class RunPart(Entry, frozen=True, kw_only=True, eq=False):
    """What the run sees and writes.

    samples, tokens, steps  altogether;  trained  weight elements that are updated;  flops  model FLOPs [FLOP]
    encode_seconds          accelerator-seconds to make latents and text embeddings beforehand (precomputed)
    latents, texts          bytes on disk, where precomputed;  checkpoint  bytes of one;  checkpoints  bytes of all
    read_rate               bytes per second from disk while training [byte/s]
    """

    samples: int | float
    clips: int | float
    epochs: float
    tokens: int | float
    steps: int | float
    trained: int | float
    flops: int | float
    encode_seconds: float
    latents: int | float
    texts: int | float
    checkpoint: int | float
    checkpoints: int | float
    read_rate: float


class RunMoney(Entry, frozen=True, kw_only=True, eq=False):
    """Money of the run at a dated range of prices [USD]."""

    provider: str
    as_of: str
    source: str
    low: float
    likely: float
    high: float


class RunEnergy(Entry, frozen=True, kw_only=True, eq=False):
    """Energy of the run, the facility's share included [J], and its carbon [g]."""

    energy: float
    carbon: float
    pue: float
    place: str
    country: str


class TrainingReport(Entry, frozen=True, kw_only=True, eq=False):
    """The whole answer."""

    schema: str = SCHEMA
    model: ModelPart
    plan: dict[str, Any]
    hardware: HardwarePart
    ranks: Ranks
    buckets: list[BucketPart]
    memory: RunMemory
    time: RunTime
    run: RunPart
    cost: RunMoney | None
    energy: RunEnergy | None
    assumptions: list[Assumption]
    warnings: list[Warning_]
