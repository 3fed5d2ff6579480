"""The pre-norm transformer layers that CLIP and SigLIP share, text and vision alike.

Source: arXiv 2103.00020; transformers 5.23.0 models/clip/modeling_clip.py, models/siglip/modeling_siglip.py.
"""

from vidcalc.base.number import Number
from vidcalc.networks.encoders.activation import quick_gelu
from vidcalc.tape import Tape, Tensor


def layers(
    tape: Tape,
    x: Tensor,
    count: int,
    heads: Number,
    inner: Number,
    activation: str,
    *,
    keep_all: bool,
    mask: str = "none",
) -> tuple[Tensor, list[Tensor]]:
    """`count` layers over x[batch, n, width] -> their output, and the outputs of layers that are kept beside it.

    keep_all  every layer's output stays (a pipeline reads an inner layer); otherwise only what the next layer needs
    """
    # outputs of the layers before the last, which is the one on the tape
    outputs = [tape.empty(x.shape) for _ in range(count - 1 if keep_all else min(count - 1, 1))]
    hidden = outputs[-1] if outputs else x
    with tape.scope("encoder"), tape.repeat("layers", count):
        hidden = layer(tape, hidden, heads, inner, activation, mask)
    return hidden, outputs if keep_all else []


def layer(tape: Tape, x: Tensor, heads: Number, inner: Number, activation: str, mask: str) -> Tensor:
    """Self-attention and feed-forward, each after a layer norm and added to its input."""
    hidden = tape.add(x, attention(tape, tape.layer_norm(x, "layer_norm1"), heads, mask))
    return tape.add(hidden, feed_forward(tape, tape.layer_norm(hidden, "layer_norm2"), inner, activation))


def attention(tape: Tape, x: Tensor, heads: Number, mask: str) -> Tensor:
    """Multi-head attention with biases."""
    batch, n, width = x.shape
    with tape.scope("self_attn"):
        q, k, v = (
            tape.linear(x, width, name).view(batch, heads, n, width // heads) for name in ("q_proj", "k_proj", "v_proj")
        )
        out = tape.attention(q, k, v, masked=mask)
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "out_proj")


def heads_merged(tape: Tape, x: Tensor, heads: Number, names: tuple[str, str, str], mask: str) -> Tensor:
    """Multi-head attention with biases, up to the merged heads [batch, n, width]: no projection out."""
    batch, n, width = x.shape
    q, k, v = (tape.linear(x, width, name).view(batch, heads, n, width // heads) for name in names)
    out = tape.attention(q, k, v, masked=mask)
    return tape.copy(out).view(batch, n, width)


def feed_forward(tape: Tape, x: Tensor, inner: Number, activation: str) -> Tensor:
    """Linear, activation, linear."""
    with tape.scope("mlp"):
        hidden = tape.linear(x, inner, "fc1")
        hidden = activated(tape, hidden, activation)
        return tape.linear(hidden, x.shape[-1], "fc2")


def activated(tape: Tape, x: Tensor, activation: str) -> Tensor:
    """The activation of that name."""
    if activation == "quick_gelu":
        return quick_gelu(tape, x)
    return tape.act(x, "gelu")
