"""LTX-2.5's diffusion decoder: a latent to pixels by transformers whose tokens see their neighbourhood only.

Four stages enlarge the latent into a context, each a few blocks and a pixel shuffle; the fifth denoises patches of
pixels beside that context, in one step as it ships. A query has the keys of a window of fixed size; feed-forwards work
through tiles of tokens. Two frames are added behind the last and cut off again.
Source: diffusers 0.42.1 models/autoencoders/ltx2_diffusion_decoder.py.
"""

import msgspec

from vidcalc.base.number import Number, minimum, product
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid, timestep_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("LTX2VideoDiffusionDecoderModel",)
TILE = 16384  # tokens that a feed-forward works on at a time
VECTORS = 7  # of the adaptive norm, of which four are used

Grid = tuple[Number, Number, Number]


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one decoder, under diffusers' names."""

    out_channels: Number = 3
    latent_channels: Number = 128
    patch_size: Number = 4
    decoder_head_dim: Number = 64
    decoder_stage_channels: tuple[int, ...] = (2048, 1024, 512, 512, 256)
    decoder_stage_depths: tuple[int, ...] = (4, 6, 4, 2, 8)
    decoder_stage_kernels: tuple[tuple[int, int, int], ...] = ((3, 7, 7), (3, 7, 7), (3, 5, 5), (3, 5, 5))
    decoder_upsample_strides: tuple[tuple[int, int, int], ...] = ((1, 2, 2), (2, 1, 1), (2, 2, 2), (2, 2, 2))
    decoder_upsample_channel_reductions: tuple[int, ...] = (2, 2, 1, 2)
    decoder_stage5_kernel: tuple[int, int, int] = (11, 11, 11)
    decoder_t_emb_dim: Number = 384
    temporal_compression_ratio: int = 8


def tokens(config: Config, shape: Shape) -> Number:
    """Latent places that it reads."""
    return shape.frames * shape.height * shape.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, latent_channels, frames, height, width] -> pixels[batch, colours, 8 · (frames − 1) + 1, …]."""
    batch = shape.batch
    latent = tape.input(batch, config.latent_channels, shape.frames, shape.height, shape.width)
    added = config.decoder_stage_kernels[0][0] // 2 * 2
    grid: Grid = (shape.frames + added, shape.height, shape.width)
    with tape.scope("decoder"):
        longer = tape.cat((latent,), batch, product(grid), config.latent_channels)
        context = tape.linear(longer, config.decoder_stage_channels[0], "conv_in")
        del longer
        for i, stride in enumerate(config.decoder_upsample_strides):
            kernel = config.decoder_stage_kernels[i]
            with tape.repeat(f"det_stages.{i}", config.decoder_stage_depths[i], context):
                context = block(tape, config, context, grid, kernel)
            with tape.scope(f"upsamples.{i}"):
                reduction = config.decoder_upsample_channel_reductions[i]
                context, grid = upsampled(tape, config, context, grid, stride, reduction)
        frames = grid[0] - added * config.temporal_compression_ratio
        grid = (frames, grid[1], grid[2])
        return denoised(tape, config, batch, context, grid)


def denoised(tape: Tape, config: Config, batch: Number, context: Tensor, grid: Grid) -> Tensor:
    """One step on patches of pixels: noise and the context -> pixels."""
    width, colours = config.decoder_stage_channels[-1], config.out_channels * config.patch_size * config.patch_size
    n = product(grid)
    noise = tape.empty((batch, n, colours))
    with tape.scope("t_embedder"):
        features = tape.cast(sinusoid(tape, batch, 256), tape.dtype)
        temb = timestep_mlp(tape, features, config.decoder_t_emb_dim, "timestep_embedder")
    vectors = tape.linear(tape.act(temb), VECTORS * width, "shared_adaln.proj")
    seen = Tensor((batch, n, width), context.dtype, context.storage, context.node)
    patches = tape.copy(noise, name="patchify")
    hidden = tape.linear(patches, width, "conv_in_x_t")
    del patches
    with tape.repeat("diff_blocks", config.decoder_stage_depths[-1], hidden):
        hidden = steered_block(tape, config, hidden, seen, vectors, grid)
    hidden = tape.rms_norm(hidden, "norm_out")
    hidden = tape.linear(hidden, colours, "conv_out")
    hidden = tape.copy(hidden, name="contiguous")
    pixels = tape.copy(hidden, name="unpatchify")
    del noise, hidden
    return pixels


def upsampled(
    tape: Tape, config: Config, x: Tensor, grid: Grid, stride: tuple[int, int, int], reduction: int
) -> tuple[Tensor, Grid]:
    """A linear layer, then channels into places; a frame that comes twice is dropped."""
    batch, _, width = x.shape
    t, h, w = stride
    wide = tape.linear(x, t * h * w * width // reduction, "proj")
    shuffled = tape.copy(wide, batch, t * grid[0] * h * grid[1] * w * grid[2], width // reduction, name="shuffle")
    del wide
    larger = (t * grid[0] - (t - 1), h * grid[1], w * grid[2])
    # the dropped frame stays in memory with the others
    kept = Tensor((batch, product(larger), width // reduction), shuffled.dtype, shuffled.storage, shuffled.node)
    return kept, larger


def block(tape: Tape, config: Config, x: Tensor, grid: Grid, kernel: tuple[int, int, int]) -> Tensor:
    """Attention to the neighbourhood and a gated feed-forward, each after a norm."""
    hidden = tape.add(x, attention(tape, config, tape.rms_norm(x, "norm1"), grid, kernel))
    return tape.add(hidden, feed_forward(tape, tape.rms_norm(hidden, "norm2")))


def steered_block(tape: Tape, config: Config, x: Tensor, context: Tensor, vectors: Tensor, grid: Grid) -> Tensor:
    """The same, with the context added first and both norms modulated."""
    width = x.shape[-1]
    tape.parameter("scale_shift_table", VECTORS * width)
    own = tape.pointwise("modulation", (vectors,)).view(x.shape[0], 1, width)
    hidden = tape.add(x, tape.linear(context, width, "context_proj"))
    normed = tape.rms_norm(hidden, "norm1")
    normed = tape.mul(normed, tape.scale(own))
    normed = tape.add(normed, own)
    hidden = tape.add(hidden, attention(tape, config, normed, grid, config.decoder_stage5_kernel))
    normed = tape.rms_norm(hidden, "norm2")
    normed = tape.mul(normed, tape.scale(own))
    normed = tape.add(normed, own)
    return tape.add(hidden, feed_forward(tape, normed))


def attention(tape: Tape, config: Config, x: Tensor, grid: Grid, kernel: tuple[int, int, int]) -> Tensor:
    """Every token attends to a window around it, shifted inward at the borders."""
    batch, n, width = x.shape
    d = config.decoder_head_dim
    heads = width // d
    window = product(tuple(minimum(size, side) for size, side in zip(kernel, grid, strict=True)))
    with tape.scope("attn"):
        q = tape.linear(x, width, "to_q").view(batch, n, heads, d)
        k = tape.linear(x, width, "to_k").view(batch, n, heads, d)
        v = tape.linear(x, width, "to_v").view(batch, n, heads, d)
        q = tape.rms_norm(q, "norm_q")
        k = tape.rms_norm(k, "norm_k")
        q = tape.scale(q)
        turned_q = turned(tape, q)
        turned_k = turned(tape, k)
        del q, k
        near_k, near_v = turned_k.view(batch, heads, window, d), v.view(batch, heads, window, d)
        out = tape.attention(turned_q.view(batch, heads, n, d), near_k, near_v)
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "to_out.0")


def turned(tape: Tape, x: Tensor) -> Tensor:
    """Rotary embedding, an axis at a time on its share of the head, in float32; then side by side."""
    *lead, d = x.shape
    t = d // 4 // 2 * 2
    t = t - 2 * ((d - t) // 2 % 2)
    parts = []
    for share in (t, (d - t) // 2, (d - t) // 2):
        half = tape.empty((*lead, share // 2))
        even, odd = tape.cast(half, "fp32"), tape.cast(half, "fp32")
        del half
        first = tape.add(tape.mul(even, even), tape.mul(odd, odd))
        second = tape.add(tape.mul(even, even), tape.mul(odd, odd))
        rotated = tape.cat((first, second), *lead, share)
        del first, second
        parts.append(tape.cast(rotated, x.dtype))
        del even, odd, rotated
    return tape.cat(tuple(parts), *x.shape)


def feed_forward(tape: Tape, x: Tensor) -> Tensor:
    """down(silu(gate(x)) · up(x)), a tile of tokens at a time."""
    batch, n, width = x.shape
    inner = (4 * width + 15) // 16 * 16
    rounds = (n - 1) // TILE
    out = tape.empty(x.shape)
    with tape.scope("mlp"):
        with tape.again(rounds, blocks=False):
            mixed = gated(tape, x.view(batch, TILE, width), inner)
            del mixed
        # the last tile, which may be full
        mixed = gated(tape, x.view(batch, n - rounds * TILE, width), inner)
        del mixed
    return out


def gated(tape: Tape, x: Tensor, inner: Number) -> Tensor:
    """The feed-forward of one tile."""
    gate = tape.act(tape.linear(x, inner, "w_gate", bias=False))
    wide = tape.mul(gate, tape.linear(x, inner, "w_up", bias=False))
    del gate
    return tape.linear(wide, x.shape[-1], "w_down", bias=False)
