"""Pyramid Flow transformer (SD3 and miniFLUX variants): latent frames made one after the other, each in three sizes.

Every call sees one noisy latent frame at 1/16, 1/4 or all of its tokens, a history of clean earlier frames (the last
one at the frame's own size, the one before at a quarter of that, and so on down to 1/16, at which all others stay) and
the text. A forward pass here is what one step costs per video, a step being one of the calls at each of the three
sizes: the mean over frames and sizes, every frame once, and the first frame twice, as it takes twice the steps. Its
peak is that of the longest call. With `training` all calls of a step are kept, as if all frames were trained on at
once. Every video token gets its own copy of the modulation vectors, as sequences of several sizes may share one batch;
the text's are broadcast as usual.
Source: arXiv 2410.05954; jy0205/Pyramid-Flow pyramid_dit/pyramid_dit_for_video_gen_pipeline.py and
pyramid_dit/{mmdit_modules,flux_modules} (JointTransformerBlock, FluxTransformerBlock, FluxSingleTransformerBlock,
AdaLayerNormZero with hidden_length, VarlenSelfAttentionWithT5Mask, VarlenSelfAttnSingle, apply_rope).
"""

from typing import Any

import msgspec

from vidcalc.base.number import Number, maximum, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.adaptive import steered_norm
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, text_mlp, timestep_mlp
from vidcalc.networks.transformers.hunyuan_blocks import sliced_linear
from vidcalc.networks.transformers.official_layers import modulated
from vidcalc.tape import Tape, Tensor

CLASSES = ("PyramidDiffusionMMDiT", "PyramidFluxTransformer")
FREQUENCIES = 256  # width of the sinusoidal timestep features, fixed in the classes
STAGES = 3  # sizes of a latent frame, fixed in the published pipeline
TEXT_NORMS = {"flux": ("norm_added_q", "norm_added_k"), "sd3": ("norm_add_q", "norm_add_k")}  # of queries and keys
PACKED = 2  # latent places along each side of a token
MLP_RATIO = 4  # of the feed-forwards, fixed in the classes


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under the classes' names; single-stream layers are those of the miniFLUX variant."""

    patch_size: Number = 2
    in_channels: Number = 16
    num_layers: Number = 24
    num_single_layers: Number = 0
    attention_head_dim: Number = 64
    num_attention_heads: Number = 24
    joint_attention_dim: Number = 4096
    pooled_projection_dim: Number = 2048

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim

    @property
    def volume(self) -> Number:
        """Channels of a token: of the patch, or packed already."""
        return self.in_channels * self.patch_size**2


class Call(msgspec.Struct, frozen=True, eq=False):
    """One call: samples, tokens of noise and history, text tokens, and the keys a query reads."""

    batch: Number
    n: Number
    text: Number
    keys: Number

    @property
    def both(self) -> Number:
        """Length of the joint sequence."""
        return self.n + self.text


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens at full size: latent frames × height × width over the patch."""
    return shape.frames * frame_tokens(shape)


def frame_tokens(shape: Shape) -> Number:
    """Tokens of one latent frame at full size."""
    return (shape.height // PACKED) * (shape.width // PACKED)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """Tokens of noise and history[batch, n, channels of a token] -> the same, for the mean call of a step."""
    full, frames = frame_tokens(shape), shape.frames
    longest = length(full, frames - 1, STAGES - 1)
    aside = Tape(tape.dtype)
    call(aside, config, Call(shape.batch, longest, shape.tokens, longest + shape.tokens))
    tape.transient(aside.peak)
    calls = frames + 1
    total, squares = moments(full, frames, shape.tokens)
    mean = total // (STAGES * calls)
    with tape.again(calls, blocks=False):
        return call(tape, config, Call(shape.batch, mean - shape.tokens, shape.tokens, squares // total))


def length(full: Number, history: Number, stage: int) -> Number:
    """Tokens of noise and history of a call, with `history` latent frames made before.

    full   tokens of a latent frame at full size;  stage  0 (smallest) to STAGES − 1
    """
    own: Number = full // 4 ** (STAGES - 1 - stage)
    count: Number = own + minimum(history, 1) * own
    for nearer in range(1, stage):
        count = count + minimum(maximum(history - nearer, 0), 1) * (own // 4**nearer)
    coarse: Number = full // 4 ** (STAGES - 1)
    return count + maximum(history - max(stage, 1), 0) * coarse


def moments(full: Number, frames: Number, text: Number) -> tuple[Number, Number]:
    """Sum of the lengths of all joint sequences of a step at each size, and of their squares; the first frame twice.

    From the STAGES-th frame on a sequence grows by the same number of tokens with every frame.
    """
    total: Number = 0
    squares: Any = 0
    grown = full // 4 ** (STAGES - 1)
    count = maximum(frames - (STAGES - 1), 0)
    for stage in range(STAGES):
        for history in range(STAGES - 1):
            weight = minimum(maximum(frames - history, 0), 1) * (1 + (history == 0))
            one = length(full, history, stage) + text
            total, squares = total + weight * one, squares + weight * one * one
        first = length(full, STAGES - 1, stage) + text
        # lengths first + i · grown, i < count: Σi = count (count − 1) / 2, Σi² = count (count − 1) (2 count − 1) / 6
        pairs = count * (count - 1)
        total = total + count * first + grown * pairs // 2
        squares = squares + count * first * first + first * grown * pairs
        squares = squares + grown * grown * (pairs * (2 * count - 1) // 6)
    return total, squares


def call(tape: Tape, config: Config, s: Call) -> Tensor:
    """Noise and history[batch, n, channels of a token] -> velocity of the same shape."""
    latent = tape.input(s.batch, s.n, config.volume)
    text = tape.input(s.batch, s.text, config.joint_attention_dim)
    pooled = tape.input(s.batch, config.pooled_projection_dim)
    timestep = tape.input(s.batch)
    text_mask = tape.input(s.batch, s.text, dtype="int64")
    temb = condition(tape, config, pooled)
    context = tape.linear(text, config.width, "context_embedder")
    hidden = embedded(tape, config, latent)
    mask = tape.empty((s.batch, 1, s.both, s.both), "bool")
    rotary = tape.empty((s.batch, s.both, 1, config.attention_head_dim // 2, 2, 2), "fp32")
    single = config.num_single_layers
    heads, text_norms = config.num_attention_heads, TEXT_NORMS["flux" if single else "sd3"]
    with tape.repeat("transformer_blocks", config.num_layers - (0 if single else 1), context, hidden):
        context, hidden = double_block(tape, heads, hidden, context, temb, rotary, s.keys, text_norms)
    if single:
        joined = tape.cat((context, hidden), s.batch, s.both, config.width)
        joined = tape.cat((joined,), s.batch, s.both, config.width)
        with tape.repeat("single_transformer_blocks", single, joined):
            joined = single_block(tape, heads, joined, temb, rotary, s.keys)
        hidden = tape.cat((joined,), s.batch, s.n, config.width)
        del joined
    else:
        with tape.block(f"transformer_blocks.{config.num_layers - 1}"):
            context, hidden = double_block(tape, heads, hidden, context, temb, rotary, s.keys, text_norms, last=True)
    hidden = spread_norm(tape, hidden, temb, 2, "norm_out")[0]
    out = tape.linear(hidden, config.volume, "proj_out")
    del timestep, text_mask, mask
    return tape.copy(out, name="unpatchify")


def embedded(tape: Tape, config: Config, latent: Tensor) -> Tensor:
    """Tokens -> hidden[batch, n, width]; the SD3 variant adds a crop of a table of positions to each frame."""
    if config.num_single_layers:
        return tape.linear(latent, config.width, "x_embedder")
    hidden = tape.linear(latent, config.width, "pos_embed.proj")
    return tape.add(hidden, tape.empty((1, latent.shape[1], config.width)))


def condition(tape: Tape, config: Config, pooled: Tensor) -> Tensor:
    """Timestep and pooled text -> modulation source [batch, width]."""
    with tape.scope("time_text_embed"):
        features = tape.cast(sinusoid(tape, pooled.shape[0], FREQUENCIES), tape.dtype)
        emb = timestep_mlp(tape, features, config.width, "timestep_embedder")
        return tape.add(emb, text_mlp(tape, pooled, config.width, "text_embedder"))


def spread_norm(tape: Tape, x: Tensor, temb: Tensor, count: int, name: str) -> tuple[Tensor, Tensor]:
    """norm(x[batch, n, w]) · (1 + scale) + shift -> the result, and one of the `count` vectors of every token."""
    batch, n, width = x.shape
    vectors = tape.linear(tape.act(temb), count * width, name + ".linear")
    zeros = tape.empty(x.shape)
    spread = tape.pointwise("repeat", (vectors, zeros), (batch, n, count * width)).view(batch, n, width)
    del vectors, zeros
    return tape.add(tape.mul(tape.layer_norm(x), tape.scale(spread)), spread), spread


def double_block(
    tape: Tape,
    heads: Number,
    x: Tensor,
    c: Tensor,
    temb: Tensor,
    rotary: Tensor,
    keys: Number,
    names: tuple[str, str],
    *,
    last: bool = False,
) -> tuple[Tensor, Tensor]:
    """Video x[batch, n, width] and text c[batch, tokens, width] -> (text, video).

    keys   tokens a query reads;  names  of the text's query and key norms;  last  the text goes no further
    """
    width = x.shape[-1]
    entering, own = spread_norm(tape, x, temb, 6, "norm1")
    words, own_text = steered_norm(tape, c, temb, 2 if last else 6, "norm1_context")
    attended, attended_text = joint_attention(tape, heads, entering, words, rotary, keys, names, last=last)
    attended = tape.mul(attended, own)
    hidden = tape.add(x, attended)
    normed = tape.layer_norm(hidden)
    entering = modulated(tape, normed, own)
    del normed
    mixed = feed_forward(tape, entering, MLP_RATIO * width, width, "ff")
    mixed = tape.mul(mixed, own)
    out = tape.add(hidden, mixed)
    if last:
        return c, out
    attended_text = tape.mul(attended_text, own_text)
    context = tape.add(c, attended_text)
    normed = tape.layer_norm(context)
    words = modulated(tape, normed, own_text)
    del normed
    mixed_text = feed_forward(tape, words, MLP_RATIO * width, width, "ff_context")
    context = tape.add(context, tape.mul(mixed_text, own_text))
    del attended, mixed
    return context, out


def single_block(tape: Tape, heads: Number, x: Tensor, temb: Tensor, rotary: Tensor, keys: Number) -> Tensor:
    """Attention and feed-forward side by side over the joint stream x[batch, both, width], then one projection."""
    batch, both, width = x.shape
    entering, own = spread_norm(tape, x, temb, 3, "norm")
    mixed = tape.act(tape.linear(entering, MLP_RATIO * width, "proj_mlp"), "gelu")
    attended = single_attention(tape, heads, entering, rotary, keys)
    hidden = tape.cat((attended, mixed), batch, both, (1 + MLP_RATIO) * width)
    hidden = tape.mul(tape.linear(hidden, width, "proj_out"), own)
    hidden = tape.add(x, hidden)
    del attended, mixed, entering
    return hidden


def joint_attention(
    tape: Tape,
    heads: Number,
    x: Tensor,
    c: Tensor,
    rotary: Tensor,
    keys: Number,
    names: tuple[str, str],
    *,
    last: bool = False,
) -> tuple[Tensor, Tensor]:
    """Video x[batch, n, width] and text c[batch, tokens, width], with projections of their own -> (video, text).

    keys   tokens a query reads;  names  of the text's norms;  last  the text's result is not projected
    """
    batch, n, width = x.shape
    text = c.shape[1]
    with tape.scope("attn"):
        q, k, v = projections(tape, heads, x, ("to_q", "to_k", "to_v"), ("norm_q", "norm_k"))
        added = ("add_q_proj", "add_k_proj", "add_v_proj")
        text_q, text_k, text_v = projections(tape, heads, c, added, names)
        words = tape.cat((text_q, text_k, text_v), batch, text, 3, width)
        stacked = tape.cat((q, k, v), batch, n, 3, width)
        joined = tape.cat((words, stacked), batch, n + text, 3, width)
        turn(tape, heads, joined, rotary)
        out = attended(tape, heads, joined, keys)
        flat = tape.copy(out, name="flatten")
        del out
        text_out = tape.copy(flat.view(batch, text, width), name="stack")
        video = tape.copy(flat.view(batch, n, width), name="cat")
        del flat, joined, words, stacked
        projected = tape.linear(video, width, "to_out.0")
        return projected, text_out if last else sliced_linear(tape, text_out, width, "to_add_out")


def single_attention(tape: Tape, heads: Number, x: Tensor, rotary: Tensor, keys: Number) -> Tensor:
    """Self-attention over the joint stream x[batch, both, width], without a projection out."""
    batch, both, width = x.shape
    with tape.scope("attn"):
        q, k, v = projections(tape, heads, x, ("to_q", "to_k", "to_v"), ("norm_q", "norm_k"))
        joined = tape.cat((q, k, v), batch, both, 3, width)
        turn(tape, heads, joined, rotary)
        separate = [tape.copy(joined.view(batch, both, width), name="contiguous") for _ in range(3)]
        out = attended(tape, heads, joined, keys)
        flat = tape.copy(out, name="flatten")
        del out
        merged = tape.copy(flat, name="cat").view(batch, both, width)
        del separate, flat
        return merged


def projections(
    tape: Tape, heads: Number, x: Tensor, names: tuple[str, str, str], norms: tuple[str, str]
) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values by head [batch, n, heads, head size]; queries and keys RMS-normed."""
    batch, n, width = x.shape
    q, k, v = (tape.linear(x, width, name).view(batch, n, heads, width // heads) for name in names)
    q = tape.rms_norm_narrow(q, norms[0])
    k = tape.rms_norm_narrow(k, norms[1])
    return q, k, v


def turn(tape: Tape, heads: Number, joined: Tensor, rotary: Tensor) -> None:
    """Rotary embedding of queries and keys in float32, written back into the stacked tensor."""
    batch, both, _, width = joined.shape
    one = joined.view(batch, both, heads, width // heads)
    wide_q, wide_k = tape.cast(one, "fp32"), tape.cast(one, "fp32")
    turned_q = tape.add(tape.mul(wide_q, rotary), tape.mul(wide_q, rotary))
    turned_k = tape.add(tape.mul(wide_k, rotary), tape.mul(wide_k, rotary))
    narrow_q, narrow_k = tape.cast(turned_q, joined.dtype), tape.cast(turned_k, joined.dtype)
    tape.traffic("write_back", 2 * (narrow_q.nbytes + narrow_k.nbytes), 2)


def attended(tape: Tape, heads: Number, joined: Tensor, keys: Number) -> Tensor:
    """Masked fused attention of the stacked queries, keys and values -> [batch, heads, both, head size]."""
    batch, both, _, width = joined.shape
    d = width // heads
    read = joined.view(batch, heads, keys, d)
    return tape.attention(joined.view(batch, heads, both, d), read, read, masked="dense")
