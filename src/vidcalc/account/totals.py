"""Sums over a whole run: tokens, what is read from and written to disk, encoding beforehand, and checkpoints."""

from vidcalc.account import samples
from vidcalc.account.bucket import BucketCost
from vidcalc.base.number import Number, ceil_div, product
from vidcalc.catalog.training import optimizer, recipe
from vidcalc.cost.time import seconds
from vidcalc.describe.data import Data
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.describe.model import Component
from vidcalc.describe.training import TrainingPlan
from vidcalc.ledger.types import Execution, Phase
from vidcalc.passes.states import EMA_BYTES, whole
from vidcalc.report.training import BucketPart, RunPart
from vidcalc.tape.trace import configuration

TEXT_WIDTHS = ("text_dim", "text_embed_dim", "caption_channels", "cross_attention_dim", "joint_attention_dim")
ON_DISK = 2  # bytes per element of latents and text embeddings kept in 16 bits


def run_part(
    data: Data, rows: list[BucketPart], costs: list[BucketCost], hardware: Hardware, training: TrainingPlan
) -> RunPart:
    """What the run sees, reads and writes."""
    steps = sum(row.steps for row in rows)
    each = [product(row.latent) * ON_DISK * (training.latents == "precomputed") for row in rows]
    width = text_width(costs[0].ledger.forward.component)
    texts = costs[0].workload.text_tokens * width * ON_DISK * (training.texts == "precomputed")
    stored = samples.counts(data.clips, data.buckets)
    saved = checkpoint(costs[0], training)
    read = sum((latent + texts) * row.samples for latent, row in zip(each, rows, strict=True))
    return RunPart(
        samples=data.samples,
        clips=data.clips,
        epochs=data.samples / data.clips,
        tokens=sum(row.samples * row.sequence for row in rows),
        steps=steps,
        trained=costs[0].step.trained.trained,
        flops=sum(row.samples * row.flops_per_sample for row in rows),
        encode_seconds=encoding(stored, rows, costs, hardware, training),
        latents=sum(latent * clips for latent, clips in zip(each, stored, strict=True)),
        texts=texts * data.clips,
        checkpoint=saved,
        checkpoints=saved * ceil_div(steps, training.save_every),
        read_rate=read / sum(row.seconds for row in rows),
    )


def encoding(
    stored: list[Number], rows: list[BucketPart], costs: list[BucketCost], hardware: Hardware, training: TrainingPlan
) -> Number:
    """Accelerator-seconds that encode every sample once, where latents or texts are precomputed [second].

    stored  distinct samples of each bucket
    """
    chip = hardware.accelerator
    spent: Number = 0
    for clips, row, each in zip(stored, rows, costs, strict=True):
        calls = clips / row.batch
        if training.latents == "precomputed" and each.ledger.encode:
            phase = each.ledger.encode
            spent = spent + _alone(phase, chip) * phase.calls * calls
        if training.texts == "precomputed":  # one prompt a sample, whatever guidance asks of a generation
            texts = [phase for phase in each.ledger.phases if phase.id == "text_encode"]
            spent = spent + sum(_alone(phase, chip) * phase.component.runs * calls for phase in texts)
    return spent


def _alone(phase: Phase, chip: Accelerator) -> Number:
    """Seconds of one call on one accelerator, each kernel by itself [second]."""
    work = seconds(phase.taped.ops, chip, Execution(attention=phase.run.attention))
    return work.called(phase.component.id).likely


def text_width(denoiser: Component) -> int:
    """Width of a text embedding, as the denoiser's configuration names it; 0 where it names none."""
    config = configuration(denoiser)
    widths = (getattr(config, name, None) for name in TEXT_WIDTHS)
    return next((width for width in widths if isinstance(width, int)), 0)


def checkpoint(cost: BucketCost, training: TrainingPlan) -> Number:
    """Bytes of one checkpoint on disk: trained weights, master copies, states and averages of all ranks."""
    trained = cost.step.trained.trained
    chosen, states = recipe(training.recipe), optimizer(training.optimizer)
    return whole(trained * (chosen.weights + states.bytes_per_element(chosen) + EMA_BYTES[training.ema]))
