"""MiniMax-H3 audio autoencoder: a waveform to latents by strided convolutions (DAC), and back by BigVGAN, in float32.

The two channels of stereo are two samples of the batch (shape.extra["channels"]). Shape.frames is the number of latents
for `decode`, of samples of the waveform for `encode`. Every convolution but the 1-tap ones has its weight normed.
Source: arXiv 2306.06546, 2206.04658; diffusers 0.42.1 models/autoencoders/autoencoder_kl_minimax_h3_audio.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders import bigvgan
from vidcalc.networks.autoencoders.bigvgan import generator, normed_weight
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLMiniMaxH3Audio",)
UNITS = 3  # residual units of a level, dilated by 1, 3 and 9


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one autoencoder, under diffusers' names."""

    encoder_dim: Number = 64
    encoder_rates: tuple[int, ...] = (2, 4, 4, 5, 5)
    latent_dim: Number = 2048
    latent_channels: Number = 32
    num_attention_heads: Number = 8
    decoder_dim: Number = 1024
    decoder_rates: tuple[int, ...] = (5, 5, 2, 2, 2, 2, 2)
    decoder_kernel_sizes: tuple[int, ...] = (9, 9, 4, 4, 4, 4, 4)
    resblock_kernel_sizes: tuple[int, ...] = (3, 7, 11)
    resblock_dilation_sizes: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch · channels, latent_channels, frames] -> waveform[batch · channels, 1, frames · product of rates]."""
    latent = tape.input(samples(shape), config.latent_channels, shape.frames)
    wide = tape.cast(latent, "fp32")
    hidden = tape.convolution(wide, config.latent_dim, (1,), "dec_in_proj", keep="fp32")
    vocoder = bigvgan.Config(
        num_mels=config.latent_dim,
        upsample_initial_channel=config.decoder_dim,
        upsample_rates=config.decoder_rates,
        upsample_kernel_sizes=config.decoder_kernel_sizes,
        resblock_kernel_sizes=config.resblock_kernel_sizes,
        resblock_dilation_sizes=config.resblock_dilation_sizes,
    )
    with tape.scope("decoder"):
        return generator(tape, vocoder, hidden, [])


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """waveform[batch · channels, 1, frames] -> mean[batch · channels, latent_channels, frames / product of rates]."""
    waveform = tape.cast(tape.input(samples(shape), 1, shape.frames), "fp32")
    width, weights = config.encoder_dim, list[Tensor]()
    with tape.scope("encoder"):
        hidden = conv(tape, waveform, width, 7, "block.0", weights)
        for level, stride in enumerate(config.encoder_rates, 1):
            entered = hidden  # held by the level until it is through
            for unit in range(UNITS):
                hidden = residual_unit(tape, hidden, f"block.{level}.block.{unit}.block", weights)
            active = snake(tape, hidden, f"block.{level}.block.{UNITS}")
            length = (hidden.shape[2] + 2 * -(-stride // 2) - 2 * stride) // stride + 1
            width = width * 2
            hidden = conv(tape, active, width, 2 * stride, f"block.{level}.block.{UNITS + 1}", weights, length)
            del active, entered
        active = snake(tape, hidden, f"block.{len(config.encoder_rates) + 1}")
        hidden = conv(tape, active, config.latent_dim, 3, f"block.{len(config.encoder_rates) + 2}", weights)
        del active
    narrow = projection(tape, config, hidden)
    b, n, c = narrow.shape
    narrow = narrow.view(b, c, n)
    mean = tape.convolution(narrow, c, (1,), "mean_proj", keep="fp32")
    spread = tape.convolution(narrow, c, (1,), "logs_proj", keep="fp32")
    tape.act(spread, "exp")
    return mean


def samples(shape: Shape) -> Number:
    """Samples of the batch: each channel of sound is one."""
    return shape.batch * shape.extra.get("channels", 1)


def conv(
    tape: Tape, x: Tensor, c_out: Number, kernel: int, name: str, weights: list[Tensor], length: Number | None = None
) -> Tensor:
    """A convolution with a normed weight; `length` frames come out, as many as go in by default."""
    normed_weight(tape, name, (c_out, x.shape[1], kernel), weights)
    frames = x.shape[2] if length is None else length
    return tape.convolution(x, c_out, (kernel,), name, keep="fp32", out=(frames,))


def snake(tape: Tape, x: Tensor, name: str, beta: bool = False) -> Tensor:
    """x + sin²(α·x) / α, one α per channel; with `beta` divided by a number of its own."""
    tape.parameter(name + ".alpha", x.shape[1], "fp32")
    if beta:
        tape.parameter(name + ".beta", x.shape[1], "fp32")
    inverse = tape.scale(tape.scale(tape.empty((x.shape[1],), "fp32")))
    squared = tape.act(tape.act(tape.weighted(x, x.shape[1]), "sin"), "square")
    scaled = tape.weighted(squared, x.shape[1])
    del squared, inverse
    return tape.add(x, scaled)


def residual_unit(tape: Tape, x: Tensor, name: str, weights: list[Tensor], beta: bool = False) -> Tensor:
    """Activation and a dilated convolution of seven taps, activation and one of one tap, added to x."""
    with tape.scope(name):
        hidden = conv(tape, snake(tape, x, "0", beta), x.shape[1], 7, "1", weights)
        hidden = conv(tape, snake(tape, hidden, "2", beta), x.shape[1], 1, "3", weights)
        return tape.add(x, hidden)


def projection(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """x[batch, latent_dim, n] -> [batch, n, latent_channels]: causal attention, its heads averaged, and a GeGLU."""
    b, wide, n = x.shape
    narrow, heads = config.latent_channels, config.num_attention_heads
    with tape.scope("pre_block"):
        turned = x.view(b, n, wide)
        straight = tape.linear(tape.layer_norm(turned, "norm3", keep="fp32"), narrow, "proj", keep="fp32")
        normed = tape.layer_norm(turned, "norm1", keep="fp32")
        tape.parameter("attn.q_bias", wide, "fp32")
        tape.parameter("attn.v_bias", wide, "fp32")
        with tape.scope("attn"):
            qkv = tape.linear(normed, 3 * wide, "qkv", bias=False, keep="fp32")
            q = qkv.view(b, heads, n, wide // heads)
            out = tape.attention(q, q, q, masked="causal")
            pooled = tape.pointwise("mean", (out,), (b, n, wide // heads))
            pooled = tape.pointwise("pool", (pooled,), (b, n, narrow))
            update = tape.linear(pooled, narrow, "proj", keep="fp32")
            del qkv, q, out, pooled
        hidden = tape.add(straight, update)
        del straight, update, normed
        with tape.scope("mlp"):
            first = tape.layer_norm(tape.layer_norm(hidden, "norm2", keep="fp32"), "norm", keep="fp32")
            gate = tape.act(tape.linear(first, 2 * narrow, "w0", keep="fp32"), "gelu")
            gated = tape.mul(gate, tape.linear(first, 2 * narrow, "w1", keep="fp32"))
            mixed = tape.linear(gated, narrow, "w2", keep="fp32")
        return tape.add(hidden, mixed)
