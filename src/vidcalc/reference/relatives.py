"""How published relatives of Wan and newer video transformers of diffusers are called."""

from typing import Any

import torch

from vidcalc.reference.meta import empty, integers
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


def cosmos3(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """One packed sample: text first, then all video tokens, each with its timestep. The class takes no batch."""
    if shape.batch != 1:
        raise ValueError("one packed sample at a time")
    c, text = module.config, shape.text(512)
    sides = (-(-side // c.latent_patch_size) for side in (shape.height, shape.width))  # odd sides are padded
    grid = (shape.frames, *sides)
    n = grid[0] * grid[1] * grid[2]
    return lambda: module(
        input_ids=integers(text),
        text_indexes=integers(text),
        position_ids=integers(3, text + n),
        und_len=text,
        sequence_length=text + n,
        vision_tokens=[empty(1, c.latent_channel, *shape.grid, dtype=dtype)],
        vision_token_shapes=[grid],
        vision_sequence_indexes=integers(n),
        vision_mse_loss_indexes=integers(n),
        vision_timesteps=empty(n, dtype=FP32),
        vision_noisy_frame_indexes=[integers(shape.frames)],
        return_dict=False,
    )[0]


def helios(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """One chunk with its history: 2, 2 and 16 latent frames at the three scales (the pipeline's sizes)."""
    c, batch = module.config, shape.batch
    history = {"short": 2, "mid": 2, "long": 16}

    def call() -> Any:
        past = {
            f"latents_history_{scale}": empty(batch, c.in_channels, frames, shape.height, shape.width, dtype=dtype)
            for scale, frames in history.items()
        }
        places = {f"indices_latents_history_{scale}": integers(batch, frames) for scale, frames in history.items()}
        return module(
            hidden_states=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
            timestep=empty(batch, dtype=FP32),
            encoder_hidden_states=empty(batch, shape.text(512), c.text_dim, dtype=dtype),
            indices_hidden_states=integers(batch, shape.frames),
            return_dict=False,
            **past,
            **places,
        )

    return call


def kandinsky6(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Video and audio; the audio length follows from the clip: 24 frames and 44100 / 1024 audio latents a second."""
    c, batch = module.config, shape.batch
    channels = c.in_visual_dim * 2 + 1 if c.visual_cond else c.in_visual_dim
    audio = -(-(4 * (shape.frames - 1) + 1) * 44100 // (24 * 1024))
    return lambda: module(
        hidden_states=empty(batch, *shape.grid, channels, dtype=dtype),
        encoder_hidden_states=empty(batch, shape.text(512), c.in_text_dim, dtype=dtype),
        pooled_projections=empty(batch, c.in_text_dim2, dtype=dtype),
        timestep=empty(batch, dtype=dtype),
        audio_hidden_states=empty(batch, audio, c.in_audio_dim, dtype=dtype),
        return_dict=False,
    )


def kandinsky6_sr(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """A tile: the latent, what it starts from and a mask, channels last. Which blocks attend to which depends on data,
    so a plain kernel on all of them stands in for flex attention.
    """
    from diffusers.models.attention_dispatch import AttentionBackendName, dispatch_attention_fn
    from diffusers.models.transformers import transformer_kandinsky6_sr

    def plain(*args: Any, **options: Any) -> Any:
        return dispatch_attention_fn(*args, **(options | {"backend": AttentionBackendName.NATIVE, "attn_mask": None}))

    c, batch = module.config, shape.batch

    def call() -> Any:
        transformer_kandinsky6_sr.dispatch_attention_fn = plain
        try:
            latent = empty(batch, *shape.grid, 2 * c.in_visual_dim + 1, dtype=dtype)
            return module(hidden_states=latent, timestep=empty(batch, dtype=dtype), return_dict=False)
        finally:
            transformer_kandinsky6_sr.dispatch_attention_fn = dispatch_attention_fn

    return call


def motif(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Text to video: no image tokens."""
    c, batch, text = module.config, shape.batch, shape.text(512)
    return lambda: module(
        hidden_states=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
        timestep=empty(batch, dtype=dtype),
        encoder_hidden_states=empty(batch, text, c.text_embed_dim, dtype=dtype),
        encoder_attention_mask=integers(batch, text),
        return_dict=False,
    )


CALLS = {
    "Cosmos3OmniTransformer": cosmos3,
    "HeliosTransformer3DModel": helios,
    "Kandinsky6Transformer3DModel": kandinsky6,
    "Kandinsky6SRTransformer3DModel": kandinsky6_sr,
    "MotifVideoTransformer3DModel": motif,
    "WanAnimateTransformer3DModel": wan_animate,
}
