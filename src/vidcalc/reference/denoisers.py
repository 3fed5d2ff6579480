"""Calls a published denoiser, transformer or U-Net, with inputs made from the batch and the latent grid."""

from collections.abc import Callable
from typing import Any

import torch

from vidcalc.reference import causal, framepack, images, pairs, relatives, transformers, unets
from vidcalc.reference.shapes import Call, Shape, usual_dtype

CALLS: dict[str, Callable[[Any, Shape, torch.dtype], Call]] = {
    "AllegroTransformer3DModel": transformers.allegro,
    "CogVideoXTransformer3DModel": transformers.cogvideox,
    "ConsisIDTransformer3DModel": transformers.consisid,
    "CosmosTransformer3DModel": transformers.cosmos,
    "HunyuanVideo15Transformer3DModel": transformers.hunyuan15,
    "HunyuanVideoFramepackTransformer3DModel": framepack.framepack,
    "HunyuanVideoTransformer3DModel": transformers.hunyuan,
    "Kandinsky5Transformer3DModel": transformers.kandinsky5,
    "LTX2VideoTransformer3DModel": transformers.ltx2,
    "LTXVideoTransformer3DModel": transformers.ltx,
    "LatteTransformer3DModel": transformers.latte,
    "MochiTransformer3DModel": transformers.mochi,
    "SanaVideoTransformer3DModel": transformers.sana_video,
    "SkyReelsV2Transformer3DModel": transformers.skyreels,
    "UNet3DConditionModel": unets.unet3d,
    "UNetMotionModel": unets.unet_motion,
    "UNetSpatioTemporalConditionModel": unets.stable_video,
    "WanTransformer3DModel": transformers.wan,
    "WanVACETransformer3DModel": transformers.wan_vace,
    "ChronoEditTransformer3DModel": transformers.wan,
    **causal.CALLS,
    **images.CALLS,
    **pairs.CALLS,
    **relatives.CALLS,
}


def denoiser_call(module: Any, shape: Shape) -> Call:
    """A function that runs one forward pass of `module`. Raises KeyError for a class that has no entry in `CALLS`."""
    name = type(module).__name__
    if isinstance(module, pairs.Pair):
        name = f"{type(module.network).__name__}+{type(module.control).__name__}"
    return CALLS[name](module, shape, usual_dtype(module))
