"""How networks with attention patterns of their own are called: causal chunks with what came before, neighbourhoods."""

import math
from typing import Any

import torch

from vidcalc.reference.meta import empty
from vidcalc.reference.shapes import Call, Shape

FP32 = torch.float32


def anyflow(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """A whole clip; both times of a step are given for every latent frame."""
    c, batch = module.config, shape.batch
    return lambda: module(
        hidden_states=empty(batch, shape.frames, c.in_channels, shape.height, shape.width, dtype=dtype),
        timestep=empty(batch, shape.frames, dtype=FP32),
        r_timestep=empty(batch, shape.frames, dtype=FP32),
        encoder_hidden_states=empty(batch, shape.text(512), c.text_dim, dtype=dtype),
        return_dict=False,
    )


def anyflow_far(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """The last chunk of a clip. Its attention has no mask, so a plain kernel stands in for flex attention, which is
    not fused outside of torch.compile.
    """
    from diffusers.models.attention_dispatch import AttentionBackendName, dispatch_attention_fn
    from diffusers.models.transformers import transformer_anyflow_far

    def plain(*args: Any, **options: Any) -> Any:
        return dispatch_attention_fn(*args, **(options | {"backend": AttentionBackendName.NATIVE}))

    c, batch = module.config, shape.batch
    full, compressed = shape.extra.get("cached_frames", 0), shape.extra.get("compressed_frames", 0)
    limit = c.full_chunk_limit - 1
    recent = [full // limit + (i < full % limit) for i in range(limit)] if full else []
    chunks = [*([compressed] if compressed else []), *recent, shape.frames]
    heads, d_head = c.num_attention_heads, c.attention_head_dim
    _, h, w = c.patch_size
    _, large_h, large_w = c.compressed_patch_size
    sizes = {
        "full_cache": full * (shape.height // h) * (shape.width // w),
        "compressed_cache": compressed * (shape.height // large_h) * (shape.width // large_w),
    }
    held = [
        {name: empty(2, batch, heads, each, d_head, dtype=dtype) for name, each in sizes.items()} for _ in module.blocks
    ]

    def call() -> Any:
        transformer_anyflow_far.dispatch_attention_fn = plain
        try:
            return module(
                hidden_states=empty(batch, shape.frames, c.in_channels, shape.height, shape.width, dtype=dtype),
                timestep=empty(batch, shape.frames, dtype=FP32),
                r_timestep=empty(batch, shape.frames, dtype=FP32),
                encoder_hidden_states=empty(batch, shape.text(512), c.text_dim, dtype=dtype),
                chunk_partition=chunks,
                kv_cache=held,
                kv_cache_flag={"is_cache_step": False, "num_cached_chunks": len(chunks) - 1},
                return_dict=False,
            )[0]
        finally:
            transformer_anyflow_far.dispatch_attention_fn = dispatch_attention_fn

    return call


def diffusion_decoder(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """A latent to pixels. Each query's window holds the same number of keys: as many of all stand in for them, for
    flex attention is not fused outside of torch.compile.
    """
    from diffusers.models.attention_dispatch import AttentionBackendName, dispatch_attention_fn
    from diffusers.models.autoencoders import ltx2_diffusion_decoder as decoder

    def windowed(query: Any, key: Any, value: Any, attn_mask: Any = None, **options: Any) -> Any:
        options["backend"] = AttentionBackendName.NATIVE
        return dispatch_attention_fn(query, key[:, :attn_mask], value[:, :attn_mask], attn_mask=None, **options)

    def size(frames: int, height: int, width: int, kernel: tuple[int, int, int], device: Any) -> int:
        sides = zip(kernel, (frames, height, width), strict=True)
        return math.prod(min(window, side) for window, side in sides)

    originals = decoder.dispatch_attention_fn, decoder._neighborhood_block_mask
    latent = shape.batch, module.config.latent_channels, *shape.grid

    def call() -> Any:
        decoder.dispatch_attention_fn, decoder._neighborhood_block_mask = windowed, size
        try:
            return module(empty(*latent, dtype=dtype), return_dict=False)
        finally:
            decoder.dispatch_attention_fn, decoder._neighborhood_block_mask = originals

    return call


def wan_animate_2(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """A denoising step, of the clip and a reference image, beside the cached keys and values of the driving video. Each
    query sees all of the step's tokens and the driving video's at its frame: as many of the first keys stand in.
    """
    from diffusers.models.attention_dispatch import AttentionBackendName, dispatch_attention_fn
    from diffusers.models.transformers import transformer_wan_animate_2 as animate

    c, batch = module.config, shape.batch
    _, h, w = c.patch_size
    places = (shape.height // h) * (shape.width // w)
    before, n = shape.frames * places, (shape.frames + 1) * places
    sizes = shape.frames + 1, shape.height, shape.width
    heads, d_head = c.num_heads, c.dim // c.num_heads
    module.create_mask = lambda *sizes: "mask"
    cache = animate.WanAnimate2KVCache(c.num_layers)
    for layer in cache.layer_caches:
        layer.store(*(empty(batch, before, heads, d_head, dtype=dtype) for _ in range(2)))
    image = empty(batch, 257, 1280, dtype=dtype)
    grid = torch.tensor([[shape.frames, shape.height // h, shape.width // w]], device="cpu").repeat(batch, 1)

    def windowed(query: Any, key: Any, value: Any, attn_mask: Any = None, **options: Any) -> Any:
        options["backend"] = AttentionBackendName.NATIVE
        if attn_mask is not None:
            seen = dispatch_attention_fn(query[:, :n], key[:, : n + places], value[:, : n + places], **options)
            return seen.new_empty(query.shape).copy_(seen[:, :1]) if seen.shape != query.shape else seen.clone()
        return dispatch_attention_fn(query, key, value, attn_mask=None, **options)

    def call() -> Any:
        animate.dispatch_attention_fn = windowed
        # all of the cache is on the device from the first block on
        held = [each.view(each.shape) for layer in cache.layer_caches for each in layer.get()]
        try:
            noise, given = (empty(batch, size, *sizes, dtype=dtype) for size in (c.out_dim, c.in_dim - c.out_dim))
            text = empty(batch, c.text_len, c.text_dim, dtype=dtype)
            return module(
                hidden_states=list(noise),
                timestep=empty(batch, dtype=FP32),
                encoder_hidden_states=list(text),
                condition_latents=list(given),
                kv_cache=cache,
                kv_cache_mode="cached",
                seq_len=n,
                encoder_hidden_states_image=image if c.use_img_emb else None,
                reference_grid_sizes=grid,
                origin_len=4 * (shape.frames - 1),
                origin_area=[shape.height * 8, shape.width * 8],
                return_dict=False,
            )
        finally:
            animate.dispatch_attention_fn = dispatch_attention_fn
            del held

    return call


CALLS = {
    "LTX2VideoDiffusionDecoderModel": diffusion_decoder,
    "AnyFlowFARTransformer3DModel": anyflow_far,
    "AnyFlowTransformer3DModel": anyflow,
    "WanAnimate2Transformer3DModel": wan_animate_2,
}
