"""Uni3C's control of the camera for Wan 2.1 image-to-video: narrow blocks of self-attention over the latent and a
rendering of the scene, each with a projection to the denoiser's width.

The timestep's embedding is the denoiser's own. The additions are counted here, where they are made: once a call.
Source: arXiv 2504.14899; alibaba-damo-academy/Uni3C src/models/pcd_controller.py, src/models/controlnet.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.controls.wan import added
from vidcalc.networks.transformers import wan
from vidcalc.tape import Tape, Tensor

CLASSES = ("WanXControlNet",)
SPATIAL, FRAMES = 8, 4  # pixels and frames under a latent place: the kernel of the mask's embedding
NORM_WIDTH = 8  # channels of a group, fixed in the class


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under its class's names; `out_dim` is the denoiser's width."""

    in_channels: Number = 36
    conv_out_dim: Number = 5120
    time_embed_dim: Number = 5120
    dim: Number = 1024
    ffn_dim: Number = 8192
    num_heads: Number = 16
    num_layers: int = 20
    add_channels: Number = 7
    mid_channels: Number = 256
    out_dim: Number = 5120
    patch_size: tuple[Number, Number, Number] = (1, 2, 2)


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = config.patch_size
    return (shape.frames // t) * (shape.height // h) * (shape.width // w)


def hints(config: Config, shape: Shape) -> Number:
    """Elements that a call hands to the denoiser: [layers, batch, n, width of the denoiser]."""
    return config.num_layers * shape.batch * tokens(config, shape) * config.out_dim


def forward(tape: Tape, config: Config, shape: Shape) -> list[Tensor]:
    """latent with rendering[batch, in_channels, frames, height, width] and masks -> a hint[batch, n, out_dim] each."""
    n, batch, grid = tokens(config, shape), shape.batch, (shape.frames, shape.height, shape.width)
    latent = tape.input(batch, config.in_channels, *grid)
    temb = tape.input(batch, config.time_embed_dim)
    rotary = rotary_table(tape, config, n)
    t, h, w = config.patch_size
    places = (shape.frames // t, shape.height // h, shape.width // w)
    patches = tape.convolution(latent, config.conv_out_dim, config.patch_size, "patch_embedding", out=places)
    size = (batch, config.add_channels, shape.frames * FRAMES, shape.height * SPATIAL, shape.width * SPATIAL)
    rays = tape.empty(size)  # masks and the camera's, which the pipeline holds
    embedded = tape.add(
        tape.copy(patches, batch, n, config.conv_out_dim, name="flatten"), masks(tape, config, shape, rays)
    )
    del patches
    hidden = embedded if config.conv_out_dim == config.dim else tape.linear(embedded, config.dim, "proj_in")
    given: list[Tensor] = []
    for i in range(config.num_layers):
        with tape.block(f"controlnet_blocks.{i}"):
            hidden = block(tape, config, hidden, temb, rotary)
        given.append(tape.linear(hidden, config.out_dim, f"proj_out.{i}"))
    del embedded, rays, latent
    return [added(tape, hint) for hint in given]


def rotary_table(tape: Tape, config: Config, n: Number) -> tuple[Tensor, Tensor]:
    """Cosines and sines of three axes, each [1, n, 1, head size] in float32."""
    size = (1, n, 1, config.dim // config.num_heads)
    return tape.empty(size, "fp32"), tape.empty(size, "fp32")


def masks(tape: Tape, config: Config, shape: Shape, rays: Tensor) -> Tensor:
    """Masks and camera rays of the video's pixels -> [batch, n, conv_out_dim]."""
    batch = shape.batch
    grid = (shape.frames, shape.height, shape.width)
    x = tape.convolution(rays, config.mid_channels, (FRAMES, SPATIAL, SPATIAL), "mask_proj.0", out=grid)
    x = tape.act(tape.group_norm(x, config.mid_channels // NORM_WIDTH, "mask_proj.1"))
    _, h, w = config.patch_size
    places = (shape.frames, shape.height // h, shape.width // w)
    x = tape.convolution(x, config.conv_out_dim, (1, h, w), "mask_zero_proj", out=places)
    return tape.copy(x, batch, tokens(config, shape), config.conv_out_dim, name="flatten")


def block(tape: Tape, config: Config, hidden: Tensor, temb: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Self-attention and feed-forward, each normed, shifted, scaled and gated by the timestep."""
    normed, gate = steered(tape, config, hidden, temb, "norm1")
    x = tape.add(hidden, tape.mul(attention(tape, config, normed, rotary), gate))
    normed, gate = steered(tape, config, x, temb, "norm2")
    inner = tape.act(tape.linear(normed, config.ffn_dim, "ffn.0"), "gelu")
    return tape.add(x, tape.mul(tape.linear(inner, config.dim, "ffn.2"), gate))


def steered(tape: Tape, config: Config, x: Tensor, temb: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """(norm(x) · (1 + scale) + shift, gate[batch, 1, dim])."""
    with tape.scope(name):
        vectors = tape.linear(tape.act(temb), 3 * config.dim, "linear")
        vector = vectors.view(x.shape[0], 1, config.dim)
        return tape.add(tape.mul(tape.layer_norm(x, "norm"), tape.scale(vector)), vector), vector


def attention(tape: Tape, config: Config, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Self-attention of all tokens, queries and keys normed over the whole width."""
    batch, n, width = x.shape
    heads, d_head = config.num_heads, config.dim // config.num_heads
    with tape.scope("self_attn"):
        q = tape.rms_norm(tape.linear(x, width, "to_q"), "norm_q").view(batch, heads, n, d_head)
        k = tape.rms_norm(tape.linear(x, width, "to_k"), "norm_k").view(batch, heads, n, d_head)
        v = tape.linear(x, width, "to_v").view(batch, heads, n, d_head)
        q, k = wan.rotate(tape, q, rotary), wan.rotate(tape, k, rotary)
        merged = tape.copy(tape.attention(q, k, v)).view(batch, n, width)
        return tape.linear(merged, width, "to_out.0")
