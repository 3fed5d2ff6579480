"""How each published video U-Net of diffusers is called; inputs are made inside the call, so they count."""

from typing import Any

import torch

from vidcalc.reference.meta import empty
from vidcalc.reference.shapes import Call, Shape


def stable_video(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Stable Video Diffusion: noise and image latents share the channels."""
    c, batch = module.config, shape.batch
    return lambda: module(
        sample=empty(batch, shape.frames, c.in_channels, shape.height, shape.width, dtype=dtype),
        timestep=empty(1, dtype=dtype),
        encoder_hidden_states=empty(batch, 1, 1024, dtype=dtype),  # one CLIP image embedding
        added_time_ids=empty(batch, 3, dtype=dtype),  # fps, motion bucket, noise strength
        return_dict=False,
    )


def unet3d(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """The text width follows from the configuration: 1024 in ModelScope and ZeroScope, 768 in LaVie."""
    c, batch = module.config, shape.batch
    return lambda: module(
        sample=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
        timestep=empty(1, dtype=dtype),
        encoder_hidden_states=empty(batch, shape.text(77), c.cross_attention_dim, dtype=dtype),
        return_dict=False,
    )


def unet_motion(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """AnimateDiff; the SDXL variant also reads a pooled text vector and six size numbers."""
    c, batch = module.config, shape.batch
    sizes = {"text_embeds": empty(batch, 1280, dtype=dtype), "time_ids": empty(batch, 6, dtype=dtype)}
    added = {"added_cond_kwargs": sizes} if c.addition_embed_type == "text_time" else {}
    prompts = batch * shape.frames  # the pipeline repeats the text for each frame
    return lambda: module(
        sample=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
        timestep=empty(1, dtype=dtype),
        encoder_hidden_states=empty(prompts, shape.text(77), c.cross_attention_dim, dtype=dtype),
        return_dict=False,
        **added,
    )
