"""Helios video transformer: Wan's network made autoregressive, each chunk of frames joined by a compressed history.

History frames enter at three scales (recent ones like the chunk's own, older ones four and eight times coarser) and
only take part in self-attention. Modulation is spelt out per token, as history has a timestep of its own: zero.
Source: diffusers 0.42.1 models/transformers/transformer_helios.py.
"""

from vidcalc.base.number import Number, ceil_div
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.networks.transformers.embedding import feed_forward
from vidcalc.tape import Tape, Tensor

CLASSES = ("HeliosTransformer3DModel",)

HISTORY = {"short": (2, 1), "mid": (2, 2), "long": (16, 4)}  # the pipeline's frames, and how much coarser a patch is


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    guidance_cross_attn: bool = True


def history(config: Config, shape: Shape, scale: str) -> tuple[Number, tuple[Number, Number, Number]]:
    """Latent frames of one scale of the history, and its token grid (sides padded to whole patches)."""
    usual, coarse = HISTORY[scale]
    frames = shape.extra.get(f"history_{scale}", usual)
    t, h, w = (coarse * p for p in config.patch_size)
    return frames, (ceil_div(frames, t), ceil_div(shape.height, h), ceil_div(shape.width, w))


def history_tokens(config: Config, shape: Shape) -> Number:
    """Tokens of the history at all scales."""
    total: Number = 0
    for scale in HISTORY:
        t, h, w = history(config, shape, scale)[1]
        total = total + t * h * w
    return total


def tokens(config: Config, shape: Shape) -> Number:
    """Tokens that self-attention sees: the chunk's and the history's."""
    return wan.tokens(config, shape) + history_tokens(config, shape)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    batch, width = shape.batch, config.width
    chunk = wan.tokens(config, shape)
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch, dtype="fp32")
    text = tape.input(batch, shape.tokens, config.text_dim)
    places = [tape.input(batch, shape.frames, dtype="int64")]
    past = []
    for scale in HISTORY:
        frames, _ = history(config, shape, scale)
        places.append(tape.input(batch, frames, dtype="int64"))
        past.append(tape.input(batch, config.in_channels, frames, shape.height, shape.width))

    hidden = wan.patch_embedding(tape, config, shape, latent, "patch_embedding")
    rotary = rotary_table(tape, config, batch, shape.frames, chunk // shape.frames)
    histories = []
    for scale, frames_past in zip(HISTORY, past, strict=True):
        joined, turned = remembered(tape, config, shape, scale, frames_past, chunk // shape.frames)
        histories += [joined, turned]
        n = hidden.shape[1] + joined.shape[1]
        hidden = tape.cat((joined, hidden), batch, n, width)
        rotary = tape.cat((turned, rotary), batch, n, 2 * config.attention_head_dim)
    del joined, turned

    zero = tape.input(1, dtype="fp32")
    temb_past, modulation_past = wan.time_embedding(tape, config, 1)
    temb, modulation, context, _ = wan.condition(tape, config, shape, timestep, text, None)
    temb = tape.cat((temb_past, temb), batch, n, width)
    modulation = tape.cat((modulation_past, modulation), batch, n, 6, width)

    table = rotary.view(1, n, 1, config.attention_head_dim)
    with tape.repeat("blocks", config.num_layers, hidden):
        if config.guidance_cross_attn:
            hidden = block(tape, config, hidden, context, modulation, (table, table), chunk)
        else:
            hidden = wan.block(tape, config, hidden, context, modulation, (table, table))

    with tape.scope("norm_out"):
        tape.parameter("scale_shift_table", 2 * width, "fp32")
    recent = hidden.view(batch, chunk, width)
    shift_scale = tape.pointwise("modulation", (temb,), (batch, chunk, 2, width), "fp32")
    out = wan.modulated(tape, recent, shift_scale, width, "fp32")
    out = tape.linear(out, config.out_channels * wan.patch_volume(config), "proj_out")
    out = tape.copy(out, name="unpatchify")
    del histories, places, zero, temb_past, modulation_past
    return out.view(batch, config.out_channels, shape.frames, shape.height, shape.width)


def remembered(
    tape: Tape, config: Config, shape: Shape, scale: str, latent: Tensor, places: Number
) -> tuple[Tensor, Tensor]:
    """History at one scale: its tokens[batch, n, width] and their rotary table, averaged over the coarser patches."""
    frames, (t, h, w) = history(config, shape, scale)
    coarse = HISTORY[scale][1]
    kernel = tuple(coarse * p for p in config.patch_size)
    pt, ph, pw = kernel
    padded = latent
    if coarse > 1:
        padded = tape.copy(latent, *latent.shape[:2], t * pt, h * ph, w * pw, name="pad")
    embedded = tape.convolution(padded, config.width, kernel, f"patch_{scale}", out=(t, h, w))
    del padded
    table = rotary_table(tape, config, shape.batch, frames, places)
    if coarse > 1:
        wide = (shape.batch, t * coarse * h * coarse * w * coarse, table.shape[-1])
        table = tape.copy(table, *wide, name="pad")
        table = tape.copy(table, shape.batch, t * h * w, table.shape[-1], name="average")
    return embedded.view(shape.batch, t * h * w, config.width), table


def rotary_table(tape: Tape, config: Config, batch: Number, frames: Number, places: Number) -> Tensor:
    """Cosines and sines of the 3-axis rotary embedding, [batch, n, 2 · head size] in float32."""
    d = config.attention_head_dim
    cosine, sine = tape.empty((batch, frames * places, d), "fp32"), tape.empty((batch, frames * places, d), "fp32")
    return tape.cat((cosine, sine), batch, frames * places, 2 * d)


def block(
    tape: Tape,
    config: Config,
    hidden: Tensor,
    context: Tensor,
    modulation: Tensor,
    rotary: tuple[Tensor, Tensor],
    chunk: Number,
) -> Tensor:
    """Wan's block with cross-attention for the chunk's own tokens alone."""
    batch, n, width = hidden.shape
    tape.parameter("scale_shift_table", 6 * width, "fp32")
    vectors = tape.pointwise("modulation", (tape.cast(modulation, "fp32"),))
    gate = vectors.view(batch, n, 1, width)

    normed = wan.modulated(tape, hidden, vectors, width, "fp32")
    attended = wan.attention(tape, config, normed, None, rotary, "attn1")
    x = tape.cast(wan.gated(tape, hidden, attended, gate), hidden.dtype)

    own = x.view(batch, chunk, width)
    normed = tape.cast(wan.cross_norm(tape, config, tape.cast(own, "fp32")), x.dtype)
    attended = wan.attention(tape, config, normed, context, None, "attn2")
    summed = tape.add(own, attended)
    joined = tape.cat((x, summed), batch, n, width)
    del summed

    normed = wan.modulated(tape, joined, vectors, width, "fp32")
    mixed = feed_forward(tape, normed, config.ffn_dim, width, "ffn")
    wide = tape.cast(joined, "fp32")
    return tape.cast(tape.add(wide, tape.mul(tape.cast(mixed, "fp32"), gate)), x.dtype)
