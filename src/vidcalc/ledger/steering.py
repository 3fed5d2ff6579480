"""What goes into a generation beside the prompt: control networks at every step, references in the sequence.

A control network runs before the denoiser, on the same grid, and hands it hints that wait until its blocks take them.
References are encoded one by one; each image is a latent frame beside the video's in every call of the denoiser, each
video as many as the video that is made (diffusers 0.42.1 pipelines/wan/pipeline_wan_vace.py, pipelines/ltx/
pipeline_ltx_condition.py).
"""

from collections.abc import Callable

from msgspec.structs import replace

from vidcalc.base.number import Number
from vidcalc.describe.geometry import latent_frames
from vidcalc.describe.model import Control, Model
from vidcalc.describe.shape import Shape
from vidcalc.describe.workload import Workload
from vidcalc.ledger.types import Call, Phase
from vidcalc.tape.trace import configuration

HELD = "reference_frames"  # of a family that has its references' rows in its own configuration
Encode = Callable[[Workload, Number], Phase | None]


def reference_frames(model: Model, workload: Workload) -> Number:
    """Latent frames of references in a call of the denoiser, where its family does not count them itself."""
    read = model.references
    if read is None or hasattr(configuration(model.denoiser), HELD) or read.short_edge:
        return 0
    return read.images + read.videos * latent_frames(model.vae, workload.frames)


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
    if model.references is not None:
        few, clips = model.references.images, model.references.videos
        asked += [encode(_sized(one, model), few)] if few else []
        asked += [encode(workload, clips)] if clips else []
    for control in model.controls:
        if control.encodes != "none":
            asked.append(encode(one if control.encodes == "image" else workload, 1))
    return tuple(phase for phase in asked if phase is not None)


def _sized(workload: Workload, model: Model) -> Workload:
    """The workload at the size that an image is encoded at: its shorter side, where the model states one."""
    edge = 0 if model.references is None else model.references.short_edge
    return replace(workload, width=edge, height=edge) if edge else workload


def steering(model: Model, denoise: tuple[Phase, ...]) -> tuple[Phase, ...]:
    """The calls of control networks: one for each of the denoiser's."""
    return tuple(_beside(control, phase) for control in model.controls for phase in denoise)


def _beside(control: Control, phase: Phase) -> Phase:
    network, shape = control.network, phase.call.shape
    own = Shape(
        batch=shape.batch,
        frames=shape.frames,
        height=shape.height,
        width=shape.width,
        tokens=shape.tokens,
        image_tokens=shape.image_tokens,
        timestep=network.timestep,
        extra=network.extra,
    )
    call = Call(component=network, function="forward", shape=own)
    return replace(phase, call=call, guided=control.guided, own=False)
