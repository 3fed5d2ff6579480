"""One door for comparisons: measure a component of a model by the published code and return a plain dict of figures.

`verify("denoiser", class_name, config, shape)` and its siblings are what a command line compares with its own
prediction. torch is imported only when a measurement starts, so the door itself is free.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from typing import Any

COMPONENTS = ("denoiser", "vae_decode", "vae_encode", "text_encoder", "image_encoder")
TRAINING = ("none", "plain", "checkpointed", "both")
WORDS = {"plain": "none", "checkpointed": "full"}  # of `vidcalc.describe.checkpointing`


class UnknownComponent(ValueError):
    """`component` is not one of `COMPONENTS`."""


def verify(
    component: str,
    class_name: str,
    config: Mapping[str, Any],
    shape: Mapping[str, Any],
    dtype: str = "bf16",
    training: str = "none",
) -> dict[str, Any]:
    """Figures of one call of a component.

    shape: `batch`; a denoiser adds `latent` [frames, height, width] and optionally `text_tokens`; a VAE decode adds
    `latent`, a VAE encode `pixels` [frames, height, width], both optionally `tiling` (false); a text encoder adds
    `tokens` and optionally `masked` (true: a padding mask is handed over). training (denoiser): "plain" adds the
    figures of a training step, "checkpointed" those with gradient checkpointing, "both" both.

    Returns params, params_bytes, flops, flops_by_kind, peak_activation_bytes, peak_at, seconds and, where asked,
    `training` with kept_for_backward and forward_backward_peak (bytes). Raises UnknownComponent, and ImportError
    without the extra `reference`.
    """
    if component not in COMPONENTS:
        raise UnknownComponent(component)
    from vidcalc.reference import measure

    module = _built(class_name, json.dumps(config, sort_keys=True), dtype)
    call = call_of(component, module, shape)
    parameters = measure.parameters(module)
    figures: dict[str, Any] = {"params": parameters.total, "params_bytes": parameters.bytes}
    figures |= measure.measure(call, module)
    wanted = {"none": (), "both": ("plain", "checkpointed")}.get(training, (training,))
    steps = {each: measure.train_step(module, call, WORDS[each]) for each in wanted}
    if steps:
        figures["training"] = {
            each: {
                "kept_for_backward": step.kept_for_backward,
                "forward_backward_peak": step.forward_backward_peak,
                "peak_at": step.at,
            }
            for each, step in steps.items()
        }
    return figures


def call_of(component: str, module: Any, shape: Mapping[str, Any]) -> Any:
    """The function that runs the component once on `shape`, as `verify` describes it."""
    from vidcalc.reference import audio, autoencoders, denoisers, encoders, shapes

    batch = int(shape["batch"])
    if type(module).__name__ in audio.CALLS:
        return audio.CALLS[type(module).__name__](module, component, shape)
    if component == "denoiser":
        frames, height, width = shape["latent"]
        text = shape.get("text_tokens")
        extra = shape.get("extra", {})
        grid = shapes.Shape(batch=batch, frames=frames, height=height, width=width, text_tokens=text, extra=extra)
        return denoisers.denoiser_call(module, grid)
    if component in ("vae_decode", "vae_encode"):
        decode = component == "vae_decode"
        frames, height, width = shape["latent" if decode else "pixels"]
        autoencoders.set_tiling(module, bool(shape.get("tiling", False)))
        clip = autoencoders.Clip(batch=batch, frames=frames, height=height, width=width)
        return (autoencoders.decode_call if decode else autoencoders.encode_call)(module, clip)
    return encoders.encoder_call(module, batch, shape.get("tokens"), bool(shape.get("masked", True)))


@lru_cache(maxsize=4)
def _built(class_name: str, config: str, dtype: str) -> Any:
    """Modules are built once per process: several shapes are usually asked of the same one."""
    from vidcalc.reference.classes import build

    return build(class_name, json.loads(config), dtype)


def recorded_with() -> dict[str, str]:
    """Versions of the libraries whose code the figures come from."""
    return {name: version(name) for name in ("torch", "diffusers", "transformers")}
