"""ConsisID: a CogVideoX transformer whose every second block is followed by attention to tokens of one face.

A perceiver makes 32 tokens of the face; its attention, and that of the video to it, spells its scores out, with the
softmax in float32.
Source: arXiv 2411.17440; diffusers 0.42.1 models/transformers/consisid_transformer_3d.py.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import cogvideox
from vidcalc.networks.transformers.cogvideox import (
    block,
    conditioned,
    final_norm,
    patch_embed,
    rotary_table,
    unpatchified,
)
from vidcalc.tape import Tape, Tensor

CLASSES = ("ConsisIDTransformer3DModel",)
VIT_TOKENS = 577  # of the image encoder that sees the face: 24 × 24 patches and one class token


class Config(cogvideox.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names; LFE is the local facial extractor."""

    is_train_face: bool = False
    cross_attn_interval: int = 2
    cross_attn_dim_head: Number = 128
    cross_attn_num_heads: Number = 16
    LFE_id_dim: Number = 1280
    LFE_vit_dim: Number = 1024
    LFE_depth: int = 10
    LFE_dim_head: Number = 64
    LFE_num_heads: Number = 16
    LFE_num_id_token: Number = 5
    LFE_num_querie: Number = 32
    LFE_output_dim: Number = 2048
    LFE_ff_mult: Number = 4
    LFE_num_scale: int = 5


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return cogvideox.tokens(config, shape)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, frames, in_channels, height, width] -> [batch, frames, out_channels, height, width].

    With `is_train_face` a face embedding[batch, LFE_id_dim] and the image encoder's tokens at LFE_num_scale depths
    come in as well.
    """
    width, n, batch = config.width, tokens(config, shape), shape.batch
    latent = tape.input(batch, shape.frames, config.in_channels, shape.height, shape.width)
    text = tape.input(batch, shape.tokens, config.text_embed_dim)
    timestep = tape.input(batch, dtype="int64")
    face = None
    pictures: list[Tensor] = []
    if config.is_train_face:
        identity = tape.input(batch, config.LFE_id_dim)
        pictures = [tape.input(batch, VIT_TOKENS, config.LFE_vit_dim) for _ in range(config.LFE_num_scale)]
        face = face_tokens(tape, config, identity, pictures)

    temb, features = conditioned(tape, config, batch)
    embedded = patch_embed(tape, config, shape, text, latent)
    context = embedded.view(batch, shape.tokens, width)
    hidden = embedded.view(batch, n, width)
    del embedded
    rotary = rotary_table(tape, config, n) if config.use_rotary_positional_embeddings else None
    every = config.cross_attn_interval if face is not None else config.num_layers
    rows = config.num_layers // every
    with tape.rows("rows", rows, hidden, context):  # a block, the face, and the blocks to the next
        with tape.block("transformer_blocks.first"):
            hidden, context = block(tape, config, hidden, context, temb, rotary)
        if face is not None:
            with tape.scope("perceiver_cross_attention"):
                hidden = tape.add(hidden, tape.scale(face_attention(tape, config, face, hidden)))
        with tape.repeat("transformer_blocks", every - 1, hidden, context):
            hidden, context = block(tape, config, hidden, context, temb, rotary)
    with tape.repeat("transformer_blocks.last", config.num_layers - rows * every, hidden, context):
        hidden, context = block(tape, config, hidden, context, temb, rotary)

    joined = tape.cat((context, hidden), batch, shape.tokens + n, width)
    joined = tape.layer_norm(joined, "norm_final" if config.norm_elementwise_affine else "")
    hidden = joined.view(batch, n, width)
    del joined
    hidden = final_norm(tape, config, hidden, temb)
    out = unpatchified(tape, config, shape, hidden)
    del timestep, pictures, features
    return out


def face_tokens(tape: Tape, config: Config, identity: Tensor, pictures: list[Tensor]) -> Tensor:
    """identity[batch, d] and image tokens at several depths -> [batch, queries, LFE_output_dim]."""
    batch, width, count = identity.shape[0], config.LFE_vit_dim, config.LFE_num_id_token
    queries = config.LFE_num_querie
    layers = config.LFE_depth // config.LFE_num_scale
    with tape.scope("local_facial_extractor"):
        tape.parameter("latents", queries * width)
        latents = tape.empty((batch, queries, width), identity.dtype)
        person = mapping(tape, identity, width, width * count, "id_embedding_mapping").view(batch, count, width)
        latents = tape.cat((latents, person), batch, queries + count, width)
        for i, picture in enumerate(pictures):
            seen = mapping(tape, picture, width, width, f"mapping_{i}")
            context = tape.cat((person, seen), batch, count + picture.shape[1], width)
            for j in range(i * layers, (i + 1) * layers):
                with tape.scope(f"layers.{j}"):
                    latents = tape.add(perceiver(tape, config, context, latents), latents)
                    latents = tape.add(feed_forward(tape, latents, width, config.LFE_ff_mult), latents)
        tape.parameter("proj_out", width * config.LFE_output_dim)
        projection = tape.empty((0,), identity.dtype).view(width, config.LFE_output_dim)  # a weight: no activation
        return tape.matmul(latents.view(1, batch * queries, width), projection, "proj_out").view(
            batch, queries, config.LFE_output_dim
        )


def mapping(tape: Tape, x: Tensor, width: Number, d_out: Number, name: str) -> Tensor:
    """Linear, norm, leaky ReLU, twice, then a linear layer."""
    with tape.scope(name):
        hidden = tape.linear(x, width, "0")
        hidden = tape.layer_norm(hidden, "1")
        hidden = tape.act(hidden, "leaky_relu")
        hidden = tape.linear(hidden, width, "3")
        hidden = tape.layer_norm(hidden, "4")
        hidden = tape.act(hidden, "leaky_relu")
        return tape.linear(hidden, d_out, "6")


def feed_forward(tape: Tape, x: Tensor, width: Number, times: Number) -> Tensor:
    """Norm, linear, GELU, linear, without biases."""
    with tape.scope("1"):
        hidden = tape.layer_norm(x, "0")
        hidden = tape.linear(hidden, width * times, "1", bias=False)
        hidden = tape.act(hidden, "gelu")
        return tape.linear(hidden, width, "3", bias=False)


def perceiver(tape: Tape, config: Config, context: Tensor, latents: Tensor) -> Tensor:
    """Latents attend to the context and to themselves."""
    batch, n, width = latents.shape
    inner = config.LFE_dim_head * config.LFE_num_heads
    with tape.scope("0"):
        normed = tape.layer_norm(context, "norm1")
        asking = tape.layer_norm(latents, "norm2")
        q = tape.linear(asking, inner, "to_q", bias=False)
        joined = tape.cat((normed, asking), batch, context.shape[1] + n, width)
        kv = tape.linear(joined, 2 * inner, "to_kv", bias=False)
        out = spelled_attention(tape, q, kv, config.LFE_num_heads, config.LFE_dim_head)
        return tape.linear(out, width, "to_out", bias=False)


def face_attention(tape: Tape, config: Config, face: Tensor, hidden: Tensor) -> Tensor:
    """Video tokens attend to the face's tokens."""
    inner = config.cross_attn_dim_head * config.cross_attn_num_heads
    normed = tape.layer_norm(face, "norm1")
    asking = tape.layer_norm(hidden, "norm2")
    q = tape.linear(asking, inner, "to_q", bias=False)
    kv = tape.linear(normed, 2 * inner, "to_kv", bias=False)
    out = spelled_attention(tape, q, kv, config.cross_attn_num_heads, config.cross_attn_dim_head)
    return tape.linear(out, config.width, "to_out", bias=False)


def spelled_attention(tape: Tape, q: Tensor, kv: Tensor, heads: Number, d_head: Number) -> Tensor:
    """softmax(q·kᵀ)·v with the scores stored; keys and values are halves of `kv`."""
    batch, n, inner = q.shape
    keys = kv.shape[1]
    k = kv.view(batch, heads, keys, d_head)
    scaled = tape.scale(q.view(batch, heads, n, d_head))
    weights = tape.matmul(scaled, tape.scale(k).view(batch, heads, d_head, keys), "scores")
    del scaled
    weights = tape.cast(tape.softmax(tape.cast(weights, "fp32")), q.dtype)
    out = tape.matmul(weights, k, "values")
    return tape.copy(out).view(batch, n, inner)
