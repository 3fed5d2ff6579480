"""EasyAnimate V5 and V5.1: full attention over video and text, first in two-stream blocks, then (7B) in blocks with
shared weights.

Mirrors diffusers' EasyAnimateTransformer3DModel. Source: arXiv 2405.18991; diffusers 0.42.1
models/transformers/transformer_easyanimate.py.
"""

from typing import Any

import msgspec

from vidcalc.base.number import Number, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.adaptive import steered, vectors
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, timestep_mlp
from vidcalc.networks.transformers.hunyuan_blocks import sliced_linear
from vidcalc.networks.transformers.rotary import rotate_pairs
from vidcalc.tape import Tape, Tensor

CLASSES = ("EasyAnimateTransformer3DModel",)
FIRST_TEXT = 77  # tokens of the CLIP text that version 5 reads beside T5's


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    num_attention_heads: Number = 48
    attention_head_dim: Number = 64
    in_channels: Number = 16
    out_channels: Number = 16
    patch_size: Number = 2
    num_layers: int = 48
    mmdit_layers: int = 48
    time_embed_dim: Number = 512
    add_norm_text_encoder: bool = False
    text_embed_dim: Number = 3584
    text_embed_dim_t5: Any = None
    after_norm: bool = False

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return shape.frames * (shape.height // config.patch_size) * (shape.width // config.patch_size)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, out_channels, frames, height, width] (and a guide of the other channels) -> the same shape."""
    batch, n, width, p = shape.batch, tokens(config, shape), config.width, config.patch_size
    places = (shape.frames, shape.height, shape.width)
    latent = tape.input(batch, config.out_channels, *places)
    timestep = tape.input(batch)
    two = config.text_embed_dim_t5 is not None
    text = tape.input(batch, FIRST_TEXT if two else shape.tokens, config.text_embed_dim)
    second = tape.input(batch, shape.tokens, config.text_embed_dim_t5) if two else None
    guide = None
    if config.in_channels != config.out_channels:
        guide = tape.input(batch, config.in_channels - config.out_channels, *places)

    features = tape.cast(sinusoid(tape, batch, width), tape.dtype)
    temb = timestep_mlp(tape, features, config.time_embed_dim, "time_embedding")
    del features
    rotary = (tape.empty((n, config.attention_head_dim), "fp32"), tape.empty((n, config.attention_head_dim), "fp32"))
    hidden = latent if guide is None else tape.cat((latent, guide), batch, config.in_channels, *places)
    hidden = patches(tape, config, hidden, shape)
    context, other = captions(tape, config, text, second)
    paired = min(config.mmdit_layers, config.num_layers)  # more than there are layers: all of them
    ends_shared = config.num_layers > paired
    with tape.repeat("transformer_blocks", paired - (not ends_shared), hidden, context):
        hidden, context = block(tape, config, hidden, context, temb, rotary, shared=False)
    with tape.repeat("transformer_blocks.shared", config.num_layers - paired - ends_shared, hidden, context):
        hidden, context = block(tape, config, hidden, context, temb, rotary, shared=True)
    with tape.block("transformer_blocks.last"):
        hidden, context = block(tape, config, hidden, context, temb, rotary, shared=ends_shared, last=True)
    hidden = tape.layer_norm(hidden, "norm_final")
    hidden = last_norm(tape, hidden, temb, width)
    hidden = tape.linear(hidden, p * p * config.out_channels, "proj_out")
    del timestep, other
    return tape.copy(hidden, batch, config.out_channels, *places, name="unpatchify")


def patches(tape: Tape, config: Config, latent: Tensor, shape: Shape) -> Tensor:
    """Patch embedding frame by frame, laid out as one sequence per sample [batch, n, width]."""
    p = config.patch_size
    maps = latent.view(shape.batch * shape.frames, config.in_channels, shape.height, shape.width)
    frames_first = tape.copy(maps, maps.elements * minimum(shape.batch - 1, 1), name="reshape")
    grid = (shape.height // p, shape.width // p)
    embedded = tape.convolution(maps, config.width, (p, p), "proj", out=grid)
    del frames_first
    return tape.copy(embedded, shape.batch, tokens(config, shape), config.width, name="flatten")


def captions(tape: Tape, config: Config, text: Tensor, second: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """One or two texts projected to the hidden size, side by side; and the second alone, which stays alive beside
    them.
    """
    name = "text_proj"
    if config.add_norm_text_encoder:
        first = tape.linear(tape.rms_norm_narrow(text, "text_proj.0"), config.width, "text_proj.1")
    else:
        first = tape.linear(text, config.width, name)
    if second is None:
        return first, None
    other = tape.linear(second, config.width, name + "_t5")
    return tape.cat((first, other), first.shape[0], first.shape[1] + other.shape[1], config.width), other


def block(
    tape: Tape,
    config: Config,
    x: Tensor,
    c: Tensor,
    temb: Tensor,
    rotary: tuple[Tensor, Tensor],
    *,
    shared: bool,
    last: bool = False,
) -> tuple[Tensor, Tensor]:
    """Video x[batch, n, width], text c[batch, tokens, width] -> (video, text).

    shared   one set of weights for both
    last     nothing comes of the text, so no gradient returns along it
    """
    training = tape.training
    normed, normed_text, own = both_normed(tape, x, c, temb, "norm1")
    attend = shared_attention if shared else joint_attention
    attended, attended_text = attend(tape, config, normed, normed_text, rotary)
    hidden = tape.add(x, tape.mul(attended, own))
    tape.training = training and not last
    context = tape.add(c, tape.mul(attended_text, own))
    tape.training = training
    normed, normed_text, second = both_normed(tape, hidden, context, temb, "norm2")
    normed = mixed(tape, config, normed, "ff")
    tape.training = training and not last
    normed_text = mixed(tape, config, normed_text, "ff" if shared else "txt_ff")
    tape.training = training
    hidden = tape.add(hidden, tape.mul(normed, second))
    tape.training = training and not last
    context = tape.add(context, tape.mul(normed_text, second))
    tape.training = training
    return hidden, context


def mixed(tape: Tape, config: Config, x: Tensor, name: str) -> Tensor:
    """Feed-forward, with a norm after it where the configuration asks for one."""
    out = feed_forward(tape, x, 4 * config.width, config.width, name)
    return wide_norm(tape, out, "norm3") if config.after_norm else out


def wide_norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Layer norm computed in float32."""
    return tape.cast(tape.layer_norm(tape.cast(x, "fp32"), name), x.dtype)


def both_normed(tape: Tape, x: Tensor, c: Tensor, temb: Tensor, name: str) -> tuple[Tensor, Tensor, Tensor]:
    """Video and text through the same norm, each scaled and shifted by vectors of its own -> both, and the vectors."""
    with tape.scope(name):
        own = vectors(tape, temb, 6, x.shape[-1])
        video = steered(tape, wide_norm(tape, x, "norm"), own)
        return video, steered(tape, wide_norm(tape, c, "norm"), own), own


def last_norm(tape: Tape, x: Tensor, temb: Tensor, width: Number) -> Tensor:
    """norm(x) · (1 + scale) + shift, the norm with weights."""
    with tape.scope("norm_out"):
        own = vectors(tape, temb, 2, width)
        return tape.add(tape.mul(tape.layer_norm(x, "norm"), tape.scale(own)), own)


def projections(
    tape: Tape, config: Config, x: Tensor, names: tuple[str, str, str], norms: tuple[str, str]
) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys, values by head [batch, heads, n, head size]; queries and keys layer-normed over a head."""
    by_head = (x.shape[0], config.num_attention_heads, x.shape[1], config.attention_head_dim)
    q, k, v = (tape.linear(x, config.width, name).view(*by_head) for name in names)
    q = tape.layer_norm(q, norms[0])
    k = tape.layer_norm(k, norms[1])
    return q, k, v


def joint_attention(
    tape: Tape, config: Config, x: Tensor, c: Tensor, rotary: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """One attention over text and video, each with projections of its own -> (video, text)."""
    batch, n, width = x.shape
    both = (batch, config.num_attention_heads, c.shape[1] + n, config.attention_head_dim)
    with tape.scope("attn1"):
        q, k, v = projections(tape, config, x, ("to_q", "to_k", "to_v"), ("norm_q", "norm_k"))
        names = ("add_q_proj", "add_k_proj", "add_v_proj")
        q_text, k_text, v_text = projections(tape, config, c, names, ("norm_added_q", "norm_added_k"))
        q = tape.cat((q_text, q), *both)
        k = tape.cat((k_text, k), *both)
        v = tape.cat((v_text, v), *both)
        merged = turned_attention(tape, q, k, v, n, rotary)
        video = sliced_linear(tape, merged.view(batch, n, width), width, "to_out.0")
        return video, sliced_linear(tape, merged.view(batch, c.shape[1], width), width, "to_add_out")


def shared_attention(
    tape: Tape, config: Config, x: Tensor, c: Tensor, rotary: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """One attention over text and video laid side by side -> (video, projected out; text, not)."""
    batch, n, width = x.shape
    with tape.scope("attn1"):
        joined = tape.cat((c, x), batch, c.shape[1] + n, width)
        q, k, v = projections(tape, config, joined, ("to_q", "to_k", "to_v"), ("norm_q", "norm_k"))
        merged = turned_attention(tape, q, k, v, n, rotary)
        video = sliced_linear(tape, merged.view(batch, n, width), width, "to_out.0")
        return video, merged.view(batch, c.shape[1], width)


def turned_attention(tape: Tape, q: Tensor, k: Tensor, v: Tensor, n: Number, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Attention after the last n queries and keys are turned in place -> [batch, text + n, width]."""
    batch, heads, both, d_head = q.shape
    for x in (q, k):
        turn_in_place(tape, x, n, rotary)
    out = tape.attention(q, k, v)
    return tape.copy(out).view(batch, both, heads * d_head)


def turn_in_place(tape: Tape, x: Tensor, n: Number, rotary: tuple[Tensor, Tensor]) -> None:
    """Rotary embedding of the video's part of x[batch, heads, text + n, head size]; the tables come from the host
    each time.
    """
    batch, heads, _, d_head = x.shape
    tables = (tape.copy(rotary[0], name="to_device"), tape.copy(rotary[1], name="to_device"))
    part = rotate_pairs(tape, x.view(batch, n, heads, d_head), tables)
    tape.traffic("rope", 2 * part.nbytes)
    del tables
