"""Wan 2.2 Animate: the Wan video transformer driven by a pose video and a face video of the person to imitate.

Poses are added to the patches; faces are read by `wan_face` and attended to after every fifth block.
Source: arXiv 2509.14055; diffusers 0.42.1 models/transformers/transformer_wan_animate.py.
"""

from typing import Any

from vidcalc.base.number import minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.networks.transformers.wan_face import face_encoder, motion_vectors
from vidcalc.tape import Tape, Tensor

CLASSES = ("WanAnimateTransformer3DModel",)


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_channels: Any = 36
    latent_channels: Any = 16
    image_dim: Any = 1280
    motion_encoder_channel_sizes: dict[str, int] | None = None
    motion_encoder_size: int = 512
    motion_style_dim: Any = 512
    motion_dim: Any = 20
    motion_encoder_dim: Any = 512
    face_encoder_hidden_dim: Any = 1024
    face_encoder_num_heads: Any = 4
    inject_face_latents_blocks: int = 5
    motion_encoder_batch_size: Any = 8


def tokens(config: Config, shape: Shape) -> Any:
    """Video tokens, the reference image's included: latent frames × height × width over the patch."""
    return wan.tokens(config, shape)


def face_frames(shape: Shape) -> Any:
    """Frames of the face video: those of the clip, without the reference image that comes first."""
    return shape.extra.get("face_frames", 4 * (shape.frames - 2) + 1)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width].

    Latent frames are the reference image and the clip; the pose latent has the clip's alone.
    """
    n, width, size = tokens(config, shape), config.width, config.motion_encoder_size
    latent = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(shape.batch, wan.timesteps(config, shape), dtype="fp32")
    text = tape.input(shape.batch, shape.tokens, config.text_dim)
    pose_latent = tape.input(shape.batch, config.latent_channels, shape.frames - 1, shape.height, shape.width)
    face_pixels = tape.input(shape.batch, 3, face_frames(shape), size, size)
    image = wan.image_input(tape, config, shape)

    rotary = wan.rotary_table(tape, config, n)
    hidden = wan.patch_embedding(tape, config, shape, latent, "patch_embedding")
    frames, height, breadth = wan.patches(config, shape)
    later = (frames - 1, height, breadth)
    pose = tape.convolution(pose_latent, width, config.patch_size, "pose_patch_embedding", out=later)
    posed = tape.scale(pose)
    tape.traffic("pose", 2 * posed.nbytes)
    del posed
    hidden = tape.copy(hidden, name="contiguous")

    temb, modulation, context, picture = wan.condition(tape, config, shape, timestep, text, image)
    context = wan.joined(tape, context, picture)
    faces = face_pixels.view(shape.batch * face_frames(shape), 3, size, size)
    moved = tape.copy(faces, faces.shape[0] * minimum(shape.batch - 1, 1), 3, size, size)  # one clip needs no copy
    vectors, batches = motion_vectors(tape, config, faces)
    encoded = face_encoder(tape, config, vectors.view(shape.batch, face_frames(shape), config.motion_encoder_dim))
    del vectors
    reference = tape.empty((shape.batch, 1, encoded.shape[2], width))  # the reference image has no face
    motion = tape.cat((reference, encoded), shape.batch, encoded.shape[1] + 1, encoded.shape[2], width)
    del encoded

    every = config.inject_face_latents_blocks
    for index in range(0, config.num_layers, every):
        with tape.scope(f"blocks.{index}"), tape.checkpointed():
            hidden = wan.block(tape, config, hidden, context, modulation, rotary, shape.image_tokens)
        with tape.scope(f"face_adapter.{index // every}"):
            adapted = face_adapter(tape, config, hidden, motion)
        hidden = tape.add(adapted, hidden)
        with tape.repeat(f"blocks.{index + 1}", min(every, config.num_layers - index) - 1, hidden):
            hidden = wan.block(tape, config, hidden, context, modulation, rotary, shape.image_tokens)
    del pose, moved, batches, reference
    return wan.unpatchify(tape, config, shape, hidden, temb)


def face_adapter(tape: Tape, config: Config, hidden: Tensor, motion: Tensor) -> Tensor:
    """Cross-attention of each latent frame's tokens to that frame's face tokens."""
    batch, n, width = hidden.shape
    _, frames, each, _ = motion.shape
    heads, d_head = config.num_attention_heads, config.attention_head_dim
    x = tape.layer_norm(hidden)
    source = tape.layer_norm(motion).view(batch, frames * each, width)
    q = tape.linear(x, width, "to_q").view(batch, n, heads, d_head)
    k = tape.linear(source, width, "to_k").view(batch, frames * each, heads, d_head)
    v = tape.linear(source, width, "to_v").view(batch * frames, heads, each, d_head)
    q = tape.rms_norm(q, "norm_q").view(batch * frames, heads, n // frames, d_head)
    k = tape.rms_norm(k, "norm_k").view(batch * frames, heads, each, d_head)
    out = tape.attention(q, k, v)
    del x
    merged = tape.copy(out).view(batch, n, width)
    del out
    return tape.linear(merged, width, "to_out")
