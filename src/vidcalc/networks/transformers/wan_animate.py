"""Wan 2.2 Animate: the Wan video transformer driven by a pose video and a face video of the person to imitate.

Poses are added to the patches. Every frame of the face video, 512 × 512 pixels, becomes a motion vector by convolutions
whose weights are scaled at each call, which makes a copy of them; a causal encoder over time turns the vectors into a
few face tokens per latent frame, attended to after every fifth block.
Source: arXiv 2509.14055; diffusers 0.42.1 models/transformers/transformer_wan_animate.py.
"""

from vidcalc.base.number import Number, maximum, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.tape import Tape, Tensor

CLASSES = ("WanAnimateTransformer3DModel",)
# Channels at each image size, the class's default.
CHANNELS = {"4": 512, "8": 512, "16": 512, "32": 512, "64": 256, "128": 128, "256": 64, "512": 32, "1024": 16}
BLUR = 4  # taps of the blur kernel on each axis


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_channels: Number = 36
    latent_channels: Number = 16
    image_dim: Number = 1280
    motion_encoder_channel_sizes: dict[str, int] | None = None
    motion_encoder_size: int = 512
    motion_style_dim: Number = 512
    motion_dim: Number = 20
    motion_encoder_dim: Number = 512
    face_encoder_hidden_dim: Number = 1024
    face_encoder_num_heads: Number = 4
    inject_face_latents_blocks: int = 5
    motion_encoder_batch_size: Number = 8


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens, the reference image's included: latent frames × height × width over the patch."""
    return wan.tokens(config, shape)


def face_frames(shape: Shape) -> Number:
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
        with tape.block(f"blocks.{index}"):
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


def motion_vectors(tape: Tape, config: Config, faces: Tensor) -> tuple[Tensor, Tensor]:
    """faces[count, 3, size, size] -> [count, motion_encoder_dim] twice: in batches, which save memory, and joined."""
    count, colours, size, _ = faces.shape
    together = config.motion_encoder_batch_size
    rounds = (count - 1) // together
    rest = count - rounds * together  # the last batch, which may be full
    with tape.scope("motion_encoder"):
        with tape.again(rounds, blocks=False):
            before = tape.empty((maximum(rounds - 1, 0) * together, config.motion_encoder_dim))
            vectors = motion_encoder(tape, config, faces.view(together, colours, size, size))
            del before, vectors
        before = tape.empty((count - rest, config.motion_encoder_dim))
        last = motion_encoder(tape, config, faces.view(rest, colours, size, size))
        joined = tape.cat((before, last), count, config.motion_encoder_dim)
        del before, last
        return joined, tape.empty((count, config.motion_encoder_dim))


def motion_encoder(tape: Tape, config: Config, face: Tensor) -> Tensor:
    """A pyramid of blurred convolutions down to 4 × 4, then linear layers and an orthogonal basis of motions."""
    channels = config.motion_encoder_channel_sizes or CHANNELS
    side = config.motion_encoder_size
    count, style = face.shape[0], config.motion_style_dim
    x = motion_conv(tape, face, channels[str(side)], 1, "conv_in")
    index = 0
    while side > 4:
        side //= 2
        with tape.scope(f"res_blocks.{index}"):
            x = motion_block(tape, x, channels[str(side)])
        index += 1
    x = motion_conv(tape, x, style, 4, "conv_out", active=False)
    motion = x.view(count, style)
    for i in range(5):
        width = style if i < 4 else config.motion_dim
        scaled = scaled_weight(tape, width * style)
        motion = tape.linear(motion, width, f"motion_network.{i}")
        tape.keep(motion, scaled)
        del scaled
    return synthesis(tape, config, motion)


def synthesis(tape: Tape, config: Config, motion: Tensor) -> Tensor:
    """The motion's coordinates times an orthogonal basis, in float32."""
    count, d_out, d = motion.shape[0], config.motion_encoder_dim, config.motion_dim
    tape.parameter("motion_synthesis_weight", d_out * d, "fp32")
    weight = tape.empty((d_out, d), "fp32")
    wide = tape.cast(motion, "fp32")
    basis = tape.pointwise("qr", (weight,))
    diagonal = tape.pointwise("diagonal", (wide,), (count, d, d))
    decomposed = tape.matmul(diagonal, basis.view(count, d, d_out), "decomposition")
    summed = tape.pointwise("sum", (decomposed,), (count, d_out))
    return tape.cast(summed, motion.dtype)


def scaled_weight(tape: Tape, elements: Number) -> Tensor:
    """The copy of a weight that scaling it makes."""
    return tape.empty((elements,))


def motion_conv(
    tape: Tape, x: Tensor, c_out: Number, kernel: int, name: str, *, blur: bool = False, active: bool = True
) -> Tensor:
    """A convolution with a scaled weight, after a blur that halves the size, before a leaky ReLU with a bias."""
    _, c_in, side, _ = x.shape
    out = side // 2 if blur else side - (kernel - 1) * (not active)
    hidden = x
    if blur:
        wide = 2 * out + kernel - 2  # what a convolution of stride two halves
        hidden = tape.convolution(x, c_in, (BLUR, BLUR), "blur", out=(wide, wide), groups=c_in, bias=False, fixed=True)
    scaled = scaled_weight(tape, c_out * c_in * kernel * kernel)
    hidden = tape.convolution(hidden, c_out, (kernel, kernel), name, out=(out, out), bias=False)
    tape.keep(hidden, scaled)  # no parameter, but made from one
    del scaled
    return leaky(tape, hidden, c_out, name) if active else hidden


def leaky(tape: Tape, x: Tensor, channels: Number, name: str) -> Tensor:
    """Bias, leaky ReLU, a constant factor: each a copy."""
    tape.parameter(name + ".act_fn.bias", channels)
    biased = tape.scale(x, "bias")
    return tape.scale(tape.act(biased, "leaky_relu"))


def motion_block(tape: Tape, x: Tensor, c_out: Number) -> Tensor:
    """Two 3×3 convolutions beside a 1×1, both paths blurred and halved in size."""
    first = motion_conv(tape, x, x.shape[1], 3, "conv1")
    out = motion_conv(tape, first, c_out, 3, "conv2", blur=True)
    del first
    skip = motion_conv(tape, x, c_out, 1, "conv_skip", blur=True, active=False)
    return tape.scale(tape.add(out, skip))


def face_encoder(tape: Tape, config: Config, motion: Tensor) -> Tensor:
    """motion[batch, frames, d] -> face tokens[batch, frames / 4, heads + 1, width]: causal convolutions over time."""
    batch, frames, _ = motion.shape
    heads, hidden_dim = config.face_encoder_num_heads, config.face_encoder_hidden_dim
    with tape.scope("face_encoder"):
        x = time_conv(tape, motion, heads * hidden_dim, frames, "conv1_local")
        x = x.view(batch * heads, frames, hidden_dim)
        for name in ("conv2", "conv3"):
            x = tape.act(tape.layer_norm(x))
            frames = (frames - 1) // 2 + 1
            x = time_conv(tape, x, hidden_dim, frames, name)
        x = tape.act(tape.layer_norm(x))
        x = tape.linear(x, config.width, "out_proj")
        tape.parameter("padding_tokens", config.width)
        padding = tape.empty((batch, frames, 1, config.width))
        return tape.cat((x, padding), batch, frames, heads + 1, config.width)


def time_conv(tape: Tape, x: Tensor, c_out: Number, frames: Number, name: str) -> Tensor:
    """x[b, t, c] padded with copies of its first frame, convolved over three frames -> [b, frames, c_out]."""
    b, t, c = x.shape
    padded = tape.copy(x, b, c, t + 2, name="pad")
    return tape.convolution(padded, c_out, (3,), name, out=(frames,)).view(b, frames, c_out)
