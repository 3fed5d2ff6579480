"""Motif-Video transformer: blocks of two streams, then of one, then a decoder that reads the encoder's video tokens.

Mirrors diffusers' MotifVideoTransformer3DModel. The decoder starts from a copy of the embedded latent, held all along,
and sees the video tokens twice: its own and the encoder's. A slice of a joint sequence is contiguous for one sample
only: with several, layers that read it copy it first and add their bias in a step of its own.
Source: diffusers 0.42.1 models/transformers/transformer_motif_video.py.
"""

import msgspec

from vidcalc.base.number import Number, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.cosmos import rotate
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, text_mlp, timestep_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("MotifVideoTransformer3DModel",)
Rotary = tuple[Tensor, Tensor]


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_channels: Number = 33
    out_channels: Number = 16
    num_attention_heads: Number = 24
    attention_head_dim: Number = 128
    num_layers: Number = 20
    num_single_layers: Number = 40
    num_decoder_layers: int = 0
    mlp_ratio: Number = 4
    patch_size: Number = 2
    patch_size_t: Number = 1
    text_embed_dim: Number = 4096
    image_embed_dim: Number | None = None
    enable_text_cross_attention_dual: bool = False
    enable_text_cross_attention_single: bool = False

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim

    @property
    def inner(self) -> Number:
        """Width of the feed-forward's hidden layer."""
        inner = self.width * self.mlp_ratio
        return int(inner) if isinstance(inner, float) else inner


def grid(config: Config, shape: Shape) -> tuple[Number, Number, Number]:
    """The token grid."""
    p = config.patch_size
    return shape.frames // config.patch_size_t, shape.height // p, shape.width // p


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = grid(config, shape)
    return t * h * w


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width].

    Image tokens of a first frame, where `shape.image_tokens` are stated, come before the text.
    """
    batch, n, width, heads = shape.batch, tokens(config, shape), config.width, config.num_attention_heads
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch)
    text = tape.input(batch, shape.tokens, config.text_embed_dim)
    text_mask = tape.input(batch, shape.tokens, dtype="int64")

    rotary = (tape.empty((n, config.attention_head_dim), "fp32"), tape.empty((n, config.attention_head_dim), "fp32"))
    with tape.scope("time_text_embed"):
        features = tape.cast(sinusoid(tape, batch, 256), tape.dtype)
        temb = timestep_mlp(tape, features, width, "timestep_embedder")
        del features
    kernel = (config.patch_size_t, config.patch_size, config.patch_size)
    embedded = tape.convolution(latent, width, kernel, "x_embedder.proj", out=grid(config, shape))
    hidden = embedded.view(batch, n, width)
    del embedded
    context, image = conditions(tape, config, shape, text)
    decoded = tape.copy(hidden, name="clone") if config.num_decoder_layers else hidden
    mask = tape.empty((batch, n + context.shape[1]), "bool")

    with tape.repeat("transformer_blocks", config.num_layers, hidden, context):
        look = config.enable_text_cross_attention_dual
        hidden, context = dual_block(tape, heads, config.inner, hidden, context, temb, rotary, shape.tokens, look=look)
    with tape.repeat(
        "single_transformer_blocks", config.num_single_layers - config.num_decoder_layers, hidden, context
    ):
        look = config.enable_text_cross_attention_single
        hidden, context = single_block(
            tape, heads, config.inner, hidden, context, temb, rotary, shape.tokens, look=look
        )
    del mask
    if config.num_decoder_layers:
        start, decoded = decoded.node, hidden  # the copy is let go when the first block is done
        hidden = decoder(tape, config, hidden, start, temb, rotary)
    del decoded, context, image

    with tape.scope("norm_out"):
        vectors = tape.linear(tape.act(temb), 2 * width, "linear")
    hidden = modulated(tape, hidden, vectors)
    hidden = tape.linear(hidden, config.out_channels * kernel[0] * kernel[1] * kernel[2], "proj_out")
    hidden = tape.copy(hidden, name="unpatchify")
    del timestep, text_mask
    return hidden.view(batch, config.out_channels, shape.frames, shape.height, shape.width)


def conditions(tape: Tape, config: Config, shape: Shape, text: Tensor) -> tuple[Tensor, Tensor | None]:
    """Text tokens, behind those of an image where there are any, and the image tokens alone."""
    context = text_mlp(tape, text, config.width, "context_embedder")
    if config.image_embed_dim is None:
        return context, None
    batch, width = shape.batch, config.width
    image = tape.input(0).view(batch, shape.image_tokens, config.image_embed_dim)  # held by the pipeline
    with tape.scope("image_embedder"):
        hidden = tape.layer_norm(image, "norm_in")
        hidden = tape.act(tape.linear(hidden, config.image_embed_dim, "linear_1"), "gelu")
        hidden = tape.layer_norm(tape.linear(hidden, width, "linear_2"), "norm_out")
    return tape.cat((hidden, context), batch, shape.image_tokens + shape.tokens, width), hidden


def decoder(
    tape: Tape, config: Config, encoded: Tensor, start: int, temb: Tensor, rotary: tuple[Tensor, Tensor]
) -> Tensor:
    """Single-stream blocks over a second copy of the video tokens and, as their context, the encoder's."""
    batch, n, width = encoded.shape
    # Every block but the first reads two slices of what the block before made.
    pair = tape.empty((batch, 2 * n, width), node=max(encoded.node, start))
    hidden, context = pair.view(batch, n, width), pair.view(batch, n, width)
    del pair
    with tape.repeat("decoder", config.num_decoder_layers, hidden, context):
        hidden, context = single_block(
            tape, config.num_attention_heads, config.inner, hidden, context, temb, rotary, n, look=False
        )
    return hidden


def modulated(tape: Tape, x: Tensor, vectors: Tensor) -> Tensor:
    """norm(x) · (1 + scale) + shift."""
    scale = vectors.view(x.shape[0], 1, x.shape[-1])
    return tape.add(tape.mul(tape.layer_norm(x), tape.scale(scale)), scale)


def adaptive_norm(tape: Tape, x: Tensor, temb: Tensor, vectors: int, name: str) -> tuple[Tensor, Tensor]:
    """The modulated norm of x, and the vectors that the timestep makes: [batch, vectors · width]."""
    with tape.scope(name):
        made = tape.linear(tape.act(temb), vectors * x.shape[-1], "linear")
        return modulated(tape, x, made), made


def linear(tape: Tape, x: Tensor, width: Number, name: str, sliced: bool = True) -> Tensor:
    """A linear layer on a tensor or (`sliced`) a slice of a joint sequence, x[batch, n, d] -> [batch, n, width]."""
    batch, n, d = x.shape
    several = minimum(batch - 1, 1) * sliced
    copied = tape.copy(x, batch * several, n, d)
    out = tape.linear(x, width, name)
    del copied
    tape.copy(out, batch * several, n, width, name="bias")
    return out


def heads_of(x: Tensor, heads: Number) -> Tensor:
    """[batch, n, width] -> [batch, heads, n, width / heads]."""
    batch, n, width = x.shape
    return x.view(batch, heads, n, width // heads)


def joint_attention(tape: Tape, heads: Number, video: Tensor, text: Tensor, rotary: Rotary) -> tuple[Tensor, Tensor]:
    """Two streams with weights of their own attend as one sequence; each is projected on its own."""
    batch, n, width = video.shape
    m, d = text.shape[1], width // heads
    with tape.scope("attn"):
        q = heads_of(tape.linear(video, width, "to_q"), heads)
        k = heads_of(tape.linear(video, width, "to_k"), heads)
        v = heads_of(tape.linear(video, width, "to_v"), heads)
        q = tape.rms_norm(q, "norm_q")
        k = tape.rms_norm(k, "norm_k")
        q = rotate(tape, q, rotary)
        k = rotate(tape, k, rotary)
        text_q = heads_of(tape.linear(text, width, "add_q_proj"), heads)
        text_k = heads_of(tape.linear(text, width, "add_k_proj"), heads)
        text_v = heads_of(tape.linear(text, width, "add_v_proj"), heads)
        text_q = tape.rms_norm(text_q, "norm_added_q")
        text_k = tape.rms_norm(text_k, "norm_added_k")
        q = tape.cat((q, text_q), batch, heads, n + m, d)
        k = tape.cat((k, text_k), batch, heads, n + m, d)
        v = tape.cat((v, text_v), batch, heads, n + m, d)
        out = tape.attention(q, k, v)
        merged = tape.copy(out)
        del out
        video_out = linear(tape, merged.view(batch, n, width), width, "to_out.0")
        return video_out, linear(tape, merged.view(batch, m, width), width, "to_add_out")


def single_attention(tape: Tape, heads: Number, video: Tensor, text: Tensor, rotary: Rotary) -> tuple[Tensor, Tensor]:
    """Both streams with the same weights attend as one sequence; only the first is rotated; no projection."""
    batch, n, width = video.shape
    m, d = text.shape[1], width // heads
    with tape.scope("attn"):
        joined = tape.cat((video, text), batch, n + m, width)
        q = heads_of(tape.linear(joined, width, "to_q"), heads)
        k = heads_of(tape.linear(joined, width, "to_k"), heads)
        v = heads_of(tape.linear(joined, width, "to_v"), heads)
        q = tape.rms_norm(q, "norm_q")
        k = tape.rms_norm(k, "norm_k")
        q = tape.cat((rotate(tape, q.view(batch, heads, n, d), rotary), q), *q.shape)
        k = tape.cat((rotate(tape, k.view(batch, heads, n, d), rotary), k), *k.shape)
        out = tape.attention(q, k, v)
        del joined
        merged = tape.copy(out)
        return merged.view(batch, n, width), merged.view(batch, m, width)


def text_attention(tape: Tape, heads: Number, x: Tensor, text: Tensor, rotary: Rotary, *, sliced: bool) -> Tensor:
    """Video tokens look at the text tokens once more; `sliced` tells whether x and text are slices."""
    batch, n, width = x.shape
    with tape.scope("cross_attn"):
        q = heads_of(linear(tape, x, width, "to_q", sliced), heads)
        k = heads_of(linear(tape, text, width, "to_k", sliced), heads)
        v = heads_of(linear(tape, text, width, "to_v", sliced), heads)
        q = tape.rms_norm(q, "norm_q")
        k = tape.rms_norm(k, "norm_k")
        q = rotate(tape, q, rotary)
        out = tape.attention(q, k, v)
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "to_out.0")


def dual_block(
    tape: Tape,
    heads: Number,
    inner: Number,
    hidden: Tensor,
    context: Tensor,
    temb: Tensor,
    rotary: Rotary,
    text_tokens: Number,
    *,
    look: bool,
) -> tuple[Tensor, Tensor]:
    """Joint attention and feed-forward of video and text, each with its own weights and modulation."""
    batch, _, width = hidden.shape
    normed, vectors = adaptive_norm(tape, hidden, temb, 6, "norm1")
    text_normed, text_vectors = adaptive_norm(tape, context, temb, 6, "norm1_context")
    gate, text_gate = vectors.view(batch, 1, width), text_vectors.view(batch, 1, width)
    update, text_update = joint_attention(tape, heads, normed, text_normed, rotary)
    x = tape.add(hidden, tape.mul(update, gate))
    if look:
        text_only = text_normed.view(batch, text_tokens, width)
        seen = text_attention(tape, heads, update, text_only, rotary, sliced=False)
        x = tape.add(x, seen)
    text = tape.add(context, tape.mul(text_update, text_gate))
    normed = tape.layer_norm(x)
    text_normed = tape.layer_norm(text)
    normed = tape.add(tape.mul(normed, tape.scale(gate)), gate)
    text_normed = tape.add(tape.mul(text_normed, tape.scale(text_gate)), text_gate)
    mixed = feed_forward(tape, normed, inner, width, "ff")
    text_mixed = feed_forward(tape, text_normed, inner, width, "ff_context")
    x = tape.add(x, tape.mul(mixed, gate))
    return x, tape.add(text, tape.mul(text_mixed, text_gate))


def single_block(
    tape: Tape,
    heads: Number,
    inner: Number,
    hidden: Tensor,
    context: Tensor,
    temb: Tensor,
    rotary: Rotary,
    text_tokens: Number,
    *,
    look: bool,
) -> tuple[Tensor, Tensor]:
    """Attention and feed-forward side by side over the joint sequence; the results are two slices of one tensor."""
    batch, n, width = hidden.shape
    m = context.shape[1]
    joined = tape.cat((hidden, context), batch, n + m, width)
    normed, vectors = adaptive_norm(tape, joined, temb, 3, "norm")
    gate = vectors.view(batch, 1, width)
    mixed = tape.act(tape.linear(normed, inner, "proj_mlp"), "gelu")
    update, text_update = single_attention(
        tape, heads, normed.view(batch, n, width), normed.view(batch, m, width), rotary
    )
    if look:
        text_only = normed.view(batch, text_tokens, width)
        seen = text_attention(tape, heads, update, text_only, rotary, sliced=True)
        update = tape.add(update, seen)
    update = tape.cat((update, text_update), batch, n + m, width)
    both = tape.cat((update, mixed), batch, n + m, width + inner)
    out = tape.mul(tape.linear(both, width, "proj_out"), gate)
    del both
    out = tape.add(out, joined)
    return out.view(batch, n, width), out.view(batch, m, width)
