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


CALLS = {"CosmosTransformer3DModel+CosmosControlNetModel": cosmos_transfer}
