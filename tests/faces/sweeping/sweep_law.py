"""Random sweeps over all settings, and rows of them beside the single estimates that they stand for."""

import math
import random
from collections import Counter

import numpy as np

from vidcalc.faces.commands.estimate import result
from vidcalc.faces.flags.catalogue import FLAGS
from vidcalc.faces.sweeping.asked import Asked
from vidcalc.search.sweeps.columns import COLUMNS, MEMORY_STAGES, TIME_STAGES

GPUS = ("h100-sxm", "rtx-4090", "rtx-5090", "a100-sxm-80gb", "mi300x", "l40s", "b200", "rtx-3060-12gb", "t4", "m3-max")
SIZES = ("480p", "720p", "832x480", "1000x600", "512x512")
FURTHER = {
    "offload": ("none", "model", "group", "sequential", "encoders", "block-swap:10"),
    "precision": ("bf16", "fp8", "nf4", "gguf-q4_k"),
    "text_encoder_precision": ("int8",),
    "compile": ("off", "on"),
    "vae_tiling": ("none", "default"),
    "vae_slicing": ("on",),
    "attention": ("sdpa", "math"),
    "price": ("2:3:0.25",),
    "parallel": ("ulysses=2", "cfg=2", "ulysses=4"),
    "gpus": ("1,8",),
    "nodes": ("1",),
    "guidance": ("1,5",),
    "segments": ("expandable",),
    "step_cache": ("0.5",),
    "guidance_interval": ("0.4",),
    "text_tokens": ("100,300",),
    "lora": ("32",),
    "token_merge": ("0.3",),
    "framework": ("comfyui", "xdit", "wan-official"),
    "place": ("home,cloud",),
    "fps": ("16,24",),
    "seconds": ("2,3.5",),
    "batch_size": ("1,2,3", "2,16"),
    "snap": (True,),
    "host_ram": ("16GiB,256GiB",),
    "control": ("vace", "canny,depth"),
    "references": (("2,1", "1"),),
    "window": ("33:8,49",),
}
WITHIN = 1e-12  # relative


def sweep(seed, models):
    """A random sweep of a model, small enough that what the allocator reserves is replayed."""
    chance = random.Random(seed)
    given = {
        "model": chance.choice(models),
        "gpu": ",".join(chance.sample(GPUS, 2)),
        "resolution": ",".join(chance.sample(SIZES, 2)),
        "steps": chance.choice(["4,30", "10:50:20"]),
    }
    given |= {name: chance.choice(values) for name, values in FURTHER.items() if chance.random() < 0.15}
    if "seconds" not in given:
        given["frames"] = chance.choice(["17:49:16", "9:31:7", "1,33,81"])
    return Asked(given, tuple(COLUMNS)), chance


def at(report, path):
    """The number of a report at a column's path; None where it has none (no price, no nominal power)."""
    found = report
    for name in path.split("."):
        if found is None:
            return None
        found = found.get(name) if isinstance(found, dict) else getattr(found, name)
    return found


def flags_of(asked, place):
    """The flags of the estimate that a row stands for."""
    whole = asked.combined
    flags = dict(whole.combination(place // whole.inner).flags)
    inner = np.unravel_index(place % whole.inner, whole.shape) if whole.shape else ()
    flags |= {axis.name: axis.values[at] for axis, at in zip(whole.numbers, inner, strict=True)}
    return {name: (value,) if getattr(FLAGS[name].takes, "multiple", False) else value for name, value in flags.items()}


def differences(asked, chance, most):
    """(rows compared, what differs) of some rows of a sweep and the estimates that they stand for."""
    differing, compared = [], 0
    for number in range(asked.parts):
        for block in asked.blocks(asked.part(number), Counter()):
            for row in chance.sample(range(block.rows), min(most, block.rows)):
                flags, compared = flags_of(asked, int(block.places[row])), compared + 1
                report = result(flags, advise=False)
                for name, column in COLUMNS.items():
                    if column.path and not same(block.column(name)[row], at(report, column.path)):
                        differing.append((name, block.column(name)[row], at(report, column.path), flags))
                values = {name: block.column(name)[row] for name in COLUMNS}
                differing += [(*each, flags) for each in unlike(values, report) if not same(*each[1:])]
    return compared, differing


def unlike(values, report):
    """(what, of a row, of its estimate) where an estimate has a row's columns by stage in another shape."""
    memory, time = report.memory.inference, report.time.inference
    context = memory.device - memory.reserved
    totals = {stage.id: stage.total for stage in memory.stages}
    for stage in MEMORY_STAGES:
        yield f"{stage}_allocated", values[f"{stage}_allocated"], totals[stage] - context if stage in totals else 0
        yield f"{stage}_device", values[f"{stage}_device"], (values[f"{stage}_reserved"] + context) * (stage in totals)
    if memory.peak_stage in MEMORY_STAGES:  # where it is not while weights arrive
        for name in ("allocated", "reserved", "device"):
            yield f"largest {name}", max(values[f"{stage}_{name}"] for stage in MEMORY_STAGES), getattr(memory, name)
    yield "all seconds", math.fsum(values[f"{stage}_seconds"] for stage in TIME_STAGES), time.total
    for stage in TIME_STAGES:
        ends = [values[f"{stage}_{name}"] for name in ("seconds_low", "seconds", "seconds_high")]
        yield f"band of {stage}", ends == sorted(ends), True


def same(found, wanted):
    """Whether a row's value is the estimate's; a number that is not known is NaN in a row."""
    if isinstance(wanted, str):
        return found == wanted
    if wanted is None:
        return found != found
    return abs(found - wanted) <= WITHIN * abs(wanted)
