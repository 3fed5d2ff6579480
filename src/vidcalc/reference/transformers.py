"""How each published video transformer of diffusers is called.

Inputs are made inside the call, so they count as live bytes; the few that a pipeline makes once and keeps for all steps
(image embeddings, rotary tables, per-token timesteps) are made outside it and do not.
"""

from functools import partial
from typing import Any

import torch

from vidcalc.reference.meta import empty, integers
from vidcalc.reference.shapes import Call, Shape

FP32 = torch.float32


def _image_embedding(config: Any, batch: int, dtype: torch.dtype) -> dict[str, Any]:
    """257 CLIP ViT-H/14 tokens an image for image-to-video networks; first-and-last-frame networks see two images."""
    images = batch * {True: 1, False: 2}[config.pos_embed_seq_len is None]
    width = config.image_dim
    return {"encoder_hidden_states_image": empty(images, 257, width, dtype=dtype)} if width else {}


def wan(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Wan 2.1 and 2.2, text or image to video."""
    c, batch = module.config, shape.batch
    image = _image_embedding(c, batch, dtype)
    per_token = (batch, shape.frames * (shape.height // 2) * (shape.width // 2))  # Wan 2.2 TI2V: one timestep per token
    timestep = empty(*(per_token if c.in_channels == 48 else (batch,)), dtype=FP32)
    return lambda: module(
        hidden_states=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
        timestep=timestep,
        encoder_hidden_states=empty(batch, shape.text(512), c.text_dim, dtype=dtype),
        return_dict=False,
        **image,
    )


def wan_vace(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Wan VACE: the control latents are as large as the video."""
    c, batch = module.config, shape.batch
    return lambda: module(
        hidden_states=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
        timestep=empty(batch, dtype=FP32),
        encoder_hidden_states=empty(batch, shape.text(512), c.text_dim, dtype=dtype),
        control_hidden_states=empty(batch, c.vace_in_channels, *shape.grid, dtype=dtype),
        control_hidden_states_scale=torch.ones(len(c.vace_layers), device="meta", dtype=dtype),
        return_dict=False,
    )


def skyreels(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Networks that read the frame rate are called as diffusion forcing does: one timestep per latent frame."""
    c, batch = module.config, shape.batch
    image = _image_embedding(c, batch, dtype)
    forcing = {"enable_diffusion_forcing": True, "fps": [1] * batch} if c.inject_sample_info else {}
    steps = (batch, shape.frames) if c.inject_sample_info else (batch,)
    return lambda: module(
        hidden_states=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
        timestep=integers(*steps),
        encoder_hidden_states=empty(batch, shape.text(512), c.text_dim, dtype=dtype),
        return_dict=False,
        **image,
        **forcing,
    )


def hunyuan(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """HunyuanVideo; guidance is an embedded number where the network was distilled."""
    c, batch, text = module.config, shape.batch, shape.text(256)
    return lambda: module(
        hidden_states=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
        timestep=integers(batch),
        encoder_hidden_states=empty(batch, text, c.text_embed_dim, dtype=dtype),
        encoder_attention_mask=integers(batch, text) + 1,
        pooled_projections=empty(batch, c.pooled_projection_dim, dtype=dtype),
        guidance=empty(batch, dtype=dtype) if c.guidance_embeds else None,
        return_dict=False,
    )


def hunyuan15(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """The published forward drops masked text tokens, which needs data; here all tokens are valid and go through the
    same submodules.
    """
    c, batch, text = module.config, shape.batch, shape.text(1000)

    def call() -> Any:
        hidden = module.x_embedder(empty(batch, c.in_channels, *shape.grid, dtype=dtype))
        rotary = module.rope(empty(batch, c.in_channels, *shape.grid, dtype=dtype))
        timestep = torch.zeros(batch, device="meta", dtype=dtype)
        condition = module.time_embed(timestep)
        context = torch.cat(
            [
                module.image_embedder(
                    empty(batch, 729, c.image_embed_dim, dtype=dtype)
                ),  # SigLIP tokens, zero in text-to-video
                module.context_embedder_2(empty(batch, 256, c.text_embed_2_dim, dtype=dtype)),  # ByT5 glyph text
                module.context_embedder(
                    empty(batch, text, c.text_embed_dim, dtype=dtype), timestep, integers(batch, text) + 1
                ),
            ],
            1,
        )
        mask = torch.ones(batch, context.shape[1], device="meta", dtype=torch.bool)
        again = module.gradient_checkpointing and torch.is_grad_enabled()
        for block in module.transformer_blocks:
            arguments = (hidden, context, condition, mask, rotary)
            run = partial(module._gradient_checkpointing_func, block) if again else block
            hidden, context = run(*arguments)
            del arguments
        return module.proj_out(module.norm_out(hidden, condition))

    return call


def cogvideox(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """CogVideoX: the text joins the video in one sequence; rotary tables come from the pipeline."""
    c, batch = module.config, shape.batch
    positions = (shape.frames // (c.patch_size_t or 1)) * (shape.height // 2) * (shape.width // 2)
    rotary = (
        (empty(positions, 64, dtype=FP32), empty(positions, 64, dtype=FP32))
        if c.use_rotary_positional_embeddings
        else None
    )
    ofs = torch.zeros(1, device="meta") if c.ofs_embed_dim else None
    return lambda: module(
        hidden_states=empty(batch, shape.frames, c.in_channels, shape.height, shape.width, dtype=dtype),
        encoder_hidden_states=empty(batch, shape.text(226), c.text_embed_dim, dtype=dtype),
        timestep=integers(batch),
        ofs=ofs,
        image_rotary_emb=rotary,
        return_dict=False,
    )


def consisid(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """CogVideoX with the embedding of one face and an image encoder's 577 tokens at several depths beside it."""
    c, batch = module.config, shape.batch
    positions = shape.frames * (shape.height // 2) * (shape.width // 2)
    rotary = empty(positions, 64, dtype=FP32), empty(positions, 64, dtype=FP32)
    return lambda: module(
        hidden_states=empty(batch, shape.frames, c.in_channels, shape.height, shape.width, dtype=dtype),
        encoder_hidden_states=empty(batch, shape.text(226), c.text_embed_dim, dtype=dtype),
        timestep=integers(batch),
        image_rotary_emb=rotary,
        id_cond=empty(batch, c.LFE_id_dim, dtype=dtype),
        id_vit_hidden=[empty(batch, 577, c.LFE_vit_dim, dtype=dtype) for _ in range(c.LFE_num_scale)],
        return_dict=False,
    )


def ltx(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """LTX-Video: the latent comes as a sequence of tokens."""
    c, batch, text = module.config, shape.batch, shape.text(128)
    return lambda: module(
        hidden_states=empty(batch, shape.positions, c.in_channels, dtype=dtype),
        encoder_hidden_states=empty(batch, text, c.caption_channels, dtype=dtype),
        timestep=empty(batch, dtype=FP32),
        encoder_attention_mask=integers(batch, text) + 1,
        num_frames=shape.frames,
        height=shape.height,
        width=shape.width,
        rope_interpolation_scale=(1.0, 1.0, 1.0),
        return_dict=False,
    )


def ltx2(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Video and audio stream together; the audio length follows from the clip: 24 frames, 25 audio latents a second."""
    c, batch, text = module.config, shape.batch, shape.text(1024)
    audio = round(((shape.frames - 1) * 8 + 1) / 24 * 25)
    modulated = (
        getattr(c, "cross_attn_mod", False) or c.caption_channels != 3840
    )  # LTX-2.3 on: connectors outside, sigma inside
    widths = (4096, 2048) if modulated else (3840, 3840)
    sigma = {"sigma": torch.zeros(batch, device="meta")} if modulated else {}
    return lambda: module(
        hidden_states=empty(batch, shape.positions, c.in_channels, dtype=dtype),
        audio_hidden_states=empty(batch, audio, c.audio_in_channels, dtype=dtype),
        encoder_hidden_states=empty(batch, text, widths[0], dtype=dtype),
        audio_encoder_hidden_states=empty(batch, text, widths[1], dtype=dtype),
        timestep=torch.zeros(batch, device="meta"),
        encoder_attention_mask=integers(batch, text) + 1,
        audio_encoder_attention_mask=integers(batch, text) + 1,
        num_frames=shape.frames,
        height=shape.height,
        width=shape.width,
        fps=24.0,
        audio_num_frames=audio,
        return_dict=False,
        **sigma,
    )


def cosmos(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Cosmos Predict 1, 2 and 2.5; the padding mask has the size of the frame in pixels."""
    c, batch = module.config, shape.batch
    condition = {"condition_mask": empty(batch, 1, *shape.grid, dtype=dtype)} if c.in_channels == 17 else {}
    projected = getattr(c, "use_crossattn_projection", False)
    text_width = c.crossattn_proj_in_channels if projected else c.text_embed_dim
    return lambda: module(
        hidden_states=empty(batch, 16, *shape.grid, dtype=dtype),
        timestep=empty(batch, dtype=dtype),
        encoder_hidden_states=empty(batch, shape.text(512), text_width, dtype=dtype),
        fps=24,
        padding_mask=empty(1, 1, shape.height * 8, shape.width * 8, dtype=dtype),
        return_dict=False,
        **condition,
    )


def kandinsky5(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Kandinsky 5: channels last, and the first frame's latent and mask beside the noise where it is conditioned."""
    c, batch, text = module.config, shape.batch, shape.text(256)
    channels = c.in_visual_dim * 2 + 1 if c.visual_cond else c.in_visual_dim
    return lambda: module(
        hidden_states=empty(batch, *shape.grid, channels, dtype=dtype),
        encoder_hidden_states=empty(batch, text, c.in_text_dim, dtype=dtype),
        timestep=empty(batch, dtype=dtype),
        pooled_projections=empty(batch, c.in_text_dim2, dtype=dtype),
        visual_rope_pos=[
            torch.arange(shape.frames, device="meta"),
            torch.arange(shape.height // 2, device="meta"),
            torch.arange(shape.width // 2, device="meta"),
        ],
        text_rope_pos=torch.arange(text, device="meta"),
        scale_factor=(1.0, 2.0, 2.0),
        return_dict=False,
    )


def sana_video(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """SANA-Video: linear attention over the video."""
    c, batch, text = module.config, shape.batch, shape.text(300)
    return lambda: module(
        hidden_states=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
        encoder_hidden_states=empty(batch, text, c.caption_channels, dtype=dtype),
        timestep=empty(batch, dtype=dtype),
        encoder_attention_mask=integers(batch, text) + 1,
        return_dict=False,
    )


def mochi(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Mochi 1: joint attention over video and the valid text tokens."""
    c, batch, text = module.config, shape.batch, shape.text(256)
    return lambda: module(
        hidden_states=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
        encoder_hidden_states=empty(batch, text, c.text_embed_dim, dtype=dtype),
        timestep=empty(batch, dtype=dtype),
        encoder_attention_mask=integers(batch, text).bool() | True,
        return_dict=False,
    )


def latte(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Latte: space and time attend by turns."""
    c, batch = module.config, shape.batch
    return lambda: module(
        hidden_states=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
        encoder_hidden_states=empty(batch, shape.text(120), c.caption_channels, dtype=dtype),
        timestep=empty(batch, dtype=dtype),
        return_dict=False,
    )


def allegro(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Rotary tables and position grids are made once by the pipeline, one entry per video token."""
    c, batch, text = module.config, shape.batch, shape.text(512)
    grid = (shape.frames, shape.height // c.patch_size, shape.width // c.patch_size)
    axis = c.attention_head_dim // 3
    tables = [tuple(empty(n, axis, dtype=FP32) for _ in ("cos", "sin")) for n in grid]
    positions = [integers(1, grid[0] * grid[1] * grid[2]) for _ in grid]
    rotary = (tables, positions)
    return lambda: module(
        hidden_states=empty(batch, c.in_channels, *shape.grid, dtype=dtype),
        encoder_hidden_states=empty(batch, text, c.caption_channels, dtype=dtype),
        timestep=integers(batch),
        attention_mask=empty(batch, *shape.grid, dtype=dtype),
        encoder_attention_mask=integers(batch, text) + 1,
        image_rotary_emb=rotary,
        return_dict=False,
    )
