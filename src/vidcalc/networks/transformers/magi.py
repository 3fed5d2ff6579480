"""MAGI-1 transformer: chunks of latent frames denoised as a train, each a noise level behind the one before.

A forward pass here takes every chunk of the clip one step further, which is what one step of the published sampler
costs per video; no more than WINDOW chunks are in flight at once. A chunk attends to itself and to earlier chunks,
fewer of them the cleaner it is: the number of keys is the mean over the four stages of a chunk's way. Self- and
cross-attention run side by side and share one projection. Norms, gates and sums are in float32, as is the projection
out of attention.
Source: arXiv 2505.13211; SandAI-org/MAGI-1 inference/model/dit/{dit_model,dit_module}.py, example/*/*.json.
"""

import msgspec

from vidcalc.base.number import Number, ceil_div, maximum, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid
from vidcalc.tape import Tape, Tensor

CLASSES = ("VideoDiTModel",)
WHOLE_CLIP = True  # `forward` is one step of all chunks of the clip
FREQUENCIES = 256  # width of the sinusoidal timestep features, fixed in the class
CHUNK_FRAMES = 6  # latent frames of a chunk, chunk_width in the published configurations
WINDOW = 4  # chunks in flight, window_size in the published configurations
KEY_CHUNKS = (5, 4, 3, 2)  # most chunks read at each stage of a chunk's way, noise2clean_kvrange there


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under the configuration's names."""

    num_layers: Number = 34
    hidden_size: Number = 3072
    ffn_hidden_size: Number = 12288
    num_attention_heads: Number = 24
    num_query_groups: Number = 8
    kv_channels: Number = 128
    patch_size: Number = 2
    t_patch_size: Number = 1
    cond_hidden_ratio: Number = 0.25
    xattn_cond_hidden_ratio: Number = 1.0
    cond_gating_ratio: Number = 1.0
    caption_channels: Number = 4096
    caption_max_length: Number = 800
    in_channels: Number = 16
    out_channels: Number = 16
    half_channel_vae: bool = False
    gated_linear_unit: bool = False

    @property
    def width(self) -> Number:
        """Hidden size."""
        return self.hidden_size

    @property
    def d_condition(self) -> Number:
        """Size of the condition that modulates."""
        return int(self.hidden_size * self.cond_hidden_ratio)

    @property
    def d_queries(self) -> Number:
        """Size of all queries together."""
        return self.num_attention_heads * self.kv_channels

    @property
    def d_keys(self) -> Number:
        """Size of all keys together."""
        return self.num_query_groups * self.kv_channels


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return (shape.frames // config.t_patch_size) * places(config, shape)


def places(config: Config, shape: Shape) -> Number:
    """Tokens of one latent frame."""
    return (shape.height // config.patch_size) * (shape.width // config.patch_size)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, channels, frames, height, width] -> the same, in float32; frames count whole chunks."""
    chunks = ceil_div(shape.frames, CHUNK_FRAMES)
    flight = minimum(chunks, WINDOW)
    keys = mean_keys(chunks, CHUNK_FRAMES // config.t_patch_size * places(config, shape))
    trains = chunks // flight
    rest = chunks - trains * flight
    out: Tensor | None = None
    for count, times in ((flight, trains), (maximum(rest, 1), minimum(rest, 1))):
        with tape.again(times, blocks=False):
            made = train(tape, config, shape, count, keys)
            out = made if out is None else out
            del made
    assert out is not None
    return out


def mean_keys(chunks: Number, length: Number) -> Number:
    """Key tokens a chunk reads, averaged over the chunks of the clip and the stages of their way."""
    total: Number = 0
    for most in KEY_CHUNKS:
        growing = minimum(chunks, most)  # the first chunks have fewer before them
        total = total + growing * (growing + 1) // 2 + (chunks - growing) * most
    return length * total // (len(KEY_CHUNKS) * chunks)


def train(tape: Tape, config: Config, shape: Shape, chunks: Number, keys: Number) -> Tensor:
    """`chunks` chunks in flight, one step further."""
    batch, width, p = shape.batch, config.width, config.patch_size
    frames = chunks * CHUNK_FRAMES
    n = frames // config.t_patch_size * places(config, shape)
    given = config.in_channels // (2 if config.half_channel_vae else 1)
    latent = tape.input(batch, given, frames, shape.height, shape.width)
    timesteps = tape.input(batch, chunks, dtype="fp32")
    text = tape.input(batch * chunks, 1, shape.tokens, config.caption_channels)

    scaled = tape.scale(latent)
    if config.half_channel_vae:
        scaled = tape.cat((scaled, scaled), batch, config.in_channels, frames, shape.height, shape.width)
    grid = (frames // config.t_patch_size, shape.height // p, shape.width // p)
    patch = (config.t_patch_size, p, p)
    wide = tape.convolution(tape.cast(scaled, "fp32"), width, patch, "x_embedder", out=grid, bias=False, keep="fp32")
    del scaled
    rotary = rotary_table(tape, config, n)
    condition, context = conditions(tape, config, batch * chunks, tape.cast(text, "fp32"))
    x = tape.cast(wide, tape.dtype)
    del wide
    x = tape.copy(x, name="contiguous").view(n, batch, width)
    x = tape.copy(x, name="clone")
    handed = tape.empty(x.shape)  # what the blocks begin with is held to their end, beside what they make of it
    with tape.scope("videodit_blocks"):
        with tape.repeat("layers", config.num_layers, x):
            x = layer(tape, config, x, condition, context, rotary, keys)
        x = tape.layer_norm(tape.cast(x, "fp32"), "final_layernorm", keep="fp32")
    volume = config.t_patch_size * p * p * config.out_channels
    out = tape.linear(x, volume, "final_linear.linear", bias=False, keep="fp32")
    out = tape.copy(out, name="unpatchify").view(batch, config.out_channels, frames, shape.height, shape.width)
    del x, handed, timesteps
    return tape.scale(out.view(batch, given, frames, shape.height, shape.width))


def rotary_table(tape: Tape, config: Config, n: Number) -> Tensor:
    """Sines and cosines side by side [n, 3/4 of the head size], from learned frequencies, in float32."""
    bands = config.hidden_size // config.num_attention_heads // 8
    tape.parameter("rope.bands", bands, "fp32")
    sine, cosine = tape.empty((n, 3 * bands), "fp32"), tape.empty((n, 3 * bands), "fp32")
    return tape.cat((sine, cosine), n, 6 * bands)


def conditions(tape: Tape, config: Config, rows: Number, text: Tensor) -> tuple[Tensor, Tensor]:
    """Timestep and one null token -> condition[chunks, d]; text -> context[chunks, tokens, width]."""
    d = config.d_condition
    with tape.scope("t_embedder.mlp"):
        features = tape.act(tape.linear(sinusoid(tape, rows, FREQUENCIES), d, "0", keep="fp32"))
        time = tape.linear(features, d, "2", keep="fp32")
    with tape.scope("y_embedder"):
        tape.parameter("null_caption_embedding", config.caption_max_length * config.caption_channels, "fp32")
        d_context = int(config.width * config.xattn_cond_hidden_ratio)
        wide = tape.act(tape.linear(text, d_context, "y_proj_xattn.0", keep="fp32"))
        single = tape.empty((rows, 1, config.caption_channels), "fp32")
        adaln = tape.linear(single, d, "y_proj_adaln.0", keep="fp32").view(rows, d)
    condition = tape.cast(tape.add(time, adaln), tape.dtype)
    flat = tape.copy(wide, rows, text.shape[2], d_context, name="masked_select")
    return condition, tape.cast(flat, tape.dtype)


def layer(
    tape: Tape, config: Config, x: Tensor, condition: Tensor, context: Tensor, rotary: Tensor, keys: Number
) -> Tensor:
    """Self- and cross-attention side by side, then a feed-forward; each gated, normed and added in float32."""
    width = config.width
    attended, cross = attention(tape, config, x, context, rotary, keys)
    joined = tape.cat((attended, cross), *x.shape[:2], 2 * config.d_queries)
    mixed = tape.copy(joined, name="by_group")
    del joined
    weight = tape.empty((width, 2 * config.d_queries), "fp32")
    projected = tape.linear(tape.cast(mixed, "fp32"), width, "self_attention.linear_proj", bias=False)
    del weight, mixed
    d_gates = int(width * config.cond_gating_ratio) * 2
    gates = tape.linear(tape.act(condition), d_gates, "ada_modulate_layer.proj.0")
    gates = tape.cast(tape.act(tape.cast(gates, "fp32"), "softcap"), tape.dtype)
    hidden = gated_sum(tape, projected, x, gates, "self_attn_post_norm")
    hidden = tape.cast(hidden, tape.dtype)
    out = gated_sum(tape, feed_forward(tape, config, hidden), hidden, gates, "mlp_post_norm")
    del projected, attended, cross
    return tape.cast(out, tape.dtype)


def gated_sum(tape: Tape, update: Tensor, residual: Tensor, gates: Tensor, name: str) -> Tensor:
    """norm(update · gate) + residual in float32, back in update's dtype."""
    wide, wide_residual = tape.cast(update, "fp32"), tape.cast(residual, "fp32")
    wide = tape.mul(wide, gates)
    wide = tape.layer_norm(wide, name, keep="fp32")
    wide = tape.add(wide, wide_residual)
    return tape.cast(wide, update.dtype)


def attention(
    tape: Tape, config: Config, x: Tensor, context: Tensor, rotary: Tensor, keys: Number
) -> tuple[Tensor, Tensor]:
    """x[n, batch, width] -> self-attention and cross-attention, each [n, batch, all queries]."""
    n, batch, _ = x.shape
    d, groups = config.kv_channels, config.num_query_groups
    with tape.scope("self_attention"):
        mixed = tape.layer_norm(x, "linear_qkv.layer_norm")
        k = turned(tape, config, mixed, config.d_keys, "k")
        v = tape.linear(mixed, config.d_keys, "linear_qkv.v", bias=False)
        both = tape.cat((k, v), n * batch, groups, 2 * d)
        del k, v
        q = turned(tape, config, mixed, config.d_queries, "q")
        k, v = (tape.copy(both, n * batch, groups, d, name="contiguous") for _ in range(2))
        rows = (batch, config.num_attention_heads, n, d)
        out = tape.attention(q.view(*rows), k.view(batch, groups, keys, d), v.view(batch, groups, keys, d))
        cross = cross_attention(tape, config, mixed, context)
        del both
        return out.view(n, batch, config.d_queries), cross


def turned(tape: Tape, config: Config, mixed: Tensor, size: Number, name: str) -> Tensor:
    """A projection, normed per head and turned in float32, back in the tape's dtype."""
    n, batch, _ = mixed.shape
    projected = tape.linear(mixed, size, f"linear_qkv.{name}", bias=False)
    projected = tape.cast(projected.view(n, batch, size // config.kv_channels, config.kv_channels), "fp32")
    projected = tape.layer_norm(projected, f"{name}_layernorm", keep="fp32")
    projected = tape.copy(projected, name="rope")
    return tape.cast(projected, tape.dtype)


def cross_attention(tape: Tape, config: Config, mixed: Tensor, context: Tensor) -> Tensor:
    """Every chunk attends to its own copy of the text; keys and values come from one matrix, taken in eight parts."""
    n, batch, _ = mixed.shape
    d, groups, (rows, text, _) = config.kv_channels, config.num_query_groups, context.shape
    q = tape.linear(mixed, config.d_queries, "linear_qkv.qx", bias=False)
    q = tape.layer_norm(q.view(n, batch, config.num_attention_heads, d), "q_layernorm_xattn")
    parts = tape.linear(context, 2 * config.d_keys, "linear_kv_xattn", bias=False)
    kv = tape.cat((parts,), rows * text, groups, 2 * d)
    del parts
    k = tape.layer_norm(kv.view(rows * text, groups, d), "k_layernorm_xattn")
    keys = (batch, groups, text, d)
    by_head = (batch, config.num_attention_heads, n, d)
    out = tape.attention(q.view(*by_head), k.view(*keys), kv.view(*keys), "xattn")
    return out.view(n, batch, config.d_queries)


def feed_forward(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Norm, linear, GELU or SwiGLU in one kernel, linear; without biases."""
    inner = config.ffn_hidden_size
    with tape.scope("mlp"):
        hidden = tape.layer_norm(x, "layer_norm")
        if config.gated_linear_unit:
            hidden = tape.linear(hidden, 2 * inner, "linear_fc1", bias=False)
            hidden = tape.pointwise("silu_and_mul", (hidden,), (*x.shape[:2], inner), saved=(hidden,))
        else:
            hidden = tape.linear(hidden, inner, "linear_fc1", bias=False)
            hidden = tape.act(hidden, "gelu")
        return tape.linear(hidden, config.width, "linear_fc2", bias=False)
