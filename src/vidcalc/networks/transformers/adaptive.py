"""Norms that a timestep embedding steers: scale, shift and gate vectors made by one linear layer (adaLN-Zero and its
kin).

Mirrors diffusers' AdaLayerNormZero, AdaLayerNormZeroSingle, AdaLayerNormContinuous, SD35AdaLayerNormZeroX.
Source: arXiv 2212.09748; diffusers 0.42.1 models/normalization.py.
"""

from collections.abc import Callable

from vidcalc.base.number import Number
from vidcalc.networks.transformers.embedding import feed_forward
from vidcalc.tape import Tape, Tensor


def steered_norm(tape: Tape, x: Tensor, temb: Tensor, count: int, name: str) -> tuple[Tensor, Tensor]:
    """norm(x[batch, n, w]) · (1 + scale) + shift -> the result, and one of its `count` vectors [batch, 1, w]."""
    with tape.scope(name):
        vector = vectors(tape, temb, count, x.shape[-1])
        return tape.add(tape.mul(tape.layer_norm(x), tape.scale(vector)), vector), vector


def vectors(tape: Tape, temb: Tensor, count: int, width: Number) -> Tensor:
    """SiLU and linear: temb[batch, w] -> `count` vectors, seen as one of them [batch, 1, width]."""
    emb = tape.linear(tape.act(temb), count * width, "linear")
    return emb.view(emb.shape[0], 1, width)


def steered(tape: Tape, x: Tensor, vector: Tensor) -> Tensor:
    """x · (1 + scale) + shift with vectors at hand."""
    return tape.add(tape.mul(x, tape.scale(vector)), vector)


def modulated(tape: Tape, x: Tensor, vector: Tensor) -> Tensor:
    """norm(x) · (1 + scale) + shift with vectors at hand, of a sample or of every token."""
    return tape.add(tape.mul(tape.layer_norm(x), tape.scale(vector)), vector)


def two_stream_block(
    tape: Tape,
    x: Tensor,
    c: Tensor,
    temb: Tensor,
    attend: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    *,
    more: Callable[[Tensor], Tensor] | None = None,
    last: bool = False,
) -> tuple[Tensor | None, Tensor]:
    """Image x[batch, n, w] and text c[batch, tokens, w] with norms and feed-forwards of their own -> (text, image).

    attend   joint attention of the two
    more     a second attention on the image alone (with norm vectors of its own)
    last     the text is only attended to, and goes no further
    """
    normed, second, own = image_norm(tape, x, temb, more is not None)
    normed_text, own_text = steered_norm(tape, c, temb, 2 if last else 6, "norm1_context")
    if last:
        own_text = own  # the text's vectors go: they are not needed again
    attended, attended_text = attend(normed, normed_text)
    attended = tape.mul(attended, own)
    hidden = tape.add(x, attended)
    if more is not None and second is not None:
        update = more(second)
        update = tape.mul(update, own)
        hidden = tape.add(hidden, update)
    normed = tape.layer_norm(hidden)
    normed = steered(tape, normed, own)
    mixed = feed_forward(tape, normed, 4 * x.shape[-1], x.shape[-1], "ff")
    mixed = tape.mul(mixed, own)
    hidden = tape.add(hidden, mixed)
    if last:
        return None, hidden
    attended_text = tape.mul(attended_text, own_text)
    context = tape.add(c, attended_text)
    normed_text = tape.layer_norm(context)
    normed_text = steered(tape, normed_text, own_text)
    mixed_text = feed_forward(tape, normed_text, 4 * x.shape[-1], x.shape[-1], "ff_context")
    context = tape.add(context, tape.mul(mixed_text, own_text))
    return context, hidden


def image_norm(tape: Tape, x: Tensor, temb: Tensor, twice: bool) -> tuple[Tensor, Tensor | None, Tensor]:
    """The norm before attention -> its result, a second one with vectors of its own if `twice`, and the vectors."""
    if not twice:
        normed, own = steered_norm(tape, x, temb, 6, "norm1")
        return normed, None, own
    with tape.scope("norm1"):
        own = vectors(tape, temb, 9, x.shape[-1])
        normed = tape.layer_norm(x)
        first = steered(tape, normed, own)
        return first, steered(tape, normed, own), own
