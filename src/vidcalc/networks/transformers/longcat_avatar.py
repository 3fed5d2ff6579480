"""LongCat-Video-Avatar: LongCat-Video that also listens; every latent frame attends to its own audio tokens.

Audio tokens are made once for a clip out of a speech encoder's features. In every block they are read after the text,
by queries of the video, and what comes out is normed, scaled, shifted and gated by the timestep. The rest as in
`longcat.py`.
Source: meituan-longcat/LongCat-Video@6b3f4b8:longcat_video/modules/avatar/
{longcat_video_dit_avatar,attention,blocks}.py.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import longcat
from vidcalc.networks.transformers.longcat import modulated, wide_linear
from vidcalc.networks.transformers.official_layers import cast_rms_norm
from vidcalc.tape import Tape, Tensor

CLASSES = ("LongCatVideoAvatarTransformer3DModel",)
SHIFTED = 3  # vectors of the audio's own modulation: shift, scale, gate


class Config(longcat.Config, frozen=True, kw_only=True):
    """The numbers of one network, under the class's own names; see `AudioProjModel` there for the audio's."""

    audio_window: Number = 5
    audio_block: Number = 12
    audio_channel: Number = 768
    intermediate_dim: Number = 512
    output_dim: Number = 768
    context_tokens: Number = 32
    vae_scale: Number = 4
    audio_prenorm: bool = False


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return longcat.tokens(config, shape)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width] in float32."""
    audio = heard(tape, config, shape.batch * (shape.frames // config.patch_size[0]))

    def after_text(hidden: Tensor, temb: Tensor) -> Tensor:
        normed = tape.layer_norm(tape.cast(hidden, "fp32"), "pre_video_crs_attn_norm")
        return tape.add(hidden, listened(tape, config, tape.cast(normed, hidden.dtype), temb, audio))

    return longcat.forward(tape, config, shape, after_text)


def heard(tape: Tape, config: Config, frames: Number) -> Tensor:
    """Speech features of each latent frame -> its audio tokens [frames, context_tokens, output_dim]."""
    each = config.audio_block * config.audio_channel
    later = (config.audio_window + config.vae_scale - 1) * each
    with tape.scope("audio_proj"):
        # the first frame's window is shorter and has a projection of its own
        first = tape.act(tape.linear(tape.input(1, config.audio_window * each), config.intermediate_dim, "proj1"))
        others = tape.act(tape.linear(tape.input(frames, later), config.intermediate_dim, "proj1_vf"))
        del first
        mixed = tape.act(tape.linear(others, config.intermediate_dim, "proj2"))
        made = tape.linear(mixed, config.context_tokens * config.output_dim, "proj3")
        return tape.layer_norm(made.view(frames, config.context_tokens, config.output_dim), "norm")


def listened(tape: Tape, config: Config, x: Tensor, temb: Tensor, audio: Tensor) -> Tensor:
    """Each latent frame's tokens attend to its own audio tokens; the result is modulated by the timestep."""
    batch, n, width = x.shape
    frames, heard_tokens, _ = audio.shape
    heads, d = config.num_heads, width // config.num_heads
    shifted = wide_linear(tape, tape.act(temb), SHIFTED * width, "audio_adaLN_modulation.1")
    vectors = shifted.view(temb.shape[0], 1, width)
    del shifted
    if config.audio_prenorm:
        audio = tape.layer_norm(audio, "pre_audio_crs_attn_norm")
    with tape.scope("audio_cross_attn"):
        # [frames, tokens of a frame, d] x [frames, audio tokens, d], head by head
        q = tape.linear(x, width, "q_linear").view(frames, heads, batch * n // frames, d)
        kv = tape.linear(audio, 2 * width, "kv_linear").view(frames, heads, heard_tokens, d)
        q = cast_rms_norm(tape, q, "q_norm.weight")
        k = cast_rms_norm(tape, kv, "k_norm.weight")
        out = tape.attention(q, k, kv)
        merged = tape.copy(out).view(batch, n, width)
        del out
        made = tape.linear(merged, width, "proj")
    return tape.cast(tape.mul(modulated(tape, made, vectors), vectors), x.dtype)
