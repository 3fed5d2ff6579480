"""A published class that no family mirrors, run once on the meta device: its work, its weights and its peak.

What it is called with follows from the names in its forward's signature (`hidden_states`, `timestep`,
`encoder_hidden_states`, `pooled_projections` …) and the widths in its configuration; the layout of the latent is the
first of a few that the class accepts. A class that the referee knows how to call (`denoisers.CALLS`) is called so.
"""

import inspect
import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any

import torch

from vidcalc.base.errors import Unreadable
from vidcalc.reference import measure
from vidcalc.reference.meta import empty, integers, running_on_meta
from vidcalc.reference.ops import OpRecorder, Work
from vidcalc.reference.shapes import Call, Shape, usual_dtype
from vidcalc.reference.verify import call_of

NUMBER = re.compile(r"(?:^|(?<=\.))\d+(?=\.)")
SHORT = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}
LATENTS = ("hidden_states", "sample", "x", "latents", "input")
TIMES = ("timestep", "timesteps", "r_timestep", "timestep_r")
TEXT_WIDTHS = ("text_embed_dim", "caption_channels", "joint_attention_dim", "cross_attention_dim", "text_dim",
               "context_dim", "context_in_dim", "cap_feat_dim", "in_text_dim", "text_hidden_size",
               "caption_projection_dim")  # fmt: skip
POOLED_WIDTHS = ("pooled_projection_dim", "in_text_dim2", "pooled_embed_dim")
MEASURED = ("denoiser", "vae_decode", "vae_encode", "text_encoder", "image_encoder")


def run(class_name: str, config: dict[str, Any], component: str, shape: dict[str, Any], dtype: str) -> Work:
    """The work of one call (`component` and `shape` as in `vidcalc.reference.verify`).

    Raises Unreadable("no_call") where no way to call the class is found.
    """
    return _run(class_name, json.dumps(config, sort_keys=True), component, json.dumps(shape, sort_keys=True), dtype)


def train(class_name: str, config: dict[str, Any], shape: dict[str, Any], dtype: str, checkpointing: str) -> Any:
    """Bytes of one training step of a denoiser: see `measure.TrainStep`."""
    module = _built(class_name, json.dumps(config, sort_keys=True), dtype)
    call = working_call(class_name, module, "denoiser", shape)
    possible = checkpointing == "full" and getattr(module, "_supports_gradient_checkpointing", False)
    try:
        return measure.train_step(module, call, checkpointing="full" if possible else "none")
    except Exception as error:  # some classes cannot be checkpointed, whatever they say; some cannot be trained
        if possible:
            return train(class_name, config, shape, dtype, "none")
        reason = f"{type(error).__name__}: {error}".split("\n")[0]
        raise Unreadable(class_name, "no_call", argument=reason) from None


@lru_cache(maxsize=16)
def _run(class_name: str, config: str, component: str, shape: str, dtype: str) -> Work:
    module = _built(class_name, config, dtype)
    call = working_call(class_name, module, component, json.loads(shape))
    recorder = OpRecorder(module)
    with running_on_meta(), torch.no_grad(), recorder:
        result = call()
    del result
    return Work(
        ops=recorder.ops(),
        parameters=parameters(module),
        peak=recorder.peak,
        peak_at=recorder.peak_at or "",
        device_peak=recorder.device_peak,
    )


@lru_cache(maxsize=4)
def _built(class_name: str, config: str, dtype: str) -> Any:
    from vidcalc.reference.classes import build

    try:
        return build(class_name, json.loads(config), dtype)
    except Exception as error:  # whatever a class makes of numbers that do not go together
        raise Unreadable(class_name, "not_built", reason=f"{type(error).__name__}: {error}".split("\n")[0]) from None


def parameters(module: Any) -> dict[str, tuple[int, str, int]]:
    """(elements, dtype where it is not the usual one, tensors) by name, a repeated layer's together: `blocks.*`."""
    usual, counts = usual_dtype(module), dict[str, tuple[int, str, int]]()
    for name, tensor in module.named_parameters():
        key = NUMBER.sub("*", name)
        elements, _, times = counts.get(key, (0, "", 0))
        kept = "" if tensor.dtype == usual else SHORT.get(tensor.dtype, "")
        counts[key] = (elements + tensor.numel(), kept, times + 1)
    return counts


def working_call(class_name: str, module: Any, component: str, shape: dict[str, Any]) -> Call:
    """The first way of calling that the class accepts, tried at this very shape."""
    wrong = "forward"
    for make in _ways(class_name, module, component, shape):
        try:
            call = make()
            with running_on_meta(), torch.no_grad():
                call()
            return call
        except Unreadable as error:
            wrong = str(error.values.get("argument", wrong))
        except Exception as error:  # the class refuses this layout
            wrong = f"{type(error).__name__}: {error}".split("\n")[0]
    raise Unreadable(class_name, "no_call", argument=wrong)


def _ways(class_name: str, module: Any, component: str, shape: dict[str, Any]) -> Iterator[Callable[[], Call]]:
    from vidcalc.reference.denoisers import CALLS

    if component != "denoiser" or class_name in CALLS:
        yield partial(call_of, component, module, shape)
        if component.startswith("vae"):
            yield partial(images_call, component, module, shape)
        return
    frames, height, width = shape["latent"]
    grid = Shape(batch=shape["batch"], frames=frames, height=height, width=width, text_tokens=shape.get("text_tokens"))
    for layout in LAYOUTS:
        for whole in (False, True):
            yield partial(by_signature, module, grid, layout, whole)


def images_call(component: str, vae: Any, shape: dict[str, Any]) -> Call:
    """An autoencoder of images: the frames are a batch."""
    from vidcalc.reference.autoencoders import COLOURS

    decode, dtype, config = component == "vae_decode", usual_dtype(vae), dict(vae.config)
    frames, height, width = shape["latent" if decode else "pixels"]
    channels = (config.get("z_dim") or config["latent_channels"]) if decode else COLOURS
    sizes = (shape["batch"] * frames, channels, height, width)
    run_ = vae.decode if decode else vae.encode
    return lambda: run_(empty(*sizes, dtype=dtype), return_dict=False)


def by_signature(module: Any, shape: Shape, layout: str, whole: bool) -> Call:
    """A call with an argument for every name of the forward's signature that is known or must be given.

    layout  of the latent, see LAYOUTS;  whole  timesteps as whole numbers.
    Raises Unreadable("no_call") for a required argument nobody knows.
    """
    arguments = inspect.signature(module.forward).parameters
    config, dtype = dict(module.config), usual_dtype(module)
    plain = [name for name, each in arguments.items() if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    required = [name for name in plain if arguments[name].default is inspect.Parameter.empty]
    makers = _makers(config, shape, dtype, layout, whole)
    unknown = [name for name in required if name not in makers]
    if unknown:
        raise Unreadable(type(module).__name__, "no_call", argument=unknown[0])
    given = [name for name in plain if name in makers and (name in required or name in OFTEN)]
    return lambda: module(**{name: makers[name]() for name in given})


LAYOUTS = ("channels_first", "frames_first", "images", "tokens", "packed")
# optional arguments that pipelines always hand over
OFTEN = (*LATENTS, "timestep", "encoder_hidden_states", "pooled_projections", "num_frames", "height", "width",
         "return_dict", "guidance", "encoder_attention_mask", "encoder_hidden_states_mask", "img_ids", "txt_ids",
         "img_shapes")  # fmt: skip


def _makers(
    config: dict[str, Any], shape: Shape, dtype: torch.dtype, layout: str, whole: bool
) -> dict[str, Callable[[], Any]]:
    """What makes each argument, by its name in the signature."""
    batch, text = shape.batch, shape.text(256)
    channels = config.get("in_channels") or config.get("in_visual_dim") or 16
    packed = (shape.height // 2) * (shape.width // 2)
    latent = {
        "channels_first": (batch, channels, *shape.grid),
        "frames_first": (batch, shape.frames, channels, shape.height, shape.width),
        "images": (batch * shape.frames, channels, shape.height, shape.width),
        "tokens": (batch, shape.positions, channels),
        "packed": (batch, shape.frames * packed, channels),
    }[layout]
    n, first = (latent[1] if len(latent) == 3 else shape.positions), latent[0]
    width, pooled = _width(config, TEXT_WIDTHS), _width(config, POOLED_WIDTHS)
    embeds = bool(config.get("guidance_embeds") or config.get("guidance_embed"))
    axes = len(config.get("axes_dims_rope") or (0, 0, 0))
    makers: dict[str, Callable[[], Any]] = {
        **{name: lambda: empty(*latent, dtype=dtype) for name in LATENTS},
        **{name: lambda: integers(first) if whole else empty(first, dtype=dtype) for name in TIMES},
        **{name: lambda: empty(first, 2, dtype=dtype) for name in ("original_size", "target_size", "crop_coords")},
        "encoder_hidden_states": lambda: empty(first, text, width or 4096, dtype=dtype),
        "encoder_attention_mask": lambda: (integers(first, text) + 1).to(torch.bool if whole else torch.long),
        "encoder_hidden_states_mask": lambda: integers(first, text) + 1,
        "num_frames": lambda: shape.frames,
        "height": lambda: shape.height,
        "width": lambda: shape.width,
        "img_ids": lambda: empty(n, axes, dtype=dtype),
        "txt_ids": lambda: empty(text, axes, dtype=dtype),
        "img_shapes": lambda: [[(shape.frames, shape.height // 2, shape.width // 2)]] * batch,
        "fps": lambda: 24,
        "return_dict": lambda: False,
    }
    if pooled:
        makers["pooled_projections"] = lambda: empty(first, pooled, dtype=dtype)
    if embeds:
        makers["guidance"] = lambda: empty(first, dtype=dtype)
    return makers


def _width(config: dict[str, Any], keys: tuple[str, ...]) -> int | None:
    return next((config[key] for key in keys if isinstance(config.get(key), int)), None)
