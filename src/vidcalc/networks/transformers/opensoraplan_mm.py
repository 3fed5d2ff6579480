"""Open-Sora-Plan 1.5 video transformer: two streams with joint attention, sparse in a U shape over groups of layers.

In a group of sparsity n the video tokens, filled up to a multiple of n², are split into n sequences (every n-th token
in one layer, groups of neighbours in the next); the text joins every sequence, and its n results are averaged.
Mirrored groups are connected by long skips. Boolean masks [sequence, sequence] are held for every sparsity, in both
orders. Tokens lie in memory as [sequence, batch, width].
Source: PKU-YuanGroup/Open-Sora-Plan branch mindspeed_mmdit (Report-v1.5.0.md; SparseUMMDiT, SparseMMDiTBlock,
MultiHeadSparseMMAttentionSBH).
"""

import msgspec

from vidcalc.base.number import Number, round_up
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, text_mlp, timestep_mlp
from vidcalc.networks.transformers.official_layers import cast_rms_norm, rotate_by_axes
from vidcalc.tape import Tape, Tensor

CLASSES = ("SparseUMMDiT",)
MLP_RATIO = 4  # of the feed-forwards, fixed in the class


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under the class's names."""

    num_layers: tuple[int, ...] = (2, 4, 6, 8, 6, 4, 2)
    sparse_n: tuple[int, ...] = (1, 2, 4, 8, 4, 2, 1)
    double_ff: bool = True
    sparse1d: bool = True
    num_heads: Number = 24
    head_dim: Number = 128
    in_channels: Number = 32
    out_channels: Number = 32
    timestep_embed_dim: Number = 1024
    caption_channels: Number = 2048
    pooled_projection_dim: Number = 1280
    skip_connection: bool = True
    attention_bias: bool = True
    patch_size: Number = 2
    patch_size_t: Number = 1

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_heads * self.head_dim

    @property
    def axes(self) -> tuple[Number, Number, Number]:
        """Channels of a head per rotary axis: a quarter for time, three eighths each for height and width."""
        return self.head_dim // 16 * 4, self.head_dim // 16 * 6, self.head_dim // 16 * 6


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    p = config.patch_size
    return (shape.frames // config.patch_size_t) * (shape.height // p) * (shape.width // p)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    batch, n, width, p = shape.batch, tokens(config, shape), config.width, config.patch_size
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch)
    text = tape.input(batch, 1, shape.tokens, config.caption_channels)
    pooled = tape.input(batch, 1, config.pooled_projection_dim)
    images = (batch * shape.frames, config.in_channels, shape.height, shape.width)
    frames = tape.copy(latent, name="by_frame").view(*images)
    places = (shape.height // p, shape.width // p)
    patches = tape.convolution(frames, width, (p, p), "patch_embed.proj", out=places)
    del frames
    embedded = tape.copy(patches, name="by_token")
    del patches
    temb = condition(tape, config, batch, pooled)
    context = tape.linear(text, width, "caption_projection").view(shape.tokens, batch, width)
    hidden = tape.copy(embedded, name="contiguous").view(n, batch, width)
    del embedded
    masks = sparse_masks(tape, config, batch, n, shape.tokens)
    hidden = groups(tape, config, hidden, context, temb)
    out = tape.layer_norm(hidden, "norm_final")
    vectors = tape.linear(tape.act(temb), 2 * width, "norm_out.linear").view(1, batch, width)
    out = tape.add(tape.mul(tape.layer_norm(out, "norm_out.norm"), tape.scale(vectors)), vectors)
    out = tape.linear(tape.copy(out, name="contiguous"), config.patch_size_t * p * p * config.out_channels, "proj_out")
    del timestep, masks, vectors
    return tape.copy(out, batch, config.out_channels, shape.frames, shape.height, shape.width, name="unpatchify")


def condition(tape: Tape, config: Config, batch: Number, pooled: Tensor) -> Tensor:
    """Timestep and pooled text -> modulation source [batch, timestep_embed_dim]."""
    d_time = config.timestep_embed_dim
    with tape.scope("time_text_embed"):
        features = tape.cast(sinusoid(tape, batch, d_time), tape.dtype)
        time = timestep_mlp(tape, features, d_time, "timestep_embedder")
        return tape.add(time, text_mlp(tape, pooled, d_time, "text_embedder").view(batch, d_time))


def sparse_masks(tape: Tape, config: Config, batch: Number, n: Number, text: Number) -> list[Tensor]:
    """Which tokens attend to which, for each sparsity and both orders."""
    masks = []
    for split in sorted(set(config.sparse_n)):
        length = round_up(n, split * split) // split + text
        masks += [tape.empty((batch * split, 1, length, length), "bool") for _ in range(2)]
    return masks


def groups(tape: Tape, config: Config, hidden: Tensor, context: Tensor, temb: Tensor) -> Tensor:
    """All groups of layers in order: down, middle, up; what goes down is kept for its mirror image."""
    kept: list[tuple[Tensor, Tensor]] = []
    middle, last = len(config.num_layers) // 2, len(config.num_layers) - 1
    for index, (count, split) in enumerate(zip(config.num_layers, config.sparse_n, strict=True)):
        if index > middle and config.skip_connection:
            skipped, skipped_text = kept.pop()
            hidden = skip(tape, hidden, skipped, f"skip_norm_linear.{index - middle - 1}")
            context = skip(tape, context, skipped_text, f"skip_norm_linear_enc.{index - middle - 1}")
            del skipped, skipped_text
        split = split if config.sparse1d else 1
        ending = 1 if index == last else 0
        with tape.repeat(f"transformer_blocks.{index}.skip", count - count // 2, hidden, context):
            hidden, context = block(tape, config, hidden, context, temb, split)
        if count // 2 > ending:
            with tape.repeat(f"transformer_blocks.{index}.group", count // 2 - ending, hidden, context):
                hidden, context = block(tape, config, hidden, context, temb, split, grouped=split > 1)
        if index < middle:
            kept.append((hidden, context))
    with tape.block(f"transformer_blocks.{last}.last"):
        hidden, _ = block(tape, config, hidden, context, temb, split, grouped=split > 1, last=True)
    return hidden


def skip(tape: Tape, x: Tensor, skipped: Tensor, name: str) -> Tensor:
    """What comes up and what went down, joined by channel, normed and brought back to the width."""
    *rows, width = x.shape
    joined = tape.cat((x, skipped), *rows, 2 * width)
    return tape.linear(tape.layer_norm(joined), width, name + ".1")


def block(
    tape: Tape,
    config: Config,
    x: Tensor,
    c: Tensor,
    temb: Tensor,
    split: Number,
    *,
    grouped: bool = False,
    last: bool = False,
) -> tuple[Tensor, Tensor]:
    """Video x[n, batch, width] and text c[tokens, batch, width]: joint attention, then a feed-forward each."""
    width = config.width
    normed, words, gate = steered(tape, x, c, temb, "norm1")
    attended, attended_text = attention(tape, config, normed, words, split, grouped=grouped, last=last)
    hidden = tape.add(x, tape.mul(attended, gate))
    context = tape.add(c, tape.mul(attended_text, gate))
    del normed, words
    normed, words, gate = steered(tape, hidden, context, temb, "norm2", last=last)
    mixed = feed_forward(tape, normed, MLP_RATIO * width, width, "ff", bias=False)
    if last:
        return tape.add(hidden, tape.mul(mixed, gate)), context
    text_mixed = feed_forward(tape, words, MLP_RATIO * width, width, "ff_enc", bias=False)
    out = tape.add(hidden, tape.mul(mixed, gate))
    context = tape.add(context, tape.mul(text_mixed, gate))
    del attended, attended_text
    return out, context


def steered(
    tape: Tape, x: Tensor, c: Tensor, temb: Tensor, name: str, *, last: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """norm(x) · (1 + scale) + shift, the same of the text, and one of the six vectors behind them [1, batch, width]."""
    batch, width = x.shape[1], x.shape[2]
    with tape.scope(name):
        vectors = tape.linear(tape.act(temb), 6 * width, "linear").view(1, batch, width)
        normed = tape.add(tape.mul(tape.layer_norm(x, "norm"), tape.scale(vectors)), vectors)
        if last:
            return normed, c, vectors
        words = tape.add(tape.mul(tape.layer_norm(c, "norm_enc"), tape.scale(vectors)), vectors)
        return normed, words, vectors


def attention(
    tape: Tape, config: Config, x: Tensor, c: Tensor, split: Number, *, grouped: bool, last: bool
) -> tuple[Tensor, Tensor]:
    """One attention per sequence over its video tokens and all text -> (video, text)."""
    n, batch, width = x.shape
    text, bias = c.shape[0], config.attention_bias
    filled = round_up(n, split * split)
    both = filled // split + text
    with tape.scope("attn1"):
        q, k, v = projections(tape, config, x, ("to_q", "to_k", "to_v"), ("norm_q", "norm_k"), bias=bias)
        q = rotate_by_axes(tape, q, config.axes)
        k = rotate_by_axes(tape, k, config.axes)
        if grouped:
            q, k, v = (tape.copy(t, filled, batch, width, name="group") for t in (q, k, v))
        names, norms = ("add_q_proj", "add_k_proj", "add_v_proj"), ("norm_added_q", "norm_added_k")
        text_q, text_k, text_v = projections(tape, config, c, names, norms, bias=bias)
        repeated = [tape.copy(t, text, batch * split, width, name="repeat") for t in (text_q, text_k, text_v)]
        joined = (both, batch * split, width)
        q, k, v = (tape.cat((a, b), *joined) for a, b in zip((q, k, v), repeated, strict=True))
        del repeated
        rows = (batch * split, config.num_heads, both, config.head_dim)
        out = tape.attention(q.view(*rows), k.view(*rows), v.view(*rows), masked="dense")
        video = tape.copy(out, n, batch, width, name="ungroup") if grouped else out.view(n, batch, width)
        text_out = tape.pointwise("mean", (out.view(text, batch * split, width),), (text, batch, width))
        attended = tape.linear(video, width, "to_out.0")
        return attended, text_out if last else tape.linear(text_out, width, "to_add_out")


def projections(
    tape: Tape, config: Config, x: Tensor, names: tuple[str, str, str], norms: tuple[str, str], *, bias: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values by head; queries and keys RMS-normed once all three are there."""
    n, batch, width = x.shape
    by_head = (batch, n, config.num_heads, config.head_dim)
    q, k, v = (tape.linear(x, width, name, bias=bias).view(*by_head) for name in names)
    q = cast_rms_norm(tape, q, norms[0] + ".weight")
    k = cast_rms_norm(tape, k, norms[1] + ".weight")
    return q, k, v
