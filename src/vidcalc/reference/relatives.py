"""How published relatives of Wan and newer video transformers of diffusers are called."""

from typing import Any

import torch

from vidcalc.reference.meta import empty
from vidcalc.reference.shapes import Call, Shape

FP32 = torch.float32


def wan_animate(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Latent frames are the reference image and the clip; the face video has the clip's frames in pixels."""
    c, batch = module.config, shape.batch
    image = empty(batch, 257, c.image_dim, dtype=dtype)  # CLIP tokens, which the pipeline makes once
    faces = (batch, 3, 4 * (shape.frames - 2) + 1, c.motion_encoder_size, c.motion_encoder_size)
    return lambda: module(
        hidden_states=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
        timestep=empty(batch, dtype=FP32),
        encoder_hidden_states=empty(batch, shape.text(512), c.text_dim, dtype=dtype),
        encoder_hidden_states_image=image,
        pose_hidden_states=empty(batch, c.latent_channels, shape.frames - 1, shape.height, shape.width, dtype=dtype),
        face_pixel_values=empty(*faces, dtype=dtype),
        return_dict=False,
    )


CALLS = {"WanAnimateTransformer3DModel": wan_animate}
