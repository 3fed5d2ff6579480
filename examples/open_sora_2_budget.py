"""What Open-Sora 2.0's three stages take by their published settings, beside what was published.

    python examples/open_sora_2_budget.py

Lengths, batches, checkpointing and context parallelism: hpcaitech/Open-Sora configs/diffusion/train/stage1.py and
stage2.py. Every rank of a step draws a length of its own (opensora/datasets/sampler.py), so all wait for the slowest.
GPUs, iterations and GPU-hours: arXiv 2503.09642, cost table. How clips are spread over lengths was not published; with
this many ranks each length is drawn in nearly every step whatever its share, so clips are spread evenly here.
"""

from typing import NamedTuple

import vidcalc

PRICE = 2.0  # USD per GPU-hour, as the paper counts


class Stage(NamedTuple):
    """One stage: `batches` is frames -> clips of a micro-batch; `shared` GPUs work on one clip's tokens."""

    name: str
    gpus: int
    steps: int
    width: int
    height: int
    batches: dict[int, int]
    shared: int
    checkpointing: str
    published: float


SMALL = {33: 12, 65: 6, 97: 4, 129: 3}
LARGE = {33: 6, 65: 4, 97: 3, 129: 2}
STAGES = (
    Stage("256px T2V", 224, 85_000, 336, 192, SMALL, 1, "partial:46/57", 53_760),
    Stage("256px T/I2V", 192, 13_000, 336, 192, SMALL, 1, "partial:46/57", 9_216),
    Stage("768px T/I2V", 192, 13_000, 1024, 576, LARGE, 4, "full", 36_864),
)


def report(stage: Stage) -> vidcalc.Training:
    """The stage at its published number of iterations: ZeRO-2 over all GPUs, VAE and text encoders in the loop."""
    share = 1 / len(stage.batches)
    size = f"{stage.width}x{stage.height}"
    return vidcalc.train(
        "open-sora-2.0",
        gpu="h200",
        gpus=stage.gpus,
        bucket=[f"{size}x{frames}:{share}:b{batch}" for frames, batch in stage.batches.items()],
        train_steps=stage.steps,
        mode="pretrain",
        optimizer_update="fused",
        checkpointing=stage.checkpointing,
        parallel={"ring": stage.shared},
        sharding="zero2",
        latents="online",
        texts="online",
        mixing="ranks",
        framework="opensora",
        attention="flash2",
    )


def main() -> None:
    """Print each stage and their sum."""
    told, published = 0.0, 0.0
    for stage in STAGES:
        hours = report(stage).time.gpu_hours
        told, published = told + hours, published + stage.published
        print(
            f"{stage.name:12} {hours:8.0f} GPU-hours, published {stage.published:6.0f}: {hours / stage.published:.2f}"
        )
    print(f"{'all':12} {told:8.0f} GPU-hours (${told * PRICE:,.0f}), published {published:.0f}: {told / published:.2f}")


if __name__ == "__main__":
    main()
