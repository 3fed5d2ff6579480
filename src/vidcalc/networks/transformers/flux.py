"""FLUX.1: an image transformer of two-stream blocks (image and text apart, attention joint), then single-stream blocks.

Mirrors diffusers' FluxTransformer2DModel. Source: Black Forest Labs 2024 (weights and code, no paper); diffusers 0.42.1
models/transformers/transformer_flux.py.
"""

import msgspec

from vidcalc.base.number import Number, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.adaptive import steered_norm, two_stream_block
from vidcalc.networks.transformers.embedding import sinusoid, text_mlp, timestep_mlp
from vidcalc.networks.transformers.rotary import rotate_pairs
from vidcalc.tape import Tape, Tensor

CLASSES = ("FluxTransformer2DModel",)
TIME_FEATURES = 256  # fixed in the published code
PACKED = 2  # the pipeline packs 2 × 2 latent places into one token


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    patch_size: Number = 1
    in_channels: Number = 64
    out_channels: Number | None = None
    num_layers: Number = 19
    num_single_layers: Number = 38
    attention_head_dim: Number = 128
    num_attention_heads: Number = 24
    joint_attention_dim: Number = 4096
    pooled_projection_dim: Number = 768
    guidance_embeds: bool = False
    axes_dims_rope: tuple[Number, ...] = (16, 56, 56)

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim


def tokens(config: Config, shape: Shape) -> Number:
    """Image tokens: four latent places each."""
    return (shape.height // PACKED) * (shape.width // PACKED)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """packed latent[batch, n, in_channels] -> [batch, n, out_channels]."""
    batch, n, width, axes = shape.batch, tokens(config, shape), config.width, len(config.axes_dims_rope)
    latent = tape.input(batch, n, config.in_channels)
    text = tape.input(batch, shape.tokens, config.joint_attention_dim)
    pooled = tape.input(batch, config.pooled_projection_dim)
    timestep = tape.input(batch)
    image_ids, text_ids = tape.input(n, axes), tape.input(shape.tokens, axes)
    guidance = tape.input(batch, dtype="fp32") if config.guidance_embeds else None

    hidden = tape.linear(latent, width, "x_embedder")
    thousandths = tape.scale(timestep)
    strength = tape.scale(tape.cast(guidance, tape.dtype)) if guidance is not None else None
    temb = condition(tape, config, pooled)
    context: Tensor | None = tape.linear(text, width, "context_embedder")
    ids = tape.cat((text_ids, image_ids), shape.tokens + n, axes)
    rotary = rotary_tables(tape, config, ids)
    with tape.repeat("transformer_blocks", config.num_layers, context, hidden):
        context, hidden = double_block(tape, config, hidden, context, temb, rotary)
    with tape.repeat("single_transformer_blocks", config.num_single_layers, context, hidden):
        context, hidden = single_block(tape, config, hidden, context, temb, rotary)
    hidden = steered_norm(tape, hidden, temb, 2, "norm_out")[0]
    channels = config.patch_size * config.patch_size * (config.out_channels or config.in_channels)
    del thousandths, strength, timestep, ids
    return tape.linear(hidden, channels, "proj_out")


def condition(tape: Tape, config: Config, pooled: Tensor) -> Tensor:
    """Timestep, guidance strength and pooled text -> modulation source [batch, width]."""
    with tape.scope("time_text_embed"):
        emb = numbers_mlp(tape, config, pooled.shape[0], "timestep_embedder")
        if config.guidance_embeds:
            strength = numbers_mlp(tape, config, pooled.shape[0], "guidance_embedder")
            emb = tape.add(emb, strength)
        projected = text_mlp(tape, pooled, config.width, "text_embedder")
        return tape.add(emb, projected)


def numbers_mlp(tape: Tape, config: Config, count: Number, name: str) -> Tensor:
    """Sinusoidal features of `count` numbers through two linear layers."""
    features = tape.cast(sinusoid(tape, count, TIME_FEATURES), tape.dtype)
    return timestep_mlp(tape, features, config.width, name)


def rotary_tables(tape: Tape, config: Config, ids: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines [tokens, head size] in float32, made in float64 axis by axis, then joined."""
    n = ids.shape[0]
    places = tape.cast(ids, "fp32")
    parts = []
    for d in config.axes_dims_rope:
        angles = tape.empty((n, d // 2), "fp64")
        for kind in ("cos", "sin"):
            doubled = tape.copy(tape.scale(angles, kind), n, d, name="repeat")
            parts.append(tape.cast(doubled, "fp32"))
            del doubled
        del angles
    tables = tuple(tape.cat((part,), n, config.attention_head_dim) for part in parts[:2])
    del places, parts
    return tables[0], tables[1]


def double_block(
    tape: Tape, config: Config, x: Tensor, c: Tensor | None, temb: Tensor, rotary: tuple[Tensor, Tensor]
) -> tuple[Tensor | None, Tensor]:
    """Image x[batch, n, width] and text c[batch, tokens, width] -> (text, image)."""

    def attend(normed: Tensor, normed_text: Tensor) -> tuple[Tensor, Tensor]:
        return joint_attention(tape, config, normed, normed_text, rotary)

    assert c is not None
    return two_stream_block(tape, x, c, temb, attend)


def joint_attention(
    tape: Tape, config: Config, x: Tensor, c: Tensor, rotary: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """One attention over text and image, each with projections of its own -> (image, text)."""
    batch, n, width = x.shape
    count = c.shape[1]
    heads, d_head = config.num_attention_heads, config.attention_head_dim
    with tape.scope("attn"):
        q, k, v = (tape.linear(x, width, name).view(batch, n, heads, d_head) for name in ("to_q", "to_k", "to_v"))
        q_text, k_text, v_text = (
            tape.linear(c, width, name).view(batch, count, heads, d_head)
            for name in ("add_q_proj", "add_k_proj", "add_v_proj")
        )
        q = tape.rms_norm(q, "norm_q")
        k = tape.rms_norm(k, "norm_k")
        q_text = tape.rms_norm(q_text, "norm_added_q")
        k_text = tape.rms_norm(k_text, "norm_added_k")
        q = tape.cat((q_text, q), batch, count + n, heads, d_head)
        k = tape.cat((k_text, k), batch, count + n, heads, d_head)
        v = tape.cat((v_text, v), batch, count + n, heads, d_head)
        q = rotate_pairs(tape, q, rotary)
        k = rotate_pairs(tape, k, rotary)
        merged = attended(tape, config, q, k, v)
        image = contiguous_linear(tape, merged.view(batch, n, width), width, "to_out.0")
        text = contiguous_linear(tape, merged.view(batch, count, width), width, "to_add_out")
        return image, text


def attended(tape: Tape, config: Config, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Fused attention of q, k, v[batch, n, heads, head size], merged into [batch, n, width] by a copy."""
    batch, n, heads, d_head = q.shape
    q_head, k_head, v_head = (t.view(batch, heads, n, d_head) for t in (q, k, v))
    return tape.copy(tape.attention(q_head, k_head, v_head)).view(batch, n, config.width)


def contiguous_linear(tape: Tape, x: Tensor, d_out: Number, name: str) -> Tensor:
    """A linear layer on a slice of tokens, copied first where there are several samples."""
    copied = tape.copy(x, x.elements * minimum(x.shape[0] - 1, 1), name="contiguous")
    out = tape.linear(x, d_out, name)
    del copied
    return out


def single_block(
    tape: Tape, config: Config, x: Tensor, c: Tensor | None, temb: Tensor, rotary: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Text and image joined in one stream: attention and feed-forward side by side, one projection out of both."""
    assert c is not None
    batch, n, width = x.shape
    both = c.shape[1] + n
    joined = tape.cat((c, x), batch, both, width)
    normed, gate = steered_norm(tape, joined, temb, 3, "norm")
    mixed = tape.act(tape.linear(normed, 4 * width, "proj_mlp"), "gelu")
    merged = single_attention(tape, config, normed, rotary)
    hidden = tape.cat((merged, mixed), batch, both, 5 * width)
    hidden = tape.mul(tape.linear(hidden, width, "proj_out"), gate)
    hidden = tape.add(joined, hidden)
    return hidden.view(batch, c.shape[1], width), hidden.view(batch, n, width)


def single_attention(tape: Tape, config: Config, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Self-attention over the joined stream, without a projection out."""
    batch, n, width = x.shape
    heads, d_head = config.num_attention_heads, config.attention_head_dim
    with tape.scope("attn"):
        q, k, v = (tape.linear(x, width, name).view(batch, n, heads, d_head) for name in ("to_q", "to_k", "to_v"))
        q = tape.rms_norm(q, "norm_q")
        k = tape.rms_norm(k, "norm_k")
        q = rotate_pairs(tape, q, rotary)
        k = rotate_pairs(tape, k, rotary)
        return attended(tape, config, q, k, v)
