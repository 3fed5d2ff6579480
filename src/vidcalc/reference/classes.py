"""Builds a published network from its class name and configuration on the meta device, in the dtype it would be loaded
in.
"""

from importlib import import_module
from typing import Any

import torch

from vidcalc.reference.meta import DTYPES

LIBRARIES = (
    "diffusers",
    "transformers",
    "diffusers.pipelines.ltx",
    "diffusers.pipelines.ltx2",
    "transformers.models.t5gemma2.modeling_t5gemma2",
)
ENCODER_ALONE = ("T5GemmaEncoderModel",)  # whose configuration is that of both halves


class UnknownClass(LookupError):
    """Neither diffusers nor transformers has a class of this name."""


def find_class(class_name: str) -> Any:
    """The class of this name in diffusers, else in transformers, else among the parts of a diffusers pipeline."""
    class_name = class_name.partition("+")[0]  # of a pair, the network that is steered
    for name in LIBRARIES:
        try:
            class_ = getattr(import_module(name), class_name, None)
        except ModuleNotFoundError:  # a part that an older release has not
            continue
        if class_ is not None:
            return class_
    raise UnknownClass(class_name)


def build(class_name: str, config: dict[str, Any], dtype: str = "bf16") -> Any:
    """The module in evaluation mode, parameters and buffers on the meta device.

    dtype "bf16", "fp16" or "fp32"; modules that the class names in `_keep_in_fp32_modules` stay in float32, as
    `from_pretrained` leaves them.
    """
    if "+" in class_name:
        from vidcalc.reference.pairs import Pair

        names = zip(("network", "control"), class_name.split("+"), strict=True)
        return Pair(**{part: build(name, config.get(part, {}), dtype) for part, name in names}).eval()
    class_ = find_class(class_name)
    make = _transformers_module if class_.__module__.startswith("transformers.") else _diffusers_module
    return make(class_, config, DTYPES[dtype])


def _diffusers_module(class_: Any, config: dict[str, Any], dtype: torch.dtype) -> Any:
    with torch.device("meta"):
        module = class_.from_config(config)
    module = module.to("meta")  # some classes fill a buffer from a list, on the CPU
    kept = set(getattr(module, "_keep_in_fp32_modules", None) or ())
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        _cast(tensor, torch.float32 if kept & set(name.split(".")) else dtype)
    return module.eval()


def _transformers_module(class_: Any, config: dict[str, Any], dtype: torch.dtype) -> Any:
    """transformers casts parameters only (rotary frequencies stay float32) and picks the attention implementation
    itself.

    Its `_keep_in_fp32_modules` holds for float16 alone, `_keep_in_fp32_modules_strict` for bfloat16 too.
    """
    if class_.__name__ in ENCODER_ALONE:
        config = {"encoder": config, "is_encoder_decoder": False}
    with torch.device("meta"):
        module = class_(class_.config_class(**config))
    module = module.to("meta")
    kept = set(getattr(module, "_keep_in_fp32_modules_strict", None) or ())
    kept |= {torch.float16: set(getattr(module, "_keep_in_fp32_modules", None) or ())}.get(dtype, set())
    for name, tensor in module.named_parameters():
        _cast(tensor, torch.float32 if kept & set(name.split(".")) else dtype)
    return module.eval()


def _cast(tensor: torch.Tensor, dtype: torch.dtype) -> None:
    if tensor.is_floating_point():
        tensor.data = tensor.data.to(dtype)
