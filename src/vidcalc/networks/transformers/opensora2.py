"""Open-Sora 2.0 video transformer: two streams (video, text) with joint attention, then one stream of both, as in Flux.

Mirrors MMDiTModel without weights of its own for guidance: RMS norms of queries and keys and the rotary embedding are
single kernels (the published inference configuration), attention is fused.
Source: arXiv 2503.09642; hpcaitech/Open-Sora opensora/models/mmdit/{model,layers,math}.py and configs/diffusion.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid
from vidcalc.networks.transformers.hunyuan_blocks import sliced_linear
from vidcalc.networks.transformers.official_layers import fused_rms_norm, modulated, named_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("MMDiTModel",)
FREQUENCIES = 256  # width of the sinusoidal timestep features, fixed in the class


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under the class's names."""

    in_channels: Number = 64
    vec_in_dim: Number = 768
    context_in_dim: Number = 4096
    hidden_size: Number = 3072
    mlp_ratio: Number = 4
    num_heads: Number = 24
    depth: Number = 19
    depth_single_blocks: Number = 38
    qkv_bias: bool = True
    cond_embed: bool = False
    patch_size: Number = 2

    @property
    def width(self) -> Number:
        """Hidden size."""
        return self.hidden_size

    @property
    def inner(self) -> Number:
        """Hidden size of the feed-forward."""
        return int(self.hidden_size * self.mlp_ratio)

    @property
    def d_head(self) -> Number:
        """Size of one head."""
        return self.hidden_size // self.num_heads

    @property
    def num_layers(self) -> Number:
        """Blocks of both kinds."""
        return self.depth + self.depth_single_blocks


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return shape.frames * (shape.height // config.patch_size) * (shape.width // config.patch_size)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """Video tokens[batch, n, in_channels] and text[batch, tokens, context_in_dim] -> [batch, n, in_channels]."""
    batch, n, width = shape.batch, tokens(config, shape), config.width
    video = tape.input(batch, n, config.in_channels)
    places = tape.input(batch, n, 3)
    text = tape.input(batch, shape.tokens, config.context_in_dim)
    text_places = tape.input(batch, shape.tokens, 3)
    timestep = tape.input(batch)
    pooled = tape.input(batch, config.vec_in_dim)
    condition = tape.input(batch, n, config.in_channels + config.patch_size**2) if config.cond_embed else None

    img = tape.linear(video, width, "img_in")
    if condition is not None:
        img = tape.add(img, tape.linear(condition, width, "cond_in"))
    vec = vector(tape, config, batch, pooled)
    txt = tape.linear(text, width, "txt_in")
    rotary = rotary_table(tape, config, batch, n + shape.tokens)

    with tape.repeat("double_blocks", config.depth, img, txt):
        img, txt = double_block(tape, config, img, txt, vec)
    hidden = tape.cat((txt, img), batch, n + shape.tokens, width)
    del img
    with tape.repeat("single_blocks", config.depth_single_blocks, hidden):
        hidden = single_block(tape, config, hidden, vec)
    out = last_layer(tape, config, hidden.view(batch, n, width), vec)
    del places, text_places, timestep, rotary
    return out


def vector(tape: Tape, config: Config, batch: Number, pooled: Tensor) -> Tensor:
    """What modulates every block, from the timestep and the pooled text [batch, width]."""
    features = tape.cast(sinusoid(tape, batch, FREQUENCIES), tape.dtype)
    time = named_mlp(tape, features, config.width, config.width, "time_in", ("in_layer", "out_layer"))
    return tape.add(time, named_mlp(tape, pooled, config.width, config.width, "vector_in", ("in_layer", "out_layer")))


def rotary_table(tape: Tape, config: Config, batch: Number, n: Number) -> tuple[Tensor, Tensor]:
    """Cosines and sines of text and video places, each [batch, n, head size] in float32."""
    cosine = tape.empty((batch, n, config.d_head), "fp32")
    sine = tape.empty((batch, n, config.d_head), "fp32")
    tape.traffic("rope", cosine.nbytes + sine.nbytes, 2)
    return cosine, sine


def modulation(tape: Tape, vec: Tensor, count: int, name: str) -> Tensor:
    """`count` modulation vectors; a view of one of them [batch, 1, width] holds them all."""
    emb = tape.linear(tape.act(vec), count * vec.shape[-1], name)
    return emb.view(vec.shape[0], 1, vec.shape[-1])


def double_block(tape: Tape, config: Config, x: Tensor, c: Tensor, vec: Tensor) -> tuple[Tensor, Tensor]:
    """x[batch, n, width] (video), c[batch, tokens, width] (text): joint attention, then a feed-forward each.

    The queries, keys and values before and after joining are held to the end of the block.
    """
    batch, n, width = x.shape
    both = n + c.shape[1]
    own, own_text = modulation(tape, vec, 6, "img_mod.lin"), modulation(tape, vec, 6, "txt_mod.lin")
    normed = tape.layer_norm(x)
    video = modulated(tape, normed, own)
    del normed
    q, k, v = projections(tape, config, video, "img_attn")
    normed = tape.layer_norm(c)
    words = modulated(tape, normed, own_text)
    del normed
    text_q, text_k, text_v = projections(tape, config, words, "txt_attn")
    joined = (batch, config.num_heads, both, config.d_head)
    joined_q, joined_k = tape.cat((text_q, q), *joined), tape.cat((text_k, k), *joined)
    joined_v = tape.cat((text_v, v), *joined)
    merged = attended(tape, joined_q, joined_k, joined_v)

    text = merged.view(batch, c.shape[1], width)
    img = tape.add(x, tape.mul(sliced_linear(tape, merged.view(batch, n, width), width, "img_attn.proj"), own))
    img = tape.add(img, tape.mul(feed_forward(tape, config, img, own, "img"), own))
    txt = tape.add(c, tape.mul(sliced_linear(tape, text, width, "txt_attn.proj"), own_text))
    txt = tape.add(txt, tape.mul(feed_forward(tape, config, txt, own_text, "txt"), own_text))
    del video, words, q, k, v, text_q, text_k, text_v, joined_q, joined_k, joined_v
    return img, txt


def projections(tape: Tape, config: Config, x: Tensor, name: str) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values [batch, heads, n, head size]; the first two RMS-normed per head."""
    batch, n, width = x.shape
    heads, d_head = config.num_heads, config.d_head
    with tape.scope(name):
        bias = config.qkv_bias
        q = tape.linear(x, width, "q_proj", bias=bias).view(batch, heads, n, d_head)
        k = tape.linear(x, width, "k_proj", bias=bias).view(batch, heads, n, d_head)
        v = tape.linear(x, width, "v_proj", bias=bias).view(batch, heads, n, d_head)
        normed_q = fused_rms_norm(tape, q, "norm.query_norm.scale")
        normed_k = fused_rms_norm(tape, k, "norm.key_norm.scale")
        return normed_q, normed_k, v


def attended(tape: Tape, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Queries and keys turned (made contiguous, then in place), fused attention -> [batch, n, width]."""
    batch, heads, n, d_head = q.shape
    turned_q, turned_k = tape.copy(q, name="contiguous"), tape.copy(k, name="contiguous")
    tape.traffic("rope", 4 * turned_q.nbytes)
    return tape.attention(turned_q, turned_k, v).view(batch, n, heads * d_head)


def feed_forward(tape: Tape, config: Config, x: Tensor, own: Tensor, name: str) -> Tensor:
    """Modulated norm, linear, GELU, linear."""
    entering = tape.add(tape.mul(tape.layer_norm(x), tape.scale(own)), own)
    return named_mlp(tape, entering, config.inner, config.width, name + "_mlp", ("0", "2"), act="gelu")


def single_block(tape: Tape, config: Config, x: Tensor, vec: Tensor) -> Tensor:
    """Attention and feed-forward side by side over text and video, one projection out of both."""
    batch, n, width = x.shape
    heads, d_head, inner = config.num_heads, config.d_head, config.inner
    own = modulation(tape, vec, 3, "modulation.lin")
    entering = tape.add(tape.mul(tape.layer_norm(x), tape.scale(own)), own)
    q = tape.linear(entering, width, "q_proj").view(batch, heads, n, d_head)
    k = tape.linear(entering, width, "k_proj").view(batch, heads, n, d_head)
    v_mlp = tape.linear(entering, width + inner, "v_mlp")
    normed_q = fused_rms_norm(tape, q, "norm.query_norm.scale")
    normed_k = fused_rms_norm(tape, k, "norm.key_norm.scale")
    del q, k
    merged = attended(tape, normed_q, normed_k, v_mlp.view(batch, heads, n, d_head))
    mlp = v_mlp.view(batch, n, inner)
    wide = tape.cat((merged, tape.act(mlp, "gelu")), batch, n, width + inner)
    projected = tape.linear(wide, width, "linear2")
    del wide
    out = tape.add(x, tape.mul(projected, own))
    del entering, normed_q, normed_k, v_mlp
    return out


def last_layer(tape: Tape, config: Config, x: Tensor, vec: Tensor) -> Tensor:
    """Modulated norm and projection: [batch, n, width] -> [batch, n, in_channels]."""
    with tape.scope("final_layer"):
        own = modulation(tape, vec, 2, "adaLN_modulation.1")
        entering = tape.add(tape.mul(tape.layer_norm(x), tape.scale(own)), own)
        return tape.linear(entering, config.in_channels, "linear")
