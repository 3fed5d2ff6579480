"""Which flag is meant by a name that a command has not: one that another program or command has for the same thing.

    meant("--num_inference_steps", ["--steps", "--frames"]) -> "--steps"

What flags of other programs settle here is known from reading their commands and configurations (data/launchers.toml,
data/trainer_files.toml); what people type beside these, and vidcalc's other commands, stand below. Whatever else is
judged by its spelling.
"""

from collections.abc import Iterator, Sequence

from vidcalc.base.errors import nearest

# what something settles -> its flag, where that is called otherwise; of several the first that the command has counts
SETTLED_BY = {
    **dict.fromkeys(("size", "height_width", "width", "height", "tier", "ratio", "side", "clip"), ("--resolution",)),
    **dict.fromkeys(("offload_model", "model_offload", "sequential", "groups", "offloaded"), ("--offload",)),
    "blocks_swapped": ("--offload",),
    **dict.fromkeys(("ulysses", "ring", "tensor", "context", "fsdp", "sequence", "pipeline", "data"), ("--parallel",)),
    "guided_apart": ("--parallel",),
    **dict.fromkeys(("fp8", "fp8_scaled", "base_precision"), ("--precision", "--base-precision")),
    **dict.fromkeys(("name", "family", "task", "checkpoint"), ("--model",)),
    **dict.fromkeys(("flash_attn", "flash3", "sage_attn", "xformers"), ("--attention",)),
    "guided": ("--guidance",),
    "shards": ("--sharding",),
    "checkpointing_offload": ("--checkpointing",),
    "targets": ("--lora-targets",),
    "buckets": ("--bucket",),
    "adam8bit": ("--optimizer",),
}
# flag -> what people call it, whose name no program's file has; of several the first that the command has counts
CALLED: dict[str, tuple[str, ...]] = {
    "--precision": ("dtype", "torch-dtype", "weight-dtype", "quantization", "quant", "gguf", "bits"),
    "--base-precision": ("precision", "dtype", "quantization", "quant", "bits"),
    "--seconds": ("duration", "video-seconds"),
    "--host-ram": ("ram", "system-ram", "cpu-ram", "cpu-memory"),
    "--gpu": ("vram", "card", "device", "accelerator", "hardware"),
    "--gpus": ("n-gpus", "world-size", "gpu-count"),
    "--offload": ("lowvram", "block-swap"),
    "--vae-tiling": ("tiling", "tiled", "enable-vae-tiling", "tile-size", "tiled-decode"),
    "--guidance": ("cfg",),
    "--attention": ("attention-backend", "sage-attention"),
    "--lora-rank": ("lora", "rank"),
    "--lora": ("lora-rank", "rank", "loras", "lora-path"),
    "--text-encoder-precision": ("t5-dtype", "fp8-t5", "fp8-llm"),
    "--max-time": ("deadline", "time-limit"),
    "--max-cost": ("budget", "max-price"),
    "--deadline": ("max-time", "time-limit"),
    "--budget": ("max-cost", "max-price", "cost"),
}


def meant(word: str, flags: Sequence[str]) -> str | None:
    """The flag of a command that a name stands for, by meaning before spelling; None where nothing is close."""
    plain = word.lstrip("-").casefold().replace("_", "-").partition("=")[0]
    own = (flag for flag, names in CALLED.items() if plain in names)
    return next((flag for flag in (*own, *_elsewhere(plain)) if flag in flags), None) or nearest(word, flags)


def _elsewhere(plain: str) -> Iterator[str]:
    """The flags that stand for what a flag of that name settles in programs that generate or train."""
    from vidcalc.catalog.load import table

    programs = (program for name in ("launchers", "trainer_files") for program in table(name).values())
    for program in programs:
        for key, settles in program.get("keys", {}).items():
            if key.rpartition(".")[2].replace("_", "-") == plain:
                yield from SETTLED_BY.get(settles, (f"--{settles.replace('_', '-')}",))
