"""Where bytes come from: components, live activations, the process, and what training holds per weight."""

from collections.abc import Callable

from vidcalc.catalog.defaults import defaults, process
from vidcalc.catalog.precisions import precision
from vidcalc.catalog.training import optimizer, recipe
from vidcalc.cost import memory as cost
from vidcalc.explain.case import Case, given, product
from vidcalc.explain.step import Step, added, largest
from vidcalc.explain.term import Term
from vidcalc.tape import ELEMENT_BYTES

TAPE = "vidcalc.tape"


def weights(case: Case) -> Step:
    """Every component resident: weight elements times bytes, and more for what stays in float32."""
    return added("weights", "byte", tuple(_component(case, row.id) for row in case.report.model.components))


def _component(case: Case, name: str) -> Step:
    row = next(row for row in case.report.model.components if row.id == name)
    chosen = precision(row.precision)
    parts = (
        given("params", row.params, case.model.name),
        given(row.precision, chosen.stored, chosen.source, "byte"),
    )
    if row.precision not in ELEMENT_BYTES:  # quantised: some layers, and scales beside them
        return Step(id=row.id, value=row.bytes, unit="byte", source=cost.__name__, note=row.precision, parts=parts)
    rule = Term("params", row.params) * Term("bytes_per_param", ELEMENT_BYTES[row.precision])
    kept = row.bytes - rule.value
    rule = rule + Term("kept_in_fp32", kept) if kept else rule
    return product(row.id, "byte", rule, parts, note=row.precision)


def other(held: int | float) -> Step:
    """What the process takes before the first tensor, and what kernels need beside their tensors."""
    table = defaults()["process"]
    rows = [
        given("context", process("context"), table["context"]["source"], "byte", "assumed"),
        given("workspace", process("workspace"), table["cublas_workspace"]["source"], "byte", "assumed"),
    ]
    kernels = held - sum(row.value for row in rows)
    rows += [given("kernels", kernels, TAPE, "byte", "assumed")] if kernels else []
    return added("other", "byte", tuple(rows))


def inference_stage(case: Case, name: str) -> Step:
    """Weights, live activations and the process during one stage."""
    row = next(row for row in case.report.memory.inference.stages if row.id == name)
    held = weights(case)
    if held.value != row.weights:  # some wait in host memory
        held = given("weights", row.weights, f"vidcalc.passes.residency, offload {case.plan.offload}", "byte")
    at = next((phase.trace.peak_at for phase in case.job.phases if phase.id == name), "")
    activations = Step(id="activations", value=row.activations, unit="byte", source=TAPE, note=at.rstrip("."))
    return added(name, "byte", (held, activations, other(row.other)))


def inference_peak(case: Case) -> Step:
    """The largest stage."""
    rows = tuple(inference_stage(case, row.id) for row in case.report.memory.inference.stages)
    return largest("memory.inference.peak", "byte", rows)


def inference_margin(case: Case) -> Step:
    """What is left of the accelerator's memory."""
    return _margin(case, "memory.inference.margin", inference_peak(case))


def training_margin(case: Case) -> Step:
    """What training leaves of the accelerator's memory."""
    return _margin(case, "memory.training.margin", training_total(case))


def _margin(case: Case, name: str, needed: Step) -> Step:
    chip = case.hardware.accelerator
    capacity = given("capacity", chip.capacity, "data/accelerators/" + chip.id, "byte")
    rule = Term("capacity", chip.capacity) - Term(needed.id, needed.value)
    return product(name, "byte", rule, (capacity, needed))


def host_ram(case: Case) -> Step:
    """The largest component passes through host memory while loading."""
    name, value = "memory.inference.host_ram", case.report.memory.inference.host_ram
    found = largest(name, "byte", weights(case).parts, source=cost.__name__, provenance="assumed")
    if found.value == value:
        return found
    return given(name, value, f"vidcalc.passes.residency, offload {case.plan.offload}", "byte", "assumed")


def activation_peak(case: Case, stage: str, name: str) -> Step:
    """The most bytes alive in one call of a stage's network."""
    phase = case.job.phase(stage)
    if phase is None:
        return given(name, 0, TAPE, "byte")
    return Step(id=name, value=phase.trace.peak, unit="byte", source=TAPE, note=phase.trace.peak_at.rstrip("."))


def per_weight(case: Case, name: str) -> Step:
    """Weights, gradients or optimizer states: parameters times the recipe's bytes."""
    chosen, states = recipe(case.plan.recipe), optimizer(case.plan.optimizer)
    params = Term("params", case.report.model.params)
    source = chosen.source
    if name == "optimizer":
        each = chosen.states if states.state_bytes is None else states.state_bytes
        per = Term("master", chosen.master) + Term("states", states.states) * Term("state_bytes", each)
        source = f"{chosen.source}; {states.source}"
    else:
        per = Term("bytes_per_param", getattr(chosen, name))
    rule = params * per
    parts = (given("model.params", params.value, case.model.name),)
    made = product("memory.training." + name, "byte", rule, parts, source=source, note=case.plan.recipe)
    return Step(**{**_fields(made), "value": getattr(case.report.memory.training, name)})


def _fields(step: Step) -> dict[str, object]:
    return {name: getattr(step, name) for name in step.__struct_fields__}


def training_activations(case: Case) -> Step:
    """The most live activations over forward and backward."""
    return _walked(case, "activations")


def _walked(case: Case, name: str) -> Step:
    value = getattr(case.report.memory.training, name)
    note = case.plan.checkpointing
    return Step(id="memory.training." + name, value=value, unit="byte", source="vidcalc.tape.backward", note=note)


def training_vae(case: Case) -> Step:
    """The VAE that encodes the videos."""
    rows = tuple(_component(case, row.id) for row in case.report.model.components if row.role == "vae")
    return added("memory.training.vae", "byte", rows)


def training_total(case: Case) -> Step:
    """The five documented rows and the process."""
    trained = case.report.memory.training
    rows = (
        per_weight(case, "weights"),
        training_vae(case),
        per_weight(case, "optimizer"),
        per_weight(case, "gradients"),
        training_activations(case),
        other(trained.other if trained is not None else 0),
    )
    return added("memory.training.total", "byte", rows)


QUANTITIES: dict[str, Callable[[Case], Step]] = {
    "memory.inference.peak": inference_peak,
    "memory.inference.margin": inference_margin,
    "memory.inference.host_ram": host_ram,
    "memory.inference.denoiser_activation_peak": lambda case: activation_peak(
        case, "denoise", "memory.inference.denoiser_activation_peak"
    ),
    "memory.inference.vae_decode_activation_peak": lambda case: activation_peak(
        case, "vae_decode", "memory.inference.vae_decode_activation_peak"
    ),
    "memory.training.weights": lambda case: per_weight(case, "weights"),
    "memory.training.vae": training_vae,
    "memory.training.optimizer": lambda case: per_weight(case, "optimizer"),
    "memory.training.gradients": lambda case: per_weight(case, "gradients"),
    "memory.training.activations": training_activations,
    "memory.training.kept_for_backward": lambda case: _walked(case, "kept_for_backward"),
    "memory.training.forward_backward_peak": lambda case: _walked(case, "forward_backward_peak"),
    "memory.training.margin": training_margin,
    "memory.training.total": training_total,
}
