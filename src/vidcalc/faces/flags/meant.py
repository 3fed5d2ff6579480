"""Which flag is meant by a name that a command has not: one that another program or command has for the same thing.

    meant("--num_inference_steps", ["--steps", "--frames"]) -> "--steps"

Names are those of diffusers' and the official repositories' arguments, of trainers, and of vidcalc's other commands.
What stands in no list here is judged by its spelling.
"""

from collections.abc import Sequence

from vidcalc.base.errors import nearest

# flag of vidcalc -> what the same is called elsewhere; of several flags the first that the command has counts
CALLED: dict[str, tuple[str, ...]] = {
    "--precision": ("dtype", "torch-dtype", "weight-dtype", "quantization", "quant", "fp8", "gguf", "bits", "format"),
    "--base-precision": ("precision", "dtype", "fp8-base", "quantization", "quant", "transformer-dtype", "bits"),
    "--steps": ("num-inference-steps", "sampling-steps", "sample-steps", "infer-steps", "num-steps", "sampler-steps"),
    "--frames": ("num-frames", "frame-num", "video-length", "length", "n-frames", "num-frame"),
    "--resolution": ("size", "width", "height", "video-size", "image-size", "res"),
    "--seconds": ("duration", "video-seconds"),
    "--host-ram": ("ram", "system-ram", "cpu-ram", "cpu-memory"),
    "--gpu": ("vram", "card", "device", "accelerator", "hardware"),
    "--gpus": ("num-gpus", "n-gpus", "nproc-per-node", "world-size", "ngpus", "gpu-count"),
    "--offload": ("cpu-offload", "offload-model", "blocks-to-swap", "block-swap", "lowvram", "use-cpu-offload"),
    "--vae-tiling": ("tiling", "tiled", "enable-vae-tiling", "vae-tile", "tile-size", "tiled-decode"),
    "--guidance": ("cfg", "cfg-scale", "guidance-scale", "guide-scale", "sample-guide-scale", "true-cfg-scale"),
    "--attention": ("attn", "attn-mode", "attention-backend", "sage-attention", "flash-attn", "xformers"),
    "--parallel": ("ulysses-size", "ring-size", "ulysses-degree", "ring-degree", "cfg-size", "tp", "sp", "tp-size"),
    "--batch-size": ("num-videos-per-prompt", "train-batch-size", "micro-batch-size", "batch"),
    "--lora-rank": ("lora", "rank", "network-dim", "dim", "r"),
    "--lora": ("lora-rank", "rank", "loras", "lora-path", "lora-name"),
    "--checkpointing": ("gradient-checkpointing", "activation-checkpointing", "recompute", "ac"),
    "--grad-accum": ("gradient-accumulation-steps", "gradient-accumulation", "accumulate-grad-batches"),
    "--dataset": ("dataset-config", "data", "dataset-path", "train-data-dir"),
    "--compile": ("torch-compile", "use-compile", "compile-model"),
    "--model": ("ckpt", "checkpoint", "task", "model-name", "pretrained-model-name-or-path"),
    "--text-encoder-precision": ("t5-dtype", "fp8-t5", "clip-dtype", "text-encoder-dtype", "fp8-llm"),
}


def meant(word: str, flags: Sequence[str]) -> str | None:
    """The flag of a command that a name stands for, by meaning before spelling; None where nothing is close."""
    plain = word.lstrip("-").casefold().replace("_", "-").partition("=")[0]
    for flag, names in CALLED.items():
        if flag in flags and plain in names:
            return flag
    return nearest(word, flags)
