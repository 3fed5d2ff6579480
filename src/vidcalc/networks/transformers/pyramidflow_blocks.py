"""Blocks of Pyramid Flow: two streams with joint attention, and one stream; modulation is spread over all tokens.

Every video token gets its own copy of the modulation vectors, as sequences of several sizes may share one batch; the
text's vectors are broadcast as usual.
Source: jy0205/Pyramid-Flow pyramid_dit/{mmdit_modules,flux_modules} (JointTransformerBlock, FluxTransformerBlock,
FluxSingleTransformerBlock, AdaLayerNormZero with hidden_length).
"""

from typing import Any

from vidcalc.networks.transformers.adaptive import steered_norm
from vidcalc.networks.transformers.embedding import feed_forward
from vidcalc.networks.transformers.official_layers import modulated
from vidcalc.networks.transformers.pyramidflow_attention import joint_attention, single_attention
from vidcalc.tape import Tape, Tensor

MLP_RATIO = 4  # of the feed-forwards, fixed in the classes


def spread_norm(tape: Tape, x: Tensor, temb: Tensor, count: int, name: str) -> tuple[Tensor, Tensor]:
    """norm(x[batch, n, w]) · (1 + scale) + shift -> the result, and one of the `count` vectors of every token."""
    batch, n, width = x.shape
    vectors = tape.linear(tape.act(temb), count * width, name + ".linear")
    zeros = tape.empty(x.shape)
    spread = tape.pointwise("repeat", (vectors, zeros), (batch, n, count * width)).view(batch, n, width)
    del vectors, zeros
    return tape.add(tape.mul(tape.layer_norm(x), tape.scale(spread)), spread), spread


def double_block(
    tape: Tape,
    heads: Any,
    x: Tensor,
    c: Tensor,
    temb: Tensor,
    rotary: Tensor,
    keys: Any,
    names: tuple[str, str],
    *,
    last: bool = False,
) -> tuple[Tensor, Tensor]:
    """Video x[batch, n, width] and text c[batch, tokens, width] -> (text, video).

    keys   tokens a query reads;  names  of the text's query and key norms;  last  the text goes no further
    """
    width = x.shape[-1]
    entering, own = spread_norm(tape, x, temb, 6, "norm1")
    words, own_text = steered_norm(tape, c, temb, 2 if last else 6, "norm1_context")
    attended, told = joint_attention(tape, heads, entering, words, rotary, keys, names, last=last)
    attended = tape.mul(attended, own)
    hidden = tape.add(x, attended)
    normed = tape.layer_norm(hidden)
    entering = modulated(tape, normed, own)
    del normed
    mixed = feed_forward(tape, entering, MLP_RATIO * width, width, "ff")
    mixed = tape.mul(mixed, own)
    out = tape.add(hidden, mixed)
    if last:
        return c, out
    told = tape.mul(told, own_text)
    context = tape.add(c, told)
    normed = tape.layer_norm(context)
    words = modulated(tape, normed, own_text)
    del normed
    mixed_text = feed_forward(tape, words, MLP_RATIO * width, width, "ff_context")
    context = tape.add(context, tape.mul(mixed_text, own_text))
    del attended, mixed
    return context, out


def single_block(tape: Tape, heads: Any, x: Tensor, temb: Tensor, rotary: Tensor, keys: Any) -> Tensor:
    """Attention and feed-forward side by side over the joint stream x[batch, both, width], then one projection."""
    batch, both, width = x.shape
    entering, own = spread_norm(tape, x, temb, 3, "norm")
    mixed = tape.act(tape.linear(entering, MLP_RATIO * width, "proj_mlp"), "gelu")
    attended = single_attention(tape, heads, entering, rotary, keys)
    hidden = tape.cat((attended, mixed), batch, both, (1 + MLP_RATIO) * width)
    hidden = tape.mul(tape.linear(hidden, width, "proj_out"), own)
    hidden = tape.add(x, hidden)
    del attended, mixed, entering
    return hidden
