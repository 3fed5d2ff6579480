"""Bytes on the device while a video is generated: what is resident, what each stage adds, and the peak."""

import msgspec
from msgspec.structs import replace

from vidcalc.base.guest import plain
from vidcalc.base.number import Number, is_array, largest, maximum, nearest, unchanged, where
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.tape.trace import Trace

PARTS = ("weights", "activations", "other", "workspace")
QUARTERS = 4
PICTURE_COPIES = 2  # of a decoded video, on its way from [-1, 1] to [0, 1]


class Load(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A network as its weights are loaded: a call that touched them, and bytes of an element [byte]."""

    trace: Trace
    width: float


class Stage(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes during one stage: weights resident, live activations, everything else, and their sum [byte].

    resident  what the weights are of, by component id; "gathered": blocks of sharded weights that are whole while
              they run; "beside": further models that the framework keeps on the device
    workspace  the part of `other` that kernels take beside their tensors
    yields     the part of `weights` that gives way to the work where the device is full;  spare  the part of
               `activations` and `workspace` that the work can do without there
    segments   "fixed", or "expandable": of the allocator
    trace      the call that runs, where one does;  call  its own bytes;  loads  networks whose weights may be there
    """

    id: str
    resident: dict[str, Number]
    weights: Number
    activations: Number
    other: Number
    workspace: Number
    total: Number
    yields: Number = 0
    spare: Number = 0
    segments: str = "fixed"
    trace: Trace | None = None
    call: Number = 0
    loads: dict[str, Load] = {}


def stages(ledger: Ledger) -> list[Stage]:
    """The stages of a generation on one rank: weights on the device, live activations, the rest.

    First the weights arrive ("load"), last the decoded video goes to the host ("post").
    """
    running = [_there(phase) for phase in ledger.phases if phase.live]
    loaded = loads(ledger)
    rows = [arrived(ledger)]
    rows += [
        replace(
            _stage(ledger, each.id, each.resident, each.activations, each.workspace, each.yields),
            trace=each.trace,
            # a denoiser's cache is among what its call was taped with
            call=each.live.get("network", 0) + each.workspace + (kept(each) if each.id == "denoise" else 0),
            loads=loaded,
            spare=each.spare,
        )
        for each in running
    ]
    decoding = [phase for phase in running if phase.id == "vae_decode"]
    # sizes of a sweep may differ in how the last decode is made
    for last in [phase for phase in decoding if is_array(phase.happens)] or decoding[-1:]:
        shown = _shown(ledger, last) + kept(last)
        shown = shown if unchanged(last.happens, 1) else shown * last.happens
        rows.append(_stage(ledger, "post", last.resident, shown, 0, last.yields))
    return _merged(rows)


def _there(phase: Phase) -> Phase:
    """A phase with its weights where it happens; the weights beside what does not happen are those of no stage."""
    if unchanged(phase.happens, 1):
        return phase
    there = {name: nbytes * phase.happens for name, nbytes in phase.resident.items()}
    return replace(phase, resident=there, yields=phase.yields * phase.happens)


def kept(phase: Phase) -> Number:
    """Bytes of the denoiser's cache of keys and values that are there while a phase runs [byte]."""
    return phase.live.get("kv_cache", 0)


def loads(ledger: Ledger) -> dict[str, Load]:
    """The networks that a call of the job touches, by component id."""
    found: dict[str, Load] = {}
    for phase in ledger.phases:
        network = ledger.weights.get(phase.component.id)
        if phase.trace is not None and network is not None:
            width = element_width(network.weights.copy, network.params)
            found[phase.component.id] = Load(trace=phase.trace, width=width)
    return found


def element_width(nbytes: Number, elements: Number) -> float:
    """Bytes of an element, in whole quarters: the few weights that are kept wider would blur the size of all others.

    0 in a sweep, of which no weights are laid out.
    """
    size, count = plain(nbytes), plain(elements)
    if is_array(size) or is_array(count):
        return 0.0
    return float(nearest(QUARTERS * size / maximum(count, 1))) / QUARTERS


def arrived(ledger: Ledger) -> Stage:
    """The stage in which the weights that stay on the device have arrived and nothing has run."""
    return _stage(ledger, "load", ledger.loaded, 0, 0)


def _stage(
    ledger: Ledger,
    name: str,
    there: dict[str, Number],
    activations: Number,
    workspace: Number,
    yields: Number = 0,
) -> Stage:
    """A stage of those weights and live bytes [byte]."""
    weights, other = sum(there.values()), ledger.further.process + workspace
    return Stage(
        id=name,
        resident=there,
        weights=weights,
        activations=activations,
        workspace=workspace,
        other=other,
        total=weights + activations + other,
        yields=yields,
        segments=ledger.further.segments,
    )


def needed(rows: list[Stage]) -> list[Stage]:
    """The stages without what gives way: what a device must hold for the job to run at all."""
    return [
        replace(
            row,
            weights=row.weights - row.yields,
            activations=maximum(row.activations - row.spare, 0),
            total=row.total - row.yields - row.spare,
            yields=0,
            spare=0,
        )
        for row in rows
    ]


def held(rows: list[Stage], capacity: Number) -> list[Stage]:
    """The stages as a device of that many bytes has them: where it is too small, without what the work can spare."""
    return [row if unchanged(row.spare, 0) else _spared(row, capacity) for row in rows]


def _spared(row: Stage, capacity: Number) -> Stage:
    gone = row.spare * where(row.total > capacity, 1, 0)
    activations = maximum(row.activations - gone, 0)
    # what tensors do not cover is of kernels' workspaces
    further = gone - (row.activations - activations)
    return replace(
        row,
        activations=activations,
        workspace=row.workspace - further,
        other=row.other - further,
        total=row.total - gone,
        spare=row.spare - gone,
    )


def _shown(ledger: Ledger, decode: Phase) -> Number:
    """Bytes on the device while the decoded videos are brought to the range of pictures, one after the other.

    The videos in the VAE's format, and of one of them a scaled and a shifted copy on its way to the host (diffusers
    VideoProcessor.postprocess_video); where the framework takes them to the host as they are, none.
    """
    width = ELEMENT_BYTES[decode.call.dtype]
    # a framework that does it in host memory holds the decoded videos alone, or pieces of them no longer
    copies = {"device": PICTURE_COPIES, "host": 0, "pieces": 0}[ledger.further.frames_on]
    made = copies * ELEMENT_BYTES[ledger.further.frames_dtype or decode.call.dtype]
    if ledger.further.frames_on == "pieces" or (decode.call.tiles and decode.call.tiles.host):  # they are joined there
        return made * ledger.pixels
    # all videos, and copies of one [colours, frames, height, width] x bytes of a value
    return (ledger.batch * width + made) * ledger.pixels


def _merged(rows: list[Stage]) -> list[Stage]:
    """Stages of one id (several text encoders run one after the other) as the larger of each."""
    by_id: dict[str, Stage] = {}
    for stage in rows:
        before = by_id.get(stage.id)
        by_id[stage.id] = stage if before is None else _larger(before, stage)
    return list(by_id.values())


def _larger(a: Stage, b: Stage) -> Stage:
    """The stage with the larger total, elementwise."""
    wins = a.total >= b.total
    # all parts of the stage that wins, so that they add up to its total
    parts = {name: where(wins, getattr(a, name), getattr(b, name)) for name in PARTS}
    components = dict.fromkeys((*a.resident, *b.resident))
    there = {name: where(wins, a.resident.get(name, 0), b.resident.get(name, 0)) for name in components}
    yields, spare = where(wins, a.yields, b.yields), where(wins, a.spare, b.spare)
    whole = parts["weights"] + parts["activations"] + parts["other"]
    # of two calls in one stage the first stands for what the allocator makes of them
    both = replace(a, resident=there, yields=yields, spare=spare, total=whole)
    return replace(both, **parts)


def peak(rows: list[Stage]) -> Number:
    """The largest stage [byte]."""
    return largest(stage.total for stage in rows)


def peak_stage(rows: list[Stage]) -> str:
    """The id of the largest stage; of a sweep an array of ids."""
    name, top = rows[0].id, rows[0].total
    for stage in rows[1:]:
        name = where(stage.total > top, stage.id, name)
        top = where(stage.total > top, stage.total, top)
    return name
