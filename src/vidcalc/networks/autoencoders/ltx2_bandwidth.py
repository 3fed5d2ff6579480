"""LTX-2.3 vocoder with bandwidth extension: a first vocoder, its waveform's spectrogram, a second for the top octaves.

Shape.frames is the number of spectrogram frames. Mirrors diffusers' LTX2VocoderWithBWE.
Source: diffusers 0.42.1 pipelines/ltx2/vocoder.py.
"""

import msgspec

from vidcalc.base.number import Number, maximum
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders import ltx2_vocoder
from vidcalc.networks.autoencoders.ltx2_vocoder import generator, resampled
from vidcalc.tape import Tape, Tensor

CLASSES = ("LTX2VocoderWithBWE",)
HANN_WIDTH = 7  # half width of the resampling filter in input samples: 6 zero crossings over a roll-off of 0.99


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of both vocoders and of the spectrogram between them, under diffusers' names."""

    in_channels: Number = 128
    hidden_channels: Number = 1536
    out_channels: Number = 2
    upsample_kernel_sizes: tuple[int, ...] = (11, 4, 4, 4, 4, 4)
    upsample_factors: tuple[int, ...] = (5, 2, 2, 2, 2, 2)
    resnet_kernel_sizes: tuple[int, ...] = (3, 7, 11)
    resnet_dilations: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    act_fn: str = "snakebeta"
    antialias: bool = True
    antialias_ratio: int = 2
    antialias_kernel_size: int = 12
    final_act_fn: str | None = None
    final_bias: bool = False
    bwe_in_channels: Number = 128
    bwe_hidden_channels: Number = 512
    bwe_out_channels: Number = 2
    bwe_upsample_kernel_sizes: tuple[int, ...] = (12, 11, 4, 4, 4)
    bwe_upsample_factors: tuple[int, ...] = (6, 5, 2, 2, 2)
    bwe_resnet_kernel_sizes: tuple[int, ...] = (3, 7, 11)
    bwe_resnet_dilations: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    bwe_act_fn: str = "snakebeta"
    bwe_antialias: bool = True
    bwe_antialias_ratio: int = 2
    bwe_antialias_kernel_size: int = 12
    bwe_final_act_fn: str | None = None
    bwe_final_bias: bool = False
    filter_length: int = 512
    hop_length: int = 80
    window_length: int = 512
    num_mel_channels: Number = 64
    input_sampling_rate: int = 16000
    output_sampling_rate: int = 48000

    def vocoder(self, prefix: str = "") -> ltx2_vocoder.Config:
        """The configuration of the first vocoder, or with "bwe_" of the second."""
        names = ltx2_vocoder.Config.__struct_fields__
        return ltx2_vocoder.Config(**{name: getattr(self, prefix + name) for name in names})


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """spectrogram[batch, 2, frames, mel bins] -> waveform[batch, 2, samples] at the output sampling rate."""
    batch, channels = shape.batch, config.out_channels
    bins = config.in_channels // channels
    spectrogram = tape.input(batch, channels, shape.frames, bins)
    with tape.scope("vocoder"):
        wave = generator(tape, config.vocoder(), spectrogram)
    mel, energy = mel_spectrogram(tape, config, wave)
    with tape.scope("bwe_generator"):
        added = generator(tape, config.vocoder("bwe_"), mel)
    ratio = config.output_sampling_rate // config.input_sampling_rate
    skip = resampled(tape, wave, ratio, 2 * HANN_WIDTH * ratio + 1, HANN_WIDTH)
    total = tape.add(added, skip.view(*added.shape))
    out = tape.scale(total, "clamp")
    del energy
    return out


def mel_spectrogram(tape: Tape, config: Config, wave: Tensor) -> tuple[Tensor, Tensor]:
    """wave[batch, channels, samples] -> log-mel[batch, channels, frames, bins], and the energy that stays beside it."""
    b, c, n = wave.shape
    clips, frequencies = b * c, config.filter_length // 2 + 1
    front = maximum(0, config.window_length - config.hop_length)
    frames = (n + front - config.filter_length) // config.hop_length + 1
    padded = tape.copy(wave, clips, 1, n + front, name="pad")
    size = (config.filter_length,)
    spectrum = tape.convolution(padded, 2 * frequencies, size, "stft", out=(frames,), bias=False, fixed=True)
    part = spectrum.view(clips, frequencies, frames)
    power = tape.add(tape.act(part, "square"), tape.act(part, "square"))
    magnitude = tape.act(power, "sqrt")
    del power, padded
    angle = tape.pointwise("atan2", (tape.cast(part, "fp32"), tape.cast(part, "fp32")))
    phase = tape.cast(angle, wave.dtype)
    del angle, part, spectrum
    energy = tape.pointwise("norm", (magnitude,), (clips, frames))
    basis = tape.empty((0,), wave.dtype).view(clips, config.num_mel_channels, frequencies)
    mel = tape.matmul(basis, magnitude, "mel_basis")
    clamped = tape.scale(mel, "clamp")
    log = tape.act(clamped, "log")
    del phase, mel, clamped
    return log.view(b, c, frames, config.num_mel_channels), energy
