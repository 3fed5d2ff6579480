"""Kandinsky 6 transformer: video and audio denoised together, each with a text branch of its own.

Mirrors diffusers' Kandinsky6Transformer3DModel with `cross_gates` and `fix_modulation`, as all released networks have
them. Audio latents follow from the clip's length unless given.
Source: diffusers 0.42.1 models/transformers/transformer_kandinsky6.py.
"""

from typing import Any

import msgspec

from vidcalc.base.number import ceil_div
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid, timestep_mlp
from vidcalc.networks.transformers.kandinsky6_blocks import Branch, fused_block, modulated, modulation, text_block
from vidcalc.tape import Tape, Tensor

CLASSES = ("Kandinsky6Transformer3DModel",)

FPS, SAMPLE_RATE, HOP = 24, 44100, 1024  # the pipeline's frame rate; samples a second, and under one audio latent


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_visual_dim: Any = 16
    out_visual_dim: Any = 16
    in_text_dim: Any = 3584
    in_text_dim2: Any = 768
    time_dim: Any = 1024
    patch_size: tuple[Any, Any, Any] = (1, 2, 2)
    model_dim: Any = 4096
    ff_dim: Any = 16384
    num_text_blocks: Any = 4
    num_visual_blocks: Any = 60
    axes_dims: tuple[Any, Any, Any] = (32, 48, 48)
    visual_cond: bool = True
    in_audio_dim: Any = 20
    out_audio_dim: Any = 20
    model_dim_a: Any = None
    time_dim_a: Any = None
    ff_dim_a: Any = None
    axes_dims_a: Any = None
    ca_rope: bool = False
    visual_token_type_num_embeddings: Any = 0

    @property
    def video(self) -> Branch:
        """Sizes of the video half."""
        return Branch("video", self.model_dim, self.time_dim, self.ff_dim, sum(self.axes_dims))

    @property
    def audio(self) -> Branch:
        """Sizes of the audio half, the video's where none are stated."""
        width, time = self.model_dim_a or self.model_dim, self.time_dim_a or self.time_dim
        return Branch("audio", width, time, self.ff_dim_a or self.ff_dim, sum(self.axes_dims_a or self.axes_dims))

    @property
    def channels(self) -> Any:
        """Channels of the latent, those of the condition and its mask included."""
        return 2 * self.in_visual_dim + 1 if self.visual_cond else self.in_visual_dim

    @property
    def patch_volume(self) -> Any:
        """Latent places under one token."""
        return self.patch_size[0] * self.patch_size[1] * self.patch_size[2]


def grid(config: Config, shape: Shape) -> tuple[Any, Any, Any]:
    """The token grid."""
    t, h, w = config.patch_size
    return shape.frames // t, shape.height // h, shape.width // w


def tokens(config: Config, shape: Shape) -> Any:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = grid(config, shape)
    return t * h * w


def audio_tokens(shape: Shape) -> Any:
    """Audio latents of the clip: its seconds times the audio latents a second, rounded up."""
    frames = 4 * (shape.frames - 1) + 1
    return shape.extra.get("audio_tokens", ceil_div(frames * SAMPLE_RATE, FPS * HOP))


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, frames, height, width, channels] (and audio) -> [batch, frames, height, width, out_visual_dim]."""
    batch, n, video, audio = shape.batch, tokens(config, shape), config.video, config.audio
    length = audio_tokens(shape)
    latent = tape.input(batch, shape.frames, shape.height, shape.width, config.channels)
    text = tape.input(batch, shape.tokens, config.in_text_dim)
    pooled = tape.input(batch, config.in_text_dim2)
    timestep = tape.input(batch)
    sound = tape.input(batch, length, config.in_audio_dim)

    places = tape.empty((shape.tokens,), "int64")
    video_rotary = rotary_table(tape, video.d_head, shape.tokens)
    audio_rotary = rotary_table(tape, audio.d_head, shape.tokens)
    video_text, video_time = text_branch(tape, config, video, text, pooled, video_rotary)
    audio_text, audio_time = text_branch(tape, config, audio, text, pooled, audio_rotary)
    vis = patch_embedding(tape, config, latent, batch, n)
    tape.parameter("visual_token_type_embeddings.weight", config.visual_token_type_num_embeddings * config.model_dim)
    sides = [tape.empty((side,), "int64") for side in grid(config, shape)]
    vis_rotary = rotary_table(tape, video.d_head, n)
    aud = text_embedding(tape, sound, audio.width, "audio_embeddings")
    aud_rotary = rotary_table(tape, audio.d_head, length)

    with tape.repeat("visual_transformer_blocks", config.num_visual_blocks, vis, aud):
        vis, aud = fused_block(
            tape,
            (video, audio),
            (vis, aud),
            (video_text, audio_text),
            (video_time, audio_time),
            (vis_rotary, aud_rotary),
            turned=config.ca_rope,
        )
    out = out_layer(tape, vis, video_time, config.patch_volume * config.out_visual_dim, "out_layer")
    out = tape.copy(out, batch, shape.frames, shape.height, shape.width, config.out_visual_dim, name="unpatchify")
    heard = out_layer(tape, aud, audio_time, config.out_audio_dim, "audio_out_layer")
    if tape.training:  # both halves are trained together
        out.node = tape.differentiable((out, heard), (), out.nbytes)
    del timestep, places, sides, heard
    return out


def text_branch(
    tape: Tape, config: Config, branch: Branch, text: Tensor, pooled: Tensor, rotary: Tensor
) -> tuple[Tensor, Tensor]:
    """The text tokens through one modality's text blocks, and its time embedding."""
    context = text_embedding(tape, text, branch.width, f"{branch.name}_text_embeddings")
    with tape.scope(f"{branch.name}_time_embeddings"):
        features = tape.cast(sinusoid(tape, text.shape[0], branch.width), tape.dtype)
        time = timestep_mlp(tape, features, branch.time, "timestep_embedder")
        del features
    time = tape.add(time, text_embedding(tape, pooled, branch.time, f"{branch.name}_pooled_text_embeddings"))
    with tape.repeat(f"{branch.name}_text_transformer_blocks", config.num_text_blocks, context):
        context = text_block(tape, branch, context, time, rotary)
    return context, time


def text_embedding(tape: Tape, x: Tensor, width: Any, name: str) -> Tensor:
    """Linear, layer norm: x[..., d] -> [..., width]."""
    with tape.scope(name):
        return tape.layer_norm(tape.linear(x, width, "in_layer"), "norm")


def patch_embedding(tape: Tape, config: Config, latent: Tensor, batch: Any, n: Any) -> Tensor:
    """Patches flattened into channels, then projected -> tokens[batch, n, width]."""
    patches = tape.copy(latent, batch, n, config.patch_volume * config.channels, name="patchify")
    with tape.scope("visual_embeddings"):
        return tape.linear(patches, config.model_dim, "in_layer")


def rotary_table(tape: Tape, d_head: Any, n: Any) -> Tensor:
    """A 2 × 2 rotation for every token and pair of channels: [n, 1, head size / 2, 2, 2]."""
    angles = tape.empty((n, d_head // 2))
    cosine, sine = tape.scale(angles, "cos"), tape.scale(angles, "sin")
    return tape.cat((cosine, tape.scale(sine, "negate"), sine, cosine), n, 1, d_head // 2, 4)


def out_layer(tape: Tape, x: Tensor, time: Tensor, channels: Any, name: str) -> Tensor:
    """Modulated norm (modulation in float32) and projection; audio is normed once more."""
    with tape.scope(name):
        vectors = modulation(tape, time, 2 * x.shape[-1], "modulation", "fp32")
        normed = modulated(tape, x, vectors)
        if name == "audio_out_layer":
            normed = tape.layer_norm(normed)
        return tape.linear(normed, channels, "out_layer")
