"""HunyuanVideo-1.5 transformer: dual-stream blocks only, over video and three kinds of context.

The context is image tokens (SigLIP), glyph tokens (ByT5) and refined text tokens (Qwen2.5-VL), all of them kept. Each
block makes a dense mask over all pairs of tokens, which outweighs everything else in long clips.
Source: arXiv 2511.18870; diffusers 0.42.1 models/transformers/transformer_hunyuan_video15.py.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import hunyuan
from vidcalc.networks.transformers.hunyuan_blocks import Streams, double_block, drop
from vidcalc.networks.transformers.hunyuan_refiner import token_refiner
from vidcalc.networks.transformers.rotary import rotary_tables
from vidcalc.tape import Tape, Tensor

CLASSES = ("HunyuanVideo15Transformer3DModel",)
GLYPH_WIDTH = 2048  # hidden size of the glyph projection, fixed in the class
GLYPH_TOKENS = 256  # ByT5 tokens the pipeline pads to
CONTEXT_KINDS = 3


class Config(hunyuan.Common, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_channels: Number = 65
    out_channels: Number = 32
    num_attention_heads: Number = 16
    num_layers: Number = 54
    patch_size: Number = 1
    text_embed_dim: Number = 3584
    text_embed_2_dim: Number = 1472
    image_embed_dim: Number = 1152
    use_meanflow: bool = False


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return hunyuan.tokens(config, shape)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, video tokens, out_channels · patch volume].

    shape.tokens and shape.image_tokens are the text and image tokens; shape.extra["glyph_tokens"] the glyph tokens.
    """
    return run(tape, config, shape, "pairs")


def run(tape: Tape, config: Config, shape: Shape, pairs: str) -> Tensor:
    """The forward with that mask over the joint tokens."""
    batch, width, n = shape.batch, config.width, tokens(config, shape)
    hidden = embed_latent(tape, config, shape)
    rotary = rotary_tables(tape, n, config.attention_head_dim)
    timestep = tape.input(batch)
    temb = time_embed(tape, config, timestep)
    context = embed_context(tape, config, shape, timestep)
    mask = tape.input(batch, context.shape[1], dtype="bool")
    tape.parameter("cond_type_embed.weight", CONTEXT_KINDS * width)
    streams = Streams(config.num_attention_heads, config.attention_head_dim, config.inner, temb, rotary, mask=pairs)
    with tape.repeat("transformer_blocks", config.num_layers - 1, hidden, context):
        hidden, context = double_block(tape, streams, hidden, context)
    with tape.repeat("transformer_blocks.last", 1, hidden, context):
        unused: list[int] = []
        hidden, context = double_block(tape, streams, hidden, context, unused)
    out = hunyuan.final_norm(tape, hidden, temb)
    result = tape.linear(out, config.patch_size_t * config.patch_size**2 * config.out_channels, "proj_out")
    del mask, context
    drop(tape, unused)
    return result


def embed_latent(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """The latent, not needed afterwards, as [batch, n, width]."""
    latent = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    return hunyuan.patch_embed(tape, config, shape, latent)


def time_embed(tape: Tape, config: Config, timestep: Tensor) -> Tensor:
    """Timestep -> [batch, width]; mean-flow models have a second embedder for the reference timestep."""
    with tape.scope("time_embed"):
        if config.use_meanflow:
            second_embedder(tape, config)
        return hunyuan.embedded_scalar(tape, timestep, config.width, "timestep_embedder")


def second_embedder(tape: Tape, config: Config) -> None:
    """Weights of the reference-timestep embedder, which only super-resolution models run."""
    with tape.scope("timestep_embedder_r"):
        for name, d_in in (("linear_1", hunyuan.FREQUENCIES), ("linear_2", config.width)):
            tape.parameter(name + ".weight", d_in * config.width)
            tape.parameter(name + ".bias", config.width)


def embed_context(tape: Tape, config: Config, shape: Shape, timestep: Tensor) -> Tensor:
    """Image, glyph and text tokens, each projected to the width, side by side: [batch, all, width]."""
    batch, width = shape.batch, config.width
    glyphs = shape.extra.get("glyph_tokens", GLYPH_TOKENS)
    parts = (
        project_image(tape, config, tape.input(batch, shape.image_tokens, config.image_embed_dim)),
        project_glyphs(tape, config, tape.input(batch, glyphs, config.text_embed_2_dim)),
        refine_text(tape, config, shape, timestep),
    )
    return tape.cat(parts, batch, shape.image_tokens + glyphs + shape.tokens, width)


def project_image(tape: Tape, config: Config, image: Tensor) -> Tensor:
    """Norm, linear, GELU, linear, norm."""
    with tape.scope("image_embedder"):
        hidden = tape.layer_norm(image, "norm_in")
        hidden = tape.linear(hidden, config.image_embed_dim, "linear_1")
        hidden = tape.act(hidden, "gelu")
        hidden = tape.linear(hidden, config.width, "linear_2")
        return tape.layer_norm(hidden, "norm_out")


def project_glyphs(tape: Tape, config: Config, glyphs: Tensor) -> Tensor:
    """Norm, linear, GELU, linear, GELU, linear."""
    with tape.scope("context_embedder_2"):
        hidden = tape.layer_norm(glyphs, "norm")
        hidden = tape.linear(hidden, GLYPH_WIDTH, "linear_1")
        hidden = tape.act(hidden, "gelu")
        hidden = tape.linear(hidden, GLYPH_WIDTH, "linear_2")
        hidden = tape.act(hidden, "gelu")
        return tape.linear(hidden, config.width, "linear_3")


def refine_text(tape: Tape, config: Config, shape: Shape, timestep: Tensor) -> Tensor:
    """Text tokens through the token refiner."""
    text = tape.input(shape.batch, shape.tokens, config.text_embed_dim)
    mask = tape.input(shape.batch, shape.tokens, dtype="int64")
    return token_refiner(
        tape, text, timestep, mask, config.width, config.num_attention_heads, config.num_refiner_layers
    )
