"""How the published image networks of diffusers are called, and the video networks built on them; inputs are made
inside the call.
"""

from typing import Any

import torch

from vidcalc.reference.meta import empty, integers
from vidcalc.reference.shapes import Call, Shape

FP32 = torch.float32


def unet2d(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Stable Diffusion; SDXL also reads a pooled text vector and six size numbers."""
    c, images = module.config, shape.batch * shape.frames
    sizes = {"text_embeds": empty(images, 1280, dtype=dtype), "time_ids": empty(images, 6, dtype=dtype)}
    added = {"added_cond_kwargs": sizes} if c.addition_embed_type == "text_time" else {}
    return lambda: module(
        sample=empty(images, c.in_channels, shape.height, shape.width, dtype=dtype),
        timestep=empty(1, dtype=dtype),
        encoder_hidden_states=empty(images, shape.text(77), c.cross_attention_dim, dtype=dtype),
        return_dict=False,
        **added,
    )


def i2vgen_xl(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """The latent of the image beside the noise, its CLIP vector beside the text."""
    c, batch = module.config, shape.batch
    return lambda: module(
        sample=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
        timestep=empty(1, dtype=dtype),
        fps=empty(batch, dtype=dtype),
        image_latents=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
        image_embeddings=empty(batch, 1, c.cross_attention_dim, dtype=dtype),
        encoder_hidden_states=empty(batch, shape.text(77), c.cross_attention_dim, dtype=dtype),
        return_dict=False,
    )


def sd3(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """333 text tokens: 77 of CLIP and 256 of T5."""
    c, images = module.config, shape.batch * shape.frames
    return lambda: module(
        hidden_states=empty(images, c.in_channels, shape.height, shape.width, dtype=dtype),
        encoder_hidden_states=empty(images, shape.text(333), c.joint_attention_dim, dtype=dtype),
        pooled_projections=empty(images, c.pooled_projection_dim, dtype=dtype),
        timestep=empty(images, dtype=dtype),
        return_dict=False,
    )


def flux(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """The latent comes packed, four places to a token."""
    c, batch, text = module.config, shape.batch, shape.text(512)
    places = (shape.height // 2) * (shape.width // 2)
    return lambda: module(
        hidden_states=empty(batch, places, c.in_channels, dtype=dtype),
        encoder_hidden_states=empty(batch, text, c.joint_attention_dim, dtype=dtype),
        pooled_projections=empty(batch, c.pooled_projection_dim, dtype=dtype),
        timestep=empty(batch, dtype=dtype),
        img_ids=empty(places, 3, dtype=dtype),
        txt_ids=empty(text, 3, dtype=dtype),
        guidance=empty(batch, dtype=FP32) if c.guidance_embeds else None,
        return_dict=False,
    )


def pixart(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Image sizes are not told to PixArt-Σ."""
    c, images, text = module.config, shape.batch * shape.frames, shape.text(300)
    return lambda: module(
        hidden_states=empty(images, c.in_channels, shape.height, shape.width, dtype=dtype),
        encoder_hidden_states=empty(images, text, c.caption_channels, dtype=dtype),
        timestep=integers(images),
        added_cond_kwargs={"resolution": None, "aspect_ratio": None},
        encoder_attention_mask=integers(images, text) + 1,
        return_dict=False,
    )


def qwen_image(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """The latent comes packed, four places to a token."""
    c, batch, text = module.config, shape.batch, shape.text(128)
    grid = (1, shape.height // 2, shape.width // 2)
    return lambda: module(
        hidden_states=empty(batch, grid[1] * grid[2], c.in_channels, dtype=dtype),
        encoder_hidden_states=empty(batch, text, c.joint_attention_dim, dtype=dtype),
        timestep=empty(batch, dtype=dtype),
        img_shapes=[[grid]] * batch,
        return_dict=False,
    )


def easyanimate(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Version 5 reads two texts, 5.1 one; the inpainting variant takes further channels beside the noise."""
    c, batch, text = module.config, shape.batch, shape.text(256)
    guide = c.in_channels - c.out_channels
    two = c.text_embed_dim_t5 is not None
    return lambda: module(
        hidden_states=empty(batch, c.out_channels, *shape.grid, dtype=dtype),
        timestep=empty(batch, dtype=dtype),
        encoder_hidden_states=empty(batch, 77 if two else text, c.text_embed_dim, dtype=dtype),
        encoder_hidden_states_t5=empty(batch, text, c.text_embed_dim_t5, dtype=dtype) if two else None,
        inpaint_latents=empty(batch, guide, *shape.grid, dtype=dtype) if guide else None,
        return_dict=False,
    )


CALLS = {
    "EasyAnimateTransformer3DModel": easyanimate,
    "FluxTransformer2DModel": flux,
    "I2VGenXLUNet": i2vgen_xl,
    "PixArtTransformer2DModel": pixart,
    "QwenImageTransformer2DModel": qwen_image,
    "SD3Transformer2DModel": sd3,
    "UNet2DConditionModel": unet2d,
}
