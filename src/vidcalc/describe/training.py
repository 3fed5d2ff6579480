"""How a model is trained: what is updated, in which number formats, by which optimizer, on how many ranks."""

from typing import Any

import msgspec


class TrainingPlan(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Choices of a training run that change cost but not the network. Every degree is neutral at 1.

    mode             "pretrain" and "full": every weight of the denoiser; "lora" and "qlora": adapters beside frozen
                     weights
    adapter, rank, targets  of those: "lora" or "dora", its rank, the layers it stands beside
    base             number format of the frozen weights
    base_keeps, adapter_dropout  what a frozen linear layer keeps for backward, and whether an adapter drops elements
                     of what it reads: see `vidcalc.describe.adapters`
    recipe           number formats of trained weights, gradients and states: data/training.toml
    optimizer        its states: data/training.toml
    update           how the optimizer walks over the weights: "foreach" (holds a temporary copy), "fused", "loop"
    ema              moving average of the weights: "none", "fp32", "bf16", "host" (fp32 in host memory)
    checkpointing    activations that are computed again: see `vidcalc.describe.checkpointing`
    grad_accum       micro-batches whose gradients are summed up before an update
    data_degree      ranks (groups of ranks) that each see samples of their own
    sharding         what data-parallel ranks keep a share of: "none" (DDP), "zero1" (optimizer states), "zero2" (and
                     gradients), "zero3" (and weights; FSDP)
    shard_degree     ranks among which it is shared; fewer than all is hybrid sharding
    reshard          "on": weights are given back after the forward pass and gathered again; "off": they stay
    ulysses_degree, ring_degree, gather_degree  ranks that share a sample's tokens (context parallel): exchanging
                     heads, passing keys and values on, gathering keys and values
    tensor_degree    ranks that share every layer, with the tokens between layers shared too (sequence parallel)
    pipeline_degree  ranks that share the layers (1F1B)
    offload          what waits in host memory: "none", "optimizer" (states, updated by the CPU), "optimizer+weights",
                     "base" (frozen weights, streamed in layer by layer for every pass)
    latents, texts   "online": VAE and text encoders run in the loop; "precomputed": read from disk
    networks         what is resident beside the trained network: data/training.toml ("alone", "distillation", "rl")
    rollout_steps    denoising steps of one rollout, where the networks roll out
    experts          of a denoiser in several copies: "one" is trained at a time, the others not loaded; "both"
    mixing           sizes of samples in one step: "steps" (all ranks see the same), "ranks" (each draws its own and the
                     step waits for the slowest)
    validation       "off", or "on": a sample is generated every `validation_every` steps
    save_every       steps from one checkpoint on disk to the next
    """

    mode: str = "full"
    adapter: str = "lora"
    rank: Any = 16
    targets: str = "attention"
    base: str = "bf16"
    base_keeps: str = "nothing"
    adapter_dropout: str = "off"
    recipe: str = "bf16-mixed"
    optimizer: str = "adamw"
    update: str = "foreach"
    ema: str = "none"
    checkpointing: str = "none"
    grad_accum: Any = 1
    data_degree: Any = 1
    sharding: str = "none"
    shard_degree: Any = 1
    reshard: str = "on"
    ulysses_degree: Any = 1
    ring_degree: Any = 1
    gather_degree: Any = 1
    tensor_degree: Any = 1
    pipeline_degree: Any = 1
    offload: str = "none"
    latents: str = "online"
    texts: str = "precomputed"
    networks: str = "alone"
    rollout_steps: Any = 0
    experts: str = "one"
    mixing: str = "steps"
    validation: str = "off"
    validation_every: Any = 500
    save_every: Any = 1000


MODES = ("pretrain", "full", "lora", "qlora")
ADAPTED = ("lora", "qlora")
SHARDING = ("none", "zero1", "zero2", "zero3")
UPDATES = ("foreach", "fused", "loop")
EMAS = ("none", "fp32", "bf16", "host")
OFFLOADS = ("none", "optimizer", "optimizer+weights", "base")
SUPPLIES = ("online", "precomputed")
EXPERTS = ("one", "both")


def offloads(mode: str) -> tuple[str, ...]:
    """What may wait in host memory in a mode: a frozen base only where there is one."""
    return OFFLOADS if mode in ADAPTED else tuple(way for way in OFFLOADS if way != "base")
