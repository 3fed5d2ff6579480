"""Calls a published denoiser, transformer or U-Net, with inputs made from the batch and the latent grid."""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from vidcalc.reference import images, relatives, transformers, unets
from vidcalc.reference.shapes import Call, Shape, usual_dtype

class _EveryTokenValid(TorchDispatchMode):
    """FramePack cuts the context to the tokens that its mask counts, which needs data; here the count is above any length."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default:
            return 2**31
        return func(*args, **(kwargs or {}))


def framepack(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """One section of new frames, with its history: 2 frames as they are, 2 and 16 in coarser patches (the pipeline's sizes)."""
    c, batch, text = module.config, shape.batch, shape.text(256)
    place = (shape.height, shape.width)

    def call() -> Any:
        with _EveryTokenValid():
            return module(
                hidden_states=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
                timestep=empty(batch, dtype=dtype),
                encoder_hidden_states=empty(batch, text, c.text_embed_dim, dtype=dtype),
                encoder_attention_mask=integers(batch, text) + 1,
                pooled_projections=empty(batch, c.pooled_projection_dim, dtype=dtype),
                image_embeds=empty(batch, 729, c.image_proj_dim, dtype=dtype),
                indices_latents=integers(shape.frames),
                guidance=empty(batch, dtype=dtype) if c.guidance_embeds else None,
                latents_clean=empty(batch, c.in_channels, 2, *place, dtype=dtype),
                indices_latents_clean=integers(2),
                latents_history_2x=empty(batch, c.in_channels, 2, *place, dtype=dtype),
                indices_latents_history_2x=integers(2),
                latents_history_4x=empty(batch, c.in_channels, 16, *place, dtype=dtype),
                indices_latents_history_4x=integers(16),
                return_dict=False,
            )

    return call


CALLS: dict[str, Callable[[Any, Shape, torch.dtype], Call]] = {
    "AllegroTransformer3DModel": transformers.allegro,
    "CogVideoXTransformer3DModel": transformers.cogvideox,
    "ConsisIDTransformer3DModel": transformers.consisid,
    "CosmosTransformer3DModel": transformers.cosmos,
    "HunyuanVideo15Transformer3DModel": transformers.hunyuan15,
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
    **images.CALLS,
    **relatives.CALLS,
}


def denoiser_call(module: Any, shape: Shape) -> Call:
    """A function that runs one forward pass of `module`. Raises KeyError for a class that has no entry in `CALLS`."""
    return CALLS[type(module).__name__](module, shape, usual_dtype(module))
