"""I2VGen-XL: ModelScope's U-Net led by an image: its latent beside the noise, its features beside the text.

Mirrors diffusers' I2VGenXLUNet. Source: arXiv 2311.04145; diffusers 0.42.1 models/unets/unet_i2vgen_xl.py.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.basic import attention
from vidcalc.networks.transformers.embedding import feed_forward, timestep_mlp
from vidcalc.networks.unets import unet3d
from vidcalc.networks.unets.blocks import copied_where_many, features
from vidcalc.tape import Tape, Tensor

CLASSES = ("I2VGenXLUNet",)
POOLED = 32  # height and width the image latent is pooled to before it becomes context
HEADS = 2  # of the small transformer over the frames of the image latent

Config = unet3d.Config  # the same numbers
tokens = unet3d.tokens


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    batch, frames, width, c = shape.batch, shape.frames, config.block_out_channels[0], config.in_channels
    images = batch * frames
    latent = tape.input(batch, c, frames, shape.height, shape.width)
    timestep = tape.input(1)
    rate = tape.input(batch)
    picture = tape.input(batch, c, frames, shape.height, shape.width)
    picture_vector = tape.input(batch, 1, config.cross_attention_dim)
    text = tape.input(batch, shape.tokens, config.cross_attention_dim)

    t_emb = timestep_mlp(tape, features(tape, batch, width), 4 * width, "time_embedding")
    fps_emb = rate_mlp(tape, features(tape, batch, width), 4 * width)
    emb = tape.add(t_emb, fps_emb)
    emb = tape.copy(emb, images, 4 * width, name="repeat")

    d = config.cross_attention_dim
    context = tape.cat((text,), *text.shape)
    first = picture.view(batch, c, shape.height, shape.width)
    places = picture_places(tape, first, c, d)
    count = shape.tokens + places.shape[1]
    context = tape.cat((context, places), batch, count, d)
    vectors = picture_vectors(tape, picture_vector, 4 * width, c * d).view(batch, c, d)
    context = tape.cat((context, vectors), batch, count + c, d)
    context = tape.copy(context, images, count + c, d, name="repeat")

    guide = picture_over_time(tape, picture, shape, c)
    joined = tape.cat((latent, guide), batch, 2 * c, frames, shape.height, shape.width)
    joined = joined.view(images, 2 * c, shape.height, shape.width)
    frames_first = copied_where_many(tape, joined, batch)
    x = tape.convolution(joined, width, (3, 3), "conv_in")
    del frames_first, joined
    x = unet3d.first_transformer(tape, config, x, shape)
    out = unet3d.body(tape, config, x, emb, context, shape)
    del timestep, rate, t_emb, fps_emb, places, vectors, guide
    return out.view(batch, config.out_channels, frames, shape.height, shape.width)


def rate_mlp(tape: Tape, x: Tensor, width: Number) -> Tensor:
    """Linear, SiLU, linear on the features of the frame rate."""
    with tape.scope("fps_embedding"):
        hidden = tape.linear(x, width, "0")
        hidden = tape.act(hidden)
        return tape.linear(hidden, width, "2")


def picture_places(tape: Tape, x: Tensor, c: Number, d: Number) -> Tensor:
    """The image latent [batch, c, h, w], pooled and convolved down to 8 × 8 places of context width d."""
    batch = x.shape[0]
    with tape.scope("image_latents_context_embedding"):
        hidden = tape.convolution(x, 8 * c, (3, 3), "0")
        hidden = tape.act(hidden)
        hidden = tape.pointwise("pool", (hidden,), (batch, 8 * c, POOLED, POOLED))
        hidden = tape.convolution(hidden, 16 * c, (3, 3), "3", out=(POOLED // 2, POOLED // 2))
        hidden = tape.act(hidden)
        hidden = tape.convolution(hidden, d, (3, 3), "5", out=(POOLED // 4, POOLED // 4))
        return hidden.view(batch, (POOLED // 4) ** 2, d)


def picture_vectors(tape: Tape, x: Tensor, inner: Number, d_out: Number) -> Tensor:
    """The image encoder's vector [batch, 1, d] -> [batch, 1, d_out]."""
    with tape.scope("context_embedding"):
        hidden = tape.linear(x, inner, "0")
        hidden = tape.act(hidden)
        return tape.linear(hidden, d_out, "2")


def picture_over_time(tape: Tape, picture: Tensor, shape: Shape, c: Number) -> Tensor:
    """Three convolutions on each frame of the image latent, then a small transformer over its frames."""
    images = shape.batch * shape.frames
    frames = picture.view(images, c, shape.height, shape.width)
    hidden = picture_convolutions(tape, frames, shape, c)
    copied_where_many(tape, hidden, shape.batch)
    x = hidden.view(shape.batch * shape.height * shape.width, shape.frames, c)
    del hidden
    return small_transformer(tape, x, c)


def picture_convolutions(tape: Tape, x: Tensor, shape: Shape, c: Number) -> Tensor:
    """3×3 convolutions to four times the channels and back."""
    frames_first = copied_where_many(tape, x, shape.batch)
    with tape.scope("image_latents_proj_in"):
        hidden = tape.convolution(x, 4 * c, (3, 3), "0")
        hidden = tape.act(hidden)
        hidden = tape.convolution(hidden, 4 * c, (3, 3), "2")
        hidden = tape.act(hidden)
        hidden = tape.convolution(hidden, c, (3, 3), "4")
    del frames_first
    return hidden


def small_transformer(tape: Tape, x: Tensor, c: Number) -> Tensor:
    """norm, attention, feed-forward without a norm of its own."""
    with tape.scope("image_latents_temporal_encoder"):
        normed = tape.layer_norm(x, "norm1")
        attended = attention(tape, normed, None, HEADS, HEADS * c, "attn1")
        hidden = tape.add(attended, x)
        mixed = feed_forward(tape, hidden, 4 * c, c, "ff")
        return tape.add(mixed, hidden)
