"""Open-Sora Plan's wavelet-flow VAE: the coarse wavelet bands of the video run beside the network, level by level.

Each wavelet band is one small convolution, analysed with a frame repeated in front. Version 1.3 splits the second level
in space only (4x8x8), version 1.5 in time too (8x8x8).
Source: arXiv 2411.17459; PKU-YuanGroup/Open-Sora-Plan opensora/models/causalvideovae/model/ (vae/modeling_wfvae.py,
modules/) and branch mindspeed_mmdit, mindspeed_mm/models/ae/wfvae.py, mindspeed_mm/models/common, read November 2026.
"""

import msgspec

from vidcalc.base.number import Number, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders.kl_blocks import posterior
from vidcalc.tape import Tape, Tensor

CLASSES = ("WFVAEModel", "WFVAE")
BANDS = 8  # of a 3D wavelet
FILTERS_3D = ("h_conv", "g_conv", "hh_conv", "gh_conv", "h_v_conv", "g_v_conv", "hh_v_conv", "gh_v_conv")
FILTERS_2D = 4


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under the names of the published code."""

    latent_dim: Number = 8
    base_channels: Number = 128
    encoder_num_resblocks: int = 2
    decoder_num_resblocks: int = 2
    encoder_energy_flow_hidden_size: Number = 64
    decoder_energy_flow_hidden_size: Number = 128
    connect_res_layer_num: int = 1
    use_attention: bool = True
    l1_wavelet: str = "HaarWaveletTransform2D"
    fused_attention_width: Number = 512  # wider heads are beyond the fused kernel of version 1.5

    @property
    def deep(self) -> bool:
        """Whether the second level halves the frames too."""
        return self.l1_wavelet.endswith("3D")

    @property
    def fused(self) -> bool:
        """Whether attention is one fused kernel."""
        return bool(not self.deep or 4 * self.base_channels <= self.fused_attention_width)


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, z, t, h, w] -> pixels[batch, 3, 4·(t − 1) + 1 (1.5: 8·(t − 1) + 1), 8·h, 8·w]."""
    latent = tape.input(shape.batch, config.latent_dim, shape.frames, shape.height, shape.width)
    base, flow, deep = config.base_channels, config.decoder_energy_flow_hidden_size, config.deep
    with tape.scope("decoder"):
        given = hidden = causal_conv(tape, latent, 4 * base, 3, "conv_in")  # a sequence's input lives until its end
        hidden = residual_block(tape, hidden, 4 * base, "mid.0", deep)
        if config.use_attention:
            hidden = attention_block(tape, hidden, "mid.1", fused=config.fused)
        hidden = residual_block(tape, hidden, 4 * base + flow, f"mid.{1 + config.use_attention}", deep)
        del given
        bands2 = connect(tape, config, hidden, 3 * BANDS, "connect_l2")
        low2 = synthesis_3d(tape, bands2)
        given = hidden = Tensor((*hidden.shape[:1], 4 * base, *hidden.shape[2:]), hidden.dtype, hidden.storage)
        for i in range(config.decoder_num_resblocks):
            hidden = residual_block(tape, hidden, 4 * base, f"up2.{i}", deep)
        hidden = stretch(tape, hidden, f"up2.{config.decoder_num_resblocks}", wide=deep)
        hidden = residual_block(tape, hidden, 4 * base + flow, f"up2.{config.decoder_num_resblocks + 1}", deep)
        del given
        bands1 = connect(tape, config, hidden, 3 * (BANDS if deep else BANDS // 2), "connect_l1")
        summed = tape.add(low2, low2)
        tape.traffic("low band", 2 * summed.nbytes)
        del summed
        low1 = synthesis_3d(tape, bands1) if deep else synthesis_2d(tape, bands1)
        given = hidden = Tensor((*hidden.shape[:1], 4 * base, *hidden.shape[2:]), hidden.dtype, hidden.storage)
        for i in range(config.decoder_num_resblocks):
            hidden = residual_block(tape, hidden, 2 * base, f"up1.{i}", deep)
        name = f"up1.{config.decoder_num_resblocks}"
        hidden = stretch(tape, hidden, name, wide=True) if deep else stretch_space(tape, hidden, name)
        hidden = residual_block(tape, hidden, 2 * base, f"up1.{config.decoder_num_resblocks + 1}", deep)
        given = hidden
        for i in range(2):
            hidden = residual_block(tape, hidden, base, f"layer.{i}", deep)
        del given
        hidden = channel_norm(tape, hidden, "norm_out")
        hidden = nonlinearity(tape, hidden, deep)
        hidden = frame_conv(tape, hidden, 3 * BANDS, "conv_out")
        summed = tape.add(low1, low1)
        tape.traffic("low band", 2 * summed.nbytes)
        del summed
        out = synthesis_3d(tape, hidden)
        del hidden, bands1, bands2, low1, low2
        return out


def connect(tape: Tape, config: Config, x: Tensor, c_out: Number, name: str) -> Tensor:
    """The last channels of x, through residual blocks, to wavelet bands."""
    flow = config.decoder_energy_flow_hidden_size
    hidden = Tensor((x.shape[0], flow, *x.shape[2:]), x.dtype, x.storage)
    with tape.scope(name):
        for i in range(config.connect_res_layer_num):
            hidden = residual_block(tape, hidden, flow, str(i), config.deep)
        return frame_conv(tape, hidden, c_out, str(config.connect_res_layer_num))


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> moments[batch, 2·z, (frames − 1)/4 + 1 (1.5: /8), h/8, w/8]."""
    pixels = tape.input(shape.batch, 3, shape.frames, shape.height, shape.width)
    base, flow, deep = config.base_channels, config.encoder_energy_flow_hidden_size, config.deep
    with tape.scope("encoder"):
        bands = analysis_3d(tape, pixels, "wavelet_transform_in")
        low = Tensor((shape.batch, 3, *bands.shape[2:]), bands.dtype, bands.storage)
        bands1 = analysis_3d(tape, low, "wavelet_transform_l1") if deep else analysis_2d(tape, low)
        flow1 = frame_conv(tape, bands1, flow, "connect_l1")
        low = Tensor((shape.batch, 3, *bands1.shape[2:]), bands1.dtype, bands1.storage)
        bands2 = analysis_3d(tape, low, "wavelet_transform_l2")
        flow2 = frame_conv(tape, bands2, flow, "connect_l2")
        hidden = frame_conv(tape, bands, base, "down1.0")
        for i in range(config.encoder_num_resblocks):
            hidden = residual_block(tape, hidden, base, f"down1.{i + 1}", deep, images=True)
        name = f"down1.{config.encoder_num_resblocks + 1}"
        hidden = shrink(tape, hidden, name) if deep else shrink_space(tape, hidden, name)
        given = hidden = tape.cat((hidden, flow1), hidden.shape[0], base + flow, *hidden.shape[2:])
        hidden = frame_conv(tape, hidden, 2 * base, "down2.0")
        for i in range(config.encoder_num_resblocks):
            hidden = residual_block(tape, hidden, 2 * base, f"down2.{i + 1}", deep)
        hidden = shrink(tape, hidden, f"down2.{config.encoder_num_resblocks + 1}")
        del given
        given = hidden = tape.cat((hidden, flow2), hidden.shape[0], 2 * base + flow, *hidden.shape[2:])
        hidden = residual_block(tape, hidden, 4 * base, "mid.0", deep)
        if config.use_attention:
            hidden = attention_block(tape, hidden, "mid.1", fused=config.fused)
        hidden = residual_block(tape, hidden, 4 * base, f"mid.{1 + config.use_attention}", deep)
        del given
        hidden = channel_norm(tape, hidden, "norm_out")
        hidden = nonlinearity(tape, hidden, deep)
        moments = causal_conv(tape, hidden, 2 * config.latent_dim, 3, "conv_out")
        del hidden, bands, bands1, bands2, low, flow1, flow2
    return posterior(tape, moments)


def causal_conv(
    tape: Tape, x: Tensor, c_out: Number, kernel: int, name: str, out: tuple[Number, ...] | None = None
) -> Tensor:
    """x[b, c, t, h, w] behind its first frame kernel − 1 times (two copies), then convolved."""
    b, c, t, h, w = x.shape
    more = kernel - 1
    first = tape.copy(x, b, c, more * minimum(t, 1), h, w, name="repeat")
    joined = tape.cat((first, x), b, c, t + more, h, w)
    result = tape.convolution(joined, c_out, (kernel, kernel, kernel), name + ".conv", out=out or (t, h, w))
    del first
    return result


def frame_conv(tape: Tape, x: Tensor, c_out: Number, name: str) -> Tensor:
    """A 3x3 convolution of every frame; several samples are copied first."""
    b, c, t, h, w = x.shape
    copied = tape.copy(x, b * t * minimum((b - 1) * (t - 1), 1), c, h, w, name="reshape")
    out = tape.convolution(x.view(b * t, c, h, w), c_out, (3, 3), name)
    del copied
    return out.view(b, c_out, t, h, w)


def channel_norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Layer norm over channels."""
    b, c, *places = x.shape
    return tape.layer_norm(x.view(b, *places, c), name + ".norm").view(*x.shape)


def nonlinearity(tape: Tape, x: Tensor, fused: bool) -> Tensor:
    """SiLU: one kernel, or the sigmoid first and then the product."""
    return tape.act(x) if fused else tape.mul(x, tape.act(x, "sigmoid"))


def residual_block(tape: Tape, x: Tensor, c_out: Number, name: str, fused: bool, *, images: bool = False) -> Tensor:
    """norm, SiLU, convolution, twice; a shortcut where the width changes. images: every frame by itself."""
    b, c, t, h, w = x.shape

    def convolve(hidden: Tensor, part: str) -> Tensor:
        if not images:
            return causal_conv(tape, hidden, c_out, 3, part)
        return tape.convolution(hidden.view(b * t, hidden.shape[1], h, w), c_out, (3, 3), part).view(b, c_out, t, h, w)

    with tape.scope(name):
        hidden = channel_norm(tape, x, "norm1")
        hidden = nonlinearity(tape, hidden, fused)
        hidden = convolve(hidden, "conv1")
        hidden = channel_norm(tape, hidden, "norm2")
        hidden = nonlinearity(tape, hidden, fused)
        hidden = convolve(hidden, "conv2")
        shortcut = x if c == c_out else causal_conv(tape, x, c_out, 1, "nin_shortcut")
        return tape.add(shortcut, hidden)


def attention_block(tape: Tape, x: Tensor, name: str, *, fused: bool) -> Tensor:
    """Single-head attention over the places of each frame, added to its input."""
    b, c, t, h, w = x.shape
    n = h * w
    with tape.scope(name):
        normed = channel_norm(tape, x, "norm")
        q, k, v = (causal_conv(tape, normed, c, 1, part) for part in "qkv")
        q, k, v = (tape.copy(part, b * t, 1, n, c, name="contiguous") for part in (q, k, v))
        attended = tape.attention(q, k, v) if fused else spelled_out(tape, q, k, v)
        hidden = causal_conv(tape, attended.view(b, c, t, h, w), c, 1, "proj_out")
        out = tape.add(x, hidden)
        del normed, q, k, v, attended
        return out


def spelled_out(tape: Tape, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention with its scores in memory: product, scale, an empty bias added in place, softmax, product."""
    images, _, n, c = q.shape
    scores = tape.scale(tape.matmul(q, k.view(images, 1, c, n), "scores"))
    bias = tape.scale(scores, "zeros")
    tape.traffic("add", 3 * scores.nbytes)
    weights = tape.softmax(scores)
    del scores
    dropped = tape.scale(weights, "dropout")
    out = tape.matmul(dropped, v, "values")
    del bias, weights, dropped
    return out


def shrink(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Half the height and width, and the frames after the first: padded right and below, stride 2."""
    b, c, t, h, w = x.shape
    with tape.scope(name):
        padded = tape.copy(x, b, c, t, h + 1, w + 1, name="pad")
        return causal_conv(tape, padded, c, 3, "conv", ((t - 1) // 2 + 1, h // 2, w // 2))


def shrink_space(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Half the height and width of every frame."""
    b, c, t, h, w = x.shape
    padded = tape.copy(x, b * t, c, h + 1, w + 1, name="pad")
    return tape.convolution(padded, c, (3, 3), name + ".conv", out=(h // 2, w // 2)).view(b, c, t, h // 2, w // 2)


def stretch(tape: Tape, x: Tensor, name: str, *, wide: bool) -> Tensor:
    """Twice the height and width, and the frames after the first; `wide` interpolates in float32."""
    b, c, t, h, w = x.shape
    frames = 2 * t - 1
    source = tape.cast(x, "fp32") if wide else x
    later = tape.copy(source, b, c, frames - 1, h, w, name="upsample")
    later = tape.copy(later, b, c, frames - 1, 2 * h, 2 * w, name="upsample")
    first = tape.copy(source, b, c, 1, 2 * h, 2 * w, name="upsample")
    del source
    joined = tape.cat((first, later), b, c, frames, 2 * h, 2 * w)
    del first
    if wide:
        joined = tape.cast(joined, x.dtype)
    out = causal_conv(tape, joined, c, 3, name + ".conv")
    del later
    return out


def stretch_space(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Twice the height and width of every frame: nearest neighbours, then a 3x3 convolution."""
    b, c, t, h, w = x.shape
    copied = tape.copy(x, b * t * minimum((b - 1) * (t - 1), 1), c, h, w, name="reshape")
    enlarged = tape.copy(x, b * t, c, 2 * h, 2 * w, name="upsample")
    out = tape.convolution(enlarged, c, (3, 3), name + ".conv").view(b, c, t, 2 * h, 2 * w)
    del copied
    return out


def analysis_3d(tape: Tape, x: Tensor, name: str) -> Tensor:
    """x[b, c, t, h, w] -> its eight bands[b, 8·c, (t + 1)/2, h/2, w/2], side by side."""
    b, c, t, h, w = x.shape
    copied = tape.copy(x, minimum(b - 1, 1) * b * c, 1, t, h, w, name="reshape")
    out = ((t - 1) // 2 + 1, h // 2, w // 2)
    one = Tensor((b * c, 1, t, h, w), x.dtype, x.storage)
    with tape.scope(name):
        bands = [band(tape, one, filter_name, out) for filter_name in FILTERS_3D]
    joined = tape.cat(tuple(bands), b, len(bands) * c, *out)
    del bands, copied
    return joined


def band(tape: Tape, x: Tensor, name: str, out: tuple[Number, ...]) -> Tensor:
    """One band: the first frame once more in front (a copy), then a 2x2x2 convolution of stride 2 without bias."""
    n, _, t, h, w = x.shape
    first = tape.copy(x, n, 1, 1, h, w, name="repeat")
    joined = tape.cat((first, x), n, 1, t + 1, h, w)
    result = tape.convolution(joined, 1, (2, 2, 2), name + ".conv", out=out, bias=False)
    del first
    return result


def analysis_2d(tape: Tape, x: Tensor) -> Tensor:
    """x[b, c, t, h, w] -> the four bands of each frame[b, 4·c, t, h/2, w/2]; its filters are no parameters."""
    b, c, t, h, w = x.shape
    copied = tape.copy(x, b * t * c * minimum(t - 1, 1), 1, h, w, name="reshape")
    images = Tensor((b * t * c, 1, h, w), x.dtype, x.storage)
    bands = [
        tape.convolution(images, 1, (2, 2), f"band{i}", out=(h // 2, w // 2), bias=False, fixed=True)
        for i in range(FILTERS_2D)
    ]
    joined = tape.cat(tuple(bands), b, FILTERS_2D * c, t, h // 2, w // 2)
    del bands, copied
    return joined


def synthesis_3d(tape: Tape, x: Tensor) -> Tensor:
    """Eight bands[b, 8·c, t, h, w] -> [b, c, 2·t − 1, 2·h, 2·w]: each enlarged, then summed one after the other."""
    b, c, t, h, w = x.shape
    channels = c // len(FILTERS_3D)
    one = Tensor((b * channels, 1, t, h, w), x.dtype, x.storage)
    copied = tape.copy(x, x.elements * minimum(b - 1, 1), name="reshape")
    places = (2 * t, 2 * h, 2 * w)
    bands = [tape.transposed_convolution(one, 1, (2, 2, 2), f"{name}", out=places, fixed=True) for name in FILTERS_3D]
    total = bands[0].view(b, channels, 2 * t - 1, 2 * h, 2 * w)
    for each in bands[1:]:
        total = tape.add(total, each.view(*total.shape), total.shape)
    del bands, copied, each
    return total


def synthesis_2d(tape: Tape, x: Tensor) -> Tensor:
    """Four bands of each frame[b, 4·c, t, h, w] -> [b, c, t, 2·h, 2·w]."""
    b, c, t, h, w = x.shape
    channels = c // FILTERS_2D
    one = Tensor((b * t * channels, 1, h, w), x.dtype, x.storage)
    copied = tape.copy(x, x.elements * minimum(t - 1, 1), name="reshape")
    bands = [
        tape.transposed_convolution(one, 1, (2, 2), f"band{i}", out=(2 * h, 2 * w), fixed=True)
        for i in range(FILTERS_2D)
    ]
    total = bands[0]
    for each in bands[1:]:
        total = tape.add(total, each)
    del bands, copied, each
    return total.view(b, channels, t, 2 * h, 2 * w)
