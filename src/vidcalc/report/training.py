"""The answer about a training run: ids and numbers in SI base units. Its JSON form is vidcalc.training/1."""

from vidcalc.report.estimate import Assumption, Entry, HardwarePart, HostRoom, ModelPart, Warning_
from vidcalc.report.fix import Remedy
from vidcalc.report.units import (
    ByteRate,
    Bytes,
    Count,
    Dollars,
    Flop,
    Frames,
    GpuHours,
    Gpus,
    GpuSeconds,
    Gram,
    Index,
    Joule,
    Pixels,
    SampleRate,
    Samples,
    Seconds,
    Settings,
    Share,
    Steps,
    TokenRate,
    Tokens,
    Weights,
)

SCHEMA = "vidcalc.training/1"


class PhaseRow(Entry, frozen=True, kw_only=True, eq=False):
    """Bytes of one rank during a phase: "precompute", "load", then of a step "encode", "forward_backward",
    "optimizer_step" or "validation"."""

    id: str
    weights: Bytes
    vae: Bytes
    encoders: Bytes
    optimizer: Bytes
    gradients: Bytes
    activations: Bytes
    other: Bytes
    total: Bytes


class BucketPart(Entry, frozen=True, kw_only=True, eq=False):
    """One size of sample: its latent and tokens, a micro-batch's FLOPs and bytes, and the steps and seconds it takes.

    flops_per_sample      forward and backward, as model FLOPs are counted [FLOP]
    hardware_flops        of a micro-batch, with all that is computed again and what other networks run beside [FLOP]
    samples, steps        of this size in the run; the samples of all buckets are the run's, the last step may be filled
                          in part
    seconds_per_step, samples_per_second  of the whole run's ranks on samples of this size
    """

    width: Pixels
    height: Pixels
    frames: Frames
    share: Share
    batch: Samples
    global_batch: Samples
    latent: list[Count]
    video_tokens: Tokens
    sequence: Tokens
    flops_per_sample: Flop
    hardware_flops: Flop
    kept_for_backward: Bytes
    forward_backward_peak: Bytes
    host: Bytes
    peak: Bytes
    peak_phase: str
    seconds_per_step: Seconds
    low: Seconds
    high: Seconds
    samples_per_second: SampleRate
    parts: dict[str, Seconds]
    mfu: Share
    hfu: Share
    samples: Samples
    steps: Steps
    seconds: Seconds


class RunMemory(Entry, frozen=True, kw_only=True, eq=False):
    """Bytes on one rank, in the bucket that needs most.

    The five documented rows (weights, vae, optimizer, gradients, activations), `encoders` and `other` add up to
    `total`: all that is ever held. `peak` is the largest of the phases that really follow each other; the verdict is
    about it.
    """

    weights: Bytes
    vae: Bytes
    encoders: Bytes
    optimizer: Bytes
    gradients: Bytes
    activations: Bytes
    other: Bytes
    total: Bytes
    phases: list[PhaseRow]
    peak: Bytes
    peak_phase: str
    peak_bucket: Index
    low: Bytes
    high: Bytes
    capacity: Bytes
    margin: Bytes
    verdict: str
    host_ram: Bytes
    host_loading: Bytes
    unsized: list[str]
    host_room: HostRoom | None = None


class Ranks(Entry, frozen=True, kw_only=True, eq=False):
    """How the accelerators share the work: degrees, and what the weights and states are in pieces of."""

    world: Gpus
    data: Gpus
    context: Gpus
    tensor: Gpus
    pipeline: Gpus
    shards: Gpus
    sharding: str


class RunTime(Entry, frozen=True, kw_only=True, eq=False):
    """Seconds of the run: `per_step` averages over the buckets' steps, `parts` of it.

    mfu, hfu  model and hardware FLOPs over what the accelerators could do in that time, at their dense peak
    """

    per_step: Seconds
    total: Seconds
    low: Seconds
    high: Seconds
    parts: dict[str, Seconds]
    provenance: str
    gpu_hours: GpuHours
    samples_per_second: SampleRate
    tokens_per_second: TokenRate
    validation: Seconds
    mfu: Share
    hfu: Share


class RunPart(Entry, frozen=True, kw_only=True, eq=False):
    """What the run sees and writes.

    samples, tokens, steps  altogether;  trained  weight elements that are updated;  flops  model FLOPs [FLOP]
    encode_seconds          accelerator-seconds to make latents and text embeddings beforehand (precomputed)
    latents, texts          bytes on disk, where precomputed;  checkpoint  bytes of one;  checkpoints  bytes of all
    read_rate               bytes per second from disk while training [byte/s]
    """

    samples: Samples
    clips: Samples
    epochs: Share
    tokens: Tokens
    steps: Steps
    trained: Weights
    flops: Flop
    encode_seconds: GpuSeconds
    latents: Bytes
    texts: Bytes
    checkpoint: Bytes
    checkpoints: Bytes
    read_rate: ByteRate


class RunMoney(Entry, frozen=True, kw_only=True, eq=False):
    """Money of the run at a dated range of prices [USD]."""

    provider: str
    as_of: str
    source: str
    low: Dollars
    likely: Dollars
    high: Dollars


class RunEnergy(Entry, frozen=True, kw_only=True, eq=False):
    """Energy of the run, the facility's share included [J], and its carbon [g]."""

    energy: Joule
    carbon: Gram
    pue: Share
    place: str
    country: str


class TrainingReport(Entry, frozen=True, kw_only=True, eq=False):
    """The whole answer."""

    schema: str = SCHEMA
    model: ModelPart
    plan: Settings
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
    relief: list[Remedy] = []  # noqa: RUF012 (each record has its own)
    """What would make a run fit that does not, the best first (`vidcalc.search.relief_training`)."""
