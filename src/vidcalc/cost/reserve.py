"""The same peak as three counters show it: allocated, reserved, device.

allocated  bytes of tensors and kernels' workspaces (torch.cuda.max_memory_allocated)
reserved   what the caching allocator holds: segments, used or not (torch.cuda.max_memory_reserved)
device     what the driver shows for the process: reserved and the CUDA context (nvidia-smi)

What is reserved beyond what is allocated follows from the allocations themselves, replayed: weights as they are loaded,
and the running call from an emptied cache (`vidcalc.tape.replay`). Of a sweep, and of calls that are not taped, it is a
share of the live activations: data/validation/reserve.toml. The allocator gives back segments that are free before it
gives up, and weights that fill the card go, with the holes between them, before the work fails: what is reserved passes
the device's memory only where the rest does.

With the allocator "async" (torch's cudaMallocAsync backend) memory is the driver's own pool. Known: it keeps what is
freed, in physical pages, and where no hole is large enough it maps unused pages to new addresses instead of taking more
(NVIDIA, "Using the NVIDIA CUDA Stream-Ordered Memory Allocator, Part 1"); so it is taken to hold the peak of tensors in
whole pages. Not known: when it remaps and when it takes fresh pages all the same. Two programs that changed the sizes
of their tensors for hours had lost a third of a card to it (pytorch/pytorch#110194, rapidsai/rmm#1245).
"""

import msgspec

from vidcalc.base.guest import given, named, plain
from vidcalc.base.number import Number, as_count, is_array, maximum, minimum, where, whole_blocks
from vidcalc.cost.memory import Stage, needed, peak
from vidcalc.describe.hardware import Accelerator
from vidcalc.rates.allocator import cache_share, context
from vidcalc.tape.allocator import PAGE

REPLAYED = "vidcalc.tape.replay"
FAR = 0.5  # of the largest stage's bytes: a smaller one is not replayed, its cache would have to be as large as itself


class Counters(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The peak under each counter [byte]."""

    allocated: Number
    reserved: Number
    device: Number


def counters(stages: list[Stage], chip: Accelerator, allocator: str = "caching", *, replays: bool = False) -> Counters:
    """The peak of the stages under each counter, on that device [byte].

    allocator  "caching" (torch's own) or "async" (the driver's pool)
    replays    whether the calls of a sweep are replayed as well, each of its sizes
    """
    capacity: Number = chip.capacity
    outside = given("context", context(chip), capacity, "data/defaults.toml", "byte", "assumed")
    allocated: Number = 0
    cached: Number = 0
    least: Number = 0
    top = peak(stages)
    for stage, kept in zip(stages, needed(stages), strict=True):
        # torch counts no context, the driver does
        inside = named(stage.id, stage.total - outside, "byte")
        allocated = maximum(allocated, inside)
        least = maximum(least, named(stage.id, kept.total - outside, "byte"))
        swept = is_array(top) or is_array(stage.total)
        if not swept and plain(stage.total) < FAR * plain(top):
            continue
        if allocator == "async":
            held, left = whole_blocks(inside, PAGE), whole_blocks(kept.total - outside, PAGE)
        else:
            how = "replayed" if replays or not swept else "shared"
            held = inside + beyond(stage, capacity, how)[0]
            left = kept.total - outside + beyond(kept, capacity, how)[1]
        if swept and replays:  # as a single job: what is far from the largest counts as it is
            near = stage.total >= FAR * top
            held, left = where(near, held, 0), where(near, left, 0)
        cached = maximum(cached, named(stage.id, held, "byte"))
        least = maximum(least, named(stage.id, left, "byte"))
    allocated, cached = named("allocated", allocated, "byte"), named("cached", cached, "byte")
    # free segments and what gives way to the work go where memory ends; the rest, and what lies between it, does not
    reserved = minimum(cached, maximum(capacity - outside, named("needed", least, "byte")))
    reserved = as_count(reserved // 1)  # whole bytes
    return Counters(allocated=allocated, reserved=reserved, device=reserved + outside)


def beyond(stage: Stage, beside: Number, how: str = "replayed") -> tuple[Number, Number]:
    """Bytes reserved beyond those that are allocated in a stage: in all, and without segments that are free.

    how  "replayed", or "shared": the measured share, of a sweep of which no call is replayed
    """
    shares = None if stage.trace is None or how == "shared" else stage.trace.cache_shares(stage.segments)
    if shares is None and stage.segments == "expandable":
        return 0, 0  # segments grow by what is missing
    if shares is None:
        share = given("cache_share", cache_share(), beside, "data/validation/reserve.toml", "", "measured")
        # freed transients stay in the cache: a share of the live activations
        return stage.activations * share, 0
    weights = {name: maximum(plain(nbytes), 0) for name, nbytes in stage.resident.items()}
    held = sum(
        nbytes * stage.loads[name].trace.segments(stage.loads[name].width, stage.segments)
        if name in stage.loads
        else nbytes
        for name, nbytes in weights.items()
    )
    whole = sum(weights.values())
    found = {
        "segment_share": where(held > 0, held / maximum(whole, 1) - 1, 0.0),
        "cache_share": shares[0],
        "needed_share": shares[1],
    }
    holes, kept, left = (given(name, share, beside, REPLAYED) for name, share in found.items())
    # what the segments of weights hold beside them, and what the call's freed blocks leave in the cache
    return stage.weights * holes + stage.call * kept, stage.weights * holes + stage.call * left
