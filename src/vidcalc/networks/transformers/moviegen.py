"""Movie Gen Video transformer, as its paper describes it: Llama-like blocks, cross-attention, steered by the timestep.

No code or weights are published. What the paper leaves open is taken in the plainest way that its stated size of 30
billion weights admits: one modulation for all blocks plus a table per block (a matrix per block would add a third),
no biases, positions learned per axis and added in every block, each text encoder's tokens brought to the hidden size
by one matrix and a norm.
Source: arXiv 2410.13720, section 3.1 and table 1.
"""

import msgspec

from vidcalc.base.number import Number, maximum, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid
from vidcalc.networks.transformers.official_layers import fused_rms_norm, modulated, modulation_table, named_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("MovieGenVideo",)
FREQUENCIES = 256  # width of the sinusoidal timestep features, as in DiT (arXiv 2212.09748)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers the paper prints.

    channels   of the latent;  text  (tokens at most, width) of each text encoder: UL2, ByT5, long-prompt MetaCLIP
    positions  learned per axis: latent frames, patches in height, patches in width
    """

    layers: Number = 48
    hidden: Number = 6144
    heads: Number = 48
    ffn_hidden: Number = 16384
    patch: tuple[Number, Number, Number] = (1, 2, 2)
    channels: Number = 16
    text: tuple[tuple[Number, Number], ...] = ((256, 4096), (100, 1472), (256, 1280))
    positions: tuple[Number, Number, Number] = (32, 48, 48)

    @property
    def width(self) -> Number:
        """Hidden size."""
        return self.hidden

    @property
    def num_layers(self) -> Number:
        """Blocks."""
        return self.layers


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = config.patch
    return (shape.frames // t) * (shape.height // h) * (shape.width // w)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, channels, frames, height, width] -> the same."""
    batch, n, width = shape.batch, tokens(config, shape), config.width
    t, h, w = config.patch
    latent = tape.input(batch, config.channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch)
    context = text_context(tape, config, shape)
    grid = (shape.frames // t, shape.height // h, shape.width // w)
    hidden = tape.convolution(latent, width, config.patch, "patchifier", out=grid).view(batch, n, width)
    features = tape.cast(sinusoid(tape, batch, FREQUENCIES), tape.dtype)
    temb = named_mlp(tape, features, width, width, "timestep", ("0", "2"))
    modulation = tape.linear(tape.act(temb), 6 * width, "modulation")
    with tape.repeat("blocks", config.layers, hidden):
        hidden = block(tape, config, hidden, context, modulation)
    vectors = modulation_table(tape, tape.copy(temb, batch, 2 * width), 2, width)
    out = modulated(tape, fused_rms_norm(tape, hidden), vectors)
    out = tape.linear(out, t * h * w * config.channels, "proj_out", bias=False)
    del timestep
    return tape.copy(out, batch, config.channels, shape.frames, shape.height, shape.width, name="unpatchify")


def text_context(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """Tokens of all text encoders side by side [batch, tokens, width]; the last takes what the others leave."""
    left, parts, last = shape.tokens, [], len(config.text) - 1
    for index, (most, d_text) in enumerate(config.text):
        count = maximum(left if index == last else minimum(left, most), 1)
        left = left - count
        projected = tape.linear(tape.input(shape.batch, count, d_text), config.width, f"text.{index}", bias=False)
        parts.append(tape.layer_norm(projected, f"text_norm.{index}"))
    return tape.cat(tuple(parts), shape.batch, shape.tokens, config.width)


def block(tape: Tape, config: Config, x: Tensor, context: Tensor, modulation: Tensor) -> Tensor:
    """Positions, modulated self-attention, cross-attention, modulated SwiGLU feed-forward."""
    own = modulation_table(tape, modulation, 6, config.width)
    tape.parameter("positions", sum(config.positions) * config.width)
    placed = tape.add(x, tape.empty((1, x.shape[1], config.width)))
    entering = modulated(tape, fused_rms_norm(tape, placed, "norm1.weight"), own)
    hidden = tape.add(placed, tape.mul(attention(tape, config, entering, entering, "attention"), own))
    normed = fused_rms_norm(tape, hidden, "norm2.weight")
    hidden = tape.add(hidden, attention(tape, config, normed, context, "cross_attention"))
    entering = modulated(tape, fused_rms_norm(tape, hidden, "norm3.weight"), own)
    return tape.add(hidden, tape.mul(feed_forward(tape, config, entering), own))


def attention(tape: Tape, config: Config, x: Tensor, source: Tensor, name: str) -> Tensor:
    """Multi-head attention of x to `source`, without biases."""
    batch, n, width = x.shape
    keys, d_head = source.shape[1], width // config.heads
    with tape.scope(name):
        q = tape.linear(x, width, "q", bias=False).view(batch, config.heads, n, d_head)
        k = tape.linear(source, width, "k", bias=False).view(batch, config.heads, keys, d_head)
        v = tape.linear(source, width, "v", bias=False).view(batch, config.heads, keys, d_head)
        out = tape.attention(q, k, v)
        return tape.linear(out.view(batch, n, width), width, "out", bias=False)


def feed_forward(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """SwiGLU without biases."""
    with tape.scope("feed_forward"):
        gate = tape.act(tape.linear(x, config.ffn_hidden, "w1", bias=False))
        product = tape.mul(gate, tape.linear(x, config.ffn_hidden, "w3", bias=False))
        del gate
        return tape.linear(product, config.width, "w2", bias=False)
