"""Bytes on the device while a video is generated: what is resident, what each stage adds, and the peak."""

import math
from typing import Any

import msgspec

from vidcalc.arithmetic import maximum
from vidcalc.catalog.defaults import process
from vidcalc.catalog.precisions import precision
from vidcalc.describe.model import Component, Model
from vidcalc.describe.plan import Plan
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.trace import Trace
from vidcalc.unroll import Job


class Stage(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes during one stage: weights resident, live activations, everything else, and their sum [byte]."""

    id: str
    weights: Any
    activations: Any
    other: Any
    total: Any


def component_bytes(component: Component, params: Any, traces: tuple[Trace, ...], name: str) -> Any:
    """Bytes of a component's weights in a number format, all copies [byte].

    Modules kept in float32 stay so; formats that cover linear layers only leave the others in the compute dtype.
    """
    chosen = precision(name)
    base = ELEMENT_BYTES[chosen.compute]
    kept: dict[str, Any] = {}
    linear: dict[str, Any] = {}
    for found in traces:
        names = {op.path + ".weight" for op in found.ops if op.kind == "matmul"}
        for path, (elements, keep) in found.parameters.items():
            if keep:
                kept[path] = elements * (ELEMENT_BYTES[keep] - base)
            elif path in names:
                linear[path] = elements
    covered = params if chosen.covers == "all" else sum(linear.values())
    return _whole((params * base + covered * (chosen.stored - base) + sum(kept.values())) * component.copies)


def _whole(nbytes: Any) -> Any:
    """Bytes as an int where they are a plain number (scales make fractions)."""
    return math.ceil(nbytes) if isinstance(nbytes, float) else nbytes


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
    return "image_encoder" if component in model.image_encoders else "text_encoder"


def stages(job: Job, resident: Any) -> list[Stage]:
    """The stages of a generation with every component resident throughout (no offload)."""
    other = process("context") + process("workspace")
    found: list[Stage] = []
    for phase in job.phases:
        activations = phase.trace.peak
        found.append(
            Stage(
                id=phase.id,
                weights=resident,
                activations=activations,
                other=other,
                total=resident + activations + other,
            )
        )
    return _merged(found)


def _merged(found: list[Stage]) -> list[Stage]:
    """Stages of one id (several text encoders run one after the other) as their largest."""
    by_id: dict[str, Stage] = {}
    for stage in found:
        held = by_id.get(stage.id)
        if held is None:
            by_id[stage.id] = stage
            continue
        activations = maximum(held.activations, stage.activations)
        by_id[stage.id] = Stage(
            id=stage.id,
            weights=stage.weights,
            activations=activations,
            other=stage.other,
            total=stage.weights + activations + stage.other,
        )
    return list(by_id.values())


def peak(found: list[Stage]) -> Any:
    """The largest stage [byte]."""
    top: Any = 0
    for stage in found:
        top = maximum(top, stage.total)
    return top


def host_ram(component_bytes: list[Any]) -> Any:
    """Host memory while loading: the largest component passes through it on its way to the device [byte]."""
    top: Any = 0
    for nbytes in component_bytes:
        top = maximum(top, nbytes)
    return top
