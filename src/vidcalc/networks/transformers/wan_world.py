"""Wan steered by a camera (LingBot-World): every token's camera ray scales and shifts it in every block.

Plücker coordinates of each pixel's ray, 6 for each of the 8 x 8 pixels under a latent place, are embedded once; in each
block, after self-attention, four linear layers make a scale and a shift of them. The rest as in `wan.py`.
Source: Robbyant/lingbot-world@6ca87d4:wan/modules/model.py.
"""

from functools import partial

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.tape import Tape, Tensor

CLASSES = ()  # its makers call it WanModel, as Wan's
RAYS = 6 * 64  # numbers of a latent place's rays: 6 coordinates x 8 x 8 pixels


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return wan.tokens(config, shape)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    n, batch, width = tokens(config, shape), shape.batch, config.width
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch, wan.timesteps(config, shape), dtype="fp32")
    text = tape.input(batch, shape.tokens, config.text_dim)
    image = wan.image_input(tape, config, shape)
    seen = tape.input(batch, n, RAYS * wan.patch_volume(config))

    rotary = wan.rotary_table(tape, config, n)
    hidden = wan.patch_embedding(tape, config, shape, latent, "patch_embedding")
    hidden = tape.copy(hidden, name="contiguous")
    temb, modulation, context, picture = wan.condition(tape, config, shape, timestep, text, image)
    context = wan.joined(tape, context, picture)
    # embedded once, and mixed by two layers that add to it
    rays = tape.linear(seen, width, "patch_embedding_wancamctrl")
    first = tape.act(tape.linear(rays, width, "c2ws_hidden_states_layer1"))
    mixed = tape.linear(first, width, "c2ws_hidden_states_layer2")
    del first
    rays = tape.add(rays, mixed)
    del mixed
    steer = partial(steered, tape, config, rays)
    del rays
    with tape.repeat("blocks", config.num_layers, hidden):
        hidden = wan.block(tape, config, hidden, context, modulation, rotary, shape.image_tokens, between=steer)
    del steer
    return wan.unpatchify(tape, config, shape, hidden, temb)


def steered(tape: Tape, config: wan.Config, rays: Tensor, x: Tensor) -> Tensor:
    """x · (1 + scale) + shift, both of a token's own ray: [batch, n, width] x [width, width], four times."""
    width = config.width
    mixed = tape.linear(tape.act(tape.linear(rays, width, "cam_injector_layer1")), width, "cam_injector_layer2")
    mixed = tape.add(mixed, rays)
    scale = tape.linear(mixed, width, "cam_scale_layer")
    shift = tape.linear(mixed, width, "cam_shift_layer")
    del mixed
    return tape.add(tape.mul(tape.scale(scale), x), shift)
