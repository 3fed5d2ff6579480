"""The parts of a report, each built from what was unrolled and priced."""

from typing import Any

from msgspec.structs import replace

from vidcalc.account import documented
from vidcalc.account.summary import architecture
from vidcalc.base.number import maximum, where
from vidcalc.catalog.frameworks import framework
from vidcalc.cost import memory
from vidcalc.cost.call import spent
from vidcalc.cost.decode import decode
from vidcalc.cost.reserve import counters
from vidcalc.cost.time import NOTHING, Seconds, spread, total
from vidcalc.cost.transfer import arrival, transfer
from vidcalc.cost.verdict import interval, verdict
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.workload import STAGES, Workload
from vidcalc.ledger.unroll import Job, Phase, chunks
from vidcalc.passes import chain, guidance, parallel
from vidcalc.report.estimate import (
    ComponentRow,
    Compute,
    Documented,
    HardwarePart,
    HostMemory,
    InferenceMemory,
    InferenceTime,
    ModelPart,
    StageRow,
    TrainingMemory,
    TrainingTime,
)
from vidcalc.tape.trace import configuration
from vidcalc.training.bucket import Cell
from vidcalc.training.memory import peak as peak_of

KINDS = ("matmul", "attention", "convolution")
HOUR = 3600
BESIDE = 0.5  # share by which the seconds of a framework's further models may be off


def model_part(model: Model, params: Any, components: list[ComponentRow]) -> ModelPart:
    """Name, weights and main sizes."""
    return ModelPart(
        name=model.name,
        title=model.title,
        params=params,
        params_total=params * model.denoiser.copies,
        provenance=model.provenance,
        components=components,
        architecture=architecture(model),
    )


def hardware_part(hardware: Hardware) -> HardwarePart:
    """The accelerator and how many."""
    chip = hardware.accelerator
    return HardwarePart(
        accelerator=chip.id,
        name=chip.name,
        count=hardware.total,
        capacity=chip.reported,
        nodes=hardware.nodes,
        link=hardware.link.id if hardware.link else "",
        network=hardware.network.id if hardware.network else "",
    )


def components(held: dict[str, memory.Network]) -> list[ComponentRow]:
    """Every network of the pipeline with its weights, all copies together."""
    return [
        ComponentRow(
            id=name,
            role=network.role,
            params=network.params * network.component.copies,
            bytes=network.weights.total,
            precision=network.precision,
        )
        for name, network in held.items()
    ]


def compute(model: Model, workload: Workload, plan: Plan, job: Job, params: Any) -> Compute:
    """FLOPs by stage and kind, with the documented formula's beside them."""
    phases = {name: [phase for phase in job.phases if phase.id == name] for name in STAGES}
    whole = {name: sum(phase.trace.flops * phase.calls for phase in found) for name, found in phases.items()}
    forward = job.forward.flops
    forwards = guidance.forwards(plan)
    calls = phases["denoise"]
    denoised = sum(op.flops * op.count * phase.calls for phase in calls for op in chain.computed(phase, plan))
    return Compute(
        flops_per_forward=forward,
        forwards_per_step=forwards,
        flops_per_step=forward * forwards,
        chunks=chunks(model, workload),
        flops_denoise=whole["denoise"],
        flops_vae_decode=whole["vae_decode"],
        flops_vae_encode=job.encode.trace.flops if job.encode else 0,
        flops_text_encode=whole["text_encode"],
        flops_per_video=sum(whole.values()),
        flops_executed=sum(whole.values()) - whole["denoise"] + denoised,
        attention_share=job.forward.attention_flops / forward,
        parts={name: {kind: _of_kind(found, kind) for kind in KINDS} for name, found in phases.items() if found},
        documented=documented_formula(model, workload, job, params),
    )


def _of_kind(phases: list[Phase], kind: str) -> Any:
    """FLOPs of one kind of op over the calls of some phases."""
    return sum(op.flops * op.count * phase.calls for phase in phases for op in phase.trace.ops if op.kind == kind)


def documented_formula(model: Model, workload: Workload, job: Job, params: Any) -> Documented | None:
    """The documented formula at this width and size; None for a network without one hidden width."""
    config = configuration(model.denoiser)
    width = getattr(config, "width", None)
    if width is None:
        return None
    length = documented.sequence_length(workload.width, workload.height, workload.frames, model.denoiser.patch[1])
    flops = documented.flops_per_step(params, length, width) * workload.batch
    return Documented(
        sequence=length,
        flops_per_step=flops,
        flops_per_video=flops * workload.steps,
        hidden_dim=width,
        layers=parallel.layers(model),
        ratio=job.forward.flops / flops,
    )


def inference_memory(job: Job, held: dict[str, memory.Network], plan: Plan, hardware: Hardware) -> InferenceMemory:
    """The stages, the largest of them, and whether the accelerator holds it."""
    found = memory.stages(job, held, plan)
    peak = memory.peak(found)
    decode = job.phase("vae_decode")
    denoise = job.phase("denoise")
    capacity = hardware.accelerator.reported
    shown = counters(found, hardware.accelerator.capacity)
    low, high = interval(shown.device)
    waits = memory.host_memory(held, plan)
    return InferenceMemory(
        stages=[
            StageRow(
                id=s.id,
                weights=s.weights,
                activations=s.activations,
                other=s.other,
                total=s.total,
                workspace=s.workspace,
                resident=s.resident,
                missing=maximum(s.total - capacity, 0),
            )
            for s in found
        ],
        peak=peak,
        peak_stage=_peak_stage(found),
        allocated=shown.allocated,
        reserved=shown.reserved,
        device=shown.device,
        low=low,
        high=high,
        host=HostMemory(resident=waits.resident, pinned=waits.pinned, loading_peak=waits.loading_peak),
        host_ram=maximum(waits.resident, waits.loading_peak),
        denoiser_activation_peak=denoise.trace.peak if denoise else 0,
        vae_decode_activation_peak=decode.trace.peak if decode else 0,
        capacity=capacity,
        margin=capacity - peak,
        verdict=verdict(low, high, capacity),
    )


def _peak_stage(found: list[memory.Stage]) -> Any:
    """The id of the largest stage, elementwise."""
    name: Any = found[0].id
    top = found[0].total
    for stage in found[1:]:
        name = where(stage.total > top, stage.id, name)
        top = where(stage.total > top, stage.total, top)
    return name


def training_memory(cell: Cell, hardware: Hardware) -> TrainingMemory:
    """The five documented rows and what the process needs beside them: all that is ever held; and the peak."""
    whole, most = sum(cell.rows.values()), peak_of(cell.phases)
    capacity = hardware.accelerator.reported
    return TrainingMemory(
        **cell.rows,
        total=whole,
        kept_for_backward=cell.micro.live.kept,
        forward_backward_peak=cell.micro.live.peak,
        peak=most,
        margin=capacity - most,
        verdict=verdict(*interval(most), capacity),
    )


def inference_time(
    job: Job, held: dict[str, memory.Network], workload: Workload, hardware: Hardware, plan: Plan
) -> InferenceTime:
    """Seconds of one generation, stage by stage: the work, and the weights that travel for it."""
    chip = hardware.accelerator
    stages: dict[str, Seconds] = {}
    kinds: dict[str, dict[str, Any]] = {}
    for phase in job.phases:
        network = held[phase.component.id]
        found = spent(job, phase, network, hardware, plan, workload.steps)
        once = transfer(network.weights, chip, plan, network.role).once
        stages[phase.id] = stages.get(phase.id, NOTHING) + total(found).times(phase.turns) + once
        parts = kinds.setdefault(phase.id, {})
        for kind, part in found.items():
            parts[kind] = parts.get(kind, 0) + part.likely * phase.turns
        parts["transfer"] = parts["transfer"] + once.likely
    unwritten = decode(job, held, plan, chip.id)
    if "vae_decode" not in stages:
        stages["vae_decode"], kinds["vae_decode"] = unwritten, {"convolution": unwritten.likely}
    beside = framework(plan.framework).seconds
    if beside:
        stages["beside"] = Seconds(beside * (1 - BESIDE), beside, beside * (1 + BESIDE), "assumed")
    whole = spread(total(stages))
    denoise = stages["denoise"].likely
    return InferenceTime(
        load=arrival(memory.arrived(held, plan).weights, chip).likely,
        text_encode=stages.get("text_encode", NOTHING).likely,
        image_encode=stages.get("image_encode", NOTHING).likely,
        vae_encode=stages.get("vae_encode", NOTHING).likely,
        denoise=denoise,
        vae_decode=stages.get("vae_decode", NOTHING).likely,
        audio_decode=stages.get("audio_decode", NOTHING).likely,
        beside=beside,
        total=whole.likely,
        per_step=denoise / workload.steps,
        first_step=first_step(job, held, hardware, plan),
        low=whole.low,
        high=whole.high,
        provenance=whole.provenance,
        gpu_hours=whole.likely * hardware.total / HOUR,
        parts=kinds,
    )


def first_step(job: Job, held: dict[str, memory.Network], hardware: Hardware, plan: Plan) -> Any:
    """Seconds of the first denoising step, which differs from the average one: nothing is cached yet, every forward of
    the plan runs, and ranks that share the layers work one after the other [second]."""
    phase = job.phase("denoise")
    if phase is None:
        return 0
    found = spent(job, phase, held[phase.component.id], hardware, replace(plan, step_cache="none"), 1)
    return total(found).likely * guidance.turns_per_step(plan)


def training_time(cell: Cell, workload: Workload, hardware: Hardware) -> TrainingTime:
    """Seconds of one optimizer step and of the run, on one accelerator."""
    whole = spread(total(cell.seconds))
    return TrainingTime(
        per_step=whole.likely,
        total=whole.likely * workload.train_steps,
        gpu_hours=whole.likely * workload.train_steps * hardware.total / HOUR,
        low=whole.low,
        high=whole.high,
        steps=workload.train_steps,
        parts={name: piece.likely for name, piece in cell.seconds.items()},
    )
