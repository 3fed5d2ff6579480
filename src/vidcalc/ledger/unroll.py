"""From a model and a workload to the phases of a generation, each a list of ops and how often it runs."""

from typing import Any

import msgspec

from vidcalc.base.number import as_count, ceil_div, is_array, maximum, minimum, where
from vidcalc.catalog.precisions import precision
from vidcalc.describe.geometry import denoiser_grid, latent_grid
from vidcalc.describe.model import Component, Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.shape import Shape
from vidcalc.describe.workload import Workload
from vidcalc.ops import Attention
from vidcalc.passes import guidance
from vidcalc.tape.trace import Trace, configuration, network, tiles, trace

COLOURS = 3


class Phase(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One stage of a generation.

    id         "text_encode", "image_encode", "vae_encode", "denoise", "vae_decode" or "audio_decode"
    component  the network that works
    trace      one call of it
    calls      calls per generation (of the workload's batch), over all ranks
    turns      those of one rank
    at_once    ranks whose calls of a step are different predictions (CFG parallel)
    beside     rows of a call that are of its prompts and images, not of the video
    """

    id: str
    component: Component
    trace: Trace
    calls: Any
    turns: Any
    at_once: Any = 1
    beside: Any = 0


class Job(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A generation, unrolled.

    latent        (channels, frames, height, width)
    batch         videos made at once;  pixels  values of one decoded video, three colours [elements]
    video_tokens  tokens of the video;  sequence  length self-attention sees
    phases        in the order they run
    encode        the VAE encoding the whole video once, as training does
    forward       one denoiser forward at the workload's batch, no guidance
    """

    latent: tuple[Any, Any, Any, Any]
    batch: Any
    pixels: Any
    video_tokens: Any
    sequence: Any
    phases: tuple[Phase, ...]
    encode: Phase | None
    forward: Trace

    def phase(self, name: str) -> Phase | None:
        """The phase of that id, or None where the pipeline has none."""
        return next((phase for phase in self.phases if phase.id == name), None)


def denoiser_shape(model: Model, workload: Workload, batch: Any) -> Shape:
    """The denoiser's call: the latent grid, filled up to whole patches where the model does so.

    A model that rolls on in chunks sees one chunk at a time.
    """
    frames = minimum(workload.frames, model.constraints.chunk_frames) if rolls(model) else workload.frames
    _, latent_frames, height, width = denoiser_grid(model, workload.width, workload.height, frames)
    return Shape(
        batch=batch,
        frames=latent_frames,
        height=height,
        width=width,
        tokens=workload.text_tokens,
        image_tokens=workload.image_tokens,
        timestep=model.denoiser.timestep,
        extra=model.denoiser.extra,
    )


def rolls(model: Model) -> bool:
    """Whether the denoiser makes a long video chunk by chunk (and its forward is one chunk's)."""
    whole_clip = getattr(network(model.denoiser), "WHOLE_CLIP", False)
    return model.constraints.chunk_frames > 0 and not whole_clip


def chunks(model: Model, workload: Workload) -> Any:
    """How many chunks the video is made in, each with all its steps."""
    return ceil_div(workload.frames, model.constraints.chunk_frames) if rolls(model) else 1


def unroll(model: Model, workload: Workload, plan: Plan) -> Job:
    """The phases of one generation, in the order they run."""
    shape = denoiser_shape(model, workload, workload.batch)
    latent = latent_grid(model, workload.width, workload.height, workload.frames)
    encode = vae_phase("vae_encode", model, workload, plan, latent)
    phases = (
        *(encoder_phase("text_encode", c, workload, plan) for c in model.text_encoders if c.network),
        *(encoder_phase(c.stage, c, workload, plan) for c in model.others if c.network and c.stage == "text_encode"),
        *(encoder_phase("image_encode", c, workload, plan) for c in model.image_encoders if c.network),
        *((conditioning(model, workload, plan, latent),) if model.encodes != "none" else ()),
        *denoising(model, workload, plan),
        vae_phase("vae_decode", model, workload, plan, latent),
        *(audio_phase(c, workload, plan) for c in model.others if c.network and c.stage == "audio_decode"),
    )
    module, config = network(model.denoiser), configuration(model.denoiser)
    video_tokens = module.tokens(config, shape)
    forward = trace(model.denoiser, "forward", shape, precision(plan.precision).compute)
    return Job(
        latent=latent,
        batch=workload.batch,
        pixels=pixels(workload),
        video_tokens=video_tokens,
        sequence=self_attention_length(forward, video_tokens),
        phases=tuple(phase for phase in phases if phase is not None),
        encode=encode,
        forward=forward,
    )


def pixels(workload: Workload) -> Any:
    """Values of one decoded video: frames × height × width × 3 [elements]."""
    return workload.frames * workload.height * workload.width * COLOURS


def self_attention_length(forward: Trace, video_tokens: Any) -> Any:
    """The longest sequence that attends to itself: text included where a network joins it to the video [tokens].

    A network without fused self-attention over its tokens (linear attention) sees the video tokens.
    """
    longest: Any = 0
    for op in forward.ops:
        if isinstance(op, Attention):
            longest = maximum(longest, where(op.queries == op.keys, op.queries, 0))
    return where(longest > 0, longest, video_tokens)


def encoder_phase(name: str, encoder: Component, workload: Workload, plan: Plan) -> Phase:
    """A text encoder on the prompts, or an image encoder on the conditioning image."""
    calls = guidance.prompts(plan) if name == "text_encode" else 1
    shape = Shape(batch=workload.batch, tokens=encoder.tokens or workload.text_tokens, extra=encoder.extra)
    encoders = precision(plan.text_encoder_precision, "text-encoder-precision")
    return Phase(
        id=name,
        component=encoder,
        trace=trace(encoder, "encode", shape, encoders.compute),
        calls=calls * encoder.runs,
        turns=calls * encoder.runs,
    )


def audio_phase(decoder: Component, workload: Workload, plan: Plan) -> Phase:
    """A network that turns the audio latent into sound: as many frames as the clip's seconds hold."""
    frames = as_count((2 * workload.frames * decoder.per_second + workload.fps) // (2 * workload.fps))
    codec = precision(plan.vae_precision, "vae-precision").compute
    shape = Shape(batch=workload.batch, frames=frames)
    found = trace(decoder, "decode", shape, codec)
    return Phase(id="audio_decode", component=decoder, trace=found, calls=1, turns=1)


def denoising(model: Model, workload: Workload, plan: Plan) -> tuple[Phase, ...]:
    """The denoiser's calls of all steps: with every forward of the plan, and outside of guidance's interval."""
    steps, share = chunks(model, workload) * workload.steps, guidance.guided(plan)
    together, alone = guidance.called_batch(workload.batch, plan), workload.batch
    calls, turns = guidance.calls_per_step(plan), guidance.turns_per_step(plan)
    several = ceil_div(calls, turns)
    found = (
        _called(model, workload, plan, together, steps * share * calls, steps * share * turns, several),
        _called(model, workload, plan, alone, steps * (1 - share), steps * (1 - share), 1),
    )
    return tuple(phase for phase in found if is_array(phase.calls) or phase.calls)


def _called(model: Model, workload: Workload, plan: Plan, batch: Any, calls: Any, turns: Any, at_once: Any) -> Phase:
    """Calls of the denoiser at a batch."""
    return Phase(
        id="denoise",
        component=model.denoiser,
        trace=trace(
            model.denoiser, "forward", denoiser_shape(model, workload, batch), precision(plan.precision).compute
        ),
        calls=calls,
        turns=turns,
        at_once=at_once,
        beside=batch * (workload.text_tokens + workload.image_tokens),
    )


def conditioning(model: Model, workload: Workload, plan: Plan, latent: tuple[Any, Any, Any, Any]) -> Phase | None:
    """The VAE encoding what the video starts from: one image, or a clip as long as the one made."""
    if model.encodes == "image":
        workload = msgspec.structs.replace(workload, frames=1)
    return vae_phase("vae_encode", model, workload, plan, latent)


def vae_phase(
    name: str, model: Model, workload: Workload, plan: Plan, latent: tuple[Any, Any, Any, Any]
) -> Phase | None:
    """The VAE's part, decoding the latent grid or encoding the pixels; None where its network is not known."""
    if not model.vae.network:
        return None
    codec = precision(plan.vae_precision, "vae-precision").compute
    tiling = plan.vae_tiling if tiles(model.vae) else "none"
    sliced = plan.vae_slicing == "on"
    batch, calls = (1, workload.batch) if sliced else (workload.batch, 1)
    if name == "vae_decode":
        shape = Shape(batch=batch, frames=latent[1], height=latent[2], width=latent[3])
        found = trace(model.vae, "decode", shape, codec, tiling)
    else:
        shape = Shape(batch=batch, frames=workload.frames, height=workload.height, width=workload.width)
        found = trace(model.vae, "encode", shape, codec, tiling)
    return Phase(id=name, component=model.vae, trace=found, calls=calls, turns=calls)
