"""How the job is run: precisions, kernels, guidance; and how the model is trained."""

from typing import Any

from vidcalc.describe.runtime import Runtime
from vidcalc.describe.sharing import Sharing
from vidcalc.describe.training import TrainingPlan

# Ways of sharing one video among accelerators, as people call them -> field of the plan: of the work, the innermost
# first, and of what is stored and the VAE's decode, among those same accelerators.
WORK = {
    "tp": "tensor_degree",
    "ulysses": "ulysses_degree",
    "ring": "ring_degree",
    "pipefusion": "pipefusion_degree",
    "cfg": "guidance_degree",
}
BESIDE = {"fsdp": "shard_degree", "vae": "decode_degree"}
WAYS = {**WORK, **BESIDE}


class Plan(Sharing, frozen=True, kw_only=True, eq=False):
    """Choices that change cost but not the network. Every default is neutral or what the framework does.

    How ranks share one video is in `vidcalc.describe.sharing`; sharding is of the stored weights (FSDP, ZeRO-3).

    framework               profile of data/frameworks/ whose ways the peak follows
    precision               of the denoiser: weights and arithmetic
    text_encoder_precision  of text and image encoders
    vae_precision           of the VAE
    offload                 which weights wait in host memory: see `vidcalc.passes.offload`
    swapped_blocks          blocks of the denoiser that wait there, with offload "block-swap"
    vae_tiling              "none", or "default": the tiles of the VAE's own class
    vae_slicing             "off", or "on": a batch decoded one video at a time
    attention               kernel: "sdpa" is what torch picks on the chip; see `vidcalc.rates.utilisation`
    compile                 "off" (a kernel for each operation), "on": elementwise work is fused, or
                            "norms": norms and rotary embedding alone are, by a framework's library
    guidance_mode           "batched" (one call, twice the batch), "sequential" (two calls), "distilled", "none"
    forwards_per_step       denoiser forwards of one step, each at the workload's batch
    batched_forwards        how many of them share one call, which holds that many times the activations
    shards                  what is stored in shards: "denoiser", or "encoders": the text encoders too
    step_cache              "none", "stated", or the published setting (data/speedups.toml) behind the next two
    computed_steps          share of the steps that run the denoiser whole; see `vidcalc.passes.caching`
    cached_blocks           blocks that a skipped step still runs
    guided_share            share of the steps that run guidance's further predictions
    sparse_attention        "none", "stated", or the published setting behind the next one
    attention_density       share of the score blocks of self-attention that are computed
    merged_tokens           share of the tokens that are merged into others in self-attention
    fused_projections       "none", or "kept": queries, keys and values fused into copies beside the originals
    runtime                 what the framework settles beyond words: `vidcalc.describe.runtime`
    training                how the model is trained: `vidcalc.describe.training`
    """

    unused = ("data_degree", "sequence_parallel", "gather_degree", "pipeline_degree", "sharding", "reshard")

    framework: str = "diffusers"
    precision: str = "bf16"
    text_encoder_precision: str = "bf16"
    vae_precision: str = "bf16"
    offload: str = "none"
    swapped_blocks: Any = 0
    vae_tiling: str = "none"
    vae_slicing: str = "off"
    attention: str = "sdpa"
    compile: str = "off"
    guidance_mode: str = "none"
    forwards_per_step: Any = 1
    batched_forwards: Any = 1
    shards: str = "denoiser"
    step_cache: str = "none"
    computed_steps: Any = 1
    cached_blocks: Any = 0
    guided_share: Any = 1
    sparse_attention: str = "none"
    attention_density: Any = 1
    merged_tokens: Any = 0
    fused_projections: str = "none"
    runtime: Runtime = Runtime()
    training: TrainingPlan = TrainingPlan()
