"""Building blocks of the HunyuanVideo-1.5 VAE: residual blocks, masked attention, resampling by packing channels.

The first frame stands alone: it is resampled in space only, the others in time too where a level does so.
Source: diffusers 0.42.1 models/autoencoders/autoencoder_kl_hunyuanvideo15.py.
"""

from typing import Any

from vidcalc.networks.autoencoders.hunyuan_blocks import causal_conv
from vidcalc.networks.autoencoders.wan_blocks import channel_norm
from vidcalc.tape import Tape, Tensor


def residual_block(tape: Tape, x: Tensor, c_out: Any, name: str) -> Tensor:
    """norm, SiLU, causal convolution, twice; a plain 1×1×1 shortcut where the width changes."""
    with tape.scope(name):
        hidden = channel_norm(tape, x, "norm1")
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, c_out, 3, "conv1")
        hidden = channel_norm(tape, hidden, "norm2")
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, c_out, 3, "conv2")
        residual = x if x.shape[1] == c_out else tape.convolution(x, c_out, (1, 1, 1), "conv_shortcut")
        return tape.add(hidden, residual)


def mid_block(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Residual block, attention, residual block."""
    width = x.shape[1]
    with tape.scope(name):
        hidden = residual_block(tape, x, width, "resnets.0")
        hidden = attention_block(tape, hidden, "attentions.0")
        return residual_block(tape, hidden, width, "resnets.1")


def attention_block(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Single-head attention over all places of all frames; by a dense mask each frame sees itself and those before."""
    b, c, t, h, w = x.shape
    n = t * h * w
    with tape.scope(name):
        hidden = channel_norm(tape, x, "norm")
        q, k, v = (tape.convolution(hidden, c, (1, 1, 1), each) for each in ("to_q", "to_k", "to_v"))
        q = tape.copy(q, b, 1, n, c, name="contiguous")
        k = tape.copy(k, b, 1, n, c, name="contiguous")
        v = tape.copy(v, b, 1, n, c, name="contiguous")
        mask = tape.empty((n, n))
        tape.traffic("mask", 2 * mask.nbytes, 2)
        hidden = tape.attention(q, k, v, masked="dense").view(b, c, t, h, w)
        hidden = tape.convolution(hidden, c, (1, 1, 1), "proj_out")
        out = tape.add(hidden, x)
        del q, k, v, mask
        return out


def up_block(tape: Tape, x: Tensor, width: Any, layers: int, c_out: Any, times: int, name: str) -> Tensor:
    """Residual blocks, then the step up to `c_out` channels (None: no step); `times` is its factor in time."""
    with tape.scope(name):
        hidden = x
        for i in range(layers):
            hidden = residual_block(tape, hidden, width, f"resnets.{i}")
        return hidden if c_out is None else upsample(tape, hidden, c_out, times, "upsamplers.0")


def down_block(tape: Tape, x: Tensor, width: Any, layers: int, c_out: Any, times: int, name: str) -> Tensor:
    """Residual blocks, then the step down to `c_out` channels (None: no step); `times` is its factor in time."""
    with tape.scope(name):
        hidden = x
        for i in range(layers):
            hidden = residual_block(tape, hidden, width, f"resnets.{i}")
        return hidden if c_out is None else downsample(tape, hidden, c_out, times, "downsamplers.0")


def upsample(tape: Tape, x: Tensor, c_out: Any, times: int, name: str) -> Tensor:
    """A convolution to times·2·2 as many channels, unpacked into space and time, plus x unpacked and repeated."""
    b, c, t, h, w = x.shape
    with tape.scope(name):
        packed = causal_conv(tape, x, c_out * times * 4, 3, "conv")
        if times == 1:
            unpacked = tape.copy(packed, b, c_out, t, 2 * h, 2 * w, name="unpack")
            del packed
            repeated = tape.copy(x, b, 4 * c_out, t, h, w, name="repeat")
            shortcut = tape.copy(repeated, b, c_out, t, 2 * h, 2 * w, name="unpack")
            del repeated
            return tape.add(unpacked, shortcut)
        frames, later = 1 + (t - 1) * times, (t - 1) * times
        first = tape.copy(packed, b, c_out * times, 1, 2 * h, 2 * w, name="unpack")
        others = tape.copy(packed, b, c_out, later, 2 * h, 2 * w, name="unpack")
        joined = tape.cat((first, others), b, c_out, frames, 2 * h, 2 * w)
        del packed
        x_first = tape.copy(x, b, c // 4, 1, 2 * h, 2 * w, name="unpack")
        x_first = tape.copy(x_first, b, c_out, 1, 2 * h, 2 * w, name="repeat")
        x_others = tape.copy(x, b, c // (4 * times), later, 2 * h, 2 * w, name="unpack")
        x_others = tape.copy(x_others, b, c_out, later, 2 * h, 2 * w, name="repeat")
        shortcut = tape.cat((x_first, x_others), b, c_out, frames, 2 * h, 2 * w)
        out = tape.add(joined, shortcut)
        del first, others, x_first, x_others
        return out


def downsample(tape: Tape, x: Tensor, c_out: Any, times: int, name: str) -> Tensor:
    """A convolution whose places are packed into channels, plus x packed and averaged over groups of channels."""
    b, c, t, h, w = x.shape
    high, wide = h // 2, w // 2
    with tape.scope(name):
        narrow = c_out // (4 * times)
        convolved = causal_conv(tape, x, narrow, 3, "conv")
        if times == 1:
            packed = tape.copy(convolved, b, c_out, t, high, wide, name="pack")
            del convolved
            shortcut = tape.copy(x, b, 4 * c, t, high, wide, name="pack")
            shortcut = tape.pointwise("mean", (shortcut,), (b, c_out, t, high, wide))
            return tape.add(packed, shortcut)
        later = (t - 1) // times
        first = tape.copy(convolved, b, 4 * narrow, 1, high, wide, name="pack")
        first = tape.cat((first, first), b, c_out, 1, high, wide)
        others = tape.copy(convolved, b, c_out, later, high, wide, name="pack")
        joined = tape.cat((first, others), b, c_out, 1 + later, high, wide)
        del convolved
        x_first = tape.copy(x, b, 4 * c, 1, high, wide, name="pack")
        x_first = tape.pointwise("mean", (x_first,), (b, c_out, 1, high, wide))
        x_others = tape.copy(x, b, 4 * times * c, later, high, wide, name="pack")
        x_others = tape.pointwise("mean", (x_others,), (b, c_out, later, high, wide))
        shortcut = tape.cat((x_first, x_others), b, c_out, 1 + later, high, wide)
        out = tape.add(joined, shortcut)
        del first, others, x_first, x_others
        return out
