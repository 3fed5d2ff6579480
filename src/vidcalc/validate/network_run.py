"""Measured networks -> what is predicted of the same call: bytes under both of torch's counters, and seconds.

A call is cut out of the job that it belongs to: the phase of the ledger alone, with no other network's weights beside
it, as it was measured.
"""

from functools import lru_cache
from statistics import median

import msgspec
from msgspec.structs import replace

from vidcalc.account.bucket import Loaded, priced
from vidcalc.account.call import alone
from vidcalc.base.errors import InputError
from vidcalc.base.facts import Facts
from vidcalc.base.number import Number, scalar
from vidcalc.calculate import workload_of
from vidcalc.catalog import fill
from vidcalc.cost import memory, reserve
from vidcalc.cost.call import exposed_copies, single_rank
from vidcalc.cost.seconds import Seconds, spread, total
from vidcalc.describe.data import Bucket
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.training import TrainingPlan
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.passes import backward, generation
from vidcalc.rates.machines import hardware
from vidcalc.validate.bands import held
from vidcalc.validate.compared import KEPT, compared
from vidcalc.validate.network_summary import NetworkErrors, NetworkResult, summarise
from vidcalc.validate.network_table import NetworkRow
from vidcalc.validate.table import number

SIDES = ("width", "height", "frames")
PHASES = {"denoiser": "denoise", "offload": "denoise", "vae": "vae_decode", "encoder": "text_encode"}
OFFLOADS = {"block1-stream": "group", "leaf-stream": "group-leaf", "sequential": "sequential"}
KERNELS = {"_native_cudnn": "cudnn", "_native_flash": "flash2"}


class NetworkValidation(msgspec.Struct, frozen=True, kw_only=True):
    """All rows, in the order of the file, and how well they came out."""

    rows: list[NetworkResult]
    summary: list[NetworkErrors]
    schema: str = "vidcalc.network-validation/1"


class Predicted(msgspec.Struct, frozen=True, kw_only=True):
    """What one call needs: bytes under torch's counters, and times by name."""

    allocated: Number
    reserved: Number
    times: dict[str, Seconds]


def validate(rows: list[NetworkRow]) -> NetworkValidation:
    """Every row predicted, or with the reason it cannot be; no row is dropped."""
    results = [result(row) for row in rows]
    return NetworkValidation(rows=results, summary=summarise(results))


def result(row: NetworkRow) -> NetworkResult:
    """One row's predictions beside what was measured; rows that differ by their ids alone are asked once."""
    return replace(_result(replace(row, id="", role="")), id=row.id, role=row.role)


@lru_cache(maxsize=KEPT)
def _result(row: NetworkRow) -> NetworkResult:
    """The predictions of a row without its id."""
    labels: Facts = {"id": "", "role": "", "kind": row.kind, "model": row.model}
    try:
        machine = hardware(row.gpu)
        found = predicted(row, machine)
        measured = {
            "allocated": _number(row.peak_allocated_bytes),
            "reserved": _number(row.peak_reserved_bytes),
            "seconds": _number(row.seconds),
            "per_step": _number(row.per_step_s),
            "after_last_step": _number(row.after_last_step_s),
        }
    except (InputError, ValueError, LookupError, ArithmeticError):
        return NetworkResult(reason="impossible_setting", **labels)
    parts = {}
    for name in ("allocated", "reserved"):
        band = held("training" if row.kind == "train" else "memory", name, getattr(found, name))
        parts[name] = compared(band.likely, measured[name], (band.low, band.high))
    for name, spent in found.times.items():
        parts[name] = compared(spent.likely, measured[name], (spent.low, spent.high))
    fits = scalar(found.allocated) <= scalar(machine.accelerator.reported) if row.error else None
    return NetworkResult(parts=parts, fits=fits, **labels)


def predicted(row: NetworkRow, machine: Hardware) -> Predicted:
    """What the row's call needs on the machine. Raises InputError and ValueError for what it cannot be."""
    model, said = fill.model(row.model), row.said
    if row.kind == "train":
        return _step(row, model, machine)
    given: Facts = {"vae_tiling": "default" if said.get("tiling") == "True" else "none"}
    if "precision" in said:
        given["vae_precision"] = said["precision"]
    if "backend" in said:
        given["attention"] = KERNELS[said["backend"]]
    if "compile" in said:
        given["compile"] = "on"
    if row.kind == "offload":
        given["offload"] = OFFLOADS[said["how"]]
    elif "offload" in said:
        given["offload"] = said["offload"]
    steps = int(said.get("steps", 1))
    sized: Facts = (
        dict(zip(("width", "height", "frames"), map(int, row.size.split("x")), strict=True)) if row.size else {}
    )
    if "tokens" in said:
        sized["text_tokens"] = int(said["tokens"])
    workload = fill.workload(model, steps=steps, batch=int(row.batch or 1), **sized)
    if row.kind == "pipeline":
        return _pipeline(*generation(model, workload, machine, fill.plan(model, **given)), machine)
    plan = replace(
        fill.plan(model, guidance=1.0, **given), guidance_mode="none", forwards_per_step=1, batched_forwards=1
    )
    ledger, _ = generation(model, workload, machine, plan)
    return _call(ledger, row.kind, machine)


def _call(ledger: Ledger, kind: str, machine: Hardware) -> Predicted:
    """One call of one network, whose own weights alone are on the device."""
    rows, spent = alone(ledger, PHASES[kind], machine)
    return _counted(rows, machine, {"seconds": spent})


def _pipeline(ledger: Ledger, first: Ledger, machine: Hardware) -> Predicted:
    """A pipeline that is given its prompts' embeddings: no encoder runs, whatever is resident."""
    run = [each for each in ledger.phases if each.id != "text_encode"]
    own = {each.component.id for each in run}
    # an encoder that never came does not go back
    kept = (replace(each, once=tuple(copy for copy in each.once if copy.path in own)) for each in run)
    ledger = replace(ledger, phases=tuple(kept))
    rows, chip = memory.stages(ledger), machine.accelerator
    spent: dict[str, Seconds] = {phase.id: _of(phase, machine) for phase in ledger.phases}
    denoise = ledger.phase("denoise")
    assert denoise is not None
    step = total(single_rank(denoise, chip)).times(denoise.turns / ledger.steps)
    times = {"seconds": total(spent), "per_step": step, "after_last_step": spent["vae_decode"]}
    return _counted(rows, machine, {name: spread(each) for name, each in times.items()})


def _of(phase: Phase, machine: Hardware) -> Seconds:
    """All calls of a phase, and what it copies once."""
    chip = machine.accelerator
    return total(single_rank(phase, chip)).times(phase.turns) + exposed_copies(phase.once, chip)


def _step(row: NetworkRow, model: Model, machine: Hardware) -> Predicted:
    """One training step: weights and states in bf16; adapters of rank 32 in float32 under autocast."""
    said, (width, height, frames) = row.said, map(int, row.size.split("x"))
    adapted = said["mode"] == "lora"
    training = TrainingPlan(
        mode="lora" if adapted else "full",
        recipe="bf16-autocast" if adapted else "pure-bf16",
        checkpointing=said["checkpointing"],
        rank=32,
        latents="precomputed",
    )
    plan = replace(fill.plan(model, guidance=1.0), training=training)
    workload = workload_of(model, Bucket(width=width, height=height, frames=frames, batch=int(row.batch or 1)))
    ledger, _ = generation(model, workload, machine, plan)
    one = Loaded(workload=workload, ledger=ledger, step=backward.step(ledger, training))
    cost = priced(one, machine, training)
    return _counted(cost.stages, machine, {"seconds": spread(total(cost.seconds), "step")})


def _counted(rows: list[memory.Stage], machine: Hardware, times: dict[str, Seconds]) -> Predicted:
    """The peak of the stages under torch's counters, beside the times."""
    shown = reserve.counters(rows, machine.accelerator)
    return Predicted(allocated=shown.allocated, reserved=shown.reserved, times=times)


def _number(text: str) -> float | None:
    """The median of the numbers of a cell, or None. Raises ValueError where one of them is none."""
    found = [number(piece) for piece in text.split()]
    if None in found:
        raise ValueError(text)
    return median(each for each in found if each is not None) if found else None
