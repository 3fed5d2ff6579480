"""The flags of how a model is trained: what is updated, number formats, optimizer, checkpointing, what feeds it.

Names of the catalogue are looked up when a flag is read, so that help needs none of it.
"""

from typing import Any

import click

from vidcalc.base.errors import InputError
from vidcalc.faces.flags.inputs import Listed, OneOf, Whole, refuse
from vidcalc.faces.flags.parallel import TRAINING as DEGREES
from vidcalc.faces.flags.parallel import Parallel
from vidcalc.faces.words import N_

MANY = 10**9


def _names(table: str) -> Any:
    """The names of a table of data/training.toml, looked up when asked for."""

    def found() -> tuple[str, ...]:
        from vidcalc.catalog.training import choices

        return choices(table)

    return found


def _formats() -> tuple[str, ...]:
    from vidcalc.catalog.precisions import choices

    return choices()


class Checkpointed(click.ParamType):  # type: ignore[type-arg]
    """A way of checkpointing: none, full, attention, matmul, offload, every:K, segments:K, partial:F."""

    name = "checkpointing"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises Refused."""
        from vidcalc.describe.checkpointing import checkpointing

        word = str(value).strip().casefold()
        try:
            checkpointing(word)
        except InputError as wrong:
            expects = ", ".join(map(str, wrong.allowed))
            raise refuse(param, value, expects, wrong.nearest or "full", *wrong.allowed) from None
        return word

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The plain words that begin so."""
        from click.shell_completion import CompletionItem

        from vidcalc.describe.checkpointing import PLAIN

        return [CompletionItem(word) for word in PLAIN if word.startswith(incomplete)]


# flag -> field of the training plan, where they are named differently
FIELDS = {
    "lora_rank": "rank",
    "lora_targets": "targets",
    "base_precision": "base",
    "optimizer_update": "update",
    "training_offload": "offload",
}

# name: (names on the command line, what it takes, how that is called, its default in words, help)
TRAINING: dict[str, tuple[tuple[str, ...], click.ParamType, str, str, str]] = {  # type: ignore[type-arg]
    "mode": (
        ("--mode",),
        OneOf("pretrain", "full", "lora", "qlora"),
        "pretrain|full|lora|qlora",
        "full",
        N_("What is trained: all weights (pretrain, full), or adapters beside frozen weights (lora, qlora)."),
    ),
    "recipe": (
        ("--recipe",),
        Listed(_names("recipes")),
        N_("NAME"),
        "bf16-mixed",
        N_(
            "Training precision: fp32, bf16-mixed, fp16-mixed, bf16-autocast, fp16-autocast, bf16-megatron, pure-bf16, "
            "kahan-bf16."
        ),
    ),
    "optimizer": (
        ("--optimizer",),
        Listed(_names("optimizers")),
        N_("NAME"),
        "adamw",
        N_(
            "Optimizer: adamw, adamw-8bit, adamw-4bit, paged-adamw-8bit, adafactor, came, lion, prodigy, muon, "
            "schedule-free, sgd, sgd-momentum."
        ),
    ),
    "optimizer_update": (
        ("--optimizer-update",),
        OneOf("foreach", "fused", "loop"),
        "foreach|fused|loop",
        "foreach",
        N_("How the optimizer walks over the weights: foreach holds a temporary copy of a state."),
    ),
    "ema": (
        ("--ema",),
        OneOf("none", "fp32", "bf16", "host"),
        "none|fp32|bf16|host",
        "none",
        N_("Moving average of the trained weights: on the GPU in fp32 or bf16, or in host memory."),
    ),
    "checkpointing": (
        ("--checkpointing",),
        Checkpointed(),
        N_("WAY"),
        "none",
        N_(
            "Activations computed again instead of kept: none, full (each block keeps its input), every:K, partial:F, "
            "segments:K, attention or matmul (their outputs stay), offload (inputs wait in host memory); "
            "full+attention-offload also lets what attention keeps wait there."
        ),
    ),
    "grad_accum": (
        ("--grad-accum",),
        Whole(1, 10**6),
        N_("N"),
        "1",
        N_("Micro-batches whose gradients are summed up before an update."),
    ),
    "lora_rank": (("--lora-rank",), Whole(1, 65_536), N_("N"), "16", N_("Rank of the adapters.")),
    "lora_targets": (
        ("--lora-targets",),
        OneOf("attention", "attention+ffn", "all"),
        "attention|attention+ffn|all",
        "attention",
        N_("Linear layers that get an adapter."),
    ),
    "adapter": (("--adapter",), OneOf("lora", "dora"), "lora|dora", "lora", N_("Kind of adapter.")),
    "base_precision": (
        ("--base-precision",),
        Listed(_formats),
        N_("FORMAT"),
        N_("bf16; nf4 with qlora"),
        N_("Number format of the frozen weights beside adapters."),
    ),
    "latents": (
        ("--latents",),
        OneOf("online", "precomputed"),
        "online|precomputed",
        "online",
        N_("Latents made by the VAE in the loop, or read from disk."),
    ),
    "texts": (
        ("--texts",),
        OneOf("online", "precomputed"),
        "online|precomputed",
        "precomputed",
        N_("Text embeddings made by the text encoders in the loop, or read from disk."),
    ),
    "training_offload": (
        ("--training-offload",),
        OneOf("none", "optimizer", "optimizer+weights", "base"),
        "none|optimizer|optimizer+weights|base",
        "none",
        N_(
            "What waits in host memory while training: optimizer states (updated by the CPU), and the weights; or the "
            "frozen base beside adapters, streamed in."
        ),
    ),
}

# of a run on many GPUs and of its data: `vidcalc train` only
RUN: dict[str, tuple[tuple[str, ...], click.ParamType, str, str, str]] = {  # type: ignore[type-arg]
    "training_parallel": (
        ("--parallel",),
        Parallel(DEGREES, "fsdp=8,ulysses=2", searched=True),
        N_("WAYS"),
        N_("each GPU samples of its own"),
        N_(
            "How GPUs share a training step: dp (samples), fsdp (weights and states), ulysses, ring, gather (tokens), "
            "tp (every layer), pp (layers), such as fsdp=32,ulysses=8,ring=2; auto searches the fastest that fits."
        ),
    ),
    "sharding": (
        ("--sharding",),
        OneOf("none", "zero1", "zero2", "zero3", "fsdp", "hybrid"),
        "none|zero1|zero2|zero3|fsdp|hybrid",
        "none",
        N_("What GPUs share: optimizer states (zero1), gradients (zero2), weights (zero3, fsdp; hybrid: per node)."),
    ),
    "reshard": (
        ("--reshard",),
        OneOf("on", "off"),
        "on|off",
        "on",
        N_("Sharded weights given back after the forward pass (on), or kept until backward (off)."),
    ),
    "networks": (
        ("--networks",),
        Listed(_names("networks")),
        N_("NAME"),
        "alone",
        N_("Networks beside the trained one: alone, distillation (teacher and critic), rl (reference, rollouts)."),
    ),
    "rollout_steps": (
        ("--rollout-steps",),
        Whole(0, 10_000),
        N_("N"),
        "0",
        N_("Denoising steps of a rollout, with --networks distillation or rl."),
    ),
    "experts": (
        ("--experts",),
        OneOf("one", "both"),
        "one|both",
        "one",
        N_("Of a denoiser in two experts: train one at a time, or both loaded."),
    ),
    "mixing": (
        ("--mixing",),
        OneOf("steps", "ranks"),
        "steps|ranks",
        "steps",
        N_("Sizes of samples in one step: the same on all GPUs (steps), or each GPU its own and all wait (ranks)."),
    ),
    "validation": (
        ("--validation",),
        OneOf("off", "on"),
        "off|on",
        "off",
        N_("Generate a sample from time to time while training."),
    ),
    "validation_every": (
        ("--validation-every",),
        Whole(1, MANY),
        N_("N"),
        "500",
        N_("Steps from one validation sample to the next."),
    ),
    "save_every": (
        ("--save-every",),
        Whole(1, MANY),
        N_("N"),
        "1,000",
        N_("Steps from one checkpoint on disk to the next."),
    ),
    "clips": (("--clips",), Whole(1, 10**12), N_("N"), "", N_("Clips of the data set.")),
    "clip_seconds": (
        ("--clip-seconds",),
        Whole(1, 10**6),
        N_("SECONDS"),
        N_("one sample per clip"),
        N_("Length of a clip: as many samples as its seconds hold."),
    ),
    "epochs": (("--epochs",), Whole(1, 10**6), N_("N"), "1", N_("Times that every clip is seen.")),
}
