"""Two published networks that run together at every step: a control network and what it steers.

A pair is named "NETWORK+CONTROL" and its configuration has a table for each, `network` and `control`.
"""

from typing import Any

import torch

from vidcalc.reference.meta import empty
from vidcalc.reference.shapes import Call, Shape


class Pair(torch.nn.Module):
    """Both modules, so that weights are counted and modules found by name."""

    def __init__(self, network: Any, control: Any) -> None:
        super().__init__()
        self.network, self.control = network, control


def cosmos_transfer(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """The control network on the control's latents, then the transformer with what it gives."""
    c, batch = module.network.config, shape.batch
    projected = c.use_crossattn_projection
    width = c.crossattn_proj_in_channels if projected else c.text_embed_dim
    mask = empty(batch, 1, *shape.grid, dtype=dtype)  # which frames are given: the pipeline holds it

    def call() -> Any:
        text: Any = empty(batch, shape.text(512), width, dtype=dtype)
        if c.img_context_dim_in:
            text = (text, empty(batch, c.img_context_num_tokens, c.img_context_dim_in, dtype=dtype))
        latents = empty(batch, 16, *shape.grid, dtype=dtype)
        shared = {
            "timestep": empty(batch, dtype=dtype),
            "encoder_hidden_states": text,
            "condition_mask": mask,
            "padding_mask": empty(1, 1, shape.height * 8, shape.width * 8, dtype=dtype),
            "return_dict": False,
        }
        control = empty(batch, 16, *shape.grid, dtype=dtype)
        hints = module.control(controls_latents=control, latents=latents, **shared)[0]
        return module.network(hidden_states=latents, block_controlnet_hidden_states=hints, **shared)[0]

    return call


def animatediff_controlnet(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """A ControlNet sees the frames as a batch, and the control's pixels."""
    c, batch = module.network.config, shape.batch
    images = batch * shape.frames

    def call() -> Any:
        latent = empty(batch, c.in_channels, *shape.grid, dtype=dtype)
        timestep = empty(1, dtype=dtype)
        text = empty(images, shape.text(77), c.cross_attention_dim, dtype=dtype)
        pixels = empty(images, 3, 8 * shape.height, 8 * shape.width, dtype=dtype)
        flat = latent.transpose(1, 2).reshape(images, c.in_channels, shape.height, shape.width)
        hints, middle = module.control(flat, timestep, text, pixels, return_dict=False)
        return _steered(module, latent, timestep, text, hints, middle)

    return call


def sparsectrl(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """SparseCtrl sees the clip, and given frames of it: latents, or pixels, beside a mask."""
    c, control, batch = module.network.config, module.control.config, shape.batch
    side = 1 if control.use_simplified_condition_embedding else 8
    sizes = shape.frames, side * shape.height, side * shape.width

    def call() -> Any:
        latent = empty(batch, c.in_channels, *shape.grid, dtype=dtype)
        timestep = empty(1, dtype=dtype)
        text = empty(batch * shape.frames, shape.text(77), c.cross_attention_dim, dtype=dtype)
        given = empty(batch, control.conditioning_channels, *sizes, dtype=dtype)
        mask = empty(batch, 1, *sizes, dtype=dtype)
        hints, middle = module.control(latent, timestep, text, given, conditioning_mask=mask, return_dict=False)
        return _steered(module, latent, timestep, text, hints, middle)

    return call


def _steered(module: Any, latent: Any, timestep: Any, text: Any, hints: Any, middle: Any) -> Any:
    return module.network(
        latent,
        timestep,
        text,
        down_block_additional_residuals=hints,
        mid_block_additional_residual=middle,
        return_dict=False,
    )


CALLS = {
    "CosmosTransformer3DModel+CosmosControlNetModel": cosmos_transfer,
    "UNetMotionModel+ControlNetModel": animatediff_controlnet,
    "UNetMotionModel+SparseControlNetModel": sparsectrl,
}
