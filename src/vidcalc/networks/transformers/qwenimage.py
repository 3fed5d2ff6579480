"""Qwen-Image: an image transformer of two streams, image and text, that attend jointly in every layer.

Mirrors diffusers' QwenImageTransformer2DModel. Source: arXiv 2508.02324; diffusers 0.42.1
models/transformers/transformer_qwenimage.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.adaptive import steered, steered_norm
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, timestep_mlp
from vidcalc.networks.transformers.flux import PACKED, TIME_FEATURES, contiguous_linear
from vidcalc.tape import Tape, Tensor

CLASSES = ("QwenImageTransformer2DModel",)
TABLE_ROWS = 4096  # positions the stored rotary table is made for; text takes a slice of it


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    patch_size: Number = 2
    in_channels: Number = 64
    out_channels: Number = 16
    num_layers: Number = 60
    attention_head_dim: Number = 128
    num_attention_heads: Number = 24
    joint_attention_dim: Number = 3584

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim


def tokens(config: Config, shape: Shape) -> Number:
    """Image tokens: four latent places each."""
    return (shape.height // PACKED) * (shape.width // PACKED)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """packed latent[batch, n, in_channels] -> [batch, n, patch² · out_channels]."""
    batch, n, width = shape.batch, tokens(config, shape), config.width
    latent = tape.input(batch, n, config.in_channels)
    text = tape.input(batch, shape.tokens, config.joint_attention_dim)
    timestep = tape.input(batch)
    out = blocks(tape, config, tape.linear(latent, width, "img_in"), text)
    del timestep
    return tape.linear(out, config.patch_size * config.patch_size * config.out_channels, "proj_out")


def blocks(tape: Tape, config: Config, hidden: Tensor, text: Tensor) -> Tensor:
    """Tokens[batch, n, width], which the caller holds no longer, and text -> tokens after all blocks, normed."""
    batch, n, width = hidden.shape
    context = tape.rms_norm_narrow(text, "txt_norm")
    context = tape.linear(context, width, "txt_in")
    with tape.scope("time_text_embed"):
        features = tape.cast(sinusoid(tape, batch, TIME_FEATURES), tape.dtype)
        temb = timestep_mlp(tape, features, width, "timestep_embedder")
        del features
    rotary = (  # complex numbers as pairs of float32
        tape.empty((n, config.attention_head_dim), "fp32"),
        tape.empty((TABLE_ROWS, config.attention_head_dim), "fp32"),
    )
    with tape.repeat("transformer_blocks", config.num_layers - 1, context, hidden):
        context, hidden = block(tape, config, hidden, context, temb, rotary, last=False)
    with tape.block("transformer_blocks.last"):
        context, hidden = block(tape, config, hidden, context, temb, rotary, last=True)
    return steered_norm(tape, hidden, temb, 2, "norm_out")[0]


def block(
    tape: Tape, config: Config, x: Tensor, c: Tensor, temb: Tensor, rotary: tuple[Tensor, Tensor], *, last: bool
) -> tuple[Tensor, Tensor]:
    """Image x[batch, n, width] and text c[batch, tokens, width] -> (text, image). `last`: nothing comes of the text."""
    width = config.width
    own = modulation(tape, temb, width, "img_mod")
    own_text = modulation(tape, temb, width, "txt_mod")
    normed = tape.layer_norm(x)
    modulated = steered(tape, normed, own)
    normed_text = tape.layer_norm(c)
    modulated_text = steered(tape, normed_text, own_text)
    attended, attended_text = joint_attention(tape, config, modulated, modulated_text, rotary)
    hidden = tape.add(x, tape.mul(attended, own))
    training = tape.training
    tape.training = training and not last  # no gradient returns along a text that nothing reads
    context = tape.add(c, tape.mul(attended_text, own_text))
    tape.training = training
    normed_2 = tape.layer_norm(hidden)
    modulated_2 = steered(tape, normed_2, own)
    mixed = feed_forward(tape, modulated_2, 4 * width, width, "img_mlp")
    hidden = tape.add(hidden, tape.mul(mixed, own))
    tape.training = training and not last
    normed_text_2 = tape.layer_norm(context)
    modulated_text_2 = steered(tape, normed_text_2, own_text)
    mixed_text = feed_forward(tape, modulated_text_2, 4 * width, width, "txt_mlp")
    context = tape.add(context, tape.mul(mixed_text, own_text))
    tape.training = training
    return context, hidden


def modulation(tape: Tape, temb: Tensor, width: Number, name: str) -> Tensor:
    """SiLU and linear: temb -> six vectors, seen as one of them [batch, 1, width]."""
    emb = tape.linear(tape.act(temb), 6 * width, f"{name}.1")
    return emb.view(emb.shape[0], 1, width)


def joint_attention(
    tape: Tape, config: Config, x: Tensor, c: Tensor, rotary: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """One attention over text and image, each with projections, norms and positions of its own -> (image, text)."""
    batch, n, width = x.shape
    count, heads, d_head = c.shape[1], config.num_attention_heads, config.attention_head_dim
    both = (batch, count + n, heads, d_head)
    with tape.scope("attn"):
        q, k, v = (tape.linear(x, width, name).view(batch, n, heads, d_head) for name in ("to_q", "to_k", "to_v"))
        q_text, k_text, v_text = (
            tape.linear(c, width, name).view(batch, count, heads, d_head)
            for name in ("add_q_proj", "add_k_proj", "add_v_proj")
        )
        q = tape.rms_norm_narrow(q, "norm_q")
        k = tape.rms_norm_narrow(k, "norm_k")
        q_text = tape.rms_norm_narrow(q_text, "norm_added_q")
        k_text = tape.rms_norm_narrow(k_text, "norm_added_k")
        q = rotate_complex(tape, q, rotary[0])
        k = rotate_complex(tape, k, rotary[0])
        q_text = rotate_complex(tape, q_text, rotary[1])
        k_text = rotate_complex(tape, k_text, rotary[1])
        q_both = tape.cat((q_text, q), *both)
        k_both = tape.cat((k_text, k), *both)
        v_both = tape.cat((v_text, v), *both)
        by_head = (batch, heads, count + n, d_head)
        merged = tape.attention(q_both.view(*by_head), k_both.view(*by_head), v_both.view(*by_head))
        merged = tape.copy(merged).view(batch, count + n, width)
        image = contiguous_linear(tape, merged.view(batch, n, width), width, "to_out.0")
        text = contiguous_linear(tape, merged.view(batch, count, width), width, "to_add_out")
        return image, text


def rotate_complex(tape: Tape, x: Tensor, table: Tensor) -> Tensor:
    """Rotary embedding as a product of complex numbers in float32, for each pair of channels."""
    wide = tape.cast(x, "fp32")
    turned = tape.mul(wide, table.view(1, x.shape[1], 1, x.shape[3]))
    return tape.cast(turned, x.dtype)
