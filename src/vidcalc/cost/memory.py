"""Bytes on the device while a video is generated: what is resident, what each stage adds, and the peak."""

from typing import Any

import msgspec

from vidcalc.arithmetic import maximum, minimum, where
from vidcalc.catalog.defaults import nccl, process
from vidcalc.catalog.frameworks import framework
from vidcalc.catalog.precisions import Precision, precision
from vidcalc.cost.weights import Weights, weights
from vidcalc.describe.model import Component, Model, Vae
from vidcalc.describe.plan import Plan
from vidcalc.ops import Matmul
from vidcalc.passes import parallel
from vidcalc.passes.residency import STREAMED, host, resident
from vidcalc.trace import Trace
from vidcalc.unroll import Job

PARTS = ("weights", "activations", "other", "workspace")


class Stage(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes during one stage: weights resident, live activations, everything else, and their sum [byte].

    resident  what the weights are of, by component id; "gathered": blocks of sharded weights that are whole while
              they run; "beside": further models that the framework keeps on the device
    workspace  the part of `other` that kernels take beside their tensors
    """

    id: str
    resident: dict[str, Any]
    weights: Any
    activations: Any
    other: Any
    workspace: Any
    total: Any


def parameters(component: Component, traces: tuple[Trace, ...]) -> Any:
    """Weight elements of one copy: the published count, else what the traces touched."""
    if component.params is not None:
        return component.params
    names: dict[str, Any] = {}
    for found in traces:
        names.update({name: elements for name, (elements, _) in found.parameters.items()})
    return sum(names.values())


def precision_of(component: Component, model: Model, plan: Plan) -> str:
    """The precision the plan gives a component."""
    if component is model.denoiser:
        return plan.precision
    return plan.vae_precision if component is model.vae else plan.text_encoder_precision


def role_of(component: Component, model: Model) -> str:
    """The component's role in the report."""
    if component is model.denoiser:
        return "denoiser"
    if component is model.vae:
        return "vae"
    if any(component is encoder for encoder in model.image_encoders):
        return "image_encoder"
    return "text_encoder" if any(component is encoder for encoder in model.text_encoders) else "other"


class Network(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A component as memory sees it: its role, format, weight elements of one copy, and their bytes."""

    component: Component
    role: str
    precision: str
    params: Any
    weights: Weights


def networks(model: Model, plan: Plan, job: Job) -> dict[str, Network]:
    """Every network of the pipeline by component id."""
    seen: dict[str, tuple[Trace, ...]] = {model.denoiser.id: (job.forward,)}
    for phase in (*job.phases, *((job.encode,) if job.encode else ())):
        seen[phase.component.id] = (*seen.get(phase.component.id, ()), phase.trace)
    found: dict[str, Network] = {}
    for component in (model.denoiser, model.vae, *model.text_encoders, *model.image_encoders, *model.others):
        if component.optional:
            continue
        traces, name = seen.get(component.id, ()), precision_of(component, model, plan)
        params = parameters(component, traces)
        found[component.id] = Network(
            component=component,
            role=role_of(component, model),
            precision=name,
            params=params,
            weights=weights(component, params, traces, name, plan.fused_projections),
        )
    return found


def stages(job: Job, held: dict[str, Network], plan: Plan) -> list[Stage]:
    """The stages of a generation: weights on the device as the plan's offload has them, live activations, the rest."""
    profile = framework(plan.framework)
    other = process("context") + process("workspace") + nccl(parallel.ranks(plan))
    roles = {name: network.role for name, network in held.items()}
    sizes = {name: parallel.stored(network.weights, network.role, plan) for name, network in held.items()}
    scales = profile.activation_scale
    found: list[Stage] = []
    kept: dict[str, Any] = {}
    for phase in job.phases:
        network = held[phase.component.id]
        chosen = precision(network.precision)
        kept[network.component.id] = _kept(network, chosen)
        there = resident(phase.id, phase.component.id, sizes, roles, plan.offload, plan.swapped_blocks)
        if phase.id == "denoise":
            there["gathered"] = parallel.gathered(held[phase.component.id].weights, plan)
        there["beside"] = profile.beside + sum(kept.values())
        on_device = sum(there.values())
        scale = scales.get(phase.component.network, 1)
        activations = parallel.activations(phase.trace.peak * scale + _beside(phase.trace, chosen), phase.id, plan)
        workspace = parallel.activations(phase.trace.workspace, phase.id, plan)
        beside = other + workspace
        found.append(
            Stage(
                id=phase.id,
                resident=there,
                weights=on_device,
                activations=activations,
                other=beside,
                workspace=workspace,
                total=on_device + activations + beside,
            )
        )
    found.extend(_unwritten_decode(job, held, plan, other))
    return _merged(found)


def _unwritten_decode(job: Job, held: dict[str, Network], plan: Plan, other: Any) -> list[Stage]:
    """The decode of a VAE without a network here, where the framework's profile knows its bytes per pixel."""
    profile = framework(plan.framework)
    vae = next((network.component for network in held.values() if isinstance(network.component, Vae)), None)
    if vae is None or vae.network or vae.class_ not in profile.decode_bytes:
        return []
    _, frames, height, width = job.latent
    clip = minimum(frames * vae.temporal_compression, vae.clip_frames or frames * vae.temporal_compression)
    pixels = clip * height * width * vae.spatial_compression**2
    there = {"beside": profile.beside, **{name: network.weights.total for name, network in held.items()}}
    activations = round(pixels * profile.decode_bytes[vae.class_])
    return [
        Stage(
            id="vae_decode",
            resident=there,
            weights=sum(there.values()),
            activations=activations,
            workspace=0,
            other=other,
            total=sum(there.values()) + activations + other,
        )
    ]


def _kept(network: Network, chosen: Precision) -> Any:
    """Bytes that a network's run leaves on the device in this format [byte]."""
    return round(network.params * chosen.kept) if chosen.kept else 0


def _beside(found: Trace, chosen: Precision) -> Any:
    """Bytes that the widest linear layer of this format holds beside its output [byte]."""
    if not chosen.beside:
        return 0
    top: Any = 0
    for op in found.ops:
        if isinstance(op, Matmul):
            top = maximum(top, op.weight * op.rows * op.d_out)
    return top * chosen.beside


def _merged(found: list[Stage]) -> list[Stage]:
    """Stages of one id (several text encoders run one after the other) as the larger of each."""
    by_id: dict[str, Stage] = {}
    for stage in found:
        held = by_id.get(stage.id)
        by_id[stage.id] = stage if held is None else _larger(held, stage)
    return list(by_id.values())


def _larger(a: Stage, b: Stage) -> Stage:
    """The stage with the larger total, elementwise."""
    wins = a.total >= b.total
    parts = {name: where(wins, getattr(a, name), getattr(b, name)) for name in PARTS}
    components = dict.fromkeys((*a.resident, *b.resident))
    there = {name: where(wins, a.resident.get(name, 0), b.resident.get(name, 0)) for name in components}
    return Stage(id=a.id, resident=there, total=parts["weights"] + parts["activations"] + parts["other"], **parts)


def peak(found: list[Stage]) -> Any:
    """The largest stage [byte]."""
    top: Any = 0
    for stage in found:
        top = maximum(top, stage.total)
    return top


class Host(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes of weights in host memory: waiting, pinned among those, and the largest network on its way [byte]."""

    resident: Any
    pinned: Any
    loading_peak: Any


def host_memory(held: dict[str, Network], plan: Plan) -> Host:
    """Host memory: offloaded weights wait in it, the largest network passes through it while loading [byte]."""
    largest: Any = 0
    for network in held.values():
        largest = maximum(largest, network.weights.copy)
    sizes = {name: network.weights for name, network in held.items()}
    roles = {name: network.role for name, network in held.items()}
    waiting = host(sizes, roles, plan.offload, plan.swapped_blocks)
    return Host(resident=waiting, pinned=waiting if plan.offload in STREAMED else 0, loading_peak=largest)
