"""Open-Sora 1.2 and 1.3 video transformer (STDiT3): blocks that attend within a frame and across frames by turns.

Every block has text cross-attention and a feed-forward. In 1.2 a temporal block attends along the frames of one
place and its attention is spelled out in matrix products (the published code takes the fused kernel only where a
sequence is longer than the number of sequences); frames given as a condition are modulated by a timestep of zero, so
every modulation is computed twice and selected by frame. In 1.3 (`kernel_size`) a temporal block attends in windows
of that many patches over all frames, fused, and conditions come through patch embeddings of their own. Where windows
do not fill the frame the published code pads it: of that only the mask is taped, not the work on the padding.
Source: hpcaitech/Open-Sora, branches opensora/v1.2 and opensora/v1.3: opensora/models/stdit/stdit3.py,
opensora/models/layers/blocks.py; docs/report_03.md, report_04.md.
"""

import msgspec

from vidcalc.base.number import Number, minimum, round_up
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid
from vidcalc.networks.transformers.official_layers import (
    cast_rms_norm,
    modulated,
    modulation_table,
    named_mlp,
    rotate_by_axes,
)
from vidcalc.tape import Tape, Tensor

CLASSES = ("STDiT3",)
FREQUENCIES = 256  # width of the sinusoidal timestep features, fixed in the class


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under the class's names."""

    depth: Number = 28
    hidden_size: Number = 1152
    num_heads: Number = 16
    in_channels: Number = 4
    patch_size: tuple[Number, Number, Number] = (1, 2, 2)
    mlp_ratio: Number = 4
    caption_channels: Number = 4096
    qk_norm: bool = False
    pred_sigma: bool = True
    kernel_size: tuple[Number, Number, Number] | None = None
    use_spatial_rope: bool = False

    @property
    def width(self) -> Number:
        """Hidden size."""
        return self.hidden_size

    @property
    def d_head(self) -> Number:
        """Size of one head."""
        return self.hidden_size // self.num_heads

    @property
    def num_layers(self) -> Number:
        """Spatial and temporal blocks together."""
        return 2 * self.depth

    @property
    def axes(self) -> tuple[Number, ...]:
        """Channels of a head per rotary axis: time alone, or time, height and width."""
        return (self.d_head,) if self.kernel_size is None else (self.d_head // 3,) * 3


class Grid(msgspec.Struct, frozen=True, eq=False):
    """Samples, frames and places of a frame, and text tokens, of one forward."""

    batch: Number
    frames: Number
    height: Number
    width: Number
    text: Number

    @property
    def places(self) -> Number:
        """Tokens of one frame."""
        return self.height * self.width

    @property
    def n(self) -> Number:
        """Video tokens."""
        return self.frames * self.places


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = config.patch_size
    return (shape.frames // t) * (shape.height // h) * (shape.width // w)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width] in float32."""
    batch, width = shape.batch, config.width
    t, h, w = config.patch_size
    grid = Grid(batch, shape.frames // t, shape.height // h, shape.width // w, shape.tokens)
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch)
    text = tape.input(batch, 1, shape.tokens, config.caption_channels)
    masked = config.kernel_size is None
    mask = tape.input(batch, shape.frames, dtype="bool")

    tape.parameter("rope.freqs", config.axes[0] // 2)
    places = tape.empty((1, grid.places, width))
    rate = embedded(tape, config, batch, "fps_embedder")
    temb, modulation = timestep_modulation(tape, config, batch, rate)
    temb_0, modulation_0 = timestep_modulation(tape, config, batch, rate) if masked else (None, None)
    y = named_mlp(tape, text, width, width, "y_embedder.y_proj", ("fc1", "fc2"), act="gelu")
    y = tape.copy(y, name="masked_select").view(batch, shape.tokens, width)
    x = patch_embedding(tape, config, grid, latent)
    x = tape.add(x, places)
    with tape.again(config.depth, blocks=False):  # by turns
        for name, temporal in (("spatial_blocks", False), ("temporal_blocks", True)):
            with tape.checkpointed():
                x = one_of(tape, config, grid, x, y, modulation, modulation_0, name, temporal=temporal)

    out = final_layer(tape, config, x, temb, temb_0)
    out = tape.copy(out, name="unpatchify")
    out = tape.cast(out, "fp32")
    del timestep, mask
    channels = config.in_channels * (2 if config.pred_sigma else 1)
    return out.view(batch, channels, shape.frames, shape.height, shape.width)


def one_of(
    tape: Tape,
    config: Config,
    grid: Grid,
    x: Tensor,
    y: Tensor,
    t: Tensor,
    t_0: Tensor | None,
    name: str,
    *,
    temporal: bool,
) -> Tensor:
    """One of `depth` blocks of a kind, each with weights of its own."""
    with tape.layers(name, config.depth):
        return block(tape, config, grid, x, y, t, t_0, temporal=temporal)


def embedded(tape: Tape, config: Config, batch: Number, name: str) -> Tensor:
    """A number per sample (timestep, frame rate) -> [batch, width]."""
    features = tape.cast(sinusoid(tape, batch, FREQUENCIES), tape.dtype)
    return named_mlp(tape, features, config.width, config.width, name + ".mlp", ("0", "2"))


def timestep_modulation(tape: Tape, config: Config, batch: Number, rate: Tensor) -> tuple[Tensor, Tensor]:
    """Timestep and frame rate -> their embedding [batch, width], and modulation [batch, 6 · width]."""
    temb = tape.add(embedded(tape, config, batch, "t_embedder"), rate)
    return temb, tape.linear(tape.act(temb), 6 * config.width, "t_block.1")


def patch_embedding(tape: Tape, config: Config, grid: Grid, latent: Tensor) -> Tensor:
    """latent -> tokens[batch, n, width]; the embeddings of a condition are weights that lie idle without one."""
    t, h, w = config.patch_size
    if config.kernel_size is not None:
        for name in ("x_embedder_cond", "x_embedder_cond_mask"):
            tape.parameter(name + ".proj.weight", config.width * config.in_channels * t * h * w)
            tape.parameter(name + ".proj.bias", config.width)
    out = (grid.frames, grid.height, grid.width)
    x = tape.convolution(latent, config.width, config.patch_size, "x_embedder.proj", out=out)
    return x.view(grid.batch, grid.n, config.width)


def block(
    tape: Tape, config: Config, grid: Grid, x: Tensor, y: Tensor, t: Tensor, t_0: Tensor | None, *, temporal: bool
) -> Tensor:
    """Modulated self-attention, cross-attention to the text, modulated feed-forward."""
    width = config.width
    own = modulation_table(tape, t, 6, width)
    own_0 = None if t_0 is None else modulation_table(tape, t_0, 6, width)
    entering, other = selected_norm(tape, x, own, own_0)
    attended = self_attention(tape, config, grid, entering, temporal=temporal)
    del entering
    update, other_update = selected_gate(tape, attended, own, own_0)
    hidden = tape.add(x, update)
    hidden = tape.add(hidden, cross_attention(tape, config, grid, hidden, y))
    del other, attended
    entering, other = selected_norm(tape, hidden, own, own_0)
    mixed = named_mlp(tape, entering, int(width * config.mlp_ratio), width, "mlp", ("fc1", "fc2"), act="gelu")
    del entering, update, other_update
    update, other_update = selected_gate(tape, mixed, own, own_0)
    out = tape.add(hidden, update)
    del other, other_update
    return out


def selected_norm(tape: Tape, x: Tensor, own: Tensor, own_0: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """norm(x) · (1 + scale) + shift -> the result, and what the block holds beside it where it is computed twice."""
    first = modulated(tape, tape.layer_norm(x), own)
    if own_0 is None:
        return first, None
    second = modulated(tape, tape.layer_norm(x), own_0)
    return tape.pointwise("select", (first, second)), second


def selected_gate(tape: Tape, x: Tensor, own: Tensor, own_0: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """gate · x -> the result, and what the block holds beside it where it is computed twice."""
    first = tape.mul(x, own)
    if own_0 is None:
        return first, None
    second = tape.mul(x, own_0)
    return tape.pointwise("select", (first, second)), second


def self_attention(tape: Tape, config: Config, grid: Grid, x: Tensor, *, temporal: bool) -> Tensor:
    """Attention within each frame, along the frames of each place, or in windows over all frames."""
    source = tape.copy(x, name="by_place") if temporal else x
    mask = None
    with tape.scope("attn"):
        if temporal and config.kernel_size is not None:
            mask = padding_mask(tape, config, grid)
            source = tape.copy(source, name="windows")
        qkv = tape.linear(source, 3 * config.width, "qkv")
        q, k, v = (qkv.view(grid.batch, grid.n, config.num_heads, config.d_head) for _ in range(3))
        if config.qk_norm:
            q, k = cast_rms_norm(tape, q, "q_norm.weight"), cast_rms_norm(tape, k, "k_norm.weight")
        if temporal or config.use_spatial_rope:
            q = rotate_by_axes(tape, q, config.axes)
            k = rotate_by_axes(tape, k, config.axes)
        out = core_attention(tape, config, grid, q, k, v, temporal=temporal)
        merged = tape.copy(out, name="merge").view(grid.batch, grid.n, config.width)
        del out
        projected = tape.linear(merged, config.width, "proj")
        if temporal and config.kernel_size is not None:
            projected = tape.copy(projected, name="windows")
    del mask
    return tape.copy(projected, name="by_frame") if temporal else projected


def padding_mask(tape: Tape, config: Config, grid: Grid) -> Tensor:
    """What tells tokens from padding where windows do not fill the frame: an int32 for every channel of every token."""
    assert config.kernel_size is not None
    high, wide, _ = config.kernel_size
    filled = round_up(grid.height, high) * round_up(grid.width, wide)
    ragged = minimum(filled - grid.places, 1)
    return tape.empty((grid.batch, filled * grid.frames * ragged, config.width), "int32")


def core_attention(
    tape: Tape, config: Config, grid: Grid, q: Tensor, k: Tensor, v: Tensor, *, temporal: bool
) -> Tensor:
    """Scores and values of one of the three kinds -> as many elements as q."""
    heads, d_head = config.num_heads, config.d_head
    if not temporal:
        frames = (grid.batch * grid.frames, heads, grid.places, d_head)
        return tape.attention(q.view(*frames), k.view(*frames), v.view(*frames))
    if config.kernel_size is not None:
        high, wide, _ = config.kernel_size
        keys = minimum(high, grid.height) * minimum(wide, grid.width) * grid.frames
        window = (grid.batch, heads, keys, d_head)
        return tape.attention(q.view(grid.batch, heads, grid.n, d_head), k.view(*window), v.view(*window))
    rows = (grid.batch * grid.places, heads, grid.frames, d_head)
    scaled = tape.scale(q)
    scores = tape.matmul(scaled.view(*rows), k.view(*rows[:2], d_head, grid.frames), "scores")
    scores = tape.cast(scores, "fp32")
    scores = tape.softmax(scores)
    scores = tape.cast(scores, tape.dtype)
    return tape.matmul(scores, tape.copy(v, name="contiguous").view(*rows), "values")


def cross_attention(tape: Tape, config: Config, grid: Grid, x: Tensor, y: Tensor) -> Tensor:
    """Video tokens attend to the text of their sample."""
    width, heads, d_head = config.width, config.num_heads, config.d_head
    with tape.scope("cross_attn"):
        q = tape.linear(x, width, "q_linear").view(grid.batch, heads, grid.n, d_head)
        kv = tape.linear(y, 2 * width, "kv_linear").view(grid.batch, heads, grid.text, d_head)
        out = tape.attention(q, kv, kv)
        return tape.linear(out.view(grid.batch, grid.n, width), width, "proj")


def final_layer(tape: Tape, config: Config, x: Tensor, temb: Tensor, temb_0: Tensor | None) -> Tensor:
    """Modulated norm and projection to the places and channels of a patch."""
    t, h, w = config.patch_size
    channels = config.in_channels * (2 if config.pred_sigma else 1)
    with tape.scope("final_layer"):
        own = modulation_table(tape, temb, 2, config.width)
        own_0 = None if temb_0 is None else modulation_table(tape, temb_0, 2, config.width)
        entering, other = selected_norm(tape, x, own, own_0)
        out = tape.linear(entering, t * h * w * channels, "linear")
        del other
        return out
