"""Mochi 1 video transformer: wide video stream and narrow text stream, joined in full attention sample by sample.

Mirrors diffusers' MochiTransformer3DModel: which intermediates are held, and which are in float32.
Source: genmo Mochi 1 (2024); diffusers 0.42.1 models/transformers/transformer_mochi.py, models/attention_processor.py,
models/normalization.py, models/embeddings.py.
"""

import msgspec

from vidcalc.base.number import Number, maximum, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders.wan_blocks import frames_first
from vidcalc.networks.transformers.embedding import sinusoid, timestep_mlp
from vidcalc.tape import ELEMENT_BYTES, Tape, Tensor

CLASSES = ("MochiTransformer3DModel",)
POOL_HEADS = 8  # attention heads of the text pooler (MochiCombinedTimestepCaptionEmbedding)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    patch_size: Number = 2
    num_attention_heads: Number = 24
    attention_head_dim: Number = 128
    num_layers: Number = 48
    pooled_projection_dim: Number = 1536
    in_channels: Number = 12
    out_channels: Number | None = None
    text_embed_dim: Number = 4096
    time_embed_dim: Number = 256

    @property
    def width(self) -> Number:
        """Hidden size of the video stream: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim

    @property
    def text_width(self) -> Number:
        """Hidden size of the text stream."""
        return self.pooled_projection_dim


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return shape.frames * (shape.height // config.patch_size) * (shape.width // config.patch_size)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    batch, n, p = shape.batch, tokens(config, shape), config.patch_size
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    text = tape.input(batch, shape.tokens, config.text_embed_dim)
    timestep = tape.input(batch)
    mask = tape.input(batch, shape.tokens, dtype="bool")

    temb, context = condition(tape, config, shape, text)
    frames, copied = frames_first(tape, latent)
    places = (shape.height // p, shape.width // p)
    patches = tape.convolution(frames, config.width, (p, p), "patch_embed.proj", out=places)
    del copied, frames
    hidden = tape.copy(patches, name="flatten").view(batch, n, config.width)
    del patches
    rotary = rotary_table(tape, config, n)
    with tape.repeat("transformer_blocks", config.num_layers - 1, hidden, context):
        hidden, context = block(tape, config, hidden, context, temb, rotary, last=False)
    with tape.block(f"transformer_blocks.{config.num_layers - 1}"):
        hidden, context = block(tape, config, hidden, context, temb, rotary, last=True)

    hidden = final_norm(tape, config, hidden, temb)
    c_out = config.out_channels or config.in_channels
    hidden = tape.linear(hidden, p * p * c_out, "proj_out")
    out = tape.copy(hidden, name="unpatchify")
    del timestep, mask
    return out.view(batch, c_out, shape.frames, shape.height, shape.width)


def condition(tape: Tape, config: Config, shape: Shape, text: Tensor) -> tuple[Tensor, Tensor]:
    """Timestep plus pooled text -> temb[batch, width]; text -> context[batch, tokens, text width]."""
    with tape.scope("time_embed"):
        features = sinusoid(tape, shape.batch, config.time_embed_dim)
        time = timestep_mlp(tape, tape.cast(features, tape.dtype), config.width, "timestep_embedder")
        pooled = pool_text(tape, text, config.width, "pooler")
        context = tape.linear(text, config.text_width, "caption_proj")
        return tape.add(time, pooled), context


def rotary_table(tape: Tape, config: Config, n: Number) -> tuple[Tensor, Tensor]:
    """Learned frequencies times positions -> cosines and sines, each [n, heads, head size / 2] in float32."""
    heads, pairs = config.num_attention_heads, config.attention_head_dim // 2
    tape.parameter("pos_frequencies", 3 * heads * pairs)
    places = tape.empty((1, n, 3), "fp32")
    frequencies = tape.empty((1, 3, heads * pairs), "fp32")
    if tape.training:
        weights = 3 * heads * pairs * ELEMENT_BYTES[tape.dtype]
        frequencies.node = tape.differentiable((), (), frequencies.nbytes, weights)
    angles = tape.matmul(places, frequencies, "rope").view(n, heads, pairs)
    return tape.act(angles, "cos"), tape.act(angles, "sin")


def final_norm(tape: Tape, config: Config, x: Tensor, temb: Tensor) -> Tensor:
    """norm(x) · (1 + scale) + shift, both from the timestep (AdaLayerNormContinuous)."""
    vectors = tape.linear(tape.act(temb), 2 * config.width, "norm_out.linear")
    vector = vectors.view(x.shape[0], 1, config.width)
    product = tape.mul(tape.layer_norm(x), tape.scale(vector))
    return tape.add(product, vector)


def block(
    tape: Tape,
    config: Config,
    hidden: Tensor,
    context: Tensor,
    temb: Tensor,
    rotary: tuple[Tensor, Tensor],
    *,
    last: bool,
) -> tuple[Tensor, Tensor]:
    """Joint attention, then a gated feed-forward for each stream; the last block leaves the text as it is."""
    width, text_width = config.width, config.text_width
    batch = hidden.shape[0]
    normed, vectors = zero_norm(tape, hidden, temb, width, "norm1")
    vector = vectors.view(batch, 1, width)
    if last:
        scale = tape.linear(tape.act(temb), text_width, "norm1_context.linear_1")
        words = modulated_norm(tape, context, one_plus(tape, scale.view(batch, 1, text_width)))
        del scale
        text_vector = words
    else:
        words, text_vectors = zero_norm(tape, context, temb, text_width, "norm1_context")
        text_vector = text_vectors.view(batch, 1, text_width)
    attended, attended_text = attention(tape, config, normed, words, rotary, last=last)

    x = tape.add(hidden, modulated_norm(tape, attended, tape.act(vector, "tanh")))
    normed = modulated_norm(tape, x, one_plus(tape, vector))
    mixed = feed_forward(tape, normed, width, "ff")
    x = tape.add(x, modulated_norm(tape, mixed, tape.act(vector, "tanh")))
    if last:
        return x, context
    y = tape.add(context, modulated_norm(tape, attended_text, tape.act(text_vector, "tanh")))
    words = modulated_norm(tape, y, one_plus(tape, text_vector))
    text_mixed = feed_forward(tape, words, text_width, "ff_context")
    return x, tape.add(y, modulated_norm(tape, text_mixed, tape.act(text_vector, "tanh")))


def attention(
    tape: Tape, config: Config, x: Tensor, words: Tensor, rotary: tuple[Tensor, Tensor], *, last: bool
) -> tuple[Tensor, Tensor]:
    """Queries, keys and values of both streams, attention over both together -> (video, text)."""
    width, heads, d_head = config.width, config.num_attention_heads, config.attention_head_dim
    batch, n, _ = x.shape
    text = words.shape[1]
    both = n + text
    with tape.scope("attn1"):
        q, k, v = (tape.linear(x, width, f"to_{name}", bias=False).view(batch, n, heads, d_head) for name in "qkv")
        q = head_norm(tape, q, "norm_q")
        k = head_norm(tape, k, "norm_k")
        text_q, text_k, text_v = (
            tape.linear(words, width, f"add_{name}_proj", bias=False).view(batch, text, heads, d_head) for name in "qkv"
        )
        text_q = head_norm(tape, text_q, "norm_added_q")
        text_k = head_norm(tape, text_k, "norm_added_k")
        q = rotate(tape, q, rotary)
        k = rotate(tape, k, rotary)

        one, words_of_one, both_of_one = (1, heads, n, d_head), (1, heads, text, d_head), (1, heads, both, d_head)
        done = x
        for before, times in ((0, 1), (batch - 1, batch - 1)):  # sample by sample; one's tensors last into the next
            with tape.again(times):
                del done
                earlier = tape.empty((before, heads, both, d_head), x.dtype)
                indices = tape.empty((text,), "int64")
                some_q = tape.copy(text_q.view(*words_of_one), *words_of_one, name="index")
                some_k = tape.copy(text_k.view(*words_of_one), *words_of_one, name="index")
                some_v = tape.copy(text_v.view(*words_of_one), *words_of_one, name="index")
                joined_q = tape.cat((q.view(*one), some_q), *both_of_one)
                joined_k = tape.cat((k.view(*one), some_k), *both_of_one)
                joined_v = tape.cat((v.view(*one), some_v), *both_of_one)
                out = tape.attention(joined_q, joined_k, joined_v)
                done = tape.copy(out, name="pad")
                del out, earlier
        earlier = tape.empty((batch - 1, heads, both, d_head), x.dtype)
        merged = tape.cat((earlier, done), batch, heads, both, d_head)
        flat = tape.copy(merged, name="flatten")
        del merged
        video = sliced_linear(tape, flat.view(batch, n, width), width, "to_out.0")
        text_out = flat.view(batch, text, width)
        if not last:
            text_out = sliced_linear(tape, text_out, config.text_width, "to_add_out")
        del indices, earlier
        return video, text_out


def sliced_linear(tape: Tape, x: Tensor, width: Number, name: str) -> Tensor:
    """A linear layer on a slice of tokens x[batch, n, d]: with more than one sample the slice is copied, then
    multiplied, then the bias is added out of place."""
    batch, n, d = x.shape
    more = minimum(batch - 1, 1)
    copied = tape.empty((more * batch, n, maximum(d, width)), x.dtype)
    out = tape.linear(x, width, name)
    del copied
    return out


def wide_rms_norm(tape: Tape, x: Tensor) -> Tensor:
    """RMS norm of a float32 x over the last dimension, without weights."""
    square = tape.act(x, "square")
    rstd = tape.empty((*x.shape[:-1], 1), "fp32", square.node)
    del square
    return tape.mul(x, rstd)


def modulated_norm(tape: Tape, x: Tensor, scale: Tensor) -> Tensor:
    """norm(x) · scale in float32, in x's dtype again (MochiModulatedRMSNorm)."""
    wide = tape.cast(x, "fp32")
    wide = wide_rms_norm(tape, wide)
    wide = tape.mul(wide, scale)
    return tape.cast(wide, x.dtype)


def one_plus(tape: Tape, scale: Tensor) -> Tensor:
    """1 + scale in float32."""
    return tape.scale(tape.cast(scale, "fp32"))


def zero_norm(tape: Tape, x: Tensor, temb: Tensor, width: Number, name: str) -> tuple[Tensor, Tensor]:
    """norm(x) · (1 + scale), and the four vectors of the timestep: scale, gate, scale, gate (MochiRMSNormZero)."""
    vectors = tape.linear(tape.act(temb), 4 * width, name + ".linear")
    scale = vectors.view(x.shape[0], 1, width)
    wide = tape.mul(wide_rms_norm(tape, tape.cast(x, "fp32")), one_plus(tape, scale))
    return tape.cast(wide, x.dtype), vectors


def head_norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """RMS norm over the head size, weighted in float32 (MochiRMSNorm)."""
    square = tape.act(tape.cast(x, "fp32"), "square")
    rstd = tape.empty((*x.shape[:-1], 1), "fp32", square.node)
    del square
    wide = tape.mul(x, rstd)
    tape.parameter(name + ".weight", x.shape[-1])
    wide = tape.weighted(wide, x.shape[-1])
    return tape.cast(wide, x.dtype)


def rotate(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary embedding by pairs: x[batch, n, heads, head size], even and odd halves in float32."""
    *lead, d_head = x.shape
    half = x.view(*lead, d_head // 2)
    even, odd = tape.cast(half, "fp32"), tape.cast(half, "fp32")
    cosine, sine = rotary
    first = tape.cast(tape.add(tape.mul(even, cosine), tape.mul(odd, sine)), x.dtype)
    second = tape.cast(tape.add(tape.mul(even, sine), tape.mul(odd, cosine)), x.dtype)
    return tape.cat((first, second), *x.shape)


def feed_forward(tape: Tape, x: Tensor, width: Number, name: str) -> Tensor:
    """Linear, value · SiLU(gate), linear; the inner size is two thirds of four times the width. No biases."""
    inner = 4 * width * 2 // 3
    with tape.scope(name):
        gated = swiglu(tape, x, inner)
        return tape.linear(gated, width, "net.2", bias=False)


def swiglu(tape: Tape, x: Tensor, inner: Number) -> Tensor:
    """Value · SiLU(gate), both from one linear layer."""
    both = tape.linear(x, 2 * inner, "net.0.proj", bias=False)
    half = both.view(*x.shape[:-1], inner)
    return tape.mul(half, tape.act(half))


def pool_text(tape: Tape, text: Tensor, width: Number, name: str) -> Tensor:
    """text[batch, tokens, d] -> [batch, width]: the mean token attends to all tokens (MochiAttentionPool)."""
    batch, n, d = text.shape
    d_head = d // POOL_HEADS
    with tape.scope(name):
        padded = tape.empty((batch, 1, 1, n + 1), "bool")
        mean = mean_token(tape, text)
        joined = tape.cat((mean, text), batch, n + 1, d)
        kv = tape.linear(joined, 2 * d, "to_kv").view(batch, POOL_HEADS, n + 1, d_head)
        q = tape.linear(joined.view(batch, d), d, "to_q").view(batch, POOL_HEADS, 1, d_head)
        del joined
        out = tape.attention(q, kv, kv, masked="dense")
        del padded
        return tape.linear(out.view(batch, d), width, "to_out")


def mean_token(tape: Tape, text: Tensor) -> Tensor:
    """The mean of the tokens that are not padding [batch, 1, d]."""
    batch, n, d = text.shape
    weights = tape.scale(tape.empty((batch, n, 1), text.dtype))
    weighted = tape.mul(text, weights)
    return tape.pointwise("mean", (weighted,), (batch, 1, d))
