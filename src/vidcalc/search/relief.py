"""What to change so that a generation fits: single settings and small combinations of them, the fastest first.

Every change is one that people make by hand: the VAE in tiles, weights that wait in host memory, weights in fewer
bits, guidance in two calls. Where the video itself may shrink, one smaller clip is offered as the last way.
A combination is listed only where no part of it is enough.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

from msgspec.structs import replace

from vidcalc import parts
from vidcalc.catalog.frameworks import executed
from vidcalc.catalog.precisions import precision
from vidcalc.cost import memory
from vidcalc.describe.geometry import snap
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.workload import Workload
from vidcalc.report import InferenceMemory, Relief
from vidcalc.trace import tiles
from vidcalc.unroll import Job, unroll

MOST = 4  # ways listed
PRICED = 10  # ways whose time is worth predicting: those of the fewest changes
OFFLOADS = ("encoders", "model", "group", "sequential")
FEWER_BITS = ("fp8", "nf4")
SMALLER = (3 / 4, 1 / 2, 1 / 3, 1 / 4)  # of the frames, then of each side

Changes = dict[str, Any]


def relief(
    model: Model, workload: Workload, hardware: Hardware, plan: Plan, seconds: float, most: int = MOST
) -> list[Relief]:
    """Ways in which the job fits, the fastest first; empty where none of those tried does. Plain numbers only.

    seconds  of one generation as asked
    """
    model = executed(model, plan.framework)
    found = _minimal(model, workload, hardware, plan)
    ways = [
        _way(changes, held, parts.inference_time(job, nets, workload, hardware, changed).total, seconds)
        for changes, held, job, nets, changed in found[:PRICED]
    ]
    ways.sort(key=lambda way: (way.seconds, len(way.changes)))
    if len(ways) >= most:
        return ways[:most]
    return [*ways, *_smaller(model, workload, hardware, plan, seconds)][:most]


Way = tuple[Changes, InferenceMemory, Job, dict[str, memory.Network], Plan]


def _minimal(model: Model, workload: Workload, hardware: Hardware, plan: Plan) -> list[Way]:
    """Combinations that fit and of which no part does, those of the fewest changes first."""
    found: list[Way] = []
    jobs: dict[tuple[str, Any], Job] = {}
    for changes in combinations(model, plan):
        if any(part.items() <= changes.items() for part, *_rest in found):
            continue
        changed = replace(plan, **changes)
        key = changed.vae_tiling, changed.batched_forwards
        if key not in jobs:  # number formats with the same activations share everything but the weights
            jobs[key] = unroll(model, workload, changed)
        held = memory.networks(model, changed, jobs[key])
        needed = parts.inference_memory(jobs[key], held, changed, hardware)
        if needed.margin >= 0:
            found.append((changes, needed, jobs[key], held, changed))
    return found


def combinations(model: Model, plan: Plan) -> Iterator[Changes]:
    """Sets of changed plan fields, the smallest first; what the plan does already is no change."""
    choices: list[list[Changes]] = []
    if plan.vae_tiling == "none" and model.vae.network and tiles(model.vae):
        choices.append([{"vae_tiling": "default"}])
    if plan.offload == "none":
        choices.append([{"offload": way} for way in OFFLOADS])
    if plan.guidance_mode == "batched":
        choices.append([{"guidance_mode": "sequential", "batched_forwards": 1}])
    known = precision(plan.precision)
    if known.covers == "all":
        fewer = [name for name in FEWER_BITS if precision(name).compute == known.compute]
        choices.append([{"precision": name} for name in fewer])
    sets = [[one for one in picked if one] for picked in product(*([{}, *options] for options in choices))]
    for picked in sorted(sets, key=len):
        if picked:
            yield {name: value for one in picked for name, value in one.items()}


def _smaller(model: Model, workload: Workload, hardware: Hardware, plan: Plan, seconds: float) -> list[Relief]:
    """The least smaller clip that fits: fewer frames, else a smaller picture, of sizes the model takes."""
    wide, high, long = workload.width, workload.height, workload.frames
    sizes = [(wide, high, long * share) for share in SMALLER]
    sizes += [(wide * share, high * share, long) for share in SMALLER]
    for size in sizes:
        width, height, frames = (int(value) for value in snap(model, *map(int, size)))
        asked = {"width": width, "height": height, "frames": frames}
        changes = {name: value for name, value in asked.items() if value != getattr(workload, name)}
        clip = replace(workload, **changes)
        job = unroll(model, clip, plan)
        held = memory.networks(model, plan, job)
        needed = parts.inference_memory(job, held, plan, hardware)
        if changes and needed.margin >= 0:
            return [_way(changes, needed, parts.inference_time(job, held, clip, hardware, plan).total, seconds)]
    return []


def _way(changes: Changes, needed: InferenceMemory, spent: float, asked: float) -> Relief:
    told = {name: value for name, value in changes.items() if name != "batched_forwards"}
    return Relief(changes=told, peak=needed.peak, margin=needed.margin, seconds=spent, slower=spent - asked)
