"""The part of a report on memory while a video is generated: stages, the peak under each counter, whether it fits."""

from vidcalc.base.number import Number, largest, maximum, minimum, where
from vidcalc.cost import memory
from vidcalc.cost.host import room, worse
from vidcalc.cost.reserve import counters
from vidcalc.cost.time import copies_and_exchanges
from vidcalc.cost.verdict import interval, verdict
from vidcalc.describe.hardware import Hardware
from vidcalc.ledger.types import Host, Ledger
from vidcalc.ledger.unsized import unsized
from vidcalc.ops import Copy
from vidcalc.report.estimate import HostMemory, HostRoom, InferenceMemory, StageRow


def streamed(ledger: Ledger) -> Number:
    """Bytes of the denoiser that a call brings because there is no room for them, the most of any [byte]."""
    filling = [phase for phase in ledger.phases if phase.id == "denoise" and phase.fills]
    return largest(
        sum(op.nbytes * op.count for op in copies_and_exchanges(phase.ops) if isinstance(op, Copy)) for phase in filling
    )


def inference_memory(ledger: Ledger, hardware: Hardware, *, replays: bool = False) -> InferenceMemory:
    """The stages, the largest of them, and whether the accelerator holds it.

    replays  whether the allocator is replayed for each size of a sweep, and not only for a single job
    """
    rows = memory.held(memory.stages(ledger), hardware.accelerator.capacity)
    peak, capacity = memory.peak(rows), hardware.accelerator.reported
    decode, denoise = ledger.phase("vae_decode"), ledger.phase("denoise")
    allocator = ledger.further.allocator
    shown = counters(rows, hardware.accelerator, allocator, replays=replays)
    needed = counters(memory.needed(rows), hardware.accelerator, allocator, replays=replays)
    low, high = interval(shown.device)
    # weights that give way fill the card and no more: beyond it reaches only what is needed
    high = minimum(high, maximum(capacity, interval(needed.device)[1]))
    host, unknown = ledger.host, unsized(ledger)
    beside, judged = host_part(rows, host, hardware), verdict(shown.device, high, capacity, unknown)
    return InferenceMemory(
        stages=[
            StageRow(
                id=row.id,
                weights=row.weights,
                activations=row.activations,
                other=row.other,
                total=row.total,
                workspace=row.workspace,
                resident=row.resident,
                missing=maximum(row.total - capacity, 0),
            )
            for row in rows
        ],
        peak=peak,
        peak_stage=memory.peak_stage(rows),
        allocated=shown.allocated,
        reserved=shown.reserved,
        device=shown.device,
        low=low,
        high=high,
        host=HostMemory(resident=host.resident, pinned=host.pinned, loading_peak=host.loading_peak),
        # every rank of a machine is a process that loads for itself, all at the same time
        host_ram=maximum(host.resident, host.loading_peak) * hardware.count,
        denoiser_activation_peak=denoise.taped.peak if denoise else 0,
        vae_decode_activation_peak=decode.taped.peak if decode and decode.trace else 0,
        capacity=capacity,
        # what the driver would show too much, where that is what does not fit
        margin=where(shown.device > capacity, capacity - shown.device, capacity - peak),
        verdict=worse(judged, beside.verdict) if beside else judged,
        streamed=streamed(ledger),
        kv_cache=largest(memory.kept(phase) for phase in ledger.phases),
        unsized=unknown,
        host_room=beside,
    )


def host_part(rows: list[memory.Stage], host: Host, hardware: Hardware) -> HostRoom | None:
    """Whether host memory holds what those stages have in it, where it is known how much there is."""
    together = largest(row.total + maximum(host.resident - row.weights, 0) for row in rows)
    return host_room(host, hardware, together)


def host_room(host: Host, hardware: Hardware, together: Number) -> HostRoom | None:
    """Whether host memory holds it, where it is known how much there is; `together` are bytes on one accelerator and of
    what waits beside it."""
    found = room(host, hardware, together)
    if found is None:
        return None
    margin = found.capacity - found.needed
    return HostRoom(
        needed=found.needed, capacity=found.capacity, margin=margin, verdict=found.verdict, limit=found.limit
    )
