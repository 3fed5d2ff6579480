"""Cosmos Transfer 2.5: the Cosmos video transformer with a control network of four of its blocks beside it.

At each forward the control network runs first, on the control's latents started from the video's; what each of its
blocks gives is added after every seventh block of the transformer. Both read text and image tokens.
Source: arXiv 2503.14492; diffusers 0.42.1 models/controlnets/controlnet_cosmos.py, models/transformers/
transformer_cosmos.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import cosmos
from vidcalc.tape import Tape, Tensor

CLASSES = ("CosmosTransformer3DModel+CosmosControlNetModel",)


class Network(cosmos.Config, frozen=True, kw_only=True):
    """The numbers of the video transformer, under diffusers' names."""

    controlnet_block_every_n: int = 7


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of the control network that differ from those of the transformer."""

    n_controlnet_blocks: int = 4
    in_channels: Number = 130
    latent_channels: Number = 18


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Both networks."""

    network: Network = Network()
    control: Control = Control()


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return cosmos.tokens(config.network, shape)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent and control[batch, out_channels, frames, height, width] -> the same shape."""
    c, batch = config.network, shape.batch
    grid = (shape.frames, shape.height, shape.width)
    latent = tape.input(batch, c.out_channels, *grid)
    control = tape.input(batch, c.out_channels, *grid)
    timestep = tape.input(batch, 1)
    text = tape.input(batch, shape.tokens, text_width(c))
    picture = None
    if c.img_context_dim_in:
        picture = tape.input(batch, c.img_context_num_tokens, c.img_context_dim_in)
    padding = tape.input(1, 1, 8 * shape.height, 8 * shape.width)
    with tape.scope("control"):
        hints = controlled(tape, config, shape, latent, control, text, picture)
    with tape.scope("network"):
        out = denoised(tape, config, shape, latent, text, picture, hints)
    del timestep, padding
    return out


def text_width(config: cosmos.Config) -> Number:
    """Width of a text token as the pipeline gives it."""
    return config.crossattn_proj_in_channels if config.use_crossattn_projection else config.text_embed_dim


def contexts(tape: Tape, config: cosmos.Config, text: Tensor, picture: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Text and image tokens as cross-attention reads them."""
    context, seen = text, picture
    if config.use_crossattn_projection:
        context = tape.act(tape.linear(text, config.encoder_hidden_states_channels, "crossattn_proj.0"), "gelu")
    if picture is not None:
        seen = tape.act(tape.linear(picture, config.img_context_dim_out, "img_context_proj.0"), "gelu")
    return context, seen


def controlled(
    tape: Tape,
    config: Config,
    shape: Shape,
    latent: Tensor,
    control: Tensor,
    text: Tensor,
    picture: Tensor | None,
) -> list[Tensor]:
    """What each control block gives, [batch, n, width]."""
    c, batch, n = config.network, shape.batch, tokens(config, shape)
    grid = (shape.frames, shape.height, shape.width)
    wide, base = config.control.in_channels, config.control.latent_channels
    zeros = tape.empty((batch, wide - 2 - c.out_channels, *grid))
    filled = tape.cat((control, zeros), batch, wide - 2, *grid)
    del zeros
    masked = tape.cat((filled,), batch, wide - 1, *grid)
    del filled
    resized = tape.empty((1, 1, shape.height, shape.width))
    joined = tape.cat((masked, tape.copy(resized, batch, 1, *grid, name="repeat")), batch, wide, *grid)
    del masked
    started = tape.cat((latent,), batch, base - 1, *grid)
    again = tape.empty((1, 1, shape.height, shape.width))
    video = tape.cat((started, tape.copy(again, batch, 1, *grid, name="repeat")), batch, base, *grid)
    del started
    rotary = cosmos.rotary_table(tape, c, n)
    hidden = patches(tape, c, joined, batch, n, "patch_embed")
    del joined
    begun = patches(tape, c, video, batch, n, "patch_embed_base")
    del video
    temb, embedded = cosmos.time_embedding(tape, c, shape)
    context, seen = contexts(tape, c, text, picture)
    hints: list[Tensor] = []
    for i in range(config.control.n_controlnet_blocks):
        with tape.block(f"control_blocks.{i}"):
            x = hidden
            if i == 0:
                x = tape.linear(hidden, c.width, "before_proj")
                x = tape.add(x, begun)
            hidden = cosmos.block(tape, c, x, context, embedded, temb, rotary, None, seen)
            del x
            given = tape.linear(hidden, c.width, "after_proj")
            hints.append(tape.scale(given))
    del resized, again, given
    return hints


def patches(tape: Tape, config: cosmos.Config, x: Tensor, batch: Number, n: Number, name: str) -> Tensor:
    """Patches flattened into channels, then projected -> tokens[batch, n, width]."""
    cut = tape.copy(x, batch, n, x.shape[1] * config.patch_volume, name="patchify")
    return tape.linear(cut, config.width, name + ".proj", bias=False)


def denoised(
    tape: Tape,
    config: Config,
    shape: Shape,
    latent: Tensor,
    text: Tensor,
    picture: Tensor | None,
    hints: list[Tensor],
) -> Tensor:
    """The transformer; a hint is added after the first of every so many blocks."""
    c, batch, n = config.network, shape.batch, tokens(config, shape)
    joined, resized = cosmos.with_masks(tape, c, shape, latent)
    rotary = cosmos.rotary_table(tape, c, n)
    hidden = cosmos.patch_embedding(tape, c, joined, batch, n)
    del joined
    temb, embedded = cosmos.time_embedding(tape, c, shape)
    context, seen = contexts(tape, c, text, picture)
    every, layers = c.controlnet_block_every_n, int(c.num_layers)
    for first in range(0, layers, every):
        with tape.block(f"transformer_blocks.{first}"):
            hidden = cosmos.block(tape, c, hidden, context, embedded, temb, rotary, None, seen)
            tape.traffic("residual", 3 * hidden.nbytes)
        with tape.repeat(f"transformer_blocks.{first + 1}", min(every, layers - first) - 1, hidden):
            hidden = cosmos.block(tape, c, hidden, context, embedded, temb, rotary, None, seen)
    with tape.scope("norm_out"):
        hidden = cosmos.modulated(tape, c, hidden, embedded, temb, 2)[0]
    hidden = tape.linear(hidden, c.out_channels * c.patch_volume, "proj_out", bias=False)
    hidden = tape.copy(hidden, name="unpatchify")
    del resized, hints
    return hidden.view(batch, c.out_channels, shape.frames, shape.height, shape.width)
