"""Sums over a whole run: tokens, what is read from and written to disk, encoding beforehand, money and energy."""

from typing import Any

from vidcalc.base.number import ceil_div, product
from vidcalc.catalog import defaults
from vidcalc.catalog.training import optimizer, recipe
from vidcalc.cost import money
from vidcalc.cost.time import seconds
from vidcalc.describe.data import Data
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.report.training import BucketPart, RunEnergy, RunMoney, RunPart
from vidcalc.tape.trace import configuration
from vidcalc.training import samples
from vidcalc.training.run import Found
from vidcalc.training.states import EMA_BYTES, whole

TEXT_WIDTHS = ("text_dim", "text_embed_dim", "caption_channels", "cross_attention_dim", "joint_attention_dim")
ON_DISK = 2  # bytes per element of latents and text embeddings kept in 16 bits


def run_part(
    model: Model, data: Data, rows: list[BucketPart], found: list[Found], hardware: Hardware, plan: Plan
) -> RunPart:
    """What the run sees, reads and writes."""
    training = plan.training
    steps = sum(row.steps for row in rows)
    each = [product(row.latent) * ON_DISK * (training.latents == "precomputed") for row in rows]
    texts = found[0].workload.text_tokens * text_width(model) * ON_DISK * (training.texts == "precomputed")
    stored = samples.counts(data.clips, data.buckets)
    saved = checkpoint(found[0], plan)
    read = sum((latent + texts) * row.samples for latent, row in zip(each, rows, strict=True))
    return RunPart(
        samples=data.samples,
        clips=data.clips,
        epochs=data.samples / data.clips,
        tokens=sum(row.samples * row.sequence for row in rows),
        steps=steps,
        trained=found[0].cell.micro.found.trained,
        flops=sum(row.samples * row.flops_per_sample for row in rows),
        encode_seconds=encoding(stored, rows, found, hardware, plan),
        latents=sum(latent * clips for latent, clips in zip(each, stored, strict=True)),
        texts=texts * data.clips,
        checkpoint=saved,
        checkpoints=saved * ceil_div(steps, training.save_every),
        read_rate=read / sum(row.seconds for row in rows),
    )


def encoding(stored: list[Any], rows: list[BucketPart], found: list[Found], hardware: Hardware, plan: Plan) -> Any:
    """Accelerator-seconds that encode every sample once, where latents or texts are precomputed [second].

    stored  distinct samples of each bucket
    """
    chip, kernel = hardware.accelerator, plan.attention
    spent: Any = 0
    for clips, row, each in zip(stored, rows, found, strict=True):
        calls = clips / row.batch
        if plan.training.latents == "precomputed" and each.job.encode:
            phase = each.job.encode
            spent = spent + seconds(phase.trace.ops, chip, kernel).likely * phase.calls * calls
        if plan.training.texts == "precomputed":  # one prompt a sample, whatever guidance asks of a generation
            texts = [phase for phase in each.job.phases if phase.id == "text_encode"]
            spent = spent + sum(
                seconds(phase.trace.ops, chip, kernel).likely * phase.component.runs * calls for phase in texts
            )
    return spent


def text_width(model: Model) -> int:
    """Width of a text embedding, as the denoiser's configuration names it; 0 where it names none."""
    config = configuration(model.denoiser)
    found = (getattr(config, name, None) for name in TEXT_WIDTHS)
    return next((width for width in found if isinstance(width, int)), 0)


def checkpoint(found: Found, plan: Plan) -> Any:
    """Bytes of one checkpoint on disk: trained weights, master copies, states and averages of all ranks."""
    training, trained = plan.training, found.cell.micro.found.trained
    chosen, states = recipe(training.recipe), optimizer(training.optimizer)
    return whole(trained * (chosen.weights + states.held(chosen) + EMA_BYTES[training.ema]))


def money_part(hardware: Hardware, seconds: Any) -> RunMoney | None:
    """Accelerator-seconds at the preferred class of provider's range; None without a price."""
    found = money.price(hardware.accelerator)
    if found is None:
        return None
    return RunMoney(
        provider=found.provider,
        as_of=found.as_of,
        source=found.source,
        **money.ranged(found, seconds),
    )


def energy_part(hardware: Hardware, seconds: Any) -> RunEnergy | None:
    """Energy at the power that busy accelerators draw, facility included; None where the power is unknown."""
    watts, site = hardware.accelerator.tdp, hardware.site
    if watts is None:
        return None
    facility = defaults.pue(site.place)
    spent = watts * defaults.power_share("likely") * seconds * facility
    return RunEnergy(
        energy=spent,
        carbon=spent * defaults.carbon(site.country),
        pue=facility,
        place=site.place,
        country=site.country,
    )
