"""What Open-Sora 2.0's three stages take by their published settings, beside what was published.

    python examples/open_sora_2_budget.py

Lengths, batches, checkpointing and context parallelism: hpcaitech/Open-Sora configs/diffusion/train/stage1.py and
stage2.py. Every rank of a step draws a length of its own (opensora/datasets/sampler.py), so all wait for the slowest.
GPUs, iterations and GPU-hours: arXiv 2503.09642, cost table. How clips are spread over lengths was not published; with
this many ranks each length is drawn in nearly every step whatever its share, so clips are spread evenly here.
"""

from typing import NamedTuple

from msgspec.structs import replace

from vidcalc.catalog import fill
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.plan import Plan
from vidcalc.describe.training import TrainingPlan
from vidcalc.rates.machines import hardware
from vidcalc.report.training import TrainingReport
from vidcalc.calculate import train

PRICE = 2.0  # USD per GPU-hour, as the paper counts
NODE = 8
MODEL = "open-sora-2.0"


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


def plan_of(stage: Stage) -> Plan:
    """ZeRO-2 over all GPUs, VAE and text encoders in the loop."""
    training = TrainingPlan(
        mode="pretrain",
        update="fused",
        checkpointing=stage.checkpointing,
        data_degree=stage.gpus // stage.shared,
        ring_degree=stage.shared,
        sharding="zero2",
        shard_degree=stage.gpus,
        latents="online",
        texts="online",
        mixing="ranks",
    )
    return replace(fill.plan(fill.model(MODEL), framework="opensora"), attention="flash2", training=training)


def report(stage: Stage) -> TrainingReport:
    """The stage at its published number of iterations."""
    share = 1 / len(stage.batches)
    buckets = tuple(
        Bucket(width=stage.width, height=stage.height, frames=frames, batch=batch, share=share)
        for frames, batch in stage.batches.items()
    )
    per_clip = sum(share / batch for batch in stage.batches.values())
    clips = round(stage.steps * (stage.gpus // stage.shared) / per_clip)
    machine = hardware("h200", count=NODE, nodes=stage.gpus // NODE)
    return train(fill.model(MODEL), Data(buckets=buckets, samples=clips, clips=clips), machine, plan_of(stage))


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
