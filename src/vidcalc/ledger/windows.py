"""Long videos as they are made: window by window with some frames in common, or chunk by chunk after a cache.

A model's file says how many frames its pipeline makes at a time (`Constraints.chunk_frames`), how many of these a
window has in common with the one before (`overlap_frames`), and how many forwards per chunk only fill a cache of keys
and values (`cache_forwards`). Every window takes all denoising steps.

Source of the count: diffusers 0.42.1 pipelines/skyreels_v2/pipeline_skyreels_v2_diffusion_forcing.py (n_iter) and
pipelines/wan/pipeline_wan_animate.py (num_segments): 1 + ceil((frames - window) / (window - overlap)), counted in the
latent frames that a window and its overlap have.
"""

from msgspec.structs import replace

from vidcalc.base.number import Number, ceil_div, maximum, minimum
from vidcalc.describe.geometry import latent_frames
from vidcalc.describe.model import Model
from vidcalc.describe.shape import Shape
from vidcalc.describe.workload import Workload
from vidcalc.ledger.types import Call, Phase
from vidcalc.tape.trace import network

CACHED, COMPRESSED = "cached_frames", "compressed_frames"  # latent frames before a chunk, of a causal network's call
HELD, HELD_COMPRESSED = "held_frames", "held_compressed_frames"  # latent frames that its cache has room for


def rolls(model: Model) -> bool:
    """Whether the denoiser makes a long video window by window (and its forward is one window's)."""
    whole_clip = getattr(network(model.denoiser), "WHOLE_CLIP", False)
    return model.constraints.chunk_frames > 0 and not whole_clip


def trained(model: Model) -> Model:
    """The model as it is trained: windows that a user chose are of generating alone."""
    own = model.constraints.own
    return model if own is None else replace(model, constraints=own)


def made_at_once(model: Model, workload: Workload) -> Number:
    """Frames of one forward: a window's, or all; a clip shorter than a window is one short window [frames]."""
    return minimum(workload.frames, model.constraints.chunk_frames) if rolls(model) else workload.frames


def chunks(model: Model, workload: Workload) -> Number:
    """How many windows the denoiser makes the video in, each with all its steps."""
    return pieces(model, workload) if rolls(model) else 1


def pieces(model: Model, workload: Workload) -> Number:
    """How many windows the video is made in, whether or not a forward of the denoiser takes all of them."""
    window = model.constraints.chunk_frames
    if not window:
        return 1
    # ceil: the last window is a whole one, however few frames are wanted of it
    return 1 + ceil_div(maximum(workload.frames - window, 0), advance(model))


def advance(model: Model) -> Number:
    """Frames that each further window adds: those of the latent frames that it does not share [frames]."""
    window, overlap = model.constraints.chunk_frames, model.constraints.overlap_frames
    if not overlap:
        return window
    own = latent_frames(model.vae, window) - latent_frames(model.vae, overlap)
    return own * model.vae.temporal_compression


def denoising(model: Model, workload: Workload, call: Call, places: Number, prompts: Number) -> tuple[Phase, ...]:
    """The denoiser's calls of a generation, those of the last chunk first: nothing has more before it.

    call    of the last chunk;  places  tiles of a frame;  prompts  rows of text and image tokens of a call
    """
    count, rules = chunks(model, workload), model.constraints
    fills = places * rules.cache_forwards
    after_last = 1 if rules.cache_after_last else 0
    apart = rules.cache_frames > 0
    # forwards that fill the cache see what the chunk's own steps see, where they are not said to see something else
    own = 0 if apart else fills
    if not rules.cache_forwards and CACHED not in call.shape.extra:
        return (_phase(call, count * places * workload.steps, prompts),)
    last = _phase(call, places * workload.steps + own * after_last, prompts)
    before = replace(call, shape=earlier(call.shape, count))
    phases = [last, _phase(before, (count - 1) * (places * workload.steps + own), prompts)]
    if apart:
        blank = {**call.shape.extra, **{name: 0 for name in (CACHED, COMPRESSED) if name in call.shape.extra}}
        filling = replace(call, shape=replace(call.shape, frames=rules.cache_frames, extra=blank))
        phases.append(_phase(filling, (count - 1 + after_last) * fills, prompts))
    return tuple(phases)


def _phase(call: Call, calls: Number, prompts: Number) -> Phase:
    return Phase(id="denoise", call=call, calls=calls, turns=calls, prompt_rows=prompts)


def last(shape: Shape, count: Number) -> Shape:
    """The call of the last of `count` chunks: as much before it as there is, up to what its cache holds."""
    if CACHED not in shape.extra:
        return shape
    most, before = shape.extra[CACHED], (count - 1) * shape.frames
    recent = minimum(before, most)
    extra = {**shape.extra, CACHED: recent, HELD: most + shape.frames}
    if COMPRESSED in extra:
        extra[COMPRESSED] = before - recent
        extra[HELD_COMPRESSED] = maximum(count * shape.frames - most, 0)
    return replace(shape, extra=extra)


def earlier(shape: Shape, count: Number) -> Shape:
    """The average call of the chunks before the last: the cache grows chunk by chunk, from nothing to what it holds."""
    if CACHED not in shape.extra:
        return shape
    most, others = shape.extra[HELD] - shape.frames, count - 1
    # chunk k has k x frames before it until the cache is full: 0 + 1 + ... + (growing - 1), then `most` each
    growing = minimum(others, most // shape.frames + 1)
    recent = shape.frames * growing * (growing - 1) // 2 + (others - growing) * most
    extra = {**shape.extra, CACHED: recent // maximum(others, 1)}
    if COMPRESSED in extra:
        whole = shape.frames * others * (others - 1) // 2
        extra[COMPRESSED] = (whole - recent) // maximum(others, 1)
    return replace(shape, extra=extra)
