"""Building blocks of the Mochi video VAE: per-frame norms, replicate-padded convolutions, attention over time.

Mirrors diffusers' modules, including which copies eager PyTorch makes.
Source: diffusers 0.42.1 models/autoencoders/autoencoder_kl_mochi.py, models/attention_processor.py.
"""

from typing import Any

from vidcalc.base.number import maximum, minimum, where
from vidcalc.networks.autoencoders.cogvideox_blocks import safe_conv
from vidcalc.tape import Tape, Tensor

NORM_GROUPS = 32
NORM_CHUNK = 8  # frames normed together
HEAD_SIZE = 32
ATTENTION_CHUNK = 2**15  # places attended together


def frame_norm(tape: Tape, x: Tensor, name: str, *, channels_last: bool = False) -> Tensor:
    """Group norm of every frame of x[b, c, t, h, w], in chunks of eight frames that are joined afterwards.

    Frames first is a copy of everything with more than one clip, else of each chunk (always of each chunk where x
    has its channels last).
    """
    b, c, t, h, w = x.shape
    clips, frames = minimum(b - 1, 1), minimum(t - 1, 1)
    whole = 0 if channels_last else clips * frames
    partly = 1 if channels_last else frames * (1 - clips)
    flat = tape.empty((b * t * whole, c, h, w), x.dtype)
    chunk = tape.empty((minimum(b * t, NORM_CHUNK) * partly, c, h, w), x.dtype)
    normed = tape.group_norm(x.view(b * t, c, h, w), NORM_GROUPS, name + ".norm_layer")
    del chunk
    out = tape.cat((normed,), b, c, t, h, w)
    del flat
    return out


def replicate_conv(tape: Tape, x: Tensor, c_out: Any, kernel: tuple[int, int, int], name: str) -> Tensor:
    """x[b, c, t, h, w] with its edges repeated (all of time in front), then a 3×3×3 convolution."""
    b, c, t, h, w = x.shape
    kt, kh, kw = kernel
    padded = tape.copy(x, b, c, t + kt - 1, h + kh - 1, w + kw - 1, name="pad")
    with tape.scope(name):
        return safe_conv(tape, padded, c_out, kernel, "conv", (t, h, w))


def strided_conv(tape: Tape, x: Tensor, c_out: Any, kernel: tuple[int, int, int], name: str) -> Tensor:
    """One output per kernel of places; the first frame repeated in front; always a copy."""
    b, c, t, h, w = x.shape
    kt, kh, kw = kernel
    padded = tape.copy(x, b, c, t + kt - 1, h, w, name="pad")
    with tape.scope(name):
        return safe_conv(tape, padded, c_out, kernel, "conv", ((t - 1) // kt + 1, h // kh, w // kw))


def channel_linear(tape: Tape, x: Tensor, c_out: Any, name: str, *, bias: bool = True) -> Tensor:
    """A linear layer over the channels of x[b, c, t, h, w], not contiguous: copied, multiplied, bias added apart."""
    b, c, t, h, w = x.shape
    last = tape.copy(x, b, t, h, w, c)
    out = tape.linear(last, c_out, name, bias=bias)
    del last
    if bias:
        out = tape.scale(out, "bias")
    return out.view(b, c_out, t, h, w)


def residual_block(tape: Tape, x: Tensor, name: str, *, channels_last: bool = False) -> Tensor:
    """norm, SiLU, causal convolution, twice, plus x."""
    width = x.shape[1]
    with tape.scope(name):
        hidden = frame_norm(tape, x, "norm1", channels_last=channels_last)
        hidden = tape.act(hidden)
        hidden = replicate_conv(tape, hidden, width, (3, 3, 3), "conv1")
        hidden = frame_norm(tape, hidden, "norm2")
        hidden = tape.act(hidden)
        hidden = replicate_conv(tape, hidden, width, (3, 3, 3), "conv2")
        return tape.add(hidden, x)


def time_attention(tape: Tape, x: Tensor, index: int, *, chunked: bool) -> Tensor:
    """x plus attention over the frames at every place; `chunked`: at most 2^15 places at a time."""
    b, c, t, h, w = x.shape
    normed = frame_norm(tape, x, f"norms.{index}")
    places = b * h * w
    hidden = tape.copy(normed, places, t, c, name="places first")
    del normed
    together = minimum(places, ATTENTION_CHUNK) if chunked else places
    with tape.scope(f"attentions.{index}"):
        # the results of the chunks before, all of which the last chunk finds alive
        several = where(places > together, 1, 0)
        whole = maximum((places - 1) // together, 0)
        before = tape.empty((whole * together, t, c), x.dtype)
        with tape.again(whole):
            attended = attention_chunk(tape, hidden.view(together, t, c))
            del attended
        del before
        before = tape.empty((whole * together, t, c), x.dtype)
        attended = attention_chunk(tape, hidden.view(places - whole * together, t, c))
        joined = tape.empty((several * places, t, c), x.dtype)
        rest = tape.empty(((1 - several) * places, t, c), x.dtype)
        del before, attended, hidden
    out = tape.add(x, x)
    del joined, rest
    return out


def attention_chunk(tape: Tape, x: Tensor) -> Tensor:
    """Attention over time of x[places, t, c] with unit-length queries and keys; a single frame skips it."""
    places, t, c = x.shape
    heads = c // HEAD_SIZE
    several = minimum(t - 1, 1)
    v = tape.linear(x, c, "to_v", bias=False).view(places, heads, t, HEAD_SIZE)
    with tape.again(several):
        q = tape.linear(x, c, "to_q", bias=False).view(places, heads, t, HEAD_SIZE)
        k = tape.linear(x, c, "to_k", bias=False).view(places, heads, t, HEAD_SIZE)
        q = unit_length(tape, q)
        k = unit_length(tape, k)
        out = tape.attention(q, k, v, masked="causal")
        merged = tape.copy(out)
        del out
    projected = tape.linear(merged.view(places, t, c), c, "to_out.0")
    del merged
    return tape.scale(projected, "rescale")


def unit_length(tape: Tape, x: Tensor) -> Tensor:
    """x over its length along the last dimension."""
    length = tape.scale(tape.empty((*x.shape[:-1], 1), x.dtype))
    return tape.mul(x, length)
