"""From a model and a workload to the phases of a generation, each a list of ops and how often it runs."""

from typing import Any

import msgspec

from vidcalc.arithmetic import round_up
from vidcalc.describe.geometry import latent_grid
from vidcalc.describe.model import Component, Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.shape import Shape
from vidcalc.describe.workload import Workload
from vidcalc.passes import guidance
from vidcalc.trace import Trace, configuration, network, trace


class Phase(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One stage of a generation.

    id         "text_encode", "vae_encode", "denoise" or "vae_decode"
    component  the network that works
    trace      one call of it
    calls      calls per generation (of the workload's batch)
    """

    id: str
    component: Component
    trace: Trace
    calls: Any


class Job(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A generation, unrolled: the latent grid, the tokens, the phases in order."""

    latent: tuple[Any, Any, Any, Any]
    video_tokens: Any
    sequence: Any
    phases: tuple[Phase, ...]
    encode: Phase | None
    forward: Trace

    def phase(self, name: str) -> Phase | None:
        """The phase of that id, or None where the pipeline has none."""
        return next((phase for phase in self.phases if phase.id == name), None)


def denoiser_shape(model: Model, workload: Workload, latent: tuple[Any, Any, Any, Any], batch: Any) -> Shape:
    """The denoiser's call: the latent grid padded up to whole patches."""
    t, h, w = patch(model)
    _, frames, height, width = latent
    return Shape(
        batch=batch,
        frames=round_up(frames, t),
        height=round_up(height, h),
        width=round_up(width, w),
        tokens=workload.text_tokens,
        image_tokens=workload.image_tokens,
        timestep=model.denoiser.timestep,
        extra=model.denoiser.extra,
    )


def patch(model: Model) -> tuple[Any, Any, Any]:
    """Latent places under one token: (frames, height, width)."""
    sizes = getattr(configuration(model.denoiser), "patch_size", 1)
    if isinstance(sizes, tuple):
        return sizes  # type: ignore[return-value]
    return getattr(configuration(model.denoiser), "patch_size_t", None) or 1, sizes or 1, sizes or 1


def unroll(model: Model, workload: Workload, plan: Plan) -> Job:
    """The phases of one generation, in the order they run."""
    latent = latent_grid(model, workload.width, workload.height, workload.frames)
    shape = denoiser_shape(model, workload, latent, workload.batch)
    forward = trace(model.denoiser, "forward", shape, plan.precision)
    called = forward
    if plan.guidance_mode == "batched":
        doubled = workload.batch * guidance.batch_factor(plan.guidance_mode)
        called = trace(
            model.denoiser, "forward", denoiser_shape(model, workload, latent, doubled), plan.precision
        )
    phases = [
        Phase(
            id="text_encode",
            component=encoder,
            trace=trace(
                encoder,
                "encode",
                Shape(batch=workload.batch, tokens=encoder.tokens or workload.text_tokens),
                plan.text_encoder_precision,
            ),
            calls=guidance.prompts(plan.guidance_mode),
        )
        for encoder in model.text_encoders
        if encoder.network
    ]
    phases.append(
        Phase(
            id="denoise",
            component=model.denoiser,
            trace=called,
            calls=workload.steps * guidance.calls_per_step(plan.guidance_mode, plan.forwards_per_step),
        )
    )
    decode = vae_phase("vae_decode", model, workload, plan, latent)
    phases.extend([decode] if decode else [])
    module, config = network(model.denoiser), configuration(model.denoiser)
    video_tokens = module.tokens(config, shape)
    joint = getattr(module, "JOINT_TEXT", False)
    return Job(
        latent=latent,
        video_tokens=video_tokens,
        sequence=video_tokens + workload.text_tokens * joint,
        phases=tuple(phases),
        encode=vae_phase("vae_encode", model, workload, plan, latent),
        forward=forward,
    )


def vae_phase(
    name: str, model: Model, workload: Workload, plan: Plan, latent: tuple[Any, Any, Any, Any]
) -> Phase | None:
    """The VAE's part, decoding the latent grid or encoding the pixels; None where its network is not known."""
    if not model.vae.network:
        return None
    if name == "vae_decode":
        shape = Shape(batch=workload.batch, frames=latent[1], height=latent[2], width=latent[3])
        found = trace(model.vae, "decode", shape, plan.vae_precision)
    else:
        shape = Shape(batch=workload.batch, frames=workload.frames, height=workload.height, width=workload.width)
        found = trace(model.vae, "encode", shape, plan.vae_precision)
    return Phase(id=name, component=model.vae, trace=found, calls=1)
