"""MAGI-2 Preview: one sequence of video, sound and text in four streams, experts chosen by each slice of a token.

Hyper-connections: a layer reads a mixture of the four streams, which are mixed again when its output is added. Of a
token every slice of its width has experts of its own, chosen by sigmoids; beside them one expert is shared by all and
one by a modality. Attention has a sink for every head, and its output a gate. Routing is even: every expert of a slice
gets as many rows as another; what its kernel keeps on chip is taped slice by slice.
Source: vllm-omni 0.30.0 diffusion/models/magi2: configuration_magi2.py, modeling_magi2.py, layers.py, mh_moe.py.
"""

from collections import Counter
from typing import NamedTuple

import msgspec

from vidcalc.base.number import Number, ceil_div
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.magihuman import Rows, linear, rms, turned
from vidcalc.tape import Tape, Tensor

CLASSES = ("Magi2PreviewTransformer",)
MODALITIES = ("video", "audio", "text")
AXES, SHARE = 3, 8  # coordinates of a token, each with an eighth of a head's channels in sines and in cosines
WHOLE = 128  # what the dense feed-forward's width is a multiple of
STRIDE = 8  # latents of sound to one latent frame of the video, of four frames, of which the first has one alone


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under its makers' names; of the experts with `moe_` before them."""

    num_layers: int = 40
    hidden_size: Number = 3072
    head_dim: Number = 128
    num_query_groups: Number = 24
    video_in_channels: Number = 48
    audio_in_channels: Number = 64
    text_in_channels: Number = 5120
    intermediate_factor: Number = 4
    multimodal_layers: tuple[int, ...] = (0, 1, 38, 39)
    attention_sink_tokens: Number = 1
    num_streams: Number = 4
    moe_layers: tuple[int, ...] = tuple(range(2, 38))
    moe_num_heads: Number = 12
    moe_num_experts: Number = 256
    moe_top_k: Number = 6
    moe_expert_intermediate_size: Number = 1280
    moe_shared_expert_intermediate_size: Number = 1280
    moe_modality_shared_expert_intermediate_size: Number = 1280

    @property
    def width(self) -> Number:
        """Hidden size of a layer; the streams together are as many times wider."""
        return self.hidden_size

    @property
    def num_attention_heads(self) -> Number:
        """Heads of the queries."""
        return self.hidden_size // self.head_dim

    @property
    def inner(self) -> Number:
        """Width of the dense feed-forward."""
        return self.hidden_size * self.intermediate_factor * 2 // 3 // WHOLE * WHOLE


class Kind(NamedTuple):
    """How a layer differs: weights per modality, experts."""

    apart: bool
    sparse: bool

    @property
    def label(self) -> str:
        """The name of layers of a kind."""
        return ("apart" if self.apart else "shared") + ("-experts" if self.sparse else "")


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: one per latent place."""
    return shape.frames * shape.height * shape.width


def audio_tokens(shape: Shape) -> Number:
    """Latents of sound: of as much time as the video's, unless given."""
    return shape.extra.get("audio_tokens", (shape.frames - 1) * STRIDE + STRIDE // 4)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """Video[batch, n, channels], sound and text -> video and sound; the sound's output is computed as well."""
    batch, width = shape.batch, config.num_streams * config.hidden_size
    rows = Rows(tokens(config, shape), audio_tokens(shape), shape.tokens, (shape.frames, shape.height, shape.width))
    packed = tape.input(batch, rows.all, config.text_in_channels)  # every modality as wide as the text
    # frequencies, and of every token sines and cosines
    tape.parameter("pre_adapter.rope.bands", config.head_dim // SHARE, "fp32")
    rotary = tape.empty((rows.all, 2 * AXES * (config.head_dim // SHARE)), "fp32")
    hidden = tape.empty((batch, rows.all, width))
    with tape.scope("pre_adapter"):
        for name, count, channels in (
            ("text_embedder", rows.text, config.text_in_channels),
            ("audio_embedder", rows.sound, config.audio_in_channels),
            ("video_embedder", rows.video, config.video_in_channels),
        ):
            taken = tape.cast(tape.copy(packed, batch, count, channels, name="select"), "fp32")
            embedded = tape.cast(tape.linear(taken, width, name, keep="fp32"), tape.dtype)
            tape.traffic("scatter", 2 * embedded.nbytes)
            hidden.node = embedded.node
            del taken, embedded
    hidden = tape.copy(hidden, name="permute")
    for kind, count in kinds(config):  # their order changes no number
        with tape.repeat(f"block.layers.{kind.label}", count, hidden):
            hidden = layer(tape, config, hidden, rotary, rows, kind)
    hidden = tape.copy(hidden, name="permute")
    widest = config.audio_in_channels
    out = tape.empty((batch, rows.all, widest), "fp32")
    for name, count, channels in (
        ("video", rows.video, config.video_in_channels),
        ("audio", rows.sound, config.audio_in_channels),
    ):
        taken = tape.cast(tape.copy(hidden, batch, count, width, name="select"), "fp32")
        normed = rms(tape, taken, f"post_adapter.final_norm_{name}", width, 1)
        made = tape.linear(normed, channels, f"post_adapter.final_linear_{name}", bias=False, keep="fp32")
        tape.traffic("scatter", 2 * made.nbytes)
        out.node = made.node
        del taken, normed, made
    del rotary, packed
    return out


def kinds(config: Config) -> list[tuple[Kind, int]]:
    """Layers that are alike and how many there are."""
    each = (Kind(i in config.multimodal_layers, i in config.moe_layers) for i in range(config.num_layers))
    return list(Counter(each).items())


def layer(tape: Tape, config: Config, streams: Tensor, rotary: Tensor, rows: Rows, kind: Kind) -> Tensor:
    """Attention and feed-forward, each between a mixture of the streams and the streams mixed anew."""
    width, apart = config.num_streams * config.hidden_size, len(MODALITIES) if kind.apart else 1
    tape.parameter("mhc_norm.weight", width * apart, "fp32")

    with tape.scope("attn"):
        x, said = read(tape, config, streams)
        update = attention(tape, config, x, rotary, rows, kind)
        streams = connected(tape, config, streams, update, said)
        del x, said, update
    with tape.scope("mlp"):
        x, said = read(tape, config, streams)
        update = experts(tape, config, x, rows) if kind.sparse else dense(tape, config, x, rows, kind)
        return connected(tape, config, streams, update, said)


def read(tape: Tape, config: Config, streams: Tensor) -> tuple[Tensor, Tensor]:
    """What the layer sees, [batch, n, width], and what the streams, normed, say of all three mixtures, in float32."""
    batch, n, _ = streams.shape
    s = config.num_streams
    normed = tape.scale(tape.rms_norm(tape.cast(streams, "fp32")))
    said = tape.linear(normed, 2 * s + s * s, "mhc_phi_fused", bias=False, keep="fp32")
    del normed
    # a factor of each mixture, and the biases of before, after and between
    tape.parameter("mhc", 3 + 2 * s + s * s, "fp32")
    shares = tape.cast(tape.act(said.view(batch, n, s), "sigmoid"), streams.dtype)
    x = tape.matmul(shares.view(batch * n, 1, s), streams.view(batch * n, s, config.hidden_size), "streams").view(
        batch, n, config.hidden_size
    )
    return x, said


def connected(tape: Tape, config: Config, streams: Tensor, update: Tensor, said: Tensor) -> Tensor:
    """The streams mixed by a matrix whose rows and columns sum to one, and the update in each: one kernel each."""
    mixture = tape.scale(said, "sinkhorn")
    return tape.pointwise("mix", (streams, update, mixture), streams.shape)


def attention(tape: Tape, config: Config, x: Tensor, rotary: Tensor, rows: Rows, kind: Kind) -> Tensor:
    """Attention of all to all, queries and keys normed and turned in float32, its output gated."""
    batch, n, width = x.shape
    heads, groups, d = config.num_attention_heads, config.num_query_groups, config.head_dim
    apart = len(MODALITIES) if kind.apart else 1
    normed = tape.cast(rms(tape, tape.cast(x, "fp32"), "pre_norm", width, apart), x.dtype)
    gates = linear(tape, normed, heads, "linear_g", rows, kind.apart)
    made = linear(tape, normed, heads * d + 2 * groups * d, "linear_qkv", rows, kind.apart)
    del normed
    q = rms(tape, tape.cast(made.view(batch, n, heads, d), "fp32"), "q_norm", d, apart)
    k = rms(tape, tape.cast(made.view(batch, n, groups, d), "fp32"), "k_norm", d, apart)
    v = tape.copy(made.view(batch, groups, n, d), name="permute")
    del made
    q, k = turned(tape, q, rotary), turned(tape, k, rotary)
    tape.parameter("sinks", config.attention_sink_tokens * heads, "fp32")
    out = tape.attention(q.view(batch, heads, n, d), k.view(batch, groups, n, d), v)
    del q, k, v
    out = tape.copy(tape.scale(out, "sink"), batch, n, heads, d, name="permute")
    opened = tape.mul(out, tape.act(gates.view(batch, n, heads, 1), "sigmoid"))
    del out, gates
    return linear(tape, opened.view(batch, n, heads * d), width, "linear_proj", rows, kind.apart)


def dense(tape: Tape, config: Config, x: Tensor, rows: Rows, kind: Kind) -> Tensor:
    """A gated feed-forward."""
    width, apart = config.hidden_size, len(MODALITIES) if kind.apart else 1
    normed = tape.cast(rms(tape, tape.cast(x, "fp32"), "pre_norm", width, apart), x.dtype)
    up = linear(tape, normed, 2 * config.inner, "up_gate_proj", rows, kind.apart)
    del normed
    active = clamped(tape, up, config.inner)
    del up
    return linear(tape, active, width, "down_proj", rows, kind.apart)


def clamped(tape: Tape, up: Tensor, inner: Number) -> Tensor:
    """A clamped half times its sigmoid times the other, in float32."""
    wide = tape.cast(up, "fp32")
    return tape.cast(tape.pointwise("swiglu7", (wide,), (*up.shape[:-1], inner), saved=(wide,)), up.dtype)


def experts(tape: Tape, config: Config, x: Tensor, rows: Rows) -> Tensor:
    """Slices of a token through their experts, added to an expert shared by all and one of the modality."""
    batch, n, width = x.shape
    all_rows, each = batch * n, width // config.moe_num_heads
    normed = tape.cast(rms(tape, tape.cast(x, "fp32"), "pre_norm", width, len(MODALITIES)), x.dtype)
    slices = tape.linear(normed, width, "split_linear", bias=False)
    with tape.scope("moe_mlp"):
        mixed = routed(tape, config, slices.view(all_rows, config.moe_num_heads, each)).view(batch, n, width)
    del slices
    out = tape.linear(mixed, width, "merge_linear", bias=False)
    del mixed
    one, other = config.moe_shared_expert_intermediate_size, config.moe_modality_shared_expert_intermediate_size
    up = tape.cat(
        (
            tape.linear(normed, 2 * one, "shared_expert_fc1", bias=False),
            linear(tape, normed, 2 * other, "modality_specific_shared_expert_fc1", rows, apart=True),
        ),
        batch,
        n,
        2 * (one + other),
    )
    del normed
    active = clamped(tape, up, one + other)
    del up
    shared = tape.linear(active.view(batch, n, one), width, "shared_expert_fc2", bias=False)
    own = tape.copy(active, batch, n, other, name="contiguous")
    del active
    shared = tape.add(shared, linear(tape, own, width, "modality_specific_shared_expert_fc2", rows, apart=True))
    return tape.add(out, shared)


def routed(tape: Tape, config: Config, slices: Tensor) -> Tensor:
    """Every slice by the experts that its sigmoids choose, in float32, their outputs added by weight."""
    all_rows, heads, each = slices.shape
    count, inner = config.moe_num_experts, config.moe_expert_intermediate_size
    tape.parameter("gate", heads * count * each, "fp32")
    tape.parameter("router.expert_bias", 2 * heads * count, "fp32")  # and its running mean
    wide = tape.cast(slices, "fp32").view(heads, all_rows, each)
    logits = tape.matmul(wide, tape.empty((heads, each, count), "fp32"), "gate")
    del wide
    scores = tape.act(logits, "sigmoid")
    del logits
    tape.pointwise("topk", (tape.scale(scores),), (heads, all_rows, config.moe_top_k))
    del scores
    for name in ("W_gate", "W_up", "W_down"):
        tape.parameter(name, heads * count * each * inner)
    out = tape.empty(slices.shape)
    share = ceil_div(all_rows, count)
    # of one slice's experts what its rows meet
    up, down = tape.empty((count, each, inner)), tape.empty((count, inner, each))
    with tape.again(heads * config.moe_top_k, blocks=False):
        rows = tape.copy(slices, count, share, each, name="gather")
        gate = tape.matmul(rows, up, "W_gate")
        hidden = tape.mul(gate, tape.matmul(rows, up, "W_up"))
        del gate
        done = tape.matmul(hidden, down, "W_down")
        tape.traffic("scatter", 2 * done.nbytes)
        out.node = done.node
        del rows, hidden, done
    return out
