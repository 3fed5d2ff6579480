"""How a model is trained: what is updated, in which number formats, by which optimizer, on how many ranks."""

from typing import Any

from vidcalc.describe.sharing import Sharing, Switch


class TrainingPlan(Sharing, frozen=True, kw_only=True, eq=False):
    """Choices of a training run that change cost but not the network.

    How ranks share a step is in `vidcalc.describe.sharing`.

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

    unused = ("guidance_degree", "sequence_parallel", "pipefusion_degree", "decode_degree")

    sequence_parallel: Switch = "on"
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
