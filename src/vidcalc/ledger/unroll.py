"""From a model and a workload to the calls of a generation: which networks run, on which sizes, how often.

No plan is asked: guidance, number formats, tiles and ranks are passes over what is unrolled here.
"""

from collections.abc import Collection

import msgspec

from vidcalc.base.number import Number, as_count, ceil_div, minimum
from vidcalc.describe.geometry import Grid, denoiser_grid, latent_grid
from vidcalc.describe.model import Component, Model
from vidcalc.describe.shape import Shape
from vidcalc.describe.workload import Stage, Workload
from vidcalc.ledger.steering import read, reference_frames, reference_rows, sounding, steering, timestep
from vidcalc.ledger.types import Call, Ledger, Phase
from vidcalc.ledger.weights import Network
from vidcalc.ledger.windows import chunks, denoising, last, made_at_once, pieces
from vidcalc.tape.trace import configuration, network

COLOURS = 3


def unroll(model: Model, workload: Workload, left_out: Collection[Stage] = ()) -> Ledger:
    """The phases of one generation, in the order they run; one forward a step, everything on one rank.

    left_out  stages that another job makes (`vidcalc.describe.handoff`)
    """
    latent = latent_grid(model, workload.width, workload.height, workload.frames)
    shape = denoiser_shape(model, workload)
    # rows of text and image tokens, of all videos
    prompts = workload.batch * (workload.text_tokens + workload.image_tokens)
    call = Call(component=model.denoiser, function="forward", shape=shape)
    # every tile of every window takes all steps
    denoise = denoising(model, workload, call, tiles(model, workload), prompts)
    forward = denoise[0]
    phases = (
        *(encoding("text_encode", each, workload) for each in model.text_encoders if each.network),
        *(encoding(ENCODED, each, workload) for each in model.others if each.network and each.stage == ENCODED),
        *(encoding("image_encode", each, workload) for each in model.image_encoders if each.network),
        *conditioning(model, workload),
        *read(model, workload, lambda one, many: encoded(model, one, one.frames, many)),
        *denoise,
        *steering(model, denoise),
        *decoding(model, workload, latent),
        *(sound(each, workload) for each in model.others if each.network and each.stage == "audio_decode"),
    )
    return Ledger(
        model=model.name,
        shift=model.defaults.flow_shift or 1.0,
        latent=latent,
        batch=workload.batch,
        steps=workload.steps,
        windows=chunks(model, workload),
        # values of one video [frames, height, width, colours]
        pixels=workload.frames * workload.height * workload.width * COLOURS,
        video_tokens=network(model.denoiser).tokens(configuration(model.denoiser), shape),
        phases=tuple(phase for phase in phases if phase.id not in left_out),
        forward=forward,
        encode=encoded(model, workload),
        keeps=model.constraints.cache_stays,
        weights={each.id: Network(component=each, role=role) for role, each in components(model)},
    )


ENCODED: Stage = "text_encode"  # the stage of parts of an encoder that stand beside the encoders


def components(model: Model) -> list[tuple[str, Component]]:
    """(role, component) of every network of the plain pipeline."""
    every = [
        ("denoiser", model.denoiser),
        ("vae", model.vae),
        *(("text_encoder", each) for each in model.text_encoders),
        *(("image_encoder", each) for each in model.image_encoders),
        *(("control", each.network) for each in model.controls),
        *(("other", each) for each in model.others),
    ]
    return [(role, each) for role, each in every if not each.optional]


def denoiser_shape(model: Model, workload: Workload) -> Shape:
    """The denoiser's call: the latent grid, filled up to whole patches where the model does so.

    A model that makes windows sees one at a time: the last, which has most before it.
    """
    _, latent_frames, height, width = denoiser_grid(model, *tile(model, workload), made_at_once(model, workload))
    shape = Shape(
        batch=workload.batch,
        frames=latent_frames,
        height=height,
        width=width,
        tokens=workload.text_tokens,
        image_tokens=workload.image_tokens,
        timestep=timestep(model),
        extra={**model.denoiser.extra, **reference_rows(model, workload)},
    )
    if model.references is not None and model.references.place == "frames":
        frames = latent_frames + reference_frames(model, workload)
        shape = msgspec.structs.replace(shape, frames=frames, extra={**shape.extra, **sounding(model, shape)})
    return last(shape, chunks(model, workload))


def tile(model: Model, workload: Workload) -> tuple[Number, Number]:
    """Width and height that are made at a time [pixels]: a tile's, or the whole frame's."""
    most = model.constraints.tile_width, model.constraints.tile_height
    sides = workload.width, workload.height
    # a frame smaller than a tile is one small tile
    width, height = (minimum(side, limit) if limit else side for side, limit in zip(sides, most, strict=True))
    return width, height


def tiles(model: Model, workload: Workload) -> Number:
    """How many tiles the frame is made in."""
    count: Number = 1
    if not (model.constraints.tile_width or model.constraints.tile_height):
        return count
    for side, one in zip((workload.width, workload.height), tile(model, workload), strict=True):
        # what is left after the first tile / the farthest that one may lie from the next
        stride = as_count((one * (1 - model.constraints.tile_overlap)) // 1)
        count = count * (ceil_div(side - one, stride) + 1)
    return count


def encoding(name: Stage, encoder: Component, workload: Workload) -> Phase:
    """A text encoder on the prompts, or an image encoder on the conditioning image."""
    shape = Shape(batch=workload.batch, tokens=encoder.tokens or workload.text_tokens, extra=encoder.extra)
    call = Call(component=encoder, function="encode", shape=shape)
    return Phase(id=name, call=call, calls=encoder.runs, turns=encoder.runs)


def conditioning(model: Model, workload: Workload) -> tuple[Phase, ...]:
    """The VAE encoding what the video starts from: one image, or a clip as long as the one made; or nothing."""
    if model.encodes == "none":
        return ()
    if model.encodes == "image":
        phase = encoded(model, msgspec.structs.replace(workload, frames=1))
    else:
        phase = encoded(model, workload, *coded_at_once(model, workload))
    return () if phase is None else (phase,)


def encoded(model: Model, workload: Workload, frames: Number | None = None, many: Number = 1) -> Phase | None:
    """The VAE encoding a whole video, or `many` times so many frames; None where its network is not known."""
    if not model.vae.network:
        return None
    width, height = tile(model, workload)
    seen = workload.frames if frames is None else frames
    shape = Shape(batch=workload.batch, frames=seen, height=height, width=width)
    count = tiles(model, workload) * many
    call = Call(component=model.vae, function="encode", shape=shape)
    return Phase(id="vae_encode", call=call, calls=count, turns=count)


def decoding(model: Model, workload: Workload, latent: Grid) -> tuple[Phase, ...]:
    """The VAE decoding the latent grid; nothing where its network is not known."""
    if not model.vae.network:
        return ()
    frames, many = coded_at_once(model, workload)
    count, sizes = tiles(model, workload) * many, latent
    if model.constraints.tile_width or model.constraints.codec != "whole":
        sizes = latent_grid(model, *tile(model, workload), frames)
    shape = Shape(batch=workload.batch, frames=sizes[1], height=sizes[2], width=sizes[3])
    call = Call(component=model.vae, function="decode", shape=shape)
    # what is decoded waits on the device for the rest, where it does not go to the host at once
    waits = minimum(many - 1, 1) if model.constraints.codec == "chunks" else 0
    return (Phase(id="vae_decode", call=call, calls=count, turns=count, waits=waits),)


def coded_at_once(model: Model, workload: Workload) -> tuple[Number, Number]:
    """(frames that the autoencoder sees at a time, how often): those of the whole video, or window by window."""
    if model.constraints.codec == "whole":
        return workload.frames, 1
    return minimum(workload.frames, model.constraints.chunk_frames), pieces(model, workload)


def sound(decoder: Component, workload: Workload) -> Phase:
    """A network that turns the audio latent into sound: as many frames as the clip's seconds hold."""
    # seconds x audio frames a second, to the nearest whole number: (2 a + b) // 2 b
    frames = as_count((2 * workload.frames * decoder.per_second + workload.fps) // (2 * workload.fps))
    shape = Shape(batch=workload.batch, frames=frames, extra=decoder.extra)
    return Phase(id="audio_decode", call=Call(component=decoder, function="decode", shape=shape))
