"""LingBot-Video: video and text in one sequence, dense or with a mixture of experts in every layer's feed-forward.

A router scores the experts for every token; the tokens are copied once for each expert that they go to, sorted, and
each expert works on its own. Loads are taken as even. Modulation vectors are made for every token, in float32.
Source: LingBot-Video, lingbot_video/transformer_lingbot_video.py (as of its repository's copies of 2026).
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid, timestep_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("LingBotVideoTransformer3DModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under its own names; no experts: dense."""

    patch_size: tuple[Number, Number, Number] = (1, 2, 2)
    in_channels: Number = 16
    out_channels: Number = 16
    hidden_size: Number = 2048
    num_attention_heads: Number = 16
    depth: int = 24
    intermediate_size: Number = 6144
    text_dim: Number = 2560
    freq_dim: Number = 256
    qkv_bias: bool = False
    out_bias: bool = True
    num_experts: int = 0
    num_experts_per_tok: int = 8
    moe_intermediate_size: Number = 512
    decoder_sparse_step: int = 1
    mlp_only_layers: tuple[int, ...] = ()
    n_shared_experts: int | None = None

    @property
    def sparse(self) -> int:
        """Layers with experts."""
        if not self.num_experts:
            return 0
        steps = (i for i in range(self.depth) if (i + 1) % self.decoder_sparse_step == 0)
        return sum(i not in self.mlp_only_layers for i in steps)


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = config.patch_size
    return (shape.frames // t) * (shape.height // h) * (shape.width // w)


def idle(config: Config) -> Number:
    """Weight elements of the experts that a token does not go to."""
    # layers x experts left out x three matrices [hidden_size, moe_intermediate_size]
    left = config.num_experts - config.num_experts_per_tok
    return config.sparse * left * 3 * config.hidden_size * config.moe_intermediate_size


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    batch, n, width = shape.batch, tokens(config, shape), config.hidden_size
    t, h, w = config.patch_size
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch, dtype="fp32")
    given = tape.input(batch, shape.tokens, config.text_dim)
    patches = tape.copy(latent, batch, n, t * h * w * config.in_channels, name="patchify")
    video = tape.linear(patches, width, "patch_embedder")
    with tape.scope("text_embedder"):
        text = tape.act(tape.linear(tape.rms_norm(given, "norm", keep="fp32"), width, "linear_1"))
        text = tape.linear(text, width, "linear_2")
    joint = tape.cat((video, text), batch, n + shape.tokens, width)
    del video, text, patches
    rotary = tape.empty((batch, n + shape.tokens, width // config.num_attention_heads), "fp32")

    features = sinusoid(tape, batch, config.freq_dim)
    temb = timestep_mlp(tape, features, width, "time_embedder", keep="fp32")
    spread = tape.copy(temb, batch * (n + shape.tokens), width, name="expand")
    six = tape.linear(tape.act(spread), 6 * width, "time_modulation.1", keep="fp32")
    vectors = six.view(batch, n + shape.tokens, 6, width)
    kinds = {"dense_blocks": config.depth - config.sparse, "sparse_blocks": config.sparse}
    for name, layers in kinds.items():
        if layers:
            with tape.repeat(name, layers, joint):
                joint = block(tape, config, joint, vectors, rotary, sparse=name == "sparse_blocks")

    pair = tape.linear(tape.act(spread), 2 * width, "norm_out_modulation.1", keep="fp32")
    shift = pair.view(batch, n + shape.tokens, width)
    normed = tape.layer_norm(tape.cast(joint, "fp32"))
    out = tape.cast(tape.add(tape.mul(normed, tape.scale(shift)), shift), tape.dtype)
    del normed
    out = tape.linear(out, t * h * w * config.out_channels, "proj_out")
    result = tape.copy(out, batch, config.out_channels, shape.frames, shape.height, shape.width, name="unpatchify")
    del timestep, given, rotary, out
    return result


def block(tape: Tape, config: Config, x: Tensor, vectors: Tensor, rotary: Tensor, *, sparse: bool) -> Tensor:
    """Attention and feed-forward, each between two norms, behind a gate through a tanh; norms run in float32."""
    width = config.hidden_size
    tape.parameter("scale_shift_table", 6 * width, "fp32")
    own = tape.pointwise("modulation", (vectors,), weights=6 * width * 4)
    one = own.view(*own.shape[:-2], width)
    gates = tape.act(one, "tanh"), tape.act(one, "tanh")
    scales = tape.scale(one), tape.scale(one)

    normed = tape.cast(tape.add(tape.mul(tape.rms_norm(x, "norm1", keep="fp32"), scales[0]), one), tape.dtype)
    attended = attention(tape, config, normed, rotary)
    update = tape.mul(gates[0], tape.rms_norm(attended, "norm_post_attn", keep="fp32"))
    del attended
    hidden = tape.add(x, tape.cast(update, x.dtype))
    del update

    normed = tape.cast(tape.add(tape.mul(tape.rms_norm(hidden, "norm2", keep="fp32"), scales[1]), one), tape.dtype)
    mixed = experts(tape, config, normed) if sparse else mlp(tape, normed, config.intermediate_size, "ffn")
    update = tape.mul(gates[1], tape.rms_norm(mixed, "norm_post_ffn", keep="fp32"))
    del gates, scales, mixed
    return tape.add(hidden, tape.cast(update, x.dtype))


def attention(tape: Tape, config: Config, x: Tensor, rotary: Tensor) -> Tensor:
    """Attention of all tokens to each other, queries and keys normed per head and turned in float32."""
    batch, n, width = x.shape
    heads = config.num_attention_heads
    d = width // heads
    with tape.scope("attn"):
        q = tape.linear(x, width, "to_q", bias=config.qkv_bias).view(batch, n, heads, d)
        k = tape.linear(x, width, "to_k", bias=config.qkv_bias).view(batch, n, heads, d)
        v = tape.linear(x, width, "to_v", bias=config.qkv_bias).view(batch, heads, n, d)
        q = turned(tape, tape.rms_norm(q, "norm_q", keep="fp32"), rotary).view(batch, heads, n, d)
        k = turned(tape, tape.rms_norm(k, "norm_k", keep="fp32"), rotary).view(batch, heads, n, d)
        out = tape.attention(q, k, v)
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "to_out", bias=config.out_bias)


def turned(tape: Tape, x: Tensor, rotary: Tensor) -> Tensor:
    """x times a complex number per pair of elements, in float32."""
    wide = tape.cast(x, "fp32")
    product = tape.mul(wide, rotary)
    out = tape.cast(product, x.dtype)
    del wide, product
    return out


def mlp(tape: Tape, x: Tensor, inner: Number, name: str) -> Tensor:
    """down(silu(gate(x)) · up(x))."""
    with tape.scope(name):
        gate = tape.act(tape.linear(x, inner, "gate_proj", bias=False))
        wide = tape.mul(gate, tape.linear(x, inner, "up_proj", bias=False))
        del gate
        return tape.linear(wide, x.shape[-1], "down_proj", bias=False)


def experts(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Each token through the experts that its router chooses, their results weighted and summed; shared ones beside."""
    batch, n, width = x.shape
    rows, inner, chosen = batch * n, config.moe_intermediate_size, config.num_experts_per_tok
    flat = x.view(rows, width)
    with tape.scope("ffn"):
        scores = tape.linear(tape.cast(flat, "fp32"), config.num_experts, "router", bias=False, keep="fp32")
        picked = tape.act(scores, "sigmoid")
        del scores
        routed = tape.copy(flat, rows * chosen, width, name="route")
        gate = tape.act(tape.experts(routed, inner, "experts.w1", config.num_experts))
        wide = tape.mul(gate, tape.experts(routed, inner, "experts.w3", config.num_experts))
        del gate
        given = tape.experts(wide, width, "experts.w2", config.num_experts)
        del wide, routed
        back = tape.copy(given, name="restore")
        del given
        total = tape.pointwise("sum", (back,), (batch, n, width))
        del back, picked
        if config.n_shared_experts:
            total = tape.add(total, mlp(tape, x, inner * config.n_shared_experts, "shared_experts"))
        return total
