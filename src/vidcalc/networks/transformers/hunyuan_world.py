"""HY-WorldPlay, autoregressive: HunyuanVideo-1.5's video stream by chunks, over keys and values of text and of memory.

The text's stream runs once for a clip and leaves its keys and values; so do the latent frames that a chunk remembers,
shape.extra["cached_frames"] of them, before each chunk. Every block attends twice with one projection: rotated by
places, and transformed by the cameras' matrices (PRoPE); both are one attention of twice the batch, whose results have
an output layer each. A timestep and an action per frame are spread over its tokens before they become modulation.
Source: arXiv 2512.14614; Tencent-Hunyuan/HY-WorldPlay@da2d0c2
hyvideo/models/transformers/worldplay_1_5_transformer.py, modules/attention.py. The rest as in `hunyuan15.py`.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import hunyuan, hunyuan15
from vidcalc.networks.transformers.adaptive import modulated
from vidcalc.networks.transformers.embedding import feed_forward
from vidcalc.networks.transformers.rotary import rotary_tables, rotate_pairs
from vidcalc.tape import Tape, Tensor

CLASSES = ()  # its makers call it HunyuanVideo_1_5_DiffusionTransformer, as HunyuanVideo-1.5's
TWO = 2  # attentions of a block


class Config(hunyuan15.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens of one chunk."""
    return hunyuan15.tokens(config, shape)


def cached_tokens(config: Config, shape: Shape) -> Number:
    """Tokens of the latent frames that are remembered."""
    _, height, width = hunyuan.patches(config, shape)
    return shape.extra.get("cached_frames", 0) * height * width


def words(shape: Shape) -> Number:
    """Text, glyph and image tokens."""
    return shape.tokens + shape.image_tokens + shape.extra.get("glyph_tokens", hunyuan15.GLYPH_TOKENS)


def cache(config: Config, shape: Shape) -> Number:
    """Elements of the keys and values that stay from call to call: the text's, and the memory's for both attentions."""
    places = words(shape) + TWO * cached_tokens(config, shape)
    # [key, value] of every layer [batch, tokens, width]
    return 2 * config.num_layers * shape.batch * places * config.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """chunk[batch, in_channels, frames, height, width] -> [batch, video tokens, out_channels · patch volume]."""
    batch, width, n = shape.batch, config.width, tokens(config, shape)
    hidden = hunyuan15.embed_latent(tape, config, shape)
    timestep, action = tape.input(batch * shape.frames), tape.input(batch * shape.frames)
    held = tape.input(cache(config, shape))
    cameras = tape.input(batch, n, 16), tape.input(batch, n, 9)  # of every token: where it is, and its lens
    rotary = rotary_tables(tape, n, config.attention_head_dim)
    with tape.scope("time_embed"):
        steps = hunyuan.embedded_scalar(tape, timestep, width, "timestep_embedder")
    steps = tape.add(steps, hunyuan.embedded_scalar(tape, action, width, "action_in"))
    spread = tape.copy(steps, batch, n, width, name="repeat")
    del steps
    tape.parameter("cond_type_embed.weight", hunyuan15.CONTEXT_KINDS * width)
    words_alone(tape, config)
    with tape.repeat("transformer_blocks", config.num_layers, hidden):
        hidden = block(tape, config, shape, hidden, spread, rotary)
    vectors = tape.linear(tape.act(spread), 2 * width, "norm_out.linear").view(batch, n, 2, width)
    shown = modulated(tape, hidden, vectors.view(batch, n, width))
    del vectors, held, cameras
    return tape.linear(shown, config.patch_size_t * config.patch_size**2 * config.out_channels, "proj_out")


def words_alone(tape: Tape, config: Config) -> None:
    """Weights of the text's stream and of its embedders, whose work is done once for a clip."""
    once = Tape(tape.dtype)
    hunyuan15.run(once, config, Shape(frames=1, height=1, width=1, tokens=1, image_tokens=1), "none")
    own = ("transformer_blocks.", "x_embedder.", "proj_out.", "norm_out.", "time_embed.", "cond_type_embed.")
    stream = ("norm1_context.", "add_", "norm_added_", "ff_context.", "to_add_out.")
    for name, (elements, _) in once.parameters.items():
        part = name.split(".*.")[-1].removeprefix("attn.")
        if not name.startswith(own) or (name.startswith("transformer_blocks.") and part.startswith(stream)):
            tape.parameter(f"words.{name}", elements)


def block(tape: Tape, config: Config, shape: Shape, x: Tensor, spread: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """x[batch, n, width] attended twice to text, memory and itself, then its feed-forward; modulated by token."""
    batch, n, width = x.shape
    heads, d_head, before = config.num_attention_heads, config.attention_head_dim, cached_tokens(config, shape)
    vectors = tape.linear(tape.act(spread), 6 * width, "norm1.linear").view(batch, n, width)
    normed = modulated(tape, x, vectors)
    by_head = (batch, n, heads, d_head)
    with tape.scope("attn"):
        q = tape.rms_norm_narrow(tape.linear(normed, width, "to_q").view(*by_head), "norm_q")
        k = tape.rms_norm_narrow(tape.linear(normed, width, "to_k").view(*by_head), "norm_k")
        v = tape.linear(normed, width, "to_v").view(*by_head)
        del normed
        seen = [tape.copy(each, name="prope") for each in (q, k, v)]
        q, k = rotate_pairs(tape, q, rotary), rotate_pairs(tape, k, rotary)
        double = (TWO * batch, heads, n, d_head)
        queries = tape.cat((q, seen[0]), *double)
        keys, values = tape.cat((k, seen[1]), *double), tape.cat((v, seen[2]), *double)
        del q, k, v, seen
        every = (TWO * batch, heads, words(shape) + before + n, d_head)
        keys, values = tape.cat((keys,), *every), tape.cat((values,), *every)
        out = tape.attention(queries, keys, values)
        del queries, keys, values
        plain = tape.copy(out, batch, n, width)
        moved = tape.copy(out, batch, n, width, name="prope")
        del out
        update = tape.add(tape.linear(plain, width, "to_out.0"), tape.linear(moved, width, "to_out_prope"))
        del plain, moved
    hidden = tape.add(x, tape.mul(update, vectors))
    del update
    mixed = feed_forward(tape, modulated(tape, hidden, vectors), config.inner, width, "ff")
    return tape.add(hidden, tape.mul(mixed, vectors))
