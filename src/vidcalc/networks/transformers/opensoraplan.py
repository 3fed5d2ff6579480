"""Open-Sora-Plan 1.3 video transformer: full and sparse self-attention by turns of layers, cross-attention to text.

Layers at both ends attend over all tokens; between them the tokens, filled up to a multiple of sparse_n², are split
into sparse_n sequences: every sparse_n-th token in one layer, groups of neighbours in the next. Text is read by every
sequence. Tokens lie in memory as [sequence, batch, width].
Source: arXiv 2412.00131; PKU-YuanGroup/Open-Sora-Plan opensora/models/diffusion/opensora_v1_3/
{modeling_opensora,modules}.py.
"""

import msgspec

from vidcalc.base.number import Number, maximum, minimum, round_up
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, text_mlp, timestep_mlp
from vidcalc.networks.transformers.official_layers import modulated, modulation_table, rotate_by_axes
from vidcalc.tape import Tape, Tensor

CLASSES = ("OpenSoraT2V_v1_3",)
FREQUENCIES = 256  # width of the sinusoidal timestep features, fixed in the class
MLP_RATIO = 4  # of the feed-forward, fixed in the class
FIRST_SPARSE, LAST_SPARSE = 2, 29  # layers with sparse attention, fixed in the class


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under the class's names."""

    num_layers: int = 32
    num_attention_heads: Number = 24
    attention_head_dim: Number = 96
    in_channels: Number = 8
    out_channels: Number = 8
    cross_attention_dim: Number = 2304
    caption_channels: Number = 4096
    patch_size: Number = 2
    patch_size_t: Number = 1
    attention_bias: bool = True
    sparse1d: bool = False
    sparse_n: Number = 2

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim

    @property
    def split(self) -> Number:
        """Sequences the tokens of a sparse layer are split into."""
        return self.sparse_n if self.sparse1d else 1


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    p = config.patch_size
    return (shape.frames // config.patch_size_t) * (shape.height // p) * (shape.width // p)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    batch, n, width, p = shape.batch, tokens(config, shape), config.width, config.patch_size
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch)
    text = tape.input(batch, 1, shape.tokens, config.caption_channels)
    mask = tape.input(batch, shape.frames, shape.height, shape.width)
    text_mask = tape.input(batch, 1, shape.tokens)

    images = (batch * shape.frames, config.in_channels, shape.height, shape.width)
    frames = tape.copy(latent, name="by_frame").view(*images)
    places = (shape.height // p, shape.width // p)
    patches = tape.convolution(frames, width, (p, p), "pos_embed.proj", out=places)
    del frames
    embedded = tape.copy(patches, name="by_token")
    del patches
    temb, modulation = timestep_modulation(tape, config, batch)
    context = text_mlp(tape, text, width, "caption_projection").view(shape.tokens, batch, width)
    hidden = tape.copy(embedded, name="contiguous").view(n, batch, width)
    del embedded
    masks = sparse_masks(tape, config, batch, n, shape.tokens)
    for name, count, split, grouped in layers(config):
        with tape.repeat(f"transformer_blocks.{name}", count, hidden):
            hidden = block(tape, config, hidden, context, modulation, split, grouped=grouped)

    vectors = modulation_table(tape, temb, 2, width)
    normed = tape.layer_norm(tape.copy(hidden, name="contiguous"))
    steered = modulated(tape, normed, vectors)
    del normed
    out = tape.linear(steered, config.patch_size_t * p * p * config.out_channels, "proj_out")
    del steered, timestep, mask, text_mask, masks
    return tape.copy(out, batch, config.out_channels, shape.frames, shape.height, shape.width, name="unpatchify")


def layers(config: Config) -> list[tuple[str, Number, Number, bool]]:
    """(name, layers, sequences the tokens are split into, by groups) of each run of equal layers.

    Sparse layers come by turns of two kinds; they cost the same in any order and stand here in two runs.
    """
    first = minimum(config.num_layers, FIRST_SPARSE)
    sparse = maximum(minimum(config.num_layers, LAST_SPARSE + 1) - first, 0)
    runs = (
        ("first", first, 1, False),
        ("skip", sparse - sparse // 2, config.split, False),
        ("group", sparse // 2, config.split, True),
        ("last", config.num_layers - first - sparse, 1, False),
    )
    return [run for run in runs if run[1]]


def sparse_masks(tape: Tape, config: Config, batch: Number, n: Number, text: Number) -> list[Tensor]:
    """Masks of keys for every head: of the tokens and the text, for full and sparse layers, each in both orders."""
    heads, masks = config.num_attention_heads, []
    for split in (1, config.split):
        masks += [tape.empty((batch, heads, round_up(n, split * split))) for _ in range(2)]
        masks.append(tape.empty((batch * split, heads, text)))
    return masks


def timestep_modulation(tape: Tape, config: Config, batch: Number) -> tuple[Tensor, Tensor]:
    """Timestep -> its embedding [batch, width], and modulation [batch, 6 · width]."""
    with tape.scope("adaln_single"):
        features = tape.cast(sinusoid(tape, batch, FREQUENCIES), tape.dtype)
        temb = timestep_mlp(tape, features, config.width, "emb.timestep_embedder")
        return temb, tape.linear(tape.act(temb), 6 * config.width, "linear")


def block(
    tape: Tape, config: Config, x: Tensor, context: Tensor, modulation: Tensor, split: Number, *, grouped: bool
) -> Tensor:
    """Modulated self-attention, cross-attention, modulated feed-forward."""
    width = config.width
    own = modulation_table(tape, modulation, 6, width)
    normed = tape.layer_norm(x)
    entering = modulated(tape, normed, own)
    del normed
    attended = attention(tape, config, entering, None, split, "attn1", grouped=grouped)
    attended = tape.mul(attended, own)
    hidden = tape.add(attended, x)
    del entering
    attended = attention(tape, config, hidden, context, split, "attn2", grouped=grouped)
    hidden = tape.add(attended, hidden)
    normed = tape.layer_norm(hidden)
    entering = modulated(tape, normed, own)
    del normed
    mixed = feed_forward(tape, entering, MLP_RATIO * width, width, "ff")
    mixed = tape.mul(mixed, own)
    out = tape.add(mixed, hidden)
    del attended, entering
    return out


def attention(
    tape: Tape, config: Config, x: Tensor, context: Tensor | None, split: Number, name: str, *, grouped: bool
) -> Tensor:
    """Self-attention (context None) or cross-attention of each of the `split` sequences; x[n, batch, width]."""
    n, batch, width = x.shape
    heads, d_head = config.num_attention_heads, config.attention_head_dim
    source = x if context is None else context
    bias = config.attention_bias
    with tape.scope(name):
        q = tape.linear(x, width, "to_q", bias=bias)
        k = tape.linear(source, width, "to_k", bias=bias)
        v = tape.linear(source, width, "to_v", bias=bias)
        if context is None:
            axes = (d_head // 3,) * 3
            q = rotate_by_axes(tape, q.view(batch, n, heads, d_head), axes)
            k = rotate_by_axes(tape, k.view(batch, n, heads, d_head), axes)
        filled = round_up(n, split * split)
        keys = source.shape[0]
        if context is None:
            keys = filled // split
            q, k, v = (arranged(tape, t, batch, filled, width, grouped=grouped) for t in (q, k, v))
        else:
            q = arranged(tape, q, batch, filled, width, grouped=grouped)
            k, v = (tape.copy(t, keys, batch * split, width, name="repeat") for t in (k, v))
        rows, d = (batch * split, heads, filled // split, d_head), (batch * split, heads, keys, d_head)
        out = tape.attention(q.view(*rows), k.view(*d), v.view(*d), masked="dense")
        out = tape.copy(out, name="merge")
        if grouped:
            out = tape.copy(out, name="ungroup")
        out = tape.linear(out.view(n, batch, width), width, "to_out.0")
        return tape.scale(out, "rescale")


def arranged(tape: Tape, x: Tensor, batch: Number, filled: Number, width: Number, *, grouped: bool) -> Tensor:
    """Tokens in the order of their sequences: a view for every n-th token, a copy for groups of neighbours."""
    return tape.copy(x, filled, batch, width, name="group") if grouped else x
