"""Seconds of one call of a network on one rank: its work, and what it waits for beyond that.

transfer       weights from host memory
launch         kernels and exchanges that the host has yet to start, beyond the work, the exchanges and the copies that
               run beside it: a call takes no less than its host. Not beyond a copy that nothing hides, which halts the
               host as well
communication  the other ranks: exchanges that the work does not hide, and the last wave of attention of few heads
"""

from collections.abc import Sequence

from msgspec.structs import replace

from vidcalc.base.guest import Guest, given, named
from vidcalc.base.memo import lately
from vidcalc.base.number import Number, maximum, minimum, unchanged
from vidcalc.cost.seconds import NOTHING, Seconds, linked, total
from vidcalc.cost.time import by_kind, copies_and_exchanges, few_jobs, waiting
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.ledger.types import Execution, Phase
from vidcalc.ops import Attention, Collective, Copy, Op
from vidcalc.rates.host import host_calls, host_rate
from vidcalc.rates.laws import sharing
from vidcalc.rates.tail import slowdown
from vidcalc.rates.wires import wires


def spent(phase: Phase, hardware: Hardware) -> dict[str, Seconds]:
    """Seconds of one call by kind of op, and by what is waited for."""
    seconds = single_rank(phase, hardware.accelerator)
    if phase.id == "denoise":
        seconds["communication"] = NOTHING
        if any(isinstance(op, Collective) for op in copies_and_exchanges(phase.ops)):
            spoken = linked(sum(exposed_communication(phase, seconds, hardware).values()))
            seconds["communication"] = spoken
            seconds["launch"] = _late(phase, seconds, hardware.accelerator)
    least, most = phase.varies
    if unchanged(least, 1) and unchanged(most, 1):
        return seconds
    return {kind: replace(part, low=part.low * least, high=part.high * most) for kind, part in seconds.items()}


def _late(phase: Phase, seconds: dict[str, Seconds], chip: Accelerator) -> Seconds:
    """What a call takes beyond its work and its exchanges because the host has yet to start both."""
    others = copies_and_exchanges(phase.ops)
    hides = any(op.hidden for op in others if isinstance(op, Copy))
    busy = total({kind: part for kind, part in seconds.items() if kind != "launch" and (hides or kind != "transfer")})
    # one rank alone starts none
    several = (op.count * op.messages * minimum(op.ranks - 1, 1) for op in others if isinstance(op, Collective))
    spoken = named("exchanges", sum(several))
    call = given("call", host_calls()[0], spoken, "data/defaults.toml", "s", "measured")
    # s a call x calls of an exchange: the host starts kernels in what is left of the busy time
    started = spoken * call * sharing()["exchange"]["host_calls"]
    left = Seconds(busy.low - started, busy.likely - started, busy.high - started, busy.provenance)
    return waiting(phase.ops, chip, left, phase.run)


def single_rank(phase: Phase, chip: Accelerator) -> dict[str, Seconds]:
    """The same without what a rank waits for the others."""
    if any(isinstance(op, Copy) and isinstance(op.nbytes, Guest) for op in phase.ops[-2:]):
        return _priced(phase.ops, chip, phase.run)  # a number that explains itself is no key: others are equal to it
    return dict(_lately(chip, phase.ops, phase.run))


@lately(few_jobs)
def _lately(chip: Accelerator, ops: tuple[Op, ...], run: Execution) -> dict[str, Seconds]:
    """The same, kept with the chip: jobs of one search have calls in common."""
    return _priced(ops, chip, run)


def _priced(ops: tuple[Op, ...], chip: Accelerator, run: Execution) -> dict[str, Seconds]:
    seconds = by_kind(ops, chip, run)
    work = total(seconds).called("work")
    copies = [op for op in copies_and_exchanges(ops) if isinstance(op, Copy)]
    seconds["transfer"] = exposed_copies(copies, chip, work)
    meanwhile = work + seconds["transfer"] if any(op.hidden for op in copies) else work
    seconds["launch"] = waiting(ops, chip, meanwhile, run)
    return seconds


def exposed_copies(copies: Sequence[Copy], chip: Accelerator, work: Seconds = NOTHING) -> Seconds:
    """What waits for weights from host memory beyond `work`, where a stream of their own runs beside it."""
    waited = NOTHING
    for op in copies:
        alone = copied(op, chip)
        exposed = Seconds(
            op.exposed(alone.low, work.low),
            op.exposed(alone.likely, work.likely),
            op.exposed(alone.high, work.high),
            alone.provenance,
        )
        waited = waited + exposed.times(op.count) + hooked(op, chip)
    return waited


def copied(op: Copy, chip: Accelerator) -> Seconds:
    """One copy over the link to the host by itself. An unknown link (memory shared with the host) takes no time."""
    nbytes = named("bytes", op.nbytes, "byte", "vidcalc.passes.offload", note=op.path)
    return linked(nbytes / host_rate(chip, op.memory)).called("copy")


def hooked(op: Copy, chip: Accelerator) -> Seconds:
    """What the device waits for the host to hand over the tensors of a copy."""
    if isinstance(op.tensors, int) and not op.tensors:
        return NOTHING
    call, each, halt = host_calls()
    tensors, halts, beside = op.tensors * each, op.halts * halt, host_rate(chip, op.memory)
    calls = given("calls", tensors + halts, beside, "vidcalc.passes.copies", note=op.path)
    # s a call x calls
    return linked(given("call", call, beside, "data/defaults.toml", "s", "measured") * calls).called("hooks")


def arrival(nbytes: Number, chip: Accelerator) -> Seconds:
    """The copy of weights that stay on the device, once, before the first generation."""
    return copied(Copy("load", 1, "", nbytes, "pageable"), chip)


BESIDE = ("nothing", "attention", "work")


def exposed_communication(
    phase: Phase, work: dict[str, Seconds], hardware: Hardware, behind: tuple[str, ...] = BESIDE
) -> dict[str, Number]:
    """Seconds that a rank waits for the others in a call whose `work` is given by kind, by way of sharing.

    behind  only the exchanges that run beside one of these
    """
    exchanges = [op for op in copies_and_exchanges(phase.ops) if isinstance(op, Collective) and op.behind in behind]
    exchanges = [op for op in exchanges if not unchanged(op.ranks, 1)]  # one rank alone waits for nobody
    if not exchanges:
        return {}
    links, attended = wires(hardware), named("attention", work.get("attention", NOTHING).likely, "s")
    busy: dict[str, Number] = {"nothing": 0, "attention": attended, "work": named("work", total(work).likely, "s")}
    ways: dict[str, Number] = {}
    whole: dict[str, tuple[Collective, Number]] = {}  # what runs beside the work of the call, one after the other
    for op in exchanges:
        nbytes, ranks = named("bytes", op.nbytes, "byte", note=op.way), named("ranks", op.ranks, note=op.way)
        # seconds of one exchange x how many follow each other
        alone = links.exchange(op.operation, nbytes, ranks, op.stride) * op.messages
        alone = named(f"{op.way}_exchange", alone, "s", note=op.operation, provenance="assumed")
        if op.behind == "work":
            whole[op.way] = op, alone * op.count + whole.get(op.way, (op, 0))[1]
        else:
            # beside attention each exchange hides for itself; beside the work all of a way hide together
            ways[op.way] = ways.get(op.way, 0) + op.exposed(alone, busy[op.behind]) * op.count
    ways.update({way: op.exposed(alone, busy["work"]) for way, (op, alone) in whole.items()})
    if "attention" in behind:
        ways["tail"] = tail(phase.ops, attended, hardware.accelerator, phase.run.attention)
    return {way: named(way, seconds, "s", provenance="assumed") for way, seconds in ways.items()}


def tail(ops: tuple[Op, ...], attended: Number, chip: Accelerator, kernel: str) -> Number:
    """What attention at a rank's shape loses at its end, of the `attended` seconds of all of it [second]."""
    parts = [op for op in ops if isinstance(op, Attention) and op.whole is not None]
    scored = named("scored", sum(op.flops * op.count for op in parts), "FLOP")
    lost: Number = 0
    for op in parts:
        # of attention's seconds, by FLOP
        share = named("share", op.flops * op.count / scored)
        # seconds of one attention x how much slower its last wave makes it
        lost = lost + attended * share * maximum(slowdown(op, chip, kernel) - 1, 0)
    return lost
