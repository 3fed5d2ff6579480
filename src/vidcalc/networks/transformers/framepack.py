"""FramePack: the HunyuanVideo transformer over one section of new frames and a history in ever coarser patches.

Mirrors diffusers' HunyuanVideoFramepackTransformer3DModel with its history and image embedders, as the pipeline calls
it: the cost of a section does not grow with the length of the video.
Source: arXiv 2504.12626; diffusers 0.42.1 models/transformers/transformer_hunyuan_video_framepack.py.
"""

import msgspec

from vidcalc.base.number import Number, ceil_div, minimum, round_up
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import hunyuan
from vidcalc.networks.transformers.hunyuan_blocks import Streams, double_block, single_block
from vidcalc.networks.transformers.hunyuan_refiner import token_refiner
from vidcalc.networks.transformers.rotary import rotary_tables
from vidcalc.tape import Tape, Tensor

CLASSES = ("HunyuanVideoFramepackTransformer3DModel",)


class History(msgspec.Struct, frozen=True):
    """One stretch of past frames: the input that holds it, its embedder, its patch and its frames in the pipeline."""

    name: str
    embedder: str
    patch: tuple[int, int, int]
    frames: int


HISTORY = (
    History("clean", "proj", (1, 2, 2), 2),
    History("history_2x", "proj_2x", (2, 4, 4), 2),
    History("history_4x", "proj_4x", (4, 8, 8), 16),
)


class Config(hunyuan.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    image_proj_dim: Number = 1152


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens that attention sees: the new frames' and the packed history's."""
    return new_tokens(config, shape) + sum(packed_tokens(shape, each) for each in HISTORY)


def new_tokens(config: Config, shape: Shape) -> Number:
    """Tokens of the new frames."""
    t, h, w = hunyuan.patches(config, shape)
    return t * h * w


def frames_of(shape: Shape, stretch: History) -> Number:
    """Latent frames of one stretch of history: shape.extra["clean_frames"] …, or the pipeline's."""
    return shape.extra.get(stretch.name + "_frames", stretch.frames)


def grid_of(shape: Shape, stretch: History) -> tuple[Number, Number, Number]:
    """Patches of one stretch in time, height and width, the sizes rounded up to whole patches."""
    sizes = (frames_of(shape, stretch), shape.height, shape.width)
    time, high, wide = (ceil_div(size, step) for size, step in zip(sizes, stretch.patch, strict=True))
    return time, high, wide


def packed_tokens(shape: Shape, stretch: History) -> Number:
    """Tokens of one stretch of history."""
    time, high, wide = grid_of(shape, stretch)
    return time * high * wide


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    batch, n, width = shape.batch, new_tokens(config, shape), config.width
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch)
    text = tape.input(batch, shape.tokens, config.text_embed_dim)
    mask = tape.input(batch, shape.tokens, dtype="int64")
    pooled = tape.input(batch, config.pooled_projection_dim)
    image = tape.input(batch, shape.image_tokens, config.image_proj_dim)
    indices = [tape.input(shape.frames, dtype="int64")]
    guidance = tape.input(batch) if config.guidance_embeds else None
    past = []
    for stretch in HISTORY:
        frames = frames_of(shape, stretch)
        past.append(tape.input(batch, config.in_channels, frames, shape.height, shape.width))
        indices.append(tape.input(frames, dtype="int64"))

    embedded = hunyuan.patch_embed(tape, config, shape, latent)
    own_rotary = rotary_tables(tape, n, config.attention_head_dim)
    history = [embed_history(tape, config, shape, each, stretch) for each, stretch in zip(past, HISTORY, strict=True)]
    tables = [history_tables(tape, config, shape, stretch) for stretch in HISTORY]
    hidden = pack(tape, shape, embedded, history)
    rotary = pack_tables(tape, config, shape, own_rotary, tables)
    del embedded, own_rotary

    temb, _ = hunyuan.condition(tape, config, timestep, pooled, guidance)
    context, kept = embed_context(tape, config, shape, text, image, timestep, mask)
    both = tokens(config, shape) + context.shape[1]
    allowed = tape.empty((batch * minimum(batch - 1, 1), both), "bool")  # a single sample needs no mask
    # the kernel of a single sample: its prompt is cut to the tokens it has, and several at once are rare
    streams = Streams(config.num_attention_heads, config.attention_head_dim, config.inner, temb, rotary, mask="none")
    with tape.repeat("transformer_blocks", config.num_layers, hidden, context):
        hidden, context = double_block(tape, streams, hidden, context)
    with tape.repeat("single_transformer_blocks", config.num_single_layers, hidden, context):
        hidden, context = single_block(tape, streams, hidden, context)

    hidden = hunyuan.final_norm(tape, hidden.view(batch, n, width), temb)
    out = tape.linear(hidden, config.patch_size_t * config.patch_size**2 * config.out_channels, "proj_out")
    out = tape.copy(out, name="unpatchify")
    del history, tables, kept, allowed, indices, past
    return out.view(batch, config.out_channels, shape.frames, shape.height, shape.width)


def embed_history(tape: Tape, config: Config, shape: Shape, past: Tensor, stretch: History) -> Tensor:
    """One stretch of history, padded to whole patches where they are coarse -> [batch, tokens, width]."""
    with tape.scope("clean_x_embedder"):
        padded = past
        if stretch.name != "clean":
            sizes = (round_up(size, step) for size, step in zip(past.shape[2:], stretch.patch, strict=True))
            padded = tape.copy(past, *past.shape[:2], *sizes, name="pad")
        embedded = tape.convolution(padded, config.width, stretch.patch, stretch.embedder, out=grid_of(shape, stretch))
        return embedded.view(shape.batch, packed_tokens(shape, stretch), config.width)


def history_tables(tape: Tape, config: Config, shape: Shape, stretch: History) -> tuple[Tensor, Tensor]:
    """Rotary tables of one stretch at the resolution of the new frames."""
    _, h, w = hunyuan.patches(config, shape)
    return rotary_tables(tape, frames_of(shape, stretch) * h * w, config.attention_head_dim)


def pack(tape: Tape, shape: Shape, embedded: Tensor, history: list[Tensor]) -> Tensor:
    """History in front of the new frames, one stretch after the other: [batch, all, width]."""
    batch, n, width = embedded.shape
    hidden = embedded
    for past in history:
        n = n + past.shape[1]
        hidden = tape.cat((past, hidden), batch, n, width)
    return hidden


def pack_tables(
    tape: Tape, config: Config, shape: Shape, own: tuple[Tensor, Tensor], tables: list[tuple[Tensor, Tensor]]
) -> tuple[Tensor, Tensor]:
    """Rotary tables in the same order; those of coarse patches are averages over the patch."""
    n, d_head = own[0].shape
    cosine, sine = own
    for stretch, table in zip(HISTORY, tables, strict=True):
        places = packed_tokens(shape, stretch)
        coarse = [tape.pointwise("average", (each,), (places, d_head), "fp32") for each in table]
        n = n + places
        cosine = tape.cat((coarse[0], cosine), n, d_head)
        sine = tape.cat((coarse[1], sine), n, d_head)
    return cosine, sine


def embed_context(
    tape: Tape, config: Config, shape: Shape, text: Tensor, image: Tensor, timestep: Tensor, mask: Tensor
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Image tokens, then refined text -> [batch, image and text tokens, width], and what stays alive beside it."""
    batch, width = shape.batch, config.width
    words = token_refiner(tape, text, timestep, mask, width, config.num_attention_heads, config.num_refiner_layers)
    with tape.scope("image_projection"):
        hidden = tape.act(tape.linear(image, 3 * width, "up"))
        picture = tape.linear(hidden, width, "down")
        del hidden
    both = shape.image_tokens + shape.tokens
    image_mask = tape.empty((batch, shape.image_tokens), "int64")
    context = tape.cat((picture, words), batch, both, width)
    joint_mask = tape.empty((batch, both), "int64")
    lengths = tape.empty((batch,), "int32"), tape.empty((batch,), "int32")
    return context, (picture, image_mask, joint_mask, *lengths)
