"""Stable Diffusion 3 and 3.5: an image transformer of two streams, image and text, that attend jointly.

Mirrors diffusers' SD3Transformer2DModel. Source: arXiv 2403.03206; diffusers 0.42.1
models/transformers/transformer_sd3.py, attention.py, attention_processor.py.
"""

from itertools import groupby

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.adaptive import steered_norm, two_stream_block
from vidcalc.networks.transformers.embedding import sinusoid, text_mlp, timestep_mlp
from vidcalc.networks.transformers.hunyuan_blocks import sliced_linear
from vidcalc.tape import Tape, Tensor

CLASSES = ("SD3Transformer2DModel",)
TIME_FEATURES = 256  # fixed in the published code


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    patch_size: Number = 2
    in_channels: Number = 16
    out_channels: Number = 16
    num_layers: int = 18
    attention_head_dim: Number = 64
    num_attention_heads: Number = 18
    joint_attention_dim: Number = 4096
    caption_projection_dim: Number = 1152
    pooled_projection_dim: Number = 2048
    dual_attention_layers: tuple[int, ...] = ()
    qk_norm: str | None = None

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim


def tokens(config: Config, shape: Shape) -> Number:
    """Image tokens: latent height × width over the patch."""
    return (shape.height // config.patch_size) * (shape.width // config.patch_size)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[images, in_channels, height, width] -> [images, out_channels, height, width], images = batch · frames."""
    images, width, n, p = shape.batch * shape.frames, config.width, tokens(config, shape), config.patch_size
    latent = tape.input(images, config.in_channels, shape.height, shape.width)
    text = tape.input(images, shape.tokens, config.joint_attention_dim)
    pooled = tape.input(images, config.pooled_projection_dim)
    timestep = tape.input(images)

    hidden = tape.copy(patches(tape, config, latent, n), name="contiguous")
    temb = condition(tape, config, pooled)
    context: Tensor | None = tape.linear(text, width, "context_embedder")
    kinds = [i in config.dual_attention_layers for i in range(config.num_layers - 1)]
    first = 0
    for dual, run in groupby(kinds):
        count = len(list(run))
        with tape.repeat(f"transformer_blocks.{first}+", count, context, hidden):
            context, hidden = block(tape, config, hidden, context, temb, dual=dual, last=False)
        first += count
    dual = first in config.dual_attention_layers
    with tape.block(f"transformer_blocks.{first}"):
        context, hidden = block(tape, config, hidden, context, temb, dual=dual, last=True)
    hidden = steered_norm(tape, hidden, temb, 2, "norm_out")[0]
    hidden = tape.linear(hidden, p * p * config.out_channels, "proj_out")
    del timestep
    return tape.copy(hidden, images, config.out_channels, shape.height, shape.width, name="unpatchify")


def patches(tape: Tape, config: Config, latent: Tensor, n: Number) -> Tensor:
    """Patch embedding plus a crop of the table of positions -> [images, n, width], channels outermost in memory."""
    images, _, height, width = latent.shape
    p = config.patch_size
    with tape.scope("pos_embed"):
        embedded = tape.convolution(latent, config.width, (p, p), "proj", out=(height // p, width // p))
        crop = tape.empty((1, n, config.width))
        return tape.add(embedded.view(images, n, config.width), crop)


def condition(tape: Tape, config: Config, pooled: Tensor) -> Tensor:
    """Timestep and pooled text -> modulation source [images, width]."""
    with tape.scope("time_text_embed"):
        features = sinusoid(tape, pooled.shape[0], TIME_FEATURES)
        emb = timestep_mlp(tape, tape.cast(features, tape.dtype), config.width, "timestep_embedder")
        projected = text_mlp(tape, pooled, config.width, "text_embedder")
        del features
        return tape.add(emb, projected)


def block(
    tape: Tape, config: Config, x: Tensor, c: Tensor | None, temb: Tensor, *, dual: bool, last: bool
) -> tuple[Tensor | None, Tensor]:
    """x[images, n, width], text c[images, tokens, width] -> (text, image). `dual`: a second attention on the image
    alone.
    """

    def attend(normed: Tensor, normed_text: Tensor) -> tuple[Tensor, Tensor]:
        return joint_attention(tape, config, normed, normed_text, last=last)

    def again(normed: Tensor) -> Tensor:
        return own_attention(tape, config, normed)

    assert c is not None  # only the last block ends without text
    return two_stream_block(tape, x, c, temb, attend, more=again if dual else None, last=last)


def projections(
    tape: Tape, config: Config, x: Tensor, names: tuple[str, str, str], norms: tuple[str, str]
) -> list[Tensor]:
    """Queries, keys and values by head [images, heads, n, head size]; queries and keys normed once all three are
    there.
    """
    images, n, _ = x.shape
    by_head = (images, config.num_attention_heads, n, config.attention_head_dim)
    out = [tape.linear(x, config.width, name).view(*by_head) for name in names]
    if config.qk_norm:
        for i, norm in enumerate(norms):
            out[i] = tape.rms_norm_narrow(out[i], norm)
    return out


def joint_attention(tape: Tape, config: Config, x: Tensor, c: Tensor, *, last: bool = False) -> tuple[Tensor, Tensor]:
    """One attention over image and text, each with projections of its own; `last`: no projection of the text's
    result.
    """
    images, n, width = x.shape
    both = n + c.shape[1]
    heads, d_head = config.num_attention_heads, config.attention_head_dim
    with tape.scope("attn"):
        q, k, v = projections(tape, config, x, ("to_q", "to_k", "to_v"), ("norm_q", "norm_k"))
        names = ("add_q_proj", "add_k_proj", "add_v_proj")
        q_text, k_text, v_text = projections(tape, config, c, names, ("norm_added_q", "norm_added_k"))
        q = tape.cat((q, q_text), images, heads, both, d_head)
        k = tape.cat((k, k_text), images, heads, both, d_head)
        v = tape.cat((v, v_text), images, heads, both, d_head)
        merged = tape.attention(q, k, v)
        merged = tape.copy(merged).view(images, both, width)
        text = merged.view(images, c.shape[1], width)
        if not last:
            text = sliced_linear(tape, text, width, "to_add_out")
        return sliced_linear(tape, merged.view(images, n, width), width, "to_out.0"), text


def own_attention(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Self-attention of the image tokens."""
    images, n, width = x.shape
    with tape.scope("attn2"):
        q, k, v = projections(tape, config, x, ("to_q", "to_k", "to_v"), ("norm_q", "norm_k"))
        out = tape.attention(q, k, v)
        out = tape.copy(out).view(images, n, width)
        return tape.linear(out, width, "to_out.0")
