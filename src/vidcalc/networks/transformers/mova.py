"""MOVA: a wide Wan for the picture and a narrow one for sound, joined by attention to each other before every block.

The bridge reads both towers as they were: queries of one, keys and values of the other after a norm, rotated by places
in time, added to the tower. It goes as deep as the sound's tower; the picture's last blocks run alone. Sound is the
latent of a 48 kHz DAC, 50 a second, and goes with the clip unless shape.extra["audio_tokens"] says how many there are.
Source: arXiv 2602.08794; OpenMOSS/MOVA@595a976 mova/diffusion/models/interactionv2.py, wan_audio_dit.py,
mova/diffusion/pipelines/pipeline_mova.py. The rest as in `wan.py`.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.networks.transformers.embedding import text_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ()  # its makers call the towers WanModel and WanAudioModel
FPS, STRIDE = 24, 4  # frames a second, and under one latent frame
RATE = 50  # latents of sound a second


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of the picture's tower under diffusers' names, and of the sound's.

    audio_heads, audio_head_dim, audio_ffn_dim, audio_layers  as those of the picture's
    audio_channels  of the sound's latent
    """

    audio_heads: Number = 12
    audio_head_dim: Number = 128
    audio_ffn_dim: Number = 8960
    audio_layers: int = 30
    audio_channels: Number = 128

    @property
    def audio(self) -> wan.Config:
        """The sound's tower as a Wan of its own, whose tokens are latents."""
        return wan.Config(
            patch_size=(1, 1, 1),
            num_attention_heads=self.audio_heads,
            attention_head_dim=self.audio_head_dim,
            in_channels=self.audio_channels,
            out_channels=self.audio_channels,
            text_dim=self.text_dim,
            freq_dim=self.freq_dim,
            ffn_dim=self.audio_ffn_dim,
            num_layers=self.audio_layers,
            cross_attn_norm=self.cross_attn_norm,
        )


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return wan.tokens(config, shape)


def audio_tokens(shape: Shape) -> Number:
    """Latents of the sound: those that cover the clip's seconds, unless given."""
    frames = (shape.frames - 1) * STRIDE + 1
    return shape.extra.get("audio_tokens", (frames * RATE - 1) // FPS + 1)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width], sound[batch, channels, latents] and text -> the latent.

    The sound's output is computed as well.
    """
    batch, heard = shape.batch, audio_tokens(shape)
    sound_config, line = config.audio, msgspec.structs.replace(shape, frames=heard, height=1, width=1)
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    sound = tape.input(batch, config.audio_channels, heard, 1, 1)
    text = tape.input(batch, shape.tokens, config.text_dim)

    with tape.scope("video_dit"):
        temb, modulation, context = condition(tape, config, batch, text)
        video = tape.copy(wan.patch_embedding(tape, config, shape, latent, "patch_embedding"), name="contiguous")
        rotary = wan.rotary_table(tape, config, tokens(config, shape))
    with tape.scope("audio_dit"):
        audio_temb, audio_modulation, audio_context = condition(tape, sound_config, batch, text)
        audio = wan.patch_embedding(tape, sound_config, line, sound, "patch_embedding")
        audio_rotary = wan.rotary_table(tape, sound_config, heard)
    # places in time of either tower, in heads of one size
    times = wan.rotary_table(tape, config, tokens(config, shape)), wan.rotary_table(tape, sound_config, heard)
    with tape.repeat("blocks", config.audio_layers, video, audio):
        with tape.scope("dual_tower_bridge"):
            seen = bridged(tape, config, video, audio, times, "audio_to_video_conditioners")
            audio = bridged(tape, sound_config, audio, video, times[::-1], "video_to_audio_conditioners")
        video = seen
        del seen
        with tape.scope("video_dit"):
            video = wan.block(tape, config, video, context, modulation, rotary)
        with tape.scope("audio_dit"):
            audio = wan.block(tape, sound_config, audio, audio_context, audio_modulation, audio_rotary)
    with tape.repeat("video_dit.blocks", config.num_layers - config.audio_layers, video):
        video = wan.block(tape, config, video, context, modulation, rotary)
    with tape.scope("audio_dit"):
        spoken = wan.unpatchify(tape, sound_config, line, audio, audio_temb)
    with tape.scope("video_dit"):
        out = wan.unpatchify(tape, config, shape, video, temb)
    if tape.training:  # a loss on both towers
        out.node = tape.differentiable((out, spoken), (), out.nbytes)
    return out


def condition(tape: Tape, config: wan.Config, batch: Number, text: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """One timestep per sample -> temb[batch, width], its six vectors, and the text in the tower's width."""
    temb, projected = wan.time_embedding(tape, config, batch)
    with tape.scope("condition_embedder"):
        context = text_mlp(tape, text, config.width, "text_embedder")
    return temb, projected.view(batch, 6, config.width), context


def bridged(
    tape: Tape,
    config: wan.Config,
    x: Tensor,
    other: Tensor,
    times: tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]],
    name: str,
) -> Tensor:
    """x[batch, n, width] with attention to the other tower [batch, keys, its width] added."""
    batch, n, width = x.shape
    heads, d_head, keys = config.num_attention_heads, config.attention_head_dim, other.shape[1]
    with tape.scope(name):
        source = tape.layer_norm(other, "y_norm")
        q = tape.rms_norm(tape.linear(x, width, "q"), "norm_q").view(batch, heads, n, d_head)
        k = tape.rms_norm(tape.linear(source, width, "k"), "norm_k").view(batch, heads, keys, d_head)
        v = tape.linear(source, width, "v").view(batch, heads, keys, d_head)
        q = wan.rotate(tape, q, times[0])
        k = wan.rotate(tape, k, times[1])
        out = tape.attention(q, k, v).view(batch, n, width)
        del source, q, k, v
        update = tape.linear(out, width, "o")
        del out
        return tape.add(x, update)
