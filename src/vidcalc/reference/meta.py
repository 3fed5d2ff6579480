"""Makes published networks run on the meta device: small stand-ins for what is missing there, each with its reason.

`running_on_meta()` is entered around every measurement, so nothing stays patched afterwards.
"""

import os
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # configurations only: no network is ever needed
os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import torch
from torch.fx.experimental import _config

from vidcalc.reference.attention import fused_attention
from vidcalc.reference.norm import fused_rms_norm

FX_SETTINGS: Any = _config  # torch adds `patch` to this module when it is imported, unseen by type checkers
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@contextmanager
def running_on_meta() -> Iterator[None]:
    """All stand-ins of this file, and the fused attention and RMS norm of CUDA devices.

    `nonzero` takes every entry of a mask as valid: Mochi picks its text tokens by the mask.
    """
    with (
        fused_attention(),
        fused_rms_norm(),
        _autocast_accepts_meta(),
        resize_without_torchvision(),
        masks_without_data(),
        FX_SETTINGS.patch(meta_nonzero_assume_all_nonzero=True),
    ):
        yield


@contextmanager
def _autocast_accepts_meta() -> Iterator[None]:
    """`torch.autocast(tensor.device.type)` refuses "meta"; the CPU's autocast stands in (Mochi asks for float32, which
    it leaves off).
    """
    original = torch.autocast

    def autocast(device_type: str, *args: Any, **kwargs: Any) -> Any:
        return original({"meta": "cpu"}.get(device_type, device_type), *args, **kwargs)

    torch.autocast = autocast  # type: ignore[assignment, misc]
    try:
        yield
    finally:
        torch.autocast = original  # type: ignore[misc]


def _resize(image: torch.Tensor, size: Any, interpolation: Any = None) -> torch.Tensor:
    """Nearest-neighbour resize [..., height, width] -> [..., *size]: only the output is allocated; ones on a real
    device, as the padding mask that is resized has no padding."""
    return image.new_ones((*image.shape[:-2], *size))


@contextmanager
def resize_without_torchvision() -> Iterator[None]:
    """Cosmos resizes its padding mask with torchvision, which the extra does not install."""
    names = ("transformers.transformer_cosmos", "controlnets.controlnet_cosmos")
    found: list[Any] = [each for name in names if (each := sys.modules.get("diffusers.models." + name))]
    originals = [getattr(each, "transforms", None) for each in found]
    for each in found:
        each.transforms = types.SimpleNamespace(
            functional=types.SimpleNamespace(resize=_resize), InterpolationMode=types.SimpleNamespace(NEAREST=0)
        )
    try:
        yield
    finally:
        for each, original in zip(found, originals, strict=True):
            each.transforms = original


@contextmanager
def masks_without_data() -> Iterator[None]:
    """transformers reads a text mask to see whether it may be dropped, which needs data.

    A prompt is nearly always shorter than its padding, so a mask that is given stays; without one nothing is masked,
    and a row of position numbers is one sequence.
    """
    masking: Any = sys.modules.get("transformers.masking_utils", types.SimpleNamespace())
    stand_ins = {
        "_ignore_causal_mask_sdpa": _no_padding,
        "_ignore_bidirectional_mask_sdpa": _no_padding,
        "find_packed_sequence_indices": lambda position_ids: None,
    }
    originals = {name: getattr(masking, name, None) for name in stand_ins}
    vars(masking).update(stand_ins)
    try:
        yield
    finally:
        vars(masking).update(originals)


def _no_padding(padding_mask: torch.Tensor | None, *_: Any, **__: Any) -> bool:
    return padding_mask is None


def empty(*shape: int, dtype: torch.dtype) -> torch.Tensor:
    """A tensor of this shape and dtype on the meta device."""
    return torch.empty(shape, device="meta", dtype=dtype)


def integers(*shape: int) -> torch.Tensor:
    """An int64 tensor (token ids, masks, timesteps) on the meta device."""
    return torch.zeros(shape, device="meta", dtype=torch.long)
