"""Sums over a whole run: tokens, what is read from and written to disk, encoding beforehand, money and energy."""

from typing import Any

from vidcalc.arithmetic import product
from vidcalc.catalog import defaults
from vidcalc.catalog.training import optimizer, recipe
from vidcalc.cost import money
from vidcalc.cost.time import seconds
from vidcalc.describe.data import Data
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.report_training import BucketPart, RunEnergy, RunMoney, RunPart
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.trace import configuration
from vidcalc.training.run import Found

TEXT_WIDTHS = ("text_dim", "text_embed_dim", "caption_channels", "cross_attention_dim", "joint_attention_dim")
ON_DISK = 2  # bytes per element of latents and text embeddings kept in 16 bits


def run_part(
    model: Model, data: Data, rows: list[BucketPart], found: list[Found], hardware: Hardware, plan: Plan
) -> RunPart:
    """What the run sees, reads and writes."""
    training = plan.training
    steps = sum(row.steps for row in rows)
    kept = {"latents": training.latents == "precomputed", "texts": training.texts == "precomputed"}
    latents = sum(row.share * product(row.latent) for row in rows) * ON_DISK * kept["latents"]
    texts = found[0].workload.text_tokens * text_width(model) * ON_DISK * kept["texts"]
    saved = checkpoint(found[0], plan)
    saves = steps // training.save_every
    seen = sum(row.steps * row.global_batch for row in rows)
    lasts = sum(row.seconds for row in rows)
    return RunPart(
        samples=data.samples,
        clips=data.clips,
        epochs=data.samples / data.clips,
        tokens=sum(row.steps * row.global_batch * row.sequence for row in rows),
        steps=steps,
        trained=found[0].cell.micro.found.trained,
        flops=sum(row.steps * row.global_batch * row.flops_per_sample for row in rows),
        encode_seconds=encoding(data, rows, found, hardware, plan),
        latents=_whole(latents * data.clips),
        texts=_whole(texts * data.clips),
        checkpoint=saved,
        checkpoints=saved * saves,
        read_rate=(latents + texts) * seen / lasts,
    )


def encoding(data: Data, rows: list[BucketPart], found: list[Found], hardware: Hardware, plan: Plan) -> Any:
    """Accelerator-seconds that encode every clip once, where latents or texts are precomputed [second]."""
    chip, kernel = hardware.accelerator.id, plan.attention
    spent: Any = 0
    for row, each in zip(rows, found, strict=True):
        clips = data.clips * row.share / row.batch
        if plan.training.latents == "precomputed" and each.job.encode:
            spent = spent + seconds(each.job.encode.trace.ops, chip, kernel).likely * clips
        if plan.training.texts == "precomputed":
            texts = [phase for phase in each.job.phases if phase.id == "text_encode"]
            spent = spent + sum(seconds(phase.trace.ops, chip, kernel).likely for phase in texts) * clips
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
    average = ELEMENT_BYTES["fp32"] if training.ema != "none" else 0
    return _whole(trained * (chosen.weights + states.held(chosen) + average))


def money_part(hardware: Hardware, seconds: Any) -> RunMoney | None:
    """Accelerator-seconds at the preferred class of provider's range; None without a price."""
    found = money.price(hardware.accelerator)
    if found is None:
        return None
    return RunMoney(
        provider=found.provider,
        as_of=found.as_of,
        source=found.source,
        low=found.low * seconds,
        likely=(found.low * found.high) ** 0.5 * seconds,
        high=found.high * seconds,
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


def _whole(nbytes: Any) -> Any:
    """Bytes as an int where they are a plain number."""
    return round(nbytes) if isinstance(nbytes, float) else nbytes
