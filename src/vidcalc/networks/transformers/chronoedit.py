"""ChronoEdit: the Wan 2.1 image-to-video network; an edit is two latent frames, with a rotary step between them.

Its rotary table is kept in the network's own dtype. Source: arXiv 2510.04290; diffusers 0.42.1
models/transformers/transformer_chronoedit.py.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.tape import Tape, Tensor

CLASSES = ("ChronoEditTransformer3DModel",)


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_channels: Number = 36


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return wan.tokens(config, shape)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    n = tokens(config, shape)
    latent = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(shape.batch, dtype="fp32")
    text = tape.input(shape.batch, shape.tokens, config.text_dim)
    image = wan.image_input(tape, config, shape)

    rotary = tape.empty((1, n, 1, config.attention_head_dim)), tape.empty((1, n, 1, config.attention_head_dim))
    tape.traffic("rope", 2 * rotary[0].nbytes, 2)
    hidden = wan.patch_embedding(tape, config, shape, latent, "patch_embedding")
    temb, modulation, context, picture = wan.condition(tape, config, shape, timestep, text, image)
    context = wan.joined(tape, context, picture)
    with tape.repeat("blocks", config.num_layers, hidden):
        hidden = wan.block(tape, config, hidden, context, modulation, rotary, shape.image_tokens)
    return wan.unpatchify(tape, config, shape, hidden, temb)
