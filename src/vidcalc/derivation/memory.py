"""Where bytes come from: components, live activations, and the process."""

from collections.abc import Callable

from vidcalc.catalog.defaults import defaults, nccl, process
from vidcalc.catalog.load import entry
from vidcalc.catalog.precisions import precision
from vidcalc.cost import memory as cost
from vidcalc.cost import reserve
from vidcalc.derivation.case import Case, given, product
from vidcalc.derivation.step import Step, added, largest
from vidcalc.derivation.term import Term
from vidcalc.passes import parallel
from vidcalc.tape import ELEMENT_BYTES

TAPE = "vidcalc.tape"


def weights(case: Case) -> Step:
    """Every component resident: weight elements times bytes, and more for what stays in float32."""
    return added("weights", "byte", tuple(component(case, row.id) for row in case.report.model.components))


def component(case: Case, name: str) -> Step:
    """The weights of one component: elements times bytes."""
    row = next(row for row in case.report.model.components if row.id == name)
    chosen = precision(row.precision)
    parts = (
        given("params", row.params, case.model.name),
        given(row.precision, chosen.stored, chosen.source, "byte"),
    )
    if chosen.covers != "all" or chosen.stored != ELEMENT_BYTES[chosen.compute]:  # some layers only, scales beside them
        return Step(id=row.id, value=row.bytes, unit="byte", source=cost.__name__, note=row.precision, parts=parts)
    rule = Term("params", row.params) * Term("bytes_per_param", ELEMENT_BYTES[row.precision])
    kept = row.bytes - rule.value
    rule = rule + Term("kept_in_fp32", kept) if kept else rule
    return product(row.id, "byte", rule, parts, note=row.precision)


def other(held: int | float, ranks: int = 1) -> Step:
    """What the process takes before the first tensor, and what kernels need beside their tensors."""
    table = defaults()["process"]
    rows = [
        given("context", process("context"), table["context"]["source"], "byte", "assumed"),
        given("cublas_workspace", process("workspace"), table["cublas_workspace"]["source"], "byte", "assumed"),
    ]
    shared = nccl(ranks)
    rows += [given("communicators", shared, table["nccl"]["source"], "byte", "assumed")] if shared else []
    kernels = held - sum(row.value for row in rows)
    rows += [given("convolution_workspace", kernels, TAPE, "byte", "assumed")] if kernels else []
    return added("other", "byte", tuple(rows))


def inference_stage(case: Case, name: str) -> Step:
    """Weights by component as the offload has them, live activations and the process during one stage."""
    row = next(row for row in case.report.memory.inference.stages if row.id == name)
    source = f"vidcalc.passes.residency, offload {case.plan.offload}"
    known = {part.id: part for part in weights(case).parts}
    held = []
    for component, nbytes in row.resident.items():
        if component in known and known[component].value == nbytes:
            held.append(known[component])
        elif nbytes:  # a part of it: the rest waits in host memory, or on other accelerators
            held.append(given(component, nbytes, source, "byte", "assumed"))
    at = next((phase.trace.peak_at for phase in case.job.phases if phase.id == name), "")
    activations = Step(id="activations", value=row.activations, unit="byte", source=TAPE, note=at.rstrip("."))
    rest = other(row.other, parallel.ranks(case.plan))
    return added(name, "byte", (added("weights", "byte", tuple(held)), activations, rest))


def inference_peak(case: Case) -> Step:
    """The largest stage."""
    rows = tuple(inference_stage(case, row.id) for row in case.report.memory.inference.stages)
    return largest("memory.inference.peak", "byte", rows)


def inference_margin(case: Case) -> Step:
    """What is left of the accelerator's memory."""
    return margin(case, "memory.inference.margin", inference_peak(case))


def margin(case: Case, name: str, needed: Step) -> Step:
    """The accelerator's memory less what is needed."""
    chip = case.hardware.accelerator
    capacity = given("capacity", chip.reported, "data/accelerators/" + chip.id, "byte")
    rule = Term("capacity", chip.reported) - Term(needed.id, needed.value)
    return product(name, "byte", rule, (capacity, needed))


def counter(case: Case, name: str) -> Step:
    """The peak as one counter shows it: without the context, with the allocator's cache, or with both."""
    found, quantity = case.report.memory.inference, "memory.inference." + name
    context = Term("context", process("context"))
    source = defaults()["process"]["context"]["source"]
    process_row = given("context", context.value, source, "byte", "assumed")
    peak = inference_peak(case)
    allocated = product("memory.inference.allocated", "byte", Term("peak", peak.value) - context, (peak, process_row))
    if name == "allocated":
        return allocated
    cache = given("cache", found.reserved - found.allocated, "data/validation/reserve", "byte", "measured")
    reserved = added("memory.inference.reserved", "byte", (allocated, cache), source=reserve.__name__)
    return reserved if name == "reserved" else added(quantity, "byte", (reserved, process_row))


def bound(case: Case, name: str) -> Step:
    """The lower or upper end of what the driver may show: the device total and the spread of its readings."""
    device, band = counter(case, "device"), entry("validation", "reserve")["verdict"]
    whole, below, above = Term("1", 1), Term("below", band["below"]), Term("above", band["above"])
    rule = Term("device", device.value) * (whole - below if name == "low" else whole + above)
    end = product("memory.inference." + name, "byte", rule, (device,), source=band["source"], provenance="measured")
    return Step(**{**_fields(end), "value": getattr(case.report.memory.inference, name)})


def host_ram(case: Case) -> Step:
    """The largest component passes through host memory while loading; what is offloaded waits there as well."""
    name, value = "memory.inference.host_ram", case.report.memory.inference.host_ram
    whole = weights(case).parts
    found = largest(name, "byte", whole, source=cost.__name__, provenance="assumed")
    if found.value == value:
        return found
    waiting = added(name, "byte", whole, source=f"vidcalc.passes.residency, offload {case.plan.offload}")
    if waiting.value == value:
        return waiting
    return given(name, value, f"vidcalc.passes.residency, offload {case.plan.offload}", "byte", "assumed")


def activation_peak(case: Case, stage: str, name: str) -> Step:
    """The most bytes alive in one call of a stage's network."""
    phase = case.job.phase(stage)
    if phase is None:
        return given(name, 0, TAPE, "byte")
    return Step(id=name, value=phase.trace.peak, unit="byte", source=TAPE, note=phase.trace.peak_at.rstrip("."))


def _fields(step: Step) -> dict[str, object]:
    return {name: getattr(step, name) for name in step.__struct_fields__}


QUANTITIES: dict[str, Callable[[Case], Step]] = {
    "memory.inference.peak": inference_peak,
    "memory.inference.margin": inference_margin,
    "memory.inference.allocated": lambda case: counter(case, "allocated"),
    "memory.inference.reserved": lambda case: counter(case, "reserved"),
    "memory.inference.device": lambda case: counter(case, "device"),
    "memory.inference.low": lambda case: bound(case, "low"),
    "memory.inference.high": lambda case: bound(case, "high"),
    "memory.inference.host_ram": host_ram,
    "memory.inference.denoiser_activation_peak": lambda case: activation_peak(
        case, "denoise", "memory.inference.denoiser_activation_peak"
    ),
    "memory.inference.vae_decode_activation_peak": lambda case: activation_peak(
        case, "vae_decode", "memory.inference.vae_decode_activation_peak"
    ),
}
