"""EVA-02-CLIP's image encoder: a vision transformer with SwiGLU, rotary positions and norms inside its layers.

ConsisID reads the last layer's tokens and those of five layers before. Attention and feed-forward norm what they have
made before its last projection (sub-LN); keys have no bias.
Source: arXiv 2303.15389; baaivision/EVA EVA-CLIP/rei/eva_clip/eva_vit_model.py, model_configs/EVA02-CLIP-L-14-336.json
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape, Tensor

CLASSES = ("EVAVisionTransformer",)
COLOURS = 3


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one encoder; `taken` are layers whose tokens are handed on beside the last."""

    hidden_size: Number = 1024
    intermediate_size: Number = 2730
    num_hidden_layers: int = 24
    num_attention_heads: Number = 16
    image_size: Number = 336
    patch_size: Number = 14
    projection_dim: Number = 768
    taken: int = 5


def tokens(config: Config) -> Number:
    """Patches of an image and a class token."""
    return (config.image_size // config.patch_size) ** 2 + 1


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """image[batch, 3, size, size] -> what it is, [batch, projection_dim]."""
    width, n, batch = config.hidden_size, tokens(config), shape.batch
    side = config.image_size // config.patch_size
    image = tape.input(batch, COLOURS, config.image_size, config.image_size)
    kernel = (config.patch_size, config.patch_size)
    patches = tape.convolution(image, width, kernel, "patch_embed.proj", out=(side, side))
    tape.parameter("cls_token", width)
    hidden = tape.cat((patches,), batch, n, width)
    del patches
    tape.parameter("pos_embed", n * width)
    hidden = tape.scale(hidden, "pos_embed")
    with tape.repeat("blocks", config.num_hidden_layers, hidden):
        hidden = block(tape, config, hidden)
    kept = tape.empty((config.taken, batch, n, width))
    normed = tape.layer_norm(hidden, "norm")
    out = tape.linear(normed.view(batch, width), config.projection_dim, "head")
    del kept, image
    return out


def block(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Self-attention and SwiGLU, each after a norm and with one inside."""
    batch, n, width = x.shape
    heads = config.num_attention_heads
    by_head = (batch, heads, n, width // heads)
    normed = tape.layer_norm(x, "norm1")
    with tape.scope("attn"):
        q = rotated(tape, tape.linear(normed, width, "q_proj").view(*by_head))
        k = rotated(tape, tape.linear(normed, width, "k_proj", bias=False).view(*by_head))
        v = tape.linear(normed, width, "v_proj").view(*by_head)
        merged = tape.copy(tape.attention(q, k, v)).view(batch, n, width)
        attended = tape.linear(tape.layer_norm(merged, "inner_attn_ln"), width, "proj")
        del q, k, v, merged
    hidden = tape.add(x, attended)
    normed = tape.layer_norm(hidden, "norm2")
    with tape.scope("mlp"):
        gated = tape.mul(
            tape.act(tape.linear(normed, config.intermediate_size, "w1")),
            tape.linear(normed, config.intermediate_size, "w2"),
        )
        return tape.add(hidden, tape.linear(tape.layer_norm(gated, "ffn_ln"), width, "w3"))


def rotated(tape: Tape, x: Tensor) -> Tensor:
    """Rotary positions on all tokens."""
    turned = tape.mul(tape.scale(x, "rotate_half"), x)
    return tape.add(tape.mul(x, turned), turned)
