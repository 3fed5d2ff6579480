"""The part of a report on seconds of one generation: stage by stage, the work and what it waits for."""

from typing import TypeAlias

from vidcalc.base.number import Number, unchanged
from vidcalc.base.units import HOUR
from vidcalc.cost.call import arrival, exposed_copies, spent
from vidcalc.cost.memory import arrived
from vidcalc.cost.seconds import NOTHING, Seconds, spread, total
from vidcalc.describe.hardware import Hardware
from vidcalc.ledger.types import Ledger
from vidcalc.report.estimate import InferenceTime

Staged: TypeAlias = tuple[dict[str, Seconds], dict[str, dict[str, Number]]]
"""Seconds of each stage of a generation, and by stage of each kind of work [second]."""
FURTHER = 0.5  # share by which the seconds of a framework's further models may be off


def inference_time(ledger: Ledger, first: Ledger, hardware: Hardware) -> InferenceTime:
    """Seconds of one generation; `first` is the same with one step and nothing cached."""
    stages, kinds = staged(ledger, hardware)
    whole = whole_time(stages)
    each = {name: stage.likely for name, stage in stages.items()}
    return InferenceTime(
        load=arrival(arrived(ledger).weights, hardware.accelerator).likely,
        text_encode=each.get("text_encode", 0),
        image_encode=each.get("image_encode", 0),
        vae_encode=each.get("vae_encode", 0),
        denoise=each["denoise"],
        vae_decode=each.get("vae_decode", 0),
        audio_decode=each.get("audio_decode", 0),
        beside=each.get("beside", 0),
        total=whole.likely,
        per_step=each["denoise"] / ledger.steps,
        first_step=first_step(first, hardware),
        low=whole.low,
        high=whole.high,
        provenance=whole.provenance,
        gpu_hours=whole.likely * hardware.total / HOUR,
        parts=kinds,
    )


def whole_time(stages: dict[str, Seconds]) -> Seconds:
    """Seconds of one generation with their interval."""
    return spread(total(stages))


def staged(ledger: Ledger, hardware: Hardware) -> Staged:
    """Seconds of each stage, and by stage of each kind of work [second]."""
    chip = hardware.accelerator
    stages: dict[str, Seconds] = {}
    kinds: dict[str, dict[str, Number]] = {}
    for phase in ledger.phases:
        call, once = spent(phase, hardware), exposed_copies(phase.once, chip)
        once = once if unchanged(phase.happens, 1) else once.times(phase.happens)
        call = {kind: part.called(kind) for kind, part in call.items()}
        whole = total(call).called(phase.component.id)
        stages[phase.id] = stages.get(phase.id, NOTHING) + whole.times(phase.turns) + once.called("arrival")
        parts = kinds.setdefault(phase.id, {})
        for kind, part in call.items():
            parts[kind] = parts.get(kind, 0) + part.likely * phase.turns
        parts["transfer"] = parts["transfer"] + once.likely
    seconds = ledger.further.seconds
    if seconds:
        stages["beside"] = Seconds(seconds * (1 - FURTHER), seconds, seconds * (1 + FURTHER), "assumed")
    return stages, kinds


def first_step(ledger: Ledger, hardware: Hardware) -> Number:
    """Seconds of the first denoising step, which differs from the average one: nothing is cached yet, every forward of
    the plan runs, and ranks that share the layers work one after the other [second]."""
    # the first of the denoiser's own, and the networks that run beside it
    running = [each for each in (ledger.phase("denoise"), *(each for each in ledger.phases if not each.own)) if each]
    return sum(total(spent(each, hardware)).called(each.component.id).likely * each.turns for each in running)
