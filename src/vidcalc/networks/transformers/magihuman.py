"""MagiHuman: text, sound and video in one sequence, self-attention alone, the outer layers with weights per modality.

No timestep goes in. Keys and values have fewer heads than queries; each head's result is gated. The residual stream is
float32, products bfloat16. In local layers (super-resolution to 1080p) video attends to the frames around its own, or
to the blocks around its own in time, height and width (MAGI-2's refiner), and to sound and text, which see all. Sound
has one latent per frame of the video, unless shape.extra["audio_tokens"] says how many.
Source: arXiv 2603.21986; GAIR-NLP/daVinci-MagiHuman@209209b inference/model/dit/dit_module.py,
inference/common/config.py, inference/pipeline/data_proxy.py; SandAI-org/MAGI-2-preview@f68a0f9
inference/model/magi2_refiner.py, inference/pipeline/refiner_data_proxy.py.
"""

from collections import Counter
from typing import NamedTuple

import msgspec

from vidcalc.base.number import Number, ceil_div, maximum, nearest
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape, Tensor

CLASSES = ()  # their makers call them DiTModel and Transformer
MODALITIES = 3  # video, sound, text
STRIDE = 4  # frames of the video under one latent frame
AXES, SHARE = 3, 8  # of the rotary table: axes, and frequencies of each per head size


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under its makers' names.

    mm_layers, gelu7_layers, local_attn_layers  which layers have weights per modality, no gate, local attention
    frame_receptive_field  frames that local attention sees to either side
    block_sizes            tokens of a block along time, height and width, where local attention goes by blocks
    block_radius           of these, those that it sees to either side along each
    patch_size             latent frames, height and width of a video token
    """

    num_layers: int = 40
    hidden_size: Number = 5120
    head_dim: Number = 128
    num_query_groups: Number = 8
    video_in_channels: Number = 192
    audio_in_channels: Number = 64
    text_in_channels: Number = 3584
    mm_layers: tuple[int, ...] = (0, 1, 2, 3, 36, 37, 38, 39)
    gelu7_layers: tuple[int, ...] = (0, 1, 2, 3)
    local_attn_layers: tuple[int, ...] = ()
    frame_receptive_field: Number = 11
    block_sizes: tuple[int, int, int] | None = None
    block_radius: tuple[int, int, int] = (2, 2, 2)
    patch_size: tuple[Number, Number, Number] = (1, 2, 2)

    @property
    def width(self) -> Number:
        """Hidden size."""
        return self.hidden_size

    @property
    def num_attention_heads(self) -> Number:
        """Heads of the queries."""
        return self.hidden_size // self.head_dim


class Kind(NamedTuple):
    """How a layer differs: weights per modality, a feed-forward without a gate, local attention."""

    apart: bool
    plain: bool
    local: bool


class Rows(NamedTuple):
    """Tokens of video, sound and text, and of the video along time, height and width."""

    video: Number
    sound: Number
    text: Number
    sides: tuple[Number, Number, Number]

    @property
    def frame(self) -> Number:
        """Tokens of one frame."""
        return self.sides[1] * self.sides[2]

    @property
    def all(self) -> Number:
        """The length of the sequence."""
        return self.video + self.sound + self.text


def sides(config: Config, shape: Shape) -> tuple[Number, Number, Number]:
    """Video tokens along time, height and width."""
    t, h, w = config.patch_size
    return shape.frames // t, shape.height // h, shape.width // w


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    time, height, width = sides(config, shape)
    return time * height * width


def audio_tokens(shape: Shape) -> Number:
    """Latents of sound: one per frame of the video, unless given."""
    return shape.extra.get("audio_tokens", (shape.frames - 1) * STRIDE + 1)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """Video[batch, n, channels of a patch], sound[batch, latents, channels] and text -> video of the same shape.

    The sound's output is computed as well.
    """
    batch, width, n = shape.batch, config.hidden_size, tokens(config, shape)
    rows = Rows(n, audio_tokens(shape), shape.tokens, sides(config, shape))
    widest = maximum(maximum(config.video_in_channels, config.audio_in_channels), config.text_in_channels)
    packed = tape.input(batch, rows.all, widest, dtype="fp32")  # every modality as wide as the widest
    rotary = tape.empty((rows.all, 2 * AXES * (config.head_dim // SHARE)), "fp32")
    with tape.scope("adapter"):
        hidden = tape.empty((batch, rows.all, width), "fp32")
        for name, count, channels in (
            ("text_embedder", rows.text, config.text_in_channels),
            ("audio_embedder", rows.sound, config.audio_in_channels),
            ("video_embedder", rows.video, config.video_in_channels),
        ):
            taken = tape.copy(packed, batch, count, channels, name="select")
            embedded = tape.linear(taken, width, name, keep="fp32")
            tape.traffic("scatter", 2 * embedded.nbytes)
            hidden.node = embedded.node
            del taken, embedded
    hidden = tape.copy(hidden, name="permute")
    for kind, count in kinds(config):
        with tape.repeat(f"block.layers.{label(kind)}", count, hidden):
            hidden = layer(tape, config, hidden, rotary, rows, kind)
    hidden = tape.copy(hidden, name="permute")
    shown = last(tape, hidden, rows.video, config.video_in_channels, "video")
    heard = last(tape, hidden, rows.sound, config.audio_in_channels, "audio")
    out = tape.cat((shown, heard), batch, rows.all, config.video_in_channels)
    del shown, heard, rotary, packed
    return out


def kinds(config: Config) -> list[tuple[Kind, int]]:
    """Layers that are alike and how many there are; which come first changes no number."""
    each = (
        Kind(i in config.mm_layers, i in config.gelu7_layers, i in config.local_attn_layers)
        for i in range(config.num_layers)
    )
    return list(Counter(each).items())


def label(kind: Kind) -> str:
    """The name of layers of a kind."""
    return "-".join(name for name, on in zip(("apart", "plain", "local"), kind, strict=True) if on) or "shared"


def layer(tape: Tape, config: Config, x: Tensor, rotary: Tensor, rows: Rows, kind: Kind) -> Tensor:
    """Self-attention and feed-forward, each after a norm and added."""
    with tape.scope("attention"):
        hidden = tape.add(x, attention(tape, config, x, rotary, rows, kind))
    with tape.scope("mlp"):
        return tape.add(hidden, mlp(tape, config, hidden, rows, kind))


def attention(tape: Tape, config: Config, x: Tensor, rotary: Tensor, rows: Rows, kind: Kind) -> Tensor:
    """x[batch, n, width] in float32 -> the update in bfloat16."""
    batch, n, width = x.shape
    heads, groups, d = config.num_attention_heads, config.num_query_groups, config.head_dim
    apart = MODALITIES if kind.apart else 1
    normed = tape.cast(rms(tape, x, "pre_norm", width, apart), tape.dtype)
    made = linear(tape, normed, heads * d + 2 * groups * d + heads, "linear_qkv", rows, kind.apart)
    wide = tape.cast(made, "fp32")
    del normed, made
    q = rms(tape, wide.view(batch, n, heads, d), "q_norm", d, apart)
    k = rms(tape, wide.view(batch, n, groups, d), "k_norm", d, apart)
    v = tape.cast(wide.view(batch, n, groups, d), tape.dtype)
    q = turned(tape, q, rotary)
    k = turned(tape, k, rotary)
    out = attended(tape, config, q, k, v, rows, kind)
    del q, k, v
    opened = tape.mul(out, tape.act(wide.view(batch, n, heads, 1), "sigmoid"))
    narrow = tape.cast(opened, tape.dtype).view(batch, n, heads * d)
    del out, opened, wide
    return linear(tape, narrow, width, "linear_proj", rows, kind.apart)


def attended(tape: Tape, config: Config, q: Tensor, k: Tensor, v: Tensor, rows: Rows, kind: Kind) -> Tensor:
    """Attention of all to all, or of each part of the video to those around it and to sound and text."""
    batch, n, heads, d = q.shape
    groups = config.num_query_groups
    if not kind.local:
        out = tape.attention(q.view(batch, heads, n, d), k.view(batch, groups, n, d), v.view(batch, groups, n, d))
        return out.view(batch, n, heads, d)
    beside, time = rows.sound + rows.text, rows.sides[0]
    seen = nearest(in_reach(config, rows) / rows.video) + beside  # keys of a query, of all queries' mean
    parts = time if config.block_sizes is None else 1
    video = tape.attention(
        q.view(batch * parts, heads, rows.video // parts, d),
        k.view(batch * parts, groups, seen, d),
        v.view(batch * parts, groups, seen, d),
        "sdpa_local",
    )
    rest = tape.attention(
        q.view(batch, heads, beside, d), k.view(batch, groups, n, d), v.view(batch, groups, n, d), "sdpa_beside"
    )
    return tape.cat((video, rest), batch, n, heads, d)


def in_reach(config: Config, rows: Rows) -> Number:
    """Pairs of video tokens of which one sees the other, by frames or by blocks along each side."""
    time, height, width = rows.sides
    if config.block_sizes is None:
        return near(time, 1, config.frame_receptive_field) * rows.frame * rows.frame
    (t, h, w), (by_t, by_h, by_w) = config.block_sizes, config.block_radius
    return near(time, t, by_t) * near(height, h, by_h) * near(width, w, by_w)


def near(length: Number, block: int, reach: Number) -> Number:
    """Pairs of `length` places whose blocks are no further apart than the reach: all, without the corners beyond it.

    The last block may be a part of one. Block b of the first `far` has the length less b + reach + 1 blocks beyond it.
    """
    far = maximum(ceil_div(length, block) - reach - 1, 0)
    beyond = far * length - block * (far * (reach + 1) + far * (far - 1) // 2)
    return length * length - 2 * block * beyond


def turned(tape: Tape, x: Tensor, rotary: Tensor) -> Tensor:
    """Rotary embedding of the leading channels of each head in float32, in the order of places, then bfloat16."""
    placed = tape.copy(x, name="permute")
    rotated = tape.pointwise("rope", (placed, rotary), pace=("single", 12))
    return tape.cast(rotated, tape.dtype)


def mlp(tape: Tape, config: Config, x: Tensor, rows: Rows, kind: Kind) -> Tensor:
    """A gated feed-forward of 8/3 times the width, to whole fours, or a plain one of four times."""
    width = config.hidden_size
    inner = 4 * width if kind.plain else 8 * width // 3 // 4 * 4
    normed = tape.cast(rms(tape, x, "pre_norm", width, MODALITIES if kind.apart else 1), tape.dtype)
    up = linear(tape, normed, inner if kind.plain else 2 * inner, "up_gate_proj", rows, kind.apart)
    del normed
    active = tape.pointwise("gelu7" if kind.plain else "swiglu7", (up,), (*x.shape[:2], inner), saved=(up,))
    del up
    down = linear(tape, active, width, "down_proj", rows, kind.apart)
    del active
    return tape.cast(down, "fp32")


def linear(tape: Tape, x: Tensor, d_out: Number, name: str, rows: Rows, apart: bool) -> Tensor:
    """x · weight without bias; where modalities are apart each has a weight of its own, and the results are joined."""
    if not apart:
        return tape.linear(x, d_out, name, bias=False)
    batch, n, d_in = x.shape
    parts = [
        tape.linear(x.view(batch, count, d_in), d_out, f"{name}.{modality}", bias=False)
        for modality, count in (("video", rows.video), ("audio", rows.sound), ("text", rows.text))
    ]
    return tape.cat(tuple(parts), batch, n, d_out)


def rms(tape: Tape, x: Tensor, name: str, width: Number, apart: int) -> Tensor:
    """RMS norm in float32 with a weight per modality."""
    tape.parameter(name + ".weight", width * apart, "fp32")
    return tape.scale(tape.rms_norm(x))


def last(tape: Tape, x: Tensor, count: Number, channels: Number, name: str) -> Tensor:
    """The rows of one modality, normed, in its channels, in float32."""
    batch, _, width = x.shape
    taken = tape.copy(x, batch, count, width, name="select")
    normed = rms(tape, taken, "final_norm_" + name, width, 1)
    return tape.linear(normed, channels, "final_linear_" + name, bias=False, keep="fp32")
