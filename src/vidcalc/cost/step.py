"""Seconds of one optimizer step on one rank: work, what is computed again, exchanges, the update, what feeds it.

A micro-batch is forward and backward; a step is some of them and the update, and what other networks do beside. In a
pipeline of p stages each rank stands idle for p − 1 of p − 1 + m turns (1F1B, arXiv 2104.04473).
"""

import msgspec

from vidcalc.base.guest import given, named
from vidcalc.base.number import Number, maximum
from vidcalc.cost.call import exposed_communication, exposed_copies
from vidcalc.cost.seconds import NOTHING, Seconds, beyond, linked, longest, total
from vidcalc.cost.time import by_kind, copies_and_exchanges, launched
from vidcalc.cost.time import seconds as worked
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.ledger.step import MICRO_BATCH, Step
from vidcalc.ledger.types import Phase
from vidcalc.ops import Copy, Update
from vidcalc.rates.host import host_rate, update_rate
from vidcalc.rates.laws import fused, training_launch
from vidcalc.rates.traffic import bandwidth

BAND = ("low", "likely", "high")
TOKENS = ("nothing", "attention")  # exchanges of activations: no other work of the pass hides them


Pass = tuple[Seconds, Number]  # work, and seconds that exchanges leave to wait


class MicroBatchSeconds(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Seconds of one micro-batch on one rank, which depend on nothing but the shapes of its ops.

    parts      forward, backward and recompute
    started    what the host takes to start their kernels;  opened  those of forward alone
    forward    what exchanges of activations leave to wait in the forward pass;  both  in all of them
    feeding    networks that feed it, by phase;  decode  the VAE decoding it
    """

    parts: dict[str, Seconds]
    started: Seconds
    opened: Seconds
    forward: Number
    both: Number
    feeding: dict[str, Seconds]
    decode: Seconds


def micro_batch(step: Step, hardware: Hardware) -> MicroBatchSeconds:
    """One rank's micro-batch, priced at its own shapes."""
    return together(step, {phase.id: one_pass(phase, hardware) for phase in passes_of(step)}, hardware)


def one_pass(phase: Phase, hardware: Hardware) -> Pass:
    """Seconds of one pass of a micro-batch, and what exchanges of activations leave to wait in it."""
    if not phase.ops:
        return NOTHING, 0
    kinds = by_kind(phase.ops, hardware.accelerator, phase.run, backward=phase.id == "backward")
    return total(kinds).called(phase.id), sum(exposed_communication(phase, kinds, hardware, TOKENS).values())


def together(step: Step, passes: dict[str, Pass], hardware: Hardware) -> MicroBatchSeconds:
    """A micro-batch of those passes, with what feeds it."""
    chip = hardware.accelerator
    feeding = {"vae_encode": NOTHING, "text_encode": NOTHING}
    for phase in step.phases:
        if phase.id in feeding:
            feeding[phase.id] = feeding[phase.id] + worked(phase.ops, chip, phase.run).called(phase.component.id)
    opened, started = _started(step, chip)
    return MicroBatchSeconds(
        parts={name: work for name, (work, _) in passes.items()},
        started=started,
        opened=opened,
        forward=passes["forward"][1],
        both=sum(waits for _, waits in passes.values()),
        feeding=feeding,
        decode=worked(step.decode.ops, chip, step.decode.run).called("decode") if step.decode else NOTHING,
    )


def passes_of(step: Step) -> list[Phase]:
    """Forward, backward and recompute."""
    return [phase for phase in step.phases if phase.id in MICRO_BATCH]


def _started(step: Step, chip: Accelerator) -> tuple[Seconds, Seconds]:
    """What the host takes to start the kernels of forward, and of all of a micro-batch's passes."""
    law, (forward, _, recompute) = training_launch(), passes_of(step)
    left = fused(forward.run.compile)
    first = named("launches", launched(chip, forward.ops) * left)
    # kernels of forward, those of backward as a multiple of them, and of what runs again
    count = named(
        "launches", (launched(chip, forward.ops) * (1 + law["backward"]) + launched(chip, recompute.ops)) * left
    )
    return _paced(first, law).called("opened"), _paced(count, law).called("started")


def _paced(count: Number, law: dict[str, float]) -> Seconds:
    """What the host takes to start so many kernels."""
    pace = {end: given("per_kernel", law[end], count, "data/kernels/laws.toml", "s", "assumed") for end in BAND}
    return Seconds(count * pace["low"], count * pace["likely"], count * pace["high"], "assumed")


def _late(micro: MicroBatchSeconds, busy: Seconds, chain: Number) -> Seconds:
    """What the device waits for its host in a step of `chain` micro-batches.

    Kernels run in the order in which they are started, and a step begins with nothing in the queue. So a forward pass
    whose host is late leaves the device idle however far the host runs ahead in the backward pass; and where the host
    is late over both passes together, it is so in every micro-batch.
    """
    always = beyond(micro.started, busy)
    first = beyond(micro.opened, micro.parts["forward"])
    return always.times(chain - 1) + longest(always, first)


def seconds(step: Step, micro: MicroBatchSeconds, hardware: Hardware) -> dict[str, Seconds]:
    """Seconds of one optimizer step by part; their sum is the step."""
    phases, chip = {phase.id: phase for phase in step.phases}, hardware.accelerator
    parts, chain = micro.parts, step.micro_batches
    busy, back = total(parts).called("micro_batch"), (parts["backward"] + parts["recompute"]).called("back")
    # gathers of weights and sums of gradients hide behind the pass they run beside; what is summed once an update hides
    # behind the last micro-batch
    gathered = _beside(phases["forward"], parts["forward"], hardware)
    # a sum once a step: a micro-batch's share of it
    summed = _beside(phases["backward"], back, hardware) + _beside(phases["gradients"], back, hardware) / chain
    spoken = band(micro.both + gathered + summed).called("exchanges")
    copied = exposed_copies(
        [op for op in copies_and_exchanges(phases["backward"].ops) if isinstance(op, Copy)], chip, busy
    ).called("copies")
    updated = update(phases["optimizer"], chip).called("update")
    after = band(sum(exposed_communication(phases["optimizer"], {}, hardware).values()))
    one = (parts["forward"] + band(micro.forward + gathered)).called("one_forward")
    company, rollout = _auxiliary(step, one, busy + spoken + copied, updated + after, micro.decode)
    return {
        **{name: part.times(chain) for name, part in parts.items()},
        **{name: part.times(step.fed) for name, part in micro.feeding.items()},
        "launch": _late(micro, busy, chain),
        "rollout": rollout,
        "company": company,
        "communication": spoken.times(chain) + after,
        "transfer": copied.times(chain),
        # p - 1 turns, each as long as a micro-batch of one stage
        "bubble": busy.times(step.idle),
        "optimizer": updated,
    }


def _beside(phase: Phase, work: Seconds, hardware: Hardware) -> Number:
    """What the exchanges of a pass that run beside its work leave to wait [second]."""
    return sum(exposed_communication(phase, {"work": work}, hardware, ("work",)).values())


def _auxiliary(
    step: Step, forward: Seconds, micro: Seconds, update: Seconds, decode: Seconds
) -> tuple[Seconds, Seconds]:
    """Seconds of further networks in one optimizer step: those beside, and samples made first.

    forward  one forward pass of a micro-batch, exchanges included;  micro  its whole training pass
    update   one optimizer update;  decode  the VAE on a micro-batch of samples
    """
    beside, chain = step.auxiliary, step.fed + step.idle  # micro-batches in a row, and turns that fill a pipeline
    # a stage's idle turns pass for the other networks too
    run = forward.times(beside.forwards * (step.micro_batches + step.idle))
    trained = micro.times(beside.updates * chain) + update.times(beside.updates)
    made = forward.times(beside.samples * chain)
    return run + trained, made + decode.times(step.fed * beside.decodes)


def update(phase: Phase, chip: Accelerator) -> Seconds:
    """The update: its traffic over the memory of the device, or over the link and the host's memory."""
    whole = NOTHING
    for op in phase.ops:
        if isinstance(op, Update) and op.memory == "device":
            rate, moved = bandwidth(chip), named("moved", op.activation_bytes * op.count, "byte", "vidcalc.ops.update")
            # byte / (byte/s); the high rate gives the low time
            whole = whole + Seconds(moved / rate.high, moved / rate.likely, moved / rate.low, rate.provenance)
        elif isinstance(op, Update):
            # gradients and weights over the link, then the update in the host's memory
            link = op.elements * op.over / host_rate(chip, "pinned")
            whole = whole + band((link + op.activation_bytes / update_rate()) * op.count)
    return whole


def band(likely: Number) -> Seconds:
    """A time with the band of exchanges; nothing rests on an assumption where nothing is exchanged."""
    if isinstance(likely, int | float) and likely == 0:
        return NOTHING
    return linked(maximum(likely, 0))
