"""Bytes on the device while a video is generated: what is resident, what each stage adds, and the peak."""

from typing import Any

import msgspec

from vidcalc.base.number import largest, maximum, minimum, where
from vidcalc.catalog.defaults import nccl, process
from vidcalc.catalog.frameworks import framework
from vidcalc.catalog.precisions import Precision, precision
from vidcalc.describe.model import Component, Model, Vae
from vidcalc.describe.plan import Plan
from vidcalc.ledger.unroll import Job
from vidcalc.ledger.weights import Weights, weights
from vidcalc.ops import Matmul
from vidcalc.passes import caching, parallel
from vidcalc.passes.residency import STREAMED, host, loaded, resident
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.tape.trace import Trace

PARTS = ("weights", "activations", "other", "workspace")
PICTURE_COPIES = 2  # of a decoded video, on its way from [-1, 1] to [0, 1]


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
    """The stages of a generation: weights on the device as the plan's offload has them, live activations, the rest.

    First the weights arrive ("load"), last the decoded video goes to the host ("post").
    """
    profile = framework(plan.framework)
    other = _process(plan)
    roles, sizes = _placed(held, plan)
    scales = profile.activation_scale
    found: list[Stage] = [arrived(held, plan)]
    kept: dict[str, Any] = {}
    for phase in job.phases:
        network = held[phase.component.id]
        chosen = precision(network.precision)
        kept[network.component.id] = _kept(network, chosen)
        there = resident(phase.id, phase.component.id, sizes, roles, plan.offload, plan.swapped_blocks)
        if phase.id == "denoise":
            there["gathered"] = parallel.gathered(held[phase.component.id].weights, plan)
        there["beside"] = profile.beside + sum(kept.values())
        scale = scales.get(phase.component.network, 1)
        activations = parallel.activations(phase.trace.peak * scale + _beside(phase.trace, chosen), phase.id, plan)
        if phase.id == "denoise":
            cached = parallel.activations(caching.held(phase.trace, plan), phase.id, plan)
            activations = activations + parallel.stale(phase.trace, plan) + cached
        if phase.id == "vae_decode" and plan.vae_slicing == "on":
            activations = maximum(activations + _decoded(job, plan) * (job.batch - 1), _joined(job, plan))
        workspace = parallel.activations(phase.trace.workspace, phase.id, plan)
        found.append(_stage(phase.id, there, activations, workspace, other))
    found.extend(_unwritten_decode(job, held, plan, other))
    decoded = next((stage for stage in reversed(found) if stage.id == "vae_decode"), None)
    if decoded is not None:
        found.append(_stage("post", decoded.resident, _shown(job, plan), 0, other))
    return _merged(found)


def arrived(held: dict[str, Network], plan: Plan) -> Stage:
    """The stage in which the weights that stay on the device have arrived and nothing has run."""
    roles, sizes = _placed(held, plan)
    there = loaded(sizes, roles, plan.offload, plan.swapped_blocks)
    return _stage("load", {**there, "beside": framework(plan.framework).beside}, 0, 0, _process(plan))


def _placed(held: dict[str, Network], plan: Plan) -> tuple[dict[str, str], dict[str, Weights]]:
    """Role of each component, and its bytes as one rank stores it."""
    roles = {name: network.role for name, network in held.items()}
    return roles, {name: parallel.stored(network.weights, network.role, plan) for name, network in held.items()}


def _process(plan: Plan) -> Any:
    """What the process takes beside tensors and kernels' workspaces [byte]."""
    return process("context") + process("workspace") + nccl(maximum(parallel.ranks(plan), plan.shard_degree))


def _stage(name: str, there: dict[str, Any], activations: Any, workspace: Any, other: Any) -> Stage:
    """A stage of those weights and live bytes; `other` without the kernels' workspace [byte]."""
    weights_there = sum(there.values())
    return Stage(
        id=name,
        resident=there,
        weights=weights_there,
        activations=activations,
        workspace=workspace,
        other=other + workspace,
        total=weights_there + activations + other + workspace,
    )


def _decoded(job: Job, plan: Plan) -> Any:
    """Bytes of one decoded video in the VAE's format [byte]."""
    return job.pixels * ELEMENT_BYTES[precision(plan.vae_precision).compute]


def _joined(job: Job, plan: Plan) -> Any:
    """Bytes while videos that were decoded one by one are joined to a batch, from a list (torch.cat) [byte]."""
    return 2 * job.batch * _decoded(job, plan) * minimum(job.batch - 1, 1)


def _shown(job: Job, plan: Plan) -> Any:
    """Bytes on the device while the decoded videos are brought to the range of pictures, one after the other.

    The videos in the VAE's format, and of one of them a scaled and a shifted copy on its way to the host (diffusers
    VideoProcessor.postprocess_video).
    """
    return (job.batch + PICTURE_COPIES) * _decoded(job, plan)


def _unwritten_decode(job: Job, held: dict[str, Network], plan: Plan, other: Any) -> list[Stage]:
    """The decode of a VAE without a network here, where the framework's profile knows its bytes per pixel."""
    profile = framework(plan.framework)
    vae = next((network.component for network in held.values() if isinstance(network.component, Vae)), None)
    if vae is None or vae.network or vae.class_ not in profile.decode_bytes:
        return []
    _, frames, height, width = job.latent
    clip = minimum(frames * vae.temporal_compression, vae.clip_frames or frames * vae.temporal_compression)
    pixels = clip * height * width * vae.spatial_compression**2
    roles, sizes = _placed(held, plan)
    there = resident("vae_decode", vae.id, sizes, roles, plan.offload, plan.swapped_blocks)
    live = parallel.activations(round(pixels * profile.decode_bytes[vae.class_]), "vae_decode", plan)
    return [_stage("vae_decode", {"beside": profile.beside, **there}, live, 0, other)]


def _kept(network: Network, chosen: Precision) -> Any:
    """Bytes that a network's run leaves on the device in this format [byte]."""
    return round(network.params * chosen.kept) if chosen.kept else 0


def _beside(found: Trace, chosen: Precision) -> Any:
    """Bytes that the widest linear layer of this format holds beside its output [byte]."""
    if not chosen.beside:
        return 0
    return largest(op.weight * op.rows * op.d_out for op in found.ops if isinstance(op, Matmul)) * chosen.beside


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
    return largest(stage.total for stage in found)


class Host(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes of weights in host memory: waiting, pinned among those, and the largest network on its way [byte]."""

    resident: Any
    pinned: Any
    loading_peak: Any


def host_memory(held: dict[str, Network], plan: Plan) -> Host:
    """Host memory: offloaded weights wait in it, the largest network passes through it while loading [byte]."""
    sizes = {name: network.weights for name, network in held.items()}
    roles = {name: network.role for name, network in held.items()}
    waiting = host(sizes, roles, plan.offload, plan.swapped_blocks)
    return Host(
        resident=waiting,
        pinned=waiting if plan.offload in STREAMED else 0,
        loading_peak=largest(each.copy for each in sizes.values()),
    )
