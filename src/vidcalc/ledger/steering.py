"""What goes into a generation beside the prompt: control networks at every step, references in the sequence.

A control network runs before the denoiser, on the same grid, and hands it hints that wait until its blocks take them.
References are encoded one by one; each image is a latent frame beside the video's in every call of the denoiser, each
video as many as the video that is made (diffusers 0.42.1 pipelines/wan/pipeline_wan_vace.py, pipelines/ltx/
pipeline_ltx_condition.py), or they are rows of its sequence at sizes of their own (modular_pipelines/minimax_h3).
"""

from collections.abc import Callable

from msgspec.structs import replace

from vidcalc.base.number import Number
from vidcalc.describe.control import HELD
from vidcalc.describe.geometry import latent_frames, video_tokens
from vidcalc.describe.model import Control, Model
from vidcalc.describe.shape import Shape
from vidcalc.describe.workload import Workload
from vidcalc.ledger.types import Call, Phase
from vidcalc.tape.trace import configuration, network

ROWS = "reference_rows"  # of a call, of a family that packs them into its sequence
Encode = Callable[[Workload, Number], Phase | None]


def reference_frames(model: Model, workload: Workload) -> Number:
    """Latent frames of references in a call of the denoiser, where its family does not count them itself."""
    read = model.references
    if read is None or read.place != "frames" or hasattr(configuration(model.denoiser), HELD):
        return 0
    return read.images + read.videos * (read.prefix or latent_frames(model.vae, workload.frames))


def sounding(model: Model, shape: Shape) -> dict[str, Number]:
    """Audio tokens of a call whose references make its latent longer: those of the video alone."""
    count = getattr(network(model.denoiser), "audio_tokens", None)
    return {} if count is None else {"audio_tokens": count(configuration(model.denoiser), shape)}


def reference_rows(model: Model, workload: Workload) -> dict[str, Number]:
    """Rows of references beside the video's in a call of the denoiser, by the name under which it has them."""
    read = model.references
    if read is None or read.place != "rows" or not (read.images or read.videos):
        return {}
    _, height, width = model.denoiser.patch
    side = read.edge // model.vae.spatial_compression
    rows = read.images * (side // height) * (side // width)
    return {ROWS: rows + read.videos * video_tokens(model, workload.width, workload.height, workload.frames)}


def timestep(model: Model) -> str:
    """What the timestep of a call varies over: references are clean, so that some models have one for each token."""
    beside = model.references
    stated = beside.timestep if beside is not None and (beside.images or beside.videos) else ""
    return stated or model.denoiser.timestep


def read(model: Model, workload: Workload, encode: Encode) -> tuple[Phase, ...]:
    """The VAE encoding references, and what control networks read of it.

    encode  (workload, how often) -> its phase, None where the network of the VAE is not known
    """
    asked: list[Phase | None] = []
    one = replace(workload, frames=1)
    if model.references is not None and model.references.place != "within":
        few, clips = model.references.images, model.references.videos
        asked += [encode(_sized(one, model), few)] if few else []
        asked += [encode(workload, clips)] if clips else []
    for control in model.controls:
        if control.encodes != "none":
            asked.append(encode(one if control.encodes == "image" else workload, 1))
    return tuple(phase for phase in asked if phase is not None)


def _sized(workload: Workload, model: Model) -> Workload:
    """The workload at the size that an image is encoded at."""
    edge = 0 if model.references is None else model.references.edge
    return replace(workload, width=edge, height=edge) if edge else workload


def steering(model: Model, denoise: tuple[Phase, ...]) -> tuple[Phase, ...]:
    """The calls of control networks: one for each of the denoiser's."""
    return tuple(_beside(control, phase) for control in model.controls for phase in denoise)


def _beside(control: Control, phase: Phase) -> Phase:
    own, shape = control.network, phase.call.shape
    seen = Shape(
        batch=shape.batch,
        frames=shape.frames,
        height=shape.height,
        width=shape.width,
        tokens=shape.tokens,
        image_tokens=shape.image_tokens,
        timestep=own.timestep,
        extra=own.extra,
    )
    call = Call(component=own, function="forward", shape=seen)
    return replace(phase, call=call, guided=control.guided, own=False)
