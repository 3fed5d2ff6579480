"""Seconds of one optimizer step on one rank: work, what is computed again, exchanges, the update, what feeds it.

A micro-batch is forward and backward; a step is `grad_accum` of them and the update, and what other networks do beside
(see `vidcalc.training.company`). In a pipeline of p stages each rank has 1/p of the layers and stands idle for p − 1 of
p − 1 + m turns (1F1B, arXiv 2104.04473).
"""

from typing import Any

import msgspec

from vidcalc.base.number import maximum
from vidcalc.base.units import quantity
from vidcalc.catalog.defaults import defaults
from vidcalc.catalog.load import entry
from vidcalc.catalog.training import optimizer, recipe
from vidcalc.cost.execution import EAGER, Execution
from vidcalc.cost.time import NOTHING, Seconds, by_kind, launches, linked, seconds, total
from vidcalc.cost.transfer import host_rate
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.describe.training import TrainingPlan
from vidcalc.ops import Op
from vidcalc.rates.utilisation import bandwidth
from vidcalc.training import company
from vidcalc.training.communication import Work, waits
from vidcalc.training.flops import frozen
from vidcalc.training.ranks import context, shards, split
from vidcalc.training.states import STAY, Holding, frozen_bytes, of_a_rank


class Supply(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Work that feeds a micro-batch: the VAE's and the text encoders' ops, empty where their results are on disk; and
    the VAE decoding it."""

    vae: tuple[Op, ...] = ()
    texts: tuple[Op, ...] = ()
    decode: tuple[Op, ...] = ()


class Alone(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Seconds of one micro-batch on one accelerator alone, whatever the ranks: the passes, attention's part of the
    forward one, what the host takes to start their kernels, what feeds it, and the VAE decoding it."""

    passes: dict[str, Seconds]
    attention: Seconds
    host: Seconds
    supply: dict[str, Seconds]
    decode: Seconds


def alone(
    ops: tuple[Op, ...],
    again: tuple[Op, ...],
    supply: Supply,
    mode: str,
    chip: Accelerator,
    kernel: str,
    run: Execution = EAGER,
) -> Alone:
    """A micro-batch of those ops, `again` a second time, on that chip with that attention kernel, executed that way."""
    kinds = by_kind(ops, chip, kernel, run=run)
    still = tuple(op for op in ops if frozen(op, mode))
    moving = tuple(op for op in ops if not frozen(op, mode))
    # a frozen layer's gradient of its input is one product as large as its forward
    back = total(by_kind(moving, chip, kernel, backward=True, run=run))
    back = back + (total(by_kind(still, chip, kernel, run=run)) if still else NOTHING)
    return Alone(
        passes={
            "forward": total(kinds),
            "backward": back,
            "recompute": total(by_kind(again, chip, kernel, run=run)) if again else NOTHING,
        },
        attention=kinds.get("attention", NOTHING),
        host=launching(ops, again, run),
        supply={
            "vae_encode": seconds(supply.vae, chip, kernel) if supply.vae else NOTHING,
            "text_encode": seconds(supply.texts, chip, kernel) if supply.texts else NOTHING,
        },
        decode=seconds(supply.decode, chip, kernel) if supply.decode else NOTHING,
    )


def step(
    ops: tuple[Op, ...],
    again: tuple[Op, ...],
    found: Holding,
    work: Alone,
    moved: Any,
    asked: TrainingPlan,
    hardware: Hardware,
) -> dict[str, Seconds]:
    """Seconds of one optimizer step by part; their sum is the step.

    work   of a micro-batch on one accelerator alone
    moved  bytes of activations that go to host memory and back in a micro-batch, on one accelerator alone [byte]
    """
    plan = company.unrolled(asked)
    share = 1 / (context(plan) * split(plan))
    parts = {name: part.times(share) for name, part in work.passes.items()}
    busy = total(parts)
    own = Work(
        forward=parts["forward"].likely,
        backward=parts["backward"].likely + parts["recompute"].likely,
        attention=work.attention.times(share).likely,
    )
    told = waits(ops, again, found, plan, hardware, own)
    pcie = host_rate(hardware.accelerator, "pinned")
    copied = maximum((2 * moved * share + arriving(found, again, plan)) / pcie - busy.likely, 0)
    spoken = band(told.tokens + told.weights + told.gradients)
    updated, idle = update(found, plan, hardware), plan.pipeline_degree - 1
    beside = company.seconds(
        parts["forward"] + band(told.forward),
        busy + spoken + band(copied),
        updated + band(told.update),
        work.decode,
        idle,
        asked,
    )
    return {
        **{name: part.times(plan.grad_accum) for name, part in parts.items()},
        **{name: part.times(asked.grad_accum) for name, part in work.supply.items()},
        "launch": beyond(work.host.times(1 / plan.pipeline_degree), busy).times(plan.grad_accum),
        "rollout": beside.rollout,
        "company": beside.company,
        "communication": spoken.times(plan.grad_accum) + band(told.update),
        "transfer": band(copied).times(plan.grad_accum),
        "bubble": busy.times(idle),
        "optimizer": updated,
    }


def arriving(found: Holding, again: tuple[Op, ...], plan: TrainingPlan) -> Any:
    """Bytes of weights that a rank copies from host memory in a micro-batch.

    A frozen base streams in for every pass. A rank's share of all weights goes to the device for forward and once more
    for backward, which also serves what runs again there.
    """
    if plan.offload == "base":
        return (2 + (1 if again else 0)) * found.held.blocks / split(plan)
    if plan.offload == "optimizer+weights":
        held = recipe(plan.recipe).weights * of_a_rank(found, plan) + frozen_bytes(found, plan)
        return 2 * held / shards(plan, "weights")
    return 0


def launching(ops: tuple[Op, ...], again: tuple[Op, ...], run: Execution) -> Seconds:
    """What the host takes to start the kernels of a micro-batch's passes."""
    law = entry("kernels", "laws")["training_launch"]
    fused = entry("kernels", "laws")["elementwise"]["fused"]
    left = fused[run.compile]["likely"] if run.compile in fused else 1
    count = (launches(ops) * (1 + law["backward"]) + launches(again)) * left
    low, likely, high = (count * quantity(law[name], "s") for name in ("low", "likely", "high"))
    return Seconds(low, likely, high, "assumed")


def beyond(host: Seconds, busy: Seconds) -> Seconds:
    """How much longer than the work the host takes."""
    return Seconds(
        maximum(host.low - busy.low, 0),
        maximum(host.likely - busy.likely, 0),
        maximum(host.high - busy.high, 0),
        host.provenance,
    )


def update(found: Holding, plan: TrainingPlan, hardware: Hardware) -> Seconds:
    """The update is bound by memory: gradients read, weights, master copy and states read and written once.

    On the CPU the gradients come and the weights go over the link to the host beside that.
    """
    chosen, states = recipe(plan.recipe), optimizer(plan.optimizer)
    mine = found.trained / split(plan) / shards(plan, "optimizer")
    moved = mine * (chosen.gradients + 2 * states.held(chosen) + 2 * chosen.weights)
    if plan.offload in STAY:
        rate = bandwidth(hardware.accelerator)
        return Seconds(moved / rate.high, moved / rate.likely, moved / rate.low, rate.provenance)
    link = mine * (chosen.gradients + chosen.weights) / host_rate(hardware.accelerator, "pinned")
    return band(link + moved / quantity(defaults()["host"]["update"], "B/s"))


def band(likely: Any) -> Seconds:
    """A time with the band of exchanges; nothing rests on an assumption where nothing is exchanged."""
    if isinstance(likely, int | float) and likely == 0:
        return NOTHING
    return linked(likely)
