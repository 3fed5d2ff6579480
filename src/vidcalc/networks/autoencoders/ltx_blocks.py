"""Building blocks of the LTX video VAEs: padded convolutions, conditioned residual blocks, folding resamplers.

Shared by LTX-Video and LTX-2. Mirrors diffusers' modules, including which copies eager PyTorch makes.
Source: diffusers 0.42.1 models/autoencoders/autoencoder_kl_ltx.py, autoencoder_kl_ltx2.py.
"""

from typing import NamedTuple

from vidcalc.base.number import Number, product
from vidcalc.networks.norm import mixed_rms_norm
from vidcalc.networks.transformers.embedding import sinusoid, timestep_mlp
from vidcalc.tape import Tape, Tensor

STRIDES = {"spatial": (1, 2, 2), "temporal": (2, 1, 1), "spatiotemporal": (2, 2, 2)}
TIME_CHANNELS = 256  # sinusoidal features of a timestep (PixArtAlphaCombinedTimestepSizeEmbeddings)


class Style(NamedTuple):
    """How one half of a VAE is built.

    causal         frames before the first are padded, otherwise half before and half after
    norm           "mixed": diffusers' RMSNorm over channels; "plain": the same without float32 (PerChannelRMSNorm)
    padding        spatial padding: "zeros", or "reflect" (a copy of its own)
    shortcut       "padded": the 1×1×1 shortcut pads time by nothing, which copies; "plain": it does not
    noise          random noise is added after each convolution of this block
    """

    causal: bool = True
    norm: str = "mixed"
    padding: str = "zeros"
    shortcut: str = "padded"
    noise: bool = False


def padded_conv(
    tape: Tape,
    x: Tensor,
    c_out: Number,
    name: str,
    style: Style,
    kernel: int = 3,
    stride: tuple[int, int, int] = (1, 1, 1),
) -> Tensor:
    """x[b, c, t, h, w] with its end frames repeated (always a copy), then convolved."""
    b, c, t, h, w = x.shape
    front = tape.empty((b, c, (kernel - 1) // (1 if style.causal else 2), h, w), x.dtype)
    back = tape.empty((b, c, 0 if style.causal else (kernel - 1) // 2, h, w), x.dtype)
    joined = tape.copy(x, b, c, t + kernel - 1, h, w, name="cat")
    reflected = joined
    if style.padding == "reflect":
        reflected = tape.copy(joined, b, c, t + kernel - 1, h + kernel - 1, w + kernel - 1, name="pad")
    out = (t - 1) // stride[0] + 1, (h - 1) // stride[1] + 1, (w - 1) // stride[2] + 1
    convolved = tape.convolution(reflected, c_out, (kernel, kernel, kernel), name + ".conv", out=out)
    del front, back
    return convolved


def channel_norm(tape: Tape, x: Tensor, style: Style) -> Tensor:
    """x[b, c, t, h, w] over the root mean square of its channels; no weights."""
    b, c, t, h, w = x.shape
    if style.norm == "mixed":
        return mixed_rms_norm(tape, x.view(b, t, h, w, c)).view(b, c, t, h, w)
    square = tape.act(x, "square")
    mean = tape.empty((b, 1, t, h, w), x.dtype, square.node)
    del square
    root = tape.act(tape.scale(mean), "sqrt")
    return tape.mul(x, root)


def residual_block(tape: Tape, x: Tensor, c_out: Number, temb: Tensor | None, name: str, style: Style) -> Tensor:
    """norm (scaled and shifted by the timestep where conditioned), SiLU, convolution, twice; a normed shortcut."""
    b, c = x.shape[:2]
    with tape.scope(name):
        hidden = channel_norm(tape, x, style)
        vectors = None
        if temb is not None:
            tape.parameter("scale_shift_table", 4 * c)
            vectors = tape.pointwise("modulation", (temb,), (b, 4, c, 1, 1, 1))
            hidden = modulated(tape, hidden, vectors)
        hidden = tape.act(hidden)
        hidden = padded_conv(tape, hidden, c_out, "conv1", style)
        noise = spatial_noise(tape, hidden, style)
        hidden = noised(tape, hidden, noise, c, "per_channel_scale1")
        hidden = channel_norm(tape, hidden, style)
        if vectors is not None:
            hidden = modulated(tape, hidden, vectors)
        hidden = tape.act(hidden)
        hidden = padded_conv(tape, hidden, c_out, "conv2", style)
        noise = spatial_noise(tape, hidden, style)
        hidden = noised(tape, hidden, noise, c, "per_channel_scale2")
        return tape.add(hidden, shortcut(tape, x, c_out, style))


def modulated(tape: Tape, x: Tensor, vectors: Tensor) -> Tensor:
    """x · (1 + scale) + shift; scale and shift are slices of `vectors`."""
    vector = vectors.view(x.shape[0], x.shape[1], 1, 1, 1)
    return tape.add(tape.mul(x, tape.scale(vector)), vector)


def spatial_noise(tape: Tape, x: Tensor, style: Style) -> Tensor | None:
    """Noise[1, h, w], one for all channels and frames, where this block injects any."""
    return tape.empty((1, *x.shape[-2:]), x.dtype) if style.noise else None


def noised(tape: Tape, x: Tensor, noise: Tensor | None, c_in: Number, name: str) -> Tensor:
    """x + noise · scale[c]."""
    if noise is None:
        return x
    tape.parameter(name, c_in)
    return tape.add(x, tape.pointwise("noise", (noise,), (x.shape[1], *x.shape[-2:])))


def shortcut(tape: Tape, x: Tensor, c_out: Number, style: Style) -> Tensor:
    """The block's input, normed and convolved 1×1×1 where the width changes."""
    b, c, t, h, w = x.shape
    if c == c_out:
        return x
    normed = tape.layer_norm(x.view(b, t, h, w, c), "norm3").view(b, c, t, h, w)
    if style.shortcut == "padded":
        return padded_conv(tape, normed, c_out, "conv_shortcut", style._replace(padding="zeros"), 1)
    return tape.convolution(normed, c_out, (1, 1, 1), "conv_shortcut")


def residual_blocks(tape: Tape, x: Tensor, count: int, temb: Tensor | None, style: Style) -> Tensor:
    """`count` residual blocks of one width."""
    hidden = x
    for i in range(count):
        hidden = residual_block(tape, hidden, x.shape[1], temb, f"resnets.{i}", style)
    return hidden


def time_embedding(tape: Tape, step: Tensor | None, batch: Number, width: Number) -> Tensor | None:
    """The noise level as a vector[batch, width] in the VAE's dtype, where the VAE is conditioned on it."""
    if step is None:
        return None
    with tape.scope("time_embedder"):
        features = tape.cast(sinusoid(tape, batch, TIME_CHANNELS), tape.dtype)
        return timestep_mlp(tape, features, width, "timestep_embedder")


def fold(tape: Tape, x: Tensor, stride: tuple[int, int, int]) -> Tensor:
    """Blocks of stride places become channels; a copy."""
    b, c, t, h, w = x.shape
    st, sh, sw = stride
    return tape.copy(x, b, c * product(stride), t // st, h // sh, w // sw, name="fold")


def downsample(tape: Tape, x: Tensor, c_out: Number, kind: str, name: str, style: Style) -> Tensor:
    """Fold a convolution to fewer channels, plus the mean of the folded input over groups of channels."""
    stride = STRIDES[kind]
    b, c, t, h, w = x.shape
    joined = tape.copy(x, b, c, t + stride[0] - 1, h, w, name="cat")
    folded = fold(tape, joined, stride)
    residual = tape.pointwise("mean", (folded,), (b, c_out, *folded.shape[2:]))
    del folded
    with tape.scope(name):
        narrow = padded_conv(tape, joined, c_out // product(stride), "conv", style)
    del joined
    folded = fold(tape, narrow, stride)
    del narrow
    return tape.add(folded, residual)


def upsample(tape: Tape, x: Tensor, kind: str, name: str, style: Style, *, residual: bool, factor: int) -> Tensor:
    """Unfold a convolution to more channels (dropping frames before the first), plus the repeated unfolded input.

    x[b, c, t, h, w] -> [b, c / factor, s·t − s + 1, …] for a stride of s in time.
    """
    st, sh, sw = stride = STRIDES[kind]
    b, c, t, h, w = x.shape
    places = (t * st, h * sh, w * sw)
    repeats = product(stride) // factor
    repeated = None
    if residual:
        unfolded = tape.copy(x, b, c // product(stride), *places, name="unfold")
        repeated = tape.copy(unfolded, b, c // product(stride) * repeats, *places, name="repeat")
        del unfolded
    with tape.scope(name):
        wide = padded_conv(tape, x, c * product(stride) // factor, "conv", style)
    unfolded = tape.copy(wide, b, c // factor, *places, name="unfold")
    del wide
    kept = unfolded.view(b, c // factor, places[0] - (st - 1), *places[1:])
    del unfolded
    return kept if repeated is None else tape.add(kept, repeated)


def patches(tape: Tape, x: Tensor, patch: int, patch_t: int) -> Tensor:
    """pixels -> channels of patch_t × patch × patch places; a copy."""
    return fold(tape, x, (patch_t, patch, patch))
