"""CogVideoX 1.0 / 1.5 transformer: text and video tokens side by side in full attention, expert adaptive norms.

Mirrors diffusers' CogVideoXTransformer3DModel: which intermediates are held, and which copies are made.
Source: arXiv 2408.06072; diffusers 0.42.1 models/transformers/cogvideox_transformer_3d.py.
"""

import msgspec

from vidcalc.base.number import Number, where
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, timestep_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("CogVideoXTransformer3DModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    num_attention_heads: Number = 30
    attention_head_dim: Number = 64
    in_channels: Number = 16
    out_channels: Number = 16
    time_embed_dim: Number = 512
    ofs_embed_dim: Number | None = None
    text_embed_dim: Number = 4096
    num_layers: Number = 30
    attention_bias: bool = True
    sample_width: Number = 90
    sample_height: Number = 60
    sample_frames: Number = 49
    patch_size: Number = 2
    patch_size_t: Number | None = None
    temporal_compression_ratio: Number = 4
    max_text_seq_length: Number = 226
    norm_elementwise_affine: bool = True
    use_rotary_positional_embeddings: bool = False
    use_learned_positional_embeddings: bool = False
    patch_bias: bool = True

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim

    @property
    def patch_frames(self) -> Number:
        """Latent frames under one token: one, or two in CogVideoX 1.5."""
        return self.patch_size_t or 1

    @property
    def norm_name(self) -> str:
        """The name of a layer norm inside an adaptive norm: empty where it has no weights."""
        return "norm" if self.norm_elementwise_affine else ""


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    p = config.patch_size
    return (shape.frames // config.patch_frames) * (shape.height // p) * (shape.width // p)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, frames, in_channels, height, width] -> [batch, frames, out_channels, height, width]."""
    width, n, batch = config.width, tokens(config, shape), shape.batch
    latent = tape.input(batch, shape.frames, config.in_channels, shape.height, shape.width)
    text = tape.input(batch, shape.tokens, config.text_embed_dim)
    timestep = tape.input(batch, dtype="int64")
    offset = tape.input(1, dtype="fp32") if config.ofs_embed_dim else None

    temb, features = conditioned(tape, config, batch)
    embedded = patch_embed(tape, config, shape, text, latent)
    context = embedded.view(batch, shape.tokens, width)
    hidden = embedded.view(batch, n, width)
    del embedded

    rotary = rotary_table(tape, config, n) if config.use_rotary_positional_embeddings else None
    with tape.repeat("transformer_blocks", config.num_layers, hidden, context):
        hidden, context = block(tape, config, hidden, context, temb, rotary)

    hidden = tape.layer_norm(hidden, "norm_final" if config.norm_elementwise_affine else "")
    hidden = final_norm(tape, config, hidden, temb)
    out = unpatchified(tape, config, shape, hidden)
    del timestep, offset, features
    return out


def conditioned(tape: Tape, config: Config, batch: Number) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Timestep (and, for image-to-video 1.5, offset) -> temb[batch, time_embed_dim], and what stays alive beside it."""
    features = tape.cast(sinusoid(tape, batch, config.width), tape.dtype)
    temb = timestep_mlp(tape, features, config.time_embed_dim, "time_embedding")
    if not config.ofs_embed_dim:
        return temb, (features,)
    steps = tape.cast(sinusoid(tape, 1, config.ofs_embed_dim), tape.dtype)
    offset = timestep_mlp(tape, steps, config.ofs_embed_dim, "ofs_embedding")
    del steps
    return tape.add(temb, offset), (features, offset)


def unpatchified(tape: Tape, config: Config, shape: Shape, x: Tensor) -> Tensor:
    """Tokens[batch, n, width] -> latent places, by a linear layer and a copy."""
    volume = config.patch_size**2 * config.patch_frames
    patches = tape.linear(x, config.out_channels * volume, "proj_out")
    out = tape.copy(patches, name="unpatchify")
    return out.view(shape.batch, shape.frames, config.out_channels, shape.height, shape.width)


def patch_embed(tape: Tape, config: Config, shape: Shape, text: Tensor, latent: Tensor) -> Tensor:
    """Text and latent patches in one sequence [batch, text tokens + video tokens, width]."""
    width, n, p, batch = config.width, tokens(config, shape), config.patch_size, shape.batch
    with tape.scope("patch_embed"):
        words = tape.linear(text, width, "text_proj")
        if config.patch_size_t is None:
            places = (shape.height // p, shape.width // p)
            frames = latent.view(batch * shape.frames, config.in_channels, shape.height, shape.width)
            patches = tape.convolution(frames, width, (p, p), "proj", out=places, bias=config.patch_bias)
            video = tape.copy(patches, name="flatten").view(batch, n, width)
            del patches
        else:
            folded = tape.copy(latent, batch, n, config.in_channels * p * p * config.patch_size_t, name="flatten")
            video = tape.linear(folded, width, "proj")
            del folded
        joined = tape.cat((words, video), batch, shape.tokens + n, width)
        if config.use_rotary_positional_embeddings and not config.use_learned_positional_embeddings:
            return joined
        return tape.add(joined, positions(tape, config, shape))


def positions(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """Sine-cosine positions [1, text + video tokens, width]: kept for the default size, computed for any other.

    The table of the default size is a buffer and costs no activations. Any other is computed in float64: three
    quarters of the width for height and width, repeated over frames, and one quarter for time.
    """
    frames = (shape.frames - 1) * config.temporal_compression_ratio + 1
    usual = (
        (shape.height == config.sample_height) & (shape.width == config.sample_width) & (frames == config.sample_frames)
    )
    other = where(usual, 0, 1)
    n, width = tokens(config, shape), config.width
    grid = (shape.height // config.patch_size) * (shape.width // config.patch_size)
    plane = tape.empty((other * grid, 3 * width // 4), "fp64")
    spatial = tape.empty((other * n, 3 * width // 4), "fp64")
    del plane
    time = tape.empty((other * shape.frames, width // 4), "fp64")
    temporal = tape.empty((other * n, width // 4), "fp64")
    table = tape.empty((other * n, width), "fp64")
    del spatial, temporal, time
    joint = tape.empty((1, other * (config.max_text_seq_length + n), width), "fp64")
    tape.traffic("pos_embedding", 2 * table.nbytes + joint.nbytes, 6)
    del table
    return tape.cast(joint, tape.dtype)


def rotary_table(tape: Tape, config: Config, n: Number) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the 3-axis rotary embedding, each [n, head size] in float32, handed in by the caller."""
    d_head = config.attention_head_dim
    return tape.input(n, d_head, dtype="fp32"), tape.input(n, d_head, dtype="fp32")


def final_norm(tape: Tape, config: Config, x: Tensor, temb: Tensor) -> Tensor:
    """norm(x) · (1 + scale) + shift, both from the timestep."""
    with tape.scope("norm_out"):
        vectors = tape.linear(tape.act(temb), 2 * config.width, "linear")
        return modulated(tape, config, x, vectors, "norm")


def modulated(tape: Tape, config: Config, x: Tensor, vectors: Tensor, name: str) -> Tensor:
    """norm(x) · (1 + scale) + shift; scale and shift are slices of `vectors`[batch, …]."""
    scale = vectors.view(x.shape[0], 1, config.width)
    normed = tape.layer_norm(x, name if config.norm_elementwise_affine else "")
    product = tape.mul(normed, tape.scale(scale))
    del normed
    return tape.add(product, scale)


def layer_norm_zero(
    tape: Tape, config: Config, hidden: Tensor, context: Tensor, temb: Tensor, name: str
) -> tuple[Tensor, Tensor, Tensor]:
    """One norm, modulated by separate vectors for video and for text -> (video, text, gates[batch, 1, width])."""
    width = config.width
    with tape.scope(name):
        vectors = tape.linear(tape.act(temb), 6 * width, "linear")
        video = modulated(tape, config, hidden, vectors, "norm")
        words = modulated(tape, config, context, vectors, "norm")
        return video, words, vectors.view(hidden.shape[0], 1, width)


def block(
    tape: Tape,
    config: Config,
    hidden: Tensor,
    context: Tensor,
    temb: Tensor,
    rotary: tuple[Tensor, Tensor] | None,
) -> tuple[Tensor, Tensor]:
    """Joint attention and a shared feed-forward over text and video, each branch gated by the timestep."""
    width, batch = config.width, hidden.shape[0]
    n, text = hidden.shape[1], context.shape[1]
    video, words, gate = layer_norm_zero(tape, config, hidden, context, temb, "norm1")
    attended = attention(tape, config, video, words, rotary)
    x = gated(tape, hidden, attended.view(batch, n, width), gate)
    y = gated(tape, context, attended.view(batch, text, width), gate)

    video, words, late_gate = layer_norm_zero(tape, config, x, y, temb, "norm2")
    joined = tape.cat((words, video), batch, text + n, width)
    del video
    mixed = feed_forward(tape, joined, 4 * width, width, "ff")
    x_out = gated(tape, x, mixed.view(batch, n, width), late_gate)
    del x
    return x_out, gated(tape, y, mixed.view(batch, text, width), late_gate)


def gated(tape: Tape, x: Tensor, update: Tensor, gate: Tensor) -> Tensor:
    """x + gate · update."""
    return tape.add(x, tape.mul(update, gate))


def attention(tape: Tape, config: Config, video: Tensor, words: Tensor, rotary: tuple[Tensor, Tensor] | None) -> Tensor:
    """Full attention over text and video [batch, text + n, width], rotary positions on the video queries and keys."""
    width, heads, d_head = config.width, config.num_attention_heads, config.attention_head_dim
    batch, n, _ = video.shape
    both = n + words.shape[1]
    bias = config.attention_bias
    with tape.scope("attn1"):
        joined = tape.cat((words, video), batch, both, width)
        q = tape.linear(joined, width, "to_q", bias=bias).view(batch, heads, both, d_head)
        k = tape.linear(joined, width, "to_k", bias=bias).view(batch, heads, both, d_head)
        v = tape.linear(joined, width, "to_v", bias=bias).view(batch, heads, both, d_head)
        q = tape.layer_norm(q, "norm_q")
        k = tape.layer_norm(k, "norm_k")
        if rotary is not None:
            rotate(tape, q.view(batch, heads, n, d_head), rotary)
            rotate(tape, k.view(batch, heads, n, d_head), rotary)
        out = tape.attention(q, k, v)
        del joined
        merged = tape.copy(out).view(batch, both, width)
        del out
        return tape.linear(merged, width, "to_out.0")


def rotate(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor]) -> None:
    """Rotary embedding by pairs in float32, written back into x[batch, heads, n, head size]."""
    batch, heads, n, d_head = x.shape
    negated = tape.scale(x.view(batch, heads, n, d_head // 2), "neg")
    turned = tape.cat((negated, x.view(batch, heads, n, d_head // 2)), *x.shape)
    del negated
    straight = tape.mul(tape.cast(x, "fp32"), rotary[0].view(1, 1, n, d_head))
    crossed = tape.mul(tape.cast(turned, "fp32"), rotary[1].view(1, 1, n, d_head))
    rotated = tape.add(straight, crossed)
    del straight, crossed
    out = tape.cast(rotated, x.dtype)
    tape.traffic("rope", 2 * out.nbytes)
