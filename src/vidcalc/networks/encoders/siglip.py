"""SigLIP vision encoder (so400m, read by HunyuanVideo-1.5 and FramePack), with its attention-pooling head.

Source: arXiv 2303.15343; transformers 5.23.0 models/siglip/modeling_siglip.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders.prenorm import feed_forward, layers
from vidcalc.tape import Tape, Tensor

CLASSES = ("SiglipVisionModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one encoder, under transformers' names."""

    hidden_size: Number = 768
    intermediate_size: Number = 3072
    num_hidden_layers: int = 12
    num_attention_heads: Number = 12
    num_channels: Number = 3
    image_size: Number = 224
    patch_size: Number = 16
    hidden_act: str = "gelu_pytorch_tanh"
    vision_use_head: bool = True


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """pixels[batch, 3, image_size, image_size] -> [batch, patches, hidden_size]."""
    batch, width, side = shape.batch, config.hidden_size, config.image_size // config.patch_size
    n = side * side
    pixels = tape.input(batch, config.num_channels, config.image_size, config.image_size)
    with tape.scope("embeddings"):
        tape.parameter("position_embedding.weight", n * width)
        patches = tape.convolution(
            pixels, width, (config.patch_size, config.patch_size), "patch_embedding", out=(side, side)
        )
        positions = tape.empty((1, n, width))
        hidden = tape.add(patches, positions, (batch, n, width))
        del patches, positions
    last, outputs = layers(
        tape,
        hidden,
        config.num_hidden_layers,
        config.num_attention_heads,
        config.intermediate_size,
        config.hidden_act,
        keep_all=False,
    )
    del outputs
    out = tape.layer_norm(last, "post_layernorm")
    if config.vision_use_head:
        pool(tape, config, out)
    del pixels, hidden, last
    return out


def pool(tape: Tape, config: Config, x: Tensor) -> None:
    """One learned query attends to all patches; a feed-forward follows (the pooled vector, which no pipeline keeps)."""
    batch, _, width = x.shape
    heads = config.num_attention_heads
    with tape.scope("head"):
        tape.parameter("probe", width)
        probe = tape.empty((batch, 1, width))
        with tape.scope("attention"):
            attended = pooling_attention(tape, x, probe, heads)
        normed = tape.layer_norm(attended, "layernorm")
        mixed = tape.add(attended, feed_forward(tape, normed, config.intermediate_size, config.hidden_act))
        del mixed


def pooling_attention(tape: Tape, x: Tensor, probe: Tensor, heads: Number) -> Tensor:
    """torch.nn.MultiheadAttention of probe[batch, 1, width] over x[batch, n, width], scores spelled out."""
    batch, n, width = x.shape
    tape.parameter("in_proj_bias", 3 * width)
    query = tape.linear(probe, width, "in_proj_query", bias=False)
    transposed = tape.copy(x)
    pairs = tape.linear(transposed, 2 * width, "in_proj_key_value", bias=False)
    del transposed
    biased = tape.scale(pairs, "bias")
    del pairs
    split = tape.copy(biased)
    del biased
    key = split.view(batch * heads, width // heads, n)
    scores = tape.matmul(query.view(batch * heads, 1, width // heads), key, "scores")
    weights = tape.softmax(scores)
    value = split.view(batch * heads, n, width // heads)
    out = tape.matmul(weights, value, "values")
    return tape.linear(out.view(batch, 1, width), width, "out_proj")
