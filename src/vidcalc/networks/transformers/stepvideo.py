"""Step-Video-T2V transformer: full attention over all video tokens, cross-attention to two text encoders' tokens.

The latent is taken as it is (patch 1). Six modulation vectors per sample come from one timestep embedding and a table
per block. Cross-attention gets a dense mask, repeated for every head.
Source: arXiv 2502.10248; stepfun-ai/Step-Video-T2V stepvideo/modules/{model,blocks,attentions,rope,normalization}.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, text_mlp, timestep_mlp
from vidcalc.networks.transformers.official_layers import cast_rms_norm, modulated, modulation_table, rotate_by_axes
from vidcalc.tape import Tape, Tensor

CLASSES = ("StepVideoModel",)
FREQUENCIES = 256  # width of the sinusoidal timestep features, fixed in the class
MLP_RATIO = 4  # of the feed-forward, fixed in the class
CLIP_TOKENS = 77  # of the context, from the second text encoder; the others are the first one's


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under the class's names."""

    num_attention_heads: Number = 48
    attention_head_dim: Number = 128
    in_channels: Number = 64
    out_channels: Number = 64
    num_layers: Number = 48
    patch_size: Number = 1
    caption_channels: tuple[Number, Number] = (6144, 1024)

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim

    @property
    def axes(self) -> tuple[Number, Number, Number]:
        """Channels of a head per rotary axis: half for time, a quarter each for height and width."""
        d = self.attention_head_dim
        return d // 2, d // 4, d // 4


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return shape.frames * (shape.height // config.patch_size) * (shape.width // config.patch_size)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, frames, in_channels, height, width] -> [batch, frames, out_channels, height, width]."""
    batch, n, width, p = shape.batch, tokens(config, shape), config.width, config.patch_size
    clip_tokens = shape.extra.get("clip_tokens", CLIP_TOKENS)
    latent = tape.input(batch, shape.frames, config.in_channels, shape.height, shape.width)
    text = tape.input(batch, shape.tokens - clip_tokens, config.caption_channels[0])
    clip = tape.input(batch, clip_tokens, config.caption_channels[1])
    timestep = tape.input(batch)
    text_mask = tape.input(batch, shape.tokens, dtype="int64")

    frames = latent.view(batch * shape.frames, config.in_channels, shape.height, shape.width)
    places = (shape.height // p, shape.width // p)
    patches = tape.convolution(frames, width, (p, p), "pos_embed.proj", out=places)
    temb, modulation = timestep_modulation(tape, config, batch)
    context = text_mlp(tape, tape.layer_norm(text), width, "caption_projection")
    context = tape.cat((tape.linear(clip, width, "clip_projection"), context), batch, shape.tokens, width)
    hidden = tape.copy(patches, name="contiguous").view(batch, n, width)
    del patches
    mask = tape.empty((batch, n, shape.tokens), "bool")
    handed = tape.empty(hidden.shape)  # what the blocks begin with is held to their end, beside what they make of it
    with tape.repeat("transformer_blocks", config.num_layers, hidden):
        hidden = block(tape, config, hidden, context, modulation, mask)
    del handed, mask

    vectors = modulation_table(tape, tape.copy(temb, batch * shape.frames, width), 2, width)
    normed = tape.layer_norm(hidden)
    out = modulated(tape, normed, vectors)
    del normed
    out = tape.linear(out, p * p * config.out_channels, "proj_out")
    del timestep, text_mask
    return tape.copy(out, batch, shape.frames, config.out_channels, shape.height, shape.width, name="unpatchify")


def timestep_modulation(tape: Tape, config: Config, batch: Number) -> tuple[Tensor, Tensor]:
    """Timestep -> its embedding [batch, width], and modulation [batch, 6 · width]."""
    with tape.scope("adaln_single"):
        features = tape.cast(sinusoid(tape, batch, FREQUENCIES), tape.dtype)
        temb = timestep_mlp(tape, features, config.width, "emb.timestep_embedder")
        return temb, tape.linear(tape.act(temb), 6 * config.width, "linear")


def block(tape: Tape, config: Config, x: Tensor, context: Tensor, modulation: Tensor, mask: Tensor) -> Tensor:
    """Modulated self-attention, cross-attention, modulated feed-forward."""
    width = config.width
    own = modulation_table(tape, modulation, 6, width)
    normed = modulated(tape, tape.layer_norm(x, "norm1"), own)
    attended = self_attention(tape, config, normed)
    hidden = tape.add(tape.mul(attended, own), x)
    attended = cross_attention(tape, config, hidden, context, mask)
    hidden = tape.add(attended, hidden)
    normed = modulated(tape, tape.layer_norm(hidden, "norm2"), own)
    mixed = feed_forward(tape, normed, MLP_RATIO * width, width, "ff", bias=False)
    hidden = tape.add(tape.mul(mixed, own), hidden)
    del attended
    return hidden


def self_attention(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Full attention with RMS-normed and turned queries and keys; one projection makes all three."""
    batch, n, width = x.shape
    heads, d_head = config.num_attention_heads, config.attention_head_dim
    with tape.scope("attn1"):
        qkv = tape.linear(x, 3 * width, "wqkv", bias=False).view(batch, n, heads, d_head)
        q = cast_rms_norm(tape, qkv, "q_norm.weight")
        k = cast_rms_norm(tape, qkv, "k_norm.weight")
        q = rotate_by_axes(tape, q, config.axes)
        k = rotate_by_axes(tape, k, config.axes)
        by_head = (batch, heads, n, d_head)
        out = tape.attention(q.view(*by_head), k.view(*by_head), qkv.view(*by_head))
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "wo", bias=False)


def cross_attention(tape: Tape, config: Config, x: Tensor, context: Tensor, mask: Tensor) -> Tensor:
    """Video tokens attend to the text; the mask [batch, n, text tokens] is repeated for every head."""
    batch, n, width = x.shape
    text, heads, d_head = context.shape[1], config.num_attention_heads, config.attention_head_dim
    with tape.scope("attn2"):
        q = tape.linear(x, width, "wq", bias=False).view(batch, n, heads, d_head)
        kv = tape.linear(context, 2 * width, "wkv", bias=False).view(batch, text, heads, d_head)
        q = cast_rms_norm(tape, q, "q_norm.weight")
        k = cast_rms_norm(tape, kv, "k_norm.weight")
        repeated = tape.copy(mask, batch, heads, n, text, name="repeat")
        keys = (batch, heads, text, d_head)
        out = tape.attention(q.view(batch, heads, n, d_head), k.view(*keys), kv.view(*keys), masked="dense")
        del repeated
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "wo", bias=False)
