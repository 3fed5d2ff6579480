"""Cosmos Predict 1 / 2 / 2.5 video transformer: full self-attention, cross-attention to text, low-rank adaptive norms.

Mirrors diffusers' CosmosTransformer3DModel: which intermediates are held, and which copies are made. A condition mask
and a padding mask may join the latent as channels; the first version adds a learnt position embedding in every block.
Source: arXiv 2501.03575; diffusers 0.42.1 models/transformers/transformer_cosmos.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid
from vidcalc.tape import ELEMENT_BYTES, Tape, Tensor

CLASSES = ("CosmosTransformer3DModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_channels: Number = 16
    out_channels: Number = 16
    num_attention_heads: Number = 32
    attention_head_dim: Number = 128
    num_layers: Number = 28
    mlp_ratio: Number = 4
    text_embed_dim: Number = 1024
    adaln_lora_dim: Number = 256
    max_size: tuple[Number, Number, Number] = (128, 240, 240)
    patch_size: tuple[Number, Number, Number] = (1, 2, 2)
    concat_padding_mask: bool = True
    extra_pos_embed_type: str | None = "learnable"
    use_crossattn_projection: bool = False
    crossattn_proj_in_channels: Number = 1024
    encoder_hidden_states_channels: Number = 1024
    img_context_dim_in: Number | None = None
    img_context_num_tokens: Number = 256
    img_context_dim_out: Number = 2048

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim

    @property
    def inner(self) -> Number:
        """Width of the feed-forward's hidden layer."""
        inner = self.width * self.mlp_ratio
        return int(inner) if isinstance(inner, float) else inner

    @property
    def patch_volume(self) -> Number:
        """Latent places under one token."""
        return self.patch_size[0] * self.patch_size[1] * self.patch_size[2]


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = config.patch_size
    return (shape.frames // t) * (shape.height // h) * (shape.width // w)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, out_channels, frames, height, width] -> the same shape.

    The padding mask has the pixels of one frame: eight times the latent's height and width.
    """
    batch, n = shape.batch, tokens(config, shape)
    latent = tape.input(batch, config.out_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch, timesteps(config, shape))
    text_width = config.crossattn_proj_in_channels if config.use_crossattn_projection else config.text_embed_dim
    text = tape.input(batch, shape.tokens, text_width)
    padding = tape.input(1, 1, 8 * shape.height, 8 * shape.width)

    latent_with_masks, resized = with_masks(tape, config, shape, latent)
    rotary = rotary_table(tape, config, n)
    position = position_embedding(tape, config, batch, n)
    hidden = patch_embedding(tape, config, latent_with_masks, batch, n)
    del latent_with_masks
    temb, embedded = time_embedding(tape, config, shape)
    context = text
    if config.use_crossattn_projection:
        context = tape.linear(text, config.encoder_hidden_states_channels, "crossattn_proj.0")
        context = tape.act(context, "gelu")

    with tape.repeat("transformer_blocks", config.num_layers, hidden):
        hidden = block(tape, config, hidden, context, embedded, temb, rotary, position)

    with tape.scope("norm_out"):
        hidden = modulated(tape, config, hidden, embedded, temb, 2)[0]
    hidden = tape.linear(hidden, config.out_channels * config.patch_volume, "proj_out", bias=False)
    hidden = tape.copy(hidden, name="unpatchify")
    del timestep, padding, resized
    return hidden.view(batch, config.out_channels, shape.frames, shape.height, shape.width)


def timesteps(config: Config, shape: Shape) -> Number:
    """Timesteps per sample: one, or one per latent frame."""
    return shape.frames if shape.timestep == "frame" else 1


def with_masks(tape: Tape, config: Config, shape: Shape, latent: Tensor) -> tuple[Tensor, Tensor | None]:
    """The latent with the condition mask (which the pipeline holds) and the resized padding mask as channels."""
    batch, channels = shape.batch, config.in_channels
    grid = (shape.frames, shape.height, shape.width)
    joined = latent
    if config.in_channels != config.out_channels:
        joined = tape.cat((latent,), batch, channels, *grid)
    if not config.concat_padding_mask:
        return joined, None
    resized = tape.empty((1, 1, shape.height, shape.width))
    repeated = tape.copy(resized, batch, 1, *grid, name="repeat")
    return tape.cat((joined, repeated), batch, channels + 1, *grid), resized


def rotary_table(tape: Tape, config: Config, n: Number) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the 3-axis rotary embedding, each [n, head size] in float32."""
    axes = tape.empty((n, config.attention_head_dim // 2), "fp32")
    angles = tape.cat((axes, axes), n, config.attention_head_dim)
    return tape.scale(angles, "cos"), tape.scale(angles, "sin")


def position_embedding(tape: Tape, config: Config, batch: Number, n: Number) -> Tensor | None:
    """A learnt embedding per axis, summed and normalised in float32 -> [batch, n, width]."""
    if not config.extra_pos_embed_type:
        return None
    width = config.width
    with tape.scope("learnable_pos_embed"):
        axes = []
        for axis, size, patch in zip("thw", config.max_size, config.patch_size, strict=True):
            weights = (size // patch) * width
            tape.parameter(f"pos_emb_{axis}", weights, "fp32")
            spread = tape.empty((batch, n, width), "fp32")
            if tape.training:
                spread.node = tape.differentiable((), (), spread.nbytes, weights * ELEMENT_BYTES["fp32"])
            axes.append(spread)
            del spread
        total = tape.add(tape.add(axes[0], axes[1]), axes[2])
        norm = tape.pointwise("norm", (total,), (batch, n, 1), "fp32", saved=(total,))
        return tape.cast(tape.mul(total, norm), tape.dtype)


def patch_embedding(tape: Tape, config: Config, latent: Tensor, batch: Number, n: Number) -> Tensor:
    """Patches flattened into channels, then projected -> tokens[batch, n, width]."""
    patches = tape.copy(latent, batch, n, latent.shape[1] * config.patch_volume, name="patchify")
    return tape.linear(patches, config.width, "patch_embed.proj", bias=False)


def time_embedding(tape: Tape, config: Config, shape: Shape) -> tuple[Tensor, Tensor]:
    """temb[batch, (n,) 3 width] and the embedded timestep[batch, (n,) width]; per token where frames differ."""
    width, batch, n = config.width, shape.batch, tokens(config, shape)
    with tape.scope("time_embed"):
        features = tape.cast(sinusoid(tape, batch * timesteps(config, shape), width), tape.dtype)
        with tape.scope("t_embedder"):
            temb = tape.linear(features, width, "linear_1", bias=False)
            temb = tape.act(temb, "silu")
            temb = tape.linear(temb, 3 * width, "linear_2", bias=False)
        embedded = tape.rms_norm_narrow(features, "norm")
    if shape.timestep == "frame":
        temb = tape.copy(temb, batch, n, 3 * width, name="expand")
        embedded = tape.copy(embedded, batch, n, width, name="expand")
    return temb, embedded


def block(
    tape: Tape,
    config: Config,
    hidden: Tensor,
    context: Tensor,
    embedded: Tensor,
    temb: Tensor,
    rotary: tuple[Tensor, Tensor],
    position: Tensor | None,
    picture: Tensor | None = None,
) -> Tensor:
    """Self-attention, cross-attention, feed-forward; each behind a modulated norm and a gate."""
    x = hidden if position is None else tape.add(hidden, position)
    with tape.scope("norm1"):
        normed, gate = modulated(tape, config, x, embedded, temb, 3)
    update = attention(tape, config, normed, None, rotary, "attn1")
    x = tape.add(x, tape.mul(update, gate))

    with tape.scope("norm2"):
        normed, gate = modulated(tape, config, x, embedded, temb, 3)
    update = attention(tape, config, normed, context, None, "attn2", picture)
    x = tape.add(x, tape.mul(update, gate))

    with tape.scope("norm3"):
        normed, gate = modulated(tape, config, x, embedded, temb, 3)
    mixed = feed_forward(tape, normed, config.inner, config.width, "ff", bias=False)
    return tape.add(x, tape.mul(mixed, gate))


def modulated(
    tape: Tape, config: Config, x: Tensor, embedded: Tensor, temb: Tensor, vectors: int
) -> tuple[Tensor, Tensor]:
    """norm(x) · (1 + scale) + shift, and the gate: vectors from the timestep through a narrow pair of matrices."""
    width = config.width
    shift = tape.act(embedded, "silu")
    shift = tape.linear(shift, config.adaln_lora_dim, "linear_1", bias=False)
    shift = tape.linear(shift, vectors * width, "linear_2", bias=False)
    shift = tape.add(shift, temb)
    gate = shift.view(*shift.shape[:-1], 1, width)
    normed = tape.layer_norm(x)
    return tape.add(tape.mul(normed, tape.scale(gate)), gate), gate


def attention(
    tape: Tape,
    config: Config,
    x: Tensor,
    context: Tensor | None,
    rotary: tuple[Tensor, Tensor] | None,
    name: str,
    picture: Tensor | None = None,
) -> Tensor:
    """Self-attention (context None) or cross-attention with queries and keys RMS-normed per head.

    picture  image tokens that are attended to as well, by queries, keys and values of their own; the results add up
    """
    width, heads, d_head = config.width, config.num_attention_heads, config.attention_head_dim
    batch, n, _ = x.shape
    source = x if context is None else context
    keys = source.shape[1]
    with tape.scope(name):
        q = tape.linear(x, width, "to_q", bias=False).view(batch, heads, n, d_head)
        k = tape.linear(source, width, "to_k", bias=False).view(batch, heads, keys, d_head)
        v = tape.linear(source, width, "to_v", bias=False).view(batch, heads, keys, d_head)
        q = tape.rms_norm_narrow(q, "norm_q")
        k = tape.rms_norm_narrow(k, "norm_k")
        if rotary is not None:
            q = rotate(tape, q, rotary)
            k = rotate(tape, k, rotary)
        k = tape.copy(k, name="repeat_interleave")
        v = tape.copy(v, name="repeat_interleave")
        out = tape.attention(q, k, v)
        merged = tape.copy(out).view(batch, n, width)
        del out
        if picture is None:
            return tape.linear(merged, width, "to_out.0", bias=False)
        seen = picture.shape[1]
        q_img = tape.linear(x, width, "q_img", bias=False).view(batch, heads, n, d_head)
        k_img = tape.linear(picture, width, "k_img", bias=False).view(batch, heads, seen, d_head)
        v_img = tape.linear(picture, width, "v_img", bias=False).view(batch, heads, seen, d_head)
        q_img = tape.rms_norm_narrow(q_img, "q_img_norm")
        k_img = tape.rms_norm_narrow(k_img, "k_img_norm")
        k_img = tape.copy(k_img, name="repeat_interleave")
        v_img = tape.copy(v_img, name="repeat_interleave")
        looked = tape.attention(q_img, k_img, v_img, "sdpa_image")
        added = tape.copy(looked).view(batch, n, width)
        del looked
        return tape.linear(tape.add(merged, added), width, "to_out.0", bias=False)


def rotate(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary embedding by halves of the head: x · cos + turned x · sin, in float32."""
    half = x.view(*x.shape[:-1], x.shape[-1] // 2)
    turned = tape.cat((tape.scale(half, "negate"), half), *x.shape)
    cosine, sine = rotary
    straight = tape.mul(tape.cast(x, "fp32"), cosine)
    return tape.cast(tape.add(straight, tape.mul(tape.cast(turned, "fp32"), sine)), x.dtype)
