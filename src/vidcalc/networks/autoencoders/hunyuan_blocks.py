"""Building blocks of the HunyuanVideo VAE: causal convolutions, residual blocks, masked attention, resampling.

Source: diffusers 0.42.1 models/autoencoders/autoencoder_kl_hunyuan_video.py.
"""

from vidcalc.base.number import Number, minimum
from vidcalc.tape import Tape, Tensor


def causal_conv(
    tape: Tape, x: Tensor, c_out: Number, kernel: int, name: str, steps: tuple[int, int, int] = (1, 1, 1)
) -> Tensor:
    """x[b, c, t, h, w] padded in front in time and around in space (a copy), then convolved with strides `steps`."""
    b, c, *places = x.shape
    more = kernel - 1
    padded = tape.copy(x, b, c, *(n + more for n in places), name="pad")
    out = tuple((n - 1) // step + 1 for n, step in zip(places, steps, strict=True))
    return tape.convolution(padded, c_out, (kernel, kernel, kernel), name + ".conv", out=out)


def residual_block(
    tape: Tape, x: Tensor, c_out: Number, groups: Number, name: str, *, contiguous: bool = True
) -> Tensor:
    """norm, SiLU, convolution, twice; a 1×1×1 shortcut where the width changes. x that is not contiguous is copied."""
    with tape.scope(name):
        residual = x if contiguous else tape.copy(x)
        hidden = tape.group_norm(residual, groups, "norm1")
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, c_out, 3, "conv1")
        hidden = tape.group_norm(hidden, groups, "norm2")
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, c_out, 3, "conv2")
        if x.shape[1] != c_out:
            residual = causal_conv(tape, residual, c_out, 1, "conv_shortcut")
        return tape.add(hidden, residual)


def mid_block(tape: Tape, x: Tensor, groups: Number, attend: bool, name: str) -> Tensor:
    """Residual block, attention over all places of all frames, residual block."""
    b, c, t, h, w = x.shape
    with tape.scope(name):
        hidden = residual_block(tape, x, c, groups, "resnets.0")
        if not attend:
            return residual_block(tape, hidden, c, groups, "resnets.1")
        mask = causal_mask(tape, t, h * w)
        hidden = attention(tape, hidden.view(b, t * h * w, c), groups, "attentions.0").view(b, c, t, h, w)
        out = residual_block(tape, hidden, c, groups, "resnets.1", contiguous=False)
        del mask
        return out


def causal_mask(tape: Tape, frames: Number, places: Number) -> Tensor:
    """Additive mask [n, n] for n = frames · places: every place sees its own frame and those before."""
    n = frames * places
    indices = tape.empty((frames,), "int32"), tape.empty((n,), "int32")
    later = tape.empty((n, n), "bool")
    scalars = tape.empty((1,), "fp32"), tape.empty((1,), "fp32")
    wide = tape.pointwise("where", (later,), (n, n), "fp32")
    del later, scalars
    mask = tape.cast(wide, tape.dtype)
    del indices
    return mask


def attention(tape: Tape, x: Tensor, groups: Number, name: str) -> Tensor:
    """Single-head attention over x[b, n, c]: a group norm before, the input added after (diffusers' Attention)."""
    b, n, c = x.shape
    with tape.scope(name):
        normed = tape.group_norm(x.view(b, c, n), groups, "group_norm").view(b, n, c)
        q, k, v = (transposed_linear(tape, normed, c, name) for name in ("to_q", "to_k", "to_v"))
        one_head = (b, 1, n, c)
        attended = tape.attention(q.view(*one_head), k.view(*one_head), v.view(*one_head), masked="dense").view(b, n, c)
        projected = tape.linear(attended, c, "to_out.0")
        del attended
        added = tape.add(projected, x)
        del projected
        out = tape.scale(added, "rescale")
        del q, k, v
        return out


def transposed_linear(tape: Tape, x: Tensor, d_out: Number, name: str) -> Tensor:
    """A linear layer on a transposed tensor: more than one sample is copied first; the bias is a second kernel."""
    b, n, d_in = x.shape
    contiguous = tape.copy(x, b * minimum(b - 1, 1), n, d_in, name="contiguous")
    product = tape.linear(x, d_out, name)
    del contiguous
    biased = tape.empty(product.shape, product.dtype)
    del biased
    return product


def up_block(
    tape: Tape, x: Tensor, width: Number, layers: int, groups: Number, steps: tuple[int, int, int], name: str
) -> Tensor:
    """Residual blocks, then the step up in time and space where there is one."""
    with tape.scope(name):
        hidden = x
        for i in range(layers):
            hidden = residual_block(tape, hidden, width, groups, f"resnets.{i}")
        return hidden if steps == (1, 1, 1) else upsample(tape, hidden, steps, "upsamplers.0")


def upsample(tape: Tape, x: Tensor, steps: tuple[int, int, int], name: str) -> Tensor:
    """Nearest-neighbour: the first frame grows in space only, the others in time too; joined, then convolved."""
    b, c, t, h, w = x.shape
    time, high, wide = steps
    several = minimum(t - 1, 1)
    frames = 1 + (t - 1) * time
    with tape.scope(name):
        first = tape.copy(x.view(b, c, 1, h, w), b, c, 1, high * h, wide * w, name="upsample")
        others = tape.copy(x.view(b, c, t - 1, h, w), name="contiguous")
        others = tape.copy(others, b, c, frames - 1, high * h, wide * w, name="upsample")
        joined = tape.cat((first, others), b, c, several * frames, high * h, wide * w)
        out = causal_conv(tape, joined.view(b, c, frames, high * h, wide * w), c, 3, "conv")
        del first, others, joined
        return out


def down_block(
    tape: Tape, x: Tensor, width: Number, layers: int, groups: Number, steps: tuple[int, int, int], name: str
) -> Tensor:
    """Residual blocks, then a strided convolution where there is a step down."""
    with tape.scope(name):
        hidden = x
        for i in range(layers):
            hidden = residual_block(tape, hidden, width, groups, f"resnets.{i}")
        return hidden if steps == (1, 1, 1) else causal_conv(tape, hidden, width, 3, "downsamplers.0.conv", steps)
