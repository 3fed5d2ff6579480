"""How FramePack's transformer is called: one section of new frames with its packed history."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from vidcalc.reference.meta import empty, integers
from vidcalc.reference.shapes import Call, Shape


class _EveryTokenValid(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """FramePack cuts the context to the tokens its mask counts, which needs data; here the count exceeds any length."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default:
            return 2**31
        return func(*args, **(kwargs or {}))


def framepack(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """One section of new frames and the pipeline's history: 2 frames as they are, 2 and 16 in coarser patches."""
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
