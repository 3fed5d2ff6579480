"""SANA-Video 2.0: linear attention without a normaliser, every fourth block a softmax, and attention over depth.

What a block sees is no sum of all before it: groups of blocks hand on their sums, and each half of a block reads the
groups' and its own group's so far, weighted for every token by a softmax over them. Keys of the linear attention are
weighted by a gate, both attentions' outputs by another. Queries, keys and values of both run in float32.
Source: sgl-project/sglang 0.5.23 multimodal_gen/runtime/models/dits/sana_video2.py, sana_wm_components.py.
"""

from collections import Counter

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import sana_wm
from vidcalc.networks.transformers.embedding import sinusoid
from vidcalc.networks.transformers.wan_official import rotated
from vidcalc.tape import Tape, Tensor

CLASSES = ("SanaVideo2Transformer3DModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under its maker's names."""

    in_channels: Number = 128
    hidden_size: Number = 2560
    depth: int = 32
    num_heads: Number = 20
    linear_head_dim: Number = 128
    softmax_head_dim: Number = 256
    softmax_ratio: float = 0.25
    mlp_ratio: Number = 4
    caption_channels: Number = 2304
    attn_res_block_size: int = 8

    @property
    def width(self) -> Number:
        """Hidden size."""
        return self.hidden_size

    @property
    def num_layers(self) -> int:
        """Blocks."""
        return self.depth

    @property
    def num_attention_heads(self) -> Number:
        """Heads of the attention to the text; the others are as wide as their kind says."""
        return self.num_heads

    @property
    def softmax_blocks(self) -> frozenset[int]:
        """Blocks with a softmax, spread evenly, the last among them."""
        count = max(1, int(self.depth * self.softmax_ratio))
        return frozenset(int((i + 1) * self.depth / count) - 1 for i in range(count))


class Kind(msgspec.Struct, frozen=True):
    """What tells blocks apart: their attention, groups done before them, whether they begin one."""

    softmax: bool
    groups: int
    first: bool

    @property
    def label(self) -> str:
        """The name of blocks of a kind."""
        return f"{'softmax' if self.softmax else 'linear'}.{self.groups}{'.first' if self.first else ''}"


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: one per latent place."""
    return shape.frames * shape.height * shape.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> the same shape."""
    batch, n, width = shape.batch, tokens(config, shape), config.hidden_size
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    text = tape.input(batch, shape.tokens, config.caption_channels)
    timestep = tape.input(batch)

    hidden = tape.convolution(latent, width, (1, 1, 1), "x_embedder.proj").view(batch, n, width)
    features = tape.cast(sinusoid(tape, batch, 256), tape.dtype)
    with tape.scope("t_embedder.mlp"):
        temb = tape.linear(tape.act(tape.linear(features, width, "0")), width, "2")
    del features
    modulation = tape.linear(tape.act(temb), 6 * width, "t_block.1")
    with tape.scope("y_embedder.y_proj"):
        context = tape.linear(tape.act(tape.linear(text, width, "fc1"), "gelu"), width, "fc2")
    context = tape.rms_norm_spelled(context, "attention_y_norm")

    # of every group a sum and its normed copy, and of the group under way
    most = -(-config.depth // config.attn_res_block_size) + 2
    sums, keys = tape.empty((most, batch, n, width)), tape.empty((most, batch, n, width))
    tape.parameter("attn_res", 3 * width)
    hand_on(tape, hidden)
    partial = hidden
    for kind, count in kinds(config):  # their order changes no number
        with tape.repeat(f"blocks.{kind.label}", count, partial):
            partial = block(tape, config, partial, context, modulation, (sums, keys), kind)
    for _ in range(most - 2):
        hand_on(tape, partial)
    del partial
    hidden = looked_back(tape, hidden, (sums, keys), most - 1)
    del sums, keys
    tape.parameter("final_layer.scale_shift_table", 2 * width)
    steer = tape.pointwise("modulation", (temb,), (batch, 2, width)).view(batch, 1, width)
    hidden = tape.add(tape.mul(tape.layer_norm(hidden), tape.scale(steer)), steer)
    hidden = tape.linear(hidden, config.in_channels, "final_layer.linear")
    del timestep, latent
    return tape.copy(hidden, batch, config.in_channels, shape.frames, shape.height, shape.width)


def kinds(config: Config) -> list[tuple[Kind, int]]:
    """Blocks that are alike and how many there are."""
    size = config.attn_res_block_size
    each = (Kind(i in config.softmax_blocks, i // size + 1, i % size == 0) for i in range(config.depth))
    return list(Counter(each).items())


def hand_on(tape: Tape, x: Tensor) -> None:
    """A sum into the buffer, and beside it its normed copy."""
    tape.traffic("hand on", 2 * x.nbytes)
    square = tape.pointwise("square", (x,))
    rstd = tape.scale(tape.empty((*x.shape[:-1], 1)), "rsqrt")
    del square
    normed = tape.mul(x, rstd)
    tape.traffic("hand on", 2 * normed.nbytes)


def looked_back(tape: Tape, x: Tensor, held: tuple[Tensor, Tensor], sources: Number) -> Tensor:
    """For every token the sources by the softmax of what one vector says of their normed copies."""
    batch, n, width = x.shape
    with tape.scope("attn_res"):
        keys = held[1].view(1, sources * batch * n, width)
        logits = tape.matmul(keys, tape.empty((1, width, 1)), "logits")
        shares = tape.softmax(logits).view(batch * n, 1, sources)
        out = tape.matmul(shares, held[0].view(batch * n, sources, width), "sources").view(batch, n, width)
        out.node = x.node
        return out


def block(
    tape: Tape,
    config: Config,
    partial: Tensor,
    context: Tensor,
    modulation: Tensor,
    held: tuple[Tensor, Tensor],
    kind: Kind,
) -> Tensor:
    """Both attentions on what one look back gives, the feed-forward on what the next gives; the group's sum so far."""
    batch, _, width = partial.shape
    tape.parameter("scale_shift_table", 6 * width)
    # at the start of a group its own sum is not yet; of one source alone there is no choice
    if not kind.first:
        hand_on(tape, partial)
    sources = kind.groups + (not kind.first)
    x = looked_back(tape, partial, held, sources) if sources > 1 else partial
    steer = tape.pointwise("modulation", (modulation,)).view(batch, 1, width)
    normed = tape.add(tape.mul(tape.layer_norm(x), tape.scale(steer)), steer)
    with tape.scope("attn"):
        update = attended(tape, config, normed, kind.softmax)
    del normed
    update = tape.mul(steer, update, update.shape)
    queried = tape.add(x, update)
    del x
    update = tape.add(update, sana_wm.to_text(tape, config.num_heads, queried, context, spelled=True))
    del queried
    partial = tape.add(partial, update)
    del update

    hand_on(tape, partial)
    x = looked_back(tape, partial, held, kind.groups + 1)
    steer = tape.pointwise("modulation", (modulation,)).view(batch, 1, width)
    normed = tape.add(tape.mul(tape.layer_norm(x), tape.scale(steer)), steer)
    del x
    with tape.scope("mlp"):
        gate = tape.act(tape.linear(normed, width * config.mlp_ratio, "gate_proj"))
        inner = tape.mul(gate, tape.linear(normed, width * config.mlp_ratio, "up_proj"))
        del gate, normed
        update = tape.linear(inner, width, "down_proj")
        del inner
    return tape.add(partial, tape.mul(steer, update, update.shape))


def attended(tape: Tape, config: Config, x: Tensor, softmax: bool) -> Tensor:
    """Attention among the places, linear or by a softmax, its output gated."""
    batch, n, width = x.shape
    d = config.softmax_head_dim if softmax else config.linear_head_dim
    heads = width // d
    joined = tape.linear(x, 3 * width, "qkv", bias=False)
    q, k, v = (joined.view(batch, n, width) for _ in range(3))
    q, k = tape.rms_norm_spelled(q, "q_norm"), tape.rms_norm_spelled(k, "k_norm")
    q, k = (rotated(tape, part, x.dtype).view(batch, heads, n, d) for part in (q, k))
    if not softmax:
        beta = tape.act(tape.linear(x, heads, "beta_proj"), "sigmoid").view(batch, heads, n, 1)
        k = tape.mul(k, beta)
    q, k, v = tape.cast(q, "fp32"), tape.cast(k, "fp32"), tape.cast(v, "fp32").view(batch, heads, n, d)
    del joined
    if softmax:
        out = tape.cast(tape.copy(tape.attention(q, k, v)), x.dtype)
    else:
        state = tape.matmul(v.view(batch, heads, d, n), tape.copy(k), "state")
        wide = tape.matmul(state, tape.copy(q).view(batch, heads, d, n), "read")
        out = tape.rms_norm_spelled(tape.cast(wide, x.dtype).view(batch, heads, n, d), "o_norm")
        del state, wide
    del q, k, v
    gate = tape.act(tape.linear(x, width, "output_gate"), "sigmoid")
    out = tape.mul(out.view(batch, n, width), gate)
    del gate
    return tape.linear(out, width, "proj")
