"""Kandinsky 6 super-resolution: a text-free transformer that refines tiles of a latent video.

The latent, what it starts from and a mask come in as channels. Tokens are put into blocks of 8 × 8 places, between
which NABLA attention chooses by their means; here every block attends to every other, as its masks bound it.
Source: diffusers 0.42.1 models/transformers/transformer_kandinsky6_sr.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, timestep_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("Kandinsky6SRTransformer3DModel",)
BLOCK = 64  # tokens of a block: 8 × 8 places


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_visual_dim: Number = 64
    out_visual_dim: Number = 640
    time_dim: Number = 512
    patch_size: tuple[Number, Number, Number] = (1, 1, 1)
    model_dim: Number = 1792
    ff_dim: Number = 7168
    num_visual_blocks: int = 32
    axes_dims: tuple[int, int, int] = (16, 24, 24)

    @property
    def d_head(self) -> Number:
        """Head size: the rotary dimensions of the three axes."""
        return sum(self.axes_dims)

    @property
    def volume(self) -> Number:
        """Latent places under one token."""
        return self.patch_size[0] * self.patch_size[1] * self.patch_size[2]


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens of a tile: latent frames × height × width over the patch."""
    t, h, w = config.patch_size
    return (shape.frames // t) * (shape.height // h) * (shape.width // w)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, frames, height, width, 2 · in_visual_dim + 1] -> [batch, frames, height, width, out_visual_dim]."""
    batch, n, width = shape.batch, tokens(config, shape), config.model_dim
    channels = 2 * config.in_visual_dim + 1
    latent = tape.input(batch, n, config.volume * channels)
    timestep = tape.input(batch)
    with tape.scope("time_embeddings"):
        temb = timestep_mlp(tape, sinusoid(tape, batch, width), config.time_dim, "timestep_embedder", keep="fp32")
    tape.parameter("pooled_bias", config.time_dim, "fp32")
    temb = tape.scale(temb)
    hidden = tape.linear(latent, width, "visual_embeddings.in_layer")
    pairs = config.d_head // 2
    rotary = tape.empty((n, 1, pairs, 2, 2))
    before = hidden  # the tokens in their first order stay to the end of the blocks' first
    hidden = tape.copy(hidden, name="local_patch")
    del before
    rotary = tape.copy(rotary, name="local_patch")
    blocks = n // BLOCK
    near = tape.empty((blocks, blocks), "bool")

    with tape.repeat("visual_transformer_blocks", config.num_visual_blocks, hidden):
        hidden = block(tape, config, hidden, temb, rotary, near)

    merged = tape.copy(hidden, name="local_merge")
    with tape.scope("out_layer"):
        vectors = modulation(tape, temb, 2 * width, "modulation", keep="fp32")
        normed = modulated(tape, merged, vectors)
        out = tape.linear(normed, config.out_visual_dim * config.volume, "out_layer")
    del timestep, near, rotary
    return out


def modulation(tape: Tape, temb: Tensor, width: Number, name: str, *, keep: str = "") -> Tensor:
    """Vectors of an adaptive norm from the timestep, in the dtype of their weights."""
    with tape.scope(name):
        return tape.linear(tape.act(tape.cast(temb, keep or tape.dtype)), width, "out_layer", keep=keep)


def modulated(tape: Tape, x: Tensor, vectors: Tensor) -> Tensor:
    """norm(x) · (1 + scale) + shift in float32, back in x's dtype."""
    wide = tape.layer_norm(tape.cast(x, "fp32"))
    scaled = tape.mul(wide, tape.scale(tape.cast(vectors, "fp32")))
    return tape.cast(tape.add(scaled, vectors), x.dtype)


def gated(tape: Tape, x: Tensor, update: Tensor, vectors: Tensor) -> Tensor:
    """x + gate · update in float32, back in x's dtype."""
    wide = tape.cast(x, "fp32")
    return tape.cast(tape.add(wide, tape.mul(tape.cast(update, "fp32"), vectors)), x.dtype)


def block(tape: Tape, config: Config, hidden: Tensor, temb: Tensor, rotary: Tensor, near: Tensor) -> Tensor:
    """Self-attention and feed-forward, each behind a modulated norm and a gate."""
    width = config.model_dim
    six = modulation(tape, temb, 6 * width, "visual_modulation")
    vectors = six.view(six.shape[0], 1, width)
    attended = attention(tape, config, modulated(tape, hidden, vectors), rotary, near)
    x = gated(tape, hidden, attended, vectors)
    del attended
    mixed = feed_forward(tape, modulated(tape, x, vectors), config.ff_dim, width, "feed_forward", bias=False)
    return gated(tape, x, mixed, vectors)


def attention(tape: Tape, config: Config, x: Tensor, rotary: Tensor, near: Tensor) -> Tensor:
    """Attention of heads with normed queries and keys, behind the choice of blocks."""
    batch, n, width = x.shape
    d = config.d_head
    heads = width // d
    with tape.scope("self_attention"):
        q = tape.linear(x, width, "to_query").view(batch, n, heads, d)
        k = tape.linear(x, width, "to_key").view(batch, n, heads, d)
        v = tape.linear(x, width, "to_value").view(batch, heads, n, d)
        q = head_norm(tape, q, "query_norm")
        k = head_norm(tape, k, "key_norm")
        q = turned(tape, q, rotary)
        k = turned(tape, k, rotary)
        chosen = choice(tape, q, k)
        out = tape.attention(q.view(batch, heads, n, d), k.view(batch, heads, n, d), v)
        merged = tape.copy(out).view(batch, n, width)
        del out, chosen
        return tape.linear(merged, width, "out_layer")


def head_norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """RMS norm of every head, in float32 whatever the weights are in."""
    wide = tape.cast(x, "fp32")
    return tape.cast(tape.rms_norm(wide, name), x.dtype)


def turned(tape: Tape, x: Tensor, rotary: Tensor) -> Tensor:
    """Pairs of elements times a 2 × 2 matrix each, in float32."""
    batch, n, heads, d = x.shape
    wide = tape.cast(x, "fp32")
    size = (batch, n, heads, d // 2, 2, 2)
    summed = tape.pointwise("sum", (tape.mul(tape.cast(rotary, "fp32"), wide, size),), (batch, n, heads, d))
    out = tape.cast(summed, x.dtype)
    del wide, summed
    return out


def choice(tape: Tape, q: Tensor, k: Tensor) -> tuple[Tensor, ...]:
    """Which blocks see which: products of the blocks' means, sorted -> what the mask keeps of it."""
    batch, n, heads, d = q.shape
    blocks = n // BLOCK
    mean_q = tape.pointwise("mean", (q,), (batch, heads, blocks, d))
    mean_k = tape.pointwise("mean", (k,), (batch, heads, d, blocks))
    scores = tape.matmul(mean_q, mean_k, "choice")
    return tuple(tape.empty(scores.shape, "int32") for _ in range(2))
