"""Cosmos 3 omni transformer: a language model whose layers have a second set of weights for the tokens it generates.

Text tokens attend to each other causally; video tokens attend to everything. Every video token has its own timestep
embedding. In the Edge model feed-forwards are squared ReLUs, and the text's queries and keys have no norm, but its keys
have one where video reads them. Mirrors the video path of diffusers' Cosmos3OmniTransformer (no sound, no actions), one
packed sample at a time; a batch is as many samples side by side.
Source: diffusers 0.42.1 models/transformers/transformer_cosmos3.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid, timestep_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("Cosmos3OmniTransformer",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    head_dim: Number = 128
    hidden_size: Number = 4096
    intermediate_size: Number = 12288
    latent_channel: Number = 48
    latent_patch_size: Number = 2
    num_attention_heads: Number = 32
    num_hidden_layers: Number = 36
    num_key_value_heads: Number = 8
    patch_latent_dim: Number = 192
    attention_bias: bool = False
    vocab_size: Number = 151936
    hidden_act: str = "silu"
    qk_norm_for_text: bool = True
    use_und_k_norm_for_gen: bool = False
    text_heads: int = 1  # projections from text to words: no video needs one, and some programs load none

    @property
    def dense(self) -> bool:
        """Whether feed-forwards have no gate and norms stay float32 to the end (Cosmos 3 Edge)."""
        return self.hidden_act == "relu2"


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch (sides rounded up to whole patches)."""
    p = config.latent_patch_size
    return shape.frames * (-(-shape.height // p)) * (-(-shape.width // p))


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, channels, frames, height, width] -> the same shape; text of `shape.tokens` tokens."""
    batch, n, text, width = shape.batch, tokens(config, shape), shape.tokens, config.hidden_size
    whole = n + text
    ids, text_places = tape.input(batch, text, dtype="int64"), tape.input(text, dtype="int64")
    positions = tape.input(3, whole, dtype="int64")
    latent = tape.input(batch, config.latent_channel, shape.frames, shape.height, shape.width)
    places, kept = tape.input(n, dtype="int64"), tape.input(n, dtype="int64")
    timestep, noisy = tape.input(batch, n, dtype="fp32"), tape.input(shape.frames, dtype="int64")

    words = tape.embedding(config.vocab_size, width, (batch, text), "embed_tokens")
    hidden = tape.empty((batch, whole, width))
    tape.traffic("place", 2 * words.nbytes)
    scaled = tape.scale(timestep)
    video, time = video_tokens(tape, config, shape, latent)
    tape.traffic("place", 2 * video.nbytes)
    cosine, sine = rotary_table(tape, config, whole)
    # Views of `hidden` for the first layer only: every later one reads what the layer before made.
    und = tape.empty((batch, text, width), node=words.node)
    gen = tape.empty((batch, n, width), node=video.node)
    with tape.repeat("layers", config.num_hidden_layers, und, gen):
        und, gen = layer(tape, config, und, gen, (cosine, sine))
    und = normed(tape, config, und, "norm")
    gen = normed(tape, config, gen, "norm_moe_gen")
    last = tape.cat((und, gen), batch, whole, width)
    picked = tape.copy(last, batch, n, width, name="gather")
    out = tape.linear(picked, config.patch_latent_dim, "proj_out")
    tape.parameter("lm_head.weight", config.vocab_size * width * config.text_heads)
    result = tape.copy(out, *latent.shape, name="unpatchify")
    del ids, text_places, positions, places, kept, timestep, noisy, scaled, time, hidden
    return result


def video_tokens(tape: Tape, config: Config, shape: Shape, latent: Tensor) -> tuple[Tensor, Tensor]:
    """Patches projected to tokens[batch, n, width], each plus its timestep embedding (which the caller holds)."""
    batch, n = shape.batch, tokens(config, shape)
    patches = tape.copy(latent, batch, n, config.patch_latent_dim, name="patchify")
    packed = tape.cat((patches,), batch, n, config.patch_latent_dim)
    del patches
    projected = tape.linear(packed, config.hidden_size, "proj_in")
    del packed
    features = sinusoid(tape, batch * n, 256)
    wide = timestep_mlp(tape, features, config.hidden_size, "time_embedder", keep="fp32")
    del features
    time = tape.cast(wide, tape.dtype).view(batch, n, config.hidden_size)
    del wide
    return tape.add(projected, time), time


def rotary_table(tape: Tape, config: Config, n: Number) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the 3-axis rotary embedding, each [n, head size]."""
    half = config.head_dim // 2
    frequencies, places = tape.empty((3, half, 1), "fp32"), tape.empty((3, 1, n), "fp32")
    angles = tape.matmul(frequencies, places, "rotary_emb")
    joined = tape.cat((angles, angles), n, config.head_dim)
    del frequencies, places
    return tape.cast(tape.scale(joined, "cos"), tape.dtype), tape.cast(tape.scale(joined, "sin"), tape.dtype)


def layer(tape: Tape, config: Config, und: Tensor, gen: Tensor, rotary: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Joint attention, then a gated feed-forward; text and video tokens have weights of their own."""
    und_normed = normed(tape, config, und, "input_layernorm")
    gen_normed = normed(tape, config, gen, "input_layernorm_moe_gen")
    und_update, gen_update = attention(tape, config, und_normed, gen_normed, rotary)
    und_sum = tape.add(und, und_update)
    gen_sum = tape.add(gen, gen_update)
    und_mixed = gated_mlp(tape, config, normed(tape, config, und_sum, "post_attention_layernorm"), "mlp")
    gen_mixed = gated_mlp(
        tape, config, normed(tape, config, gen_sum, "post_attention_layernorm_moe_gen"), "mlp_moe_gen"
    )
    return tape.add(und_sum, und_mixed), tape.add(gen_sum, gen_mixed)


def normed(tape: Tape, config: Config, x: Tensor, name: str) -> Tensor:
    """RMS norm over the last dimension: weights applied in the tape's dtype, or in float32 in the Edge model."""
    return tape.rms_norm_spelled(x, name) if config.dense else tape.rms_norm_narrow(x, name)


def gated_mlp(tape: Tape, config: Config, x: Tensor, name: str) -> Tensor:
    """silu(gate) · up, or relu(up)², then down, without biases."""
    with tape.scope(name):
        if config.dense:
            active = tape.act(tape.linear(x, config.intermediate_size, "up_proj", bias=False), "relu")
            squared = tape.act(active, "square")
            del active
            return tape.linear(squared, config.hidden_size, "down_proj", bias=False)
        gate = tape.act(tape.linear(x, config.intermediate_size, "gate_proj", bias=False))
        up = tape.linear(x, config.intermediate_size, "up_proj", bias=False)
        product = tape.mul(gate, up)
        del gate, up
        return tape.linear(product, config.hidden_size, "down_proj", bias=False)


def attention(
    tape: Tape, config: Config, und: Tensor, gen: Tensor, rotary: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Text attends to text causally, video to text and video; keys and values have fewer heads than queries."""
    heads, kv_heads, d = config.num_attention_heads, config.num_key_value_heads, config.head_dim
    bias = config.attention_bias
    batch, text, _ = und.shape
    n = gen.shape[1]
    with tape.scope("self_attn"):
        q_und = tape.linear(und, heads * d, "to_q", bias=bias).view(batch, heads, text, d)
        k_und = tape.linear(und, kv_heads * d, "to_k", bias=bias).view(batch, kv_heads, text, d)
        v_und = tape.linear(und, kv_heads * d, "to_v", bias=bias).view(batch, kv_heads, text, d)
        q_gen = tape.linear(gen, heads * d, "add_q_proj", bias=bias).view(batch, heads, n, d)
        k_gen = tape.linear(gen, kv_heads * d, "add_k_proj", bias=bias).view(batch, kv_heads, n, d)
        v_gen = tape.linear(gen, kv_heads * d, "add_v_proj", bias=bias).view(batch, kv_heads, n, d)
        if config.qk_norm_for_text:
            q_und = normed(tape, config, q_und, "norm_q")
            k_und = normed(tape, config, k_und, "norm_k")
        apart = config.use_und_k_norm_for_gen and not config.qk_norm_for_text
        k_for_gen = normed(tape, config, k_und, "k_norm_und_for_gen") if apart else k_und
        q_gen = normed(tape, config, q_gen, "norm_added_q")
        k_gen = normed(tape, config, k_gen, "norm_added_k")
        q_und = rotate(tape, q_und, rotary)
        k_und = rotate(tape, k_und, rotary)
        k_for_gen = rotate(tape, k_for_gen, rotary)
        q_gen = rotate(tape, q_gen, rotary)
        k_gen = rotate(tape, k_gen, rotary)
        out = tape.attention(q_und, k_und, v_und, "causal", masked="causal")
        und_merged = tape.copy(out).view(batch, text, heads * d)
        del out
        keys = tape.cat((k_for_gen, k_gen), batch, kv_heads, text + n, d)
        values = tape.cat((v_und, v_gen), batch, kv_heads, text + n, d)
        out = tape.attention(q_gen, keys, values, "full")
        gen_merged = tape.copy(out).view(batch, n, heads * d)
        del out
        und_out = tape.linear(und_merged, config.hidden_size, "to_out", bias=bias)
        return und_out, tape.linear(gen_merged, config.hidden_size, "to_add_out", bias=bias)


def rotate(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary embedding by halves of the head: x · cos + turned x · sin."""
    cosine, sine = rotary
    half = x.view(*x.shape[:-1], x.shape[-1] // 2)
    straight = tape.mul(x, cosine)
    turned = tape.mul(tape.cat((tape.scale(half, "negate"), half), *x.shape), sine)
    return tape.add(straight, turned)
