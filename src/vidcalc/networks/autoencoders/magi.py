"""MAGI-1 video VAE: a vision transformer each way, every place of the clip (or tile) seeing every other.

The published pipeline always works in tiles of 256x256 pixels; untiled, the whole clip is one sequence.
Source: arXiv 2505.13211; SandAI-org/MAGI-1 inference/model/vae/vae_module.py, inference/pipeline/video_process.py,
read November 2026.
"""

from collections.abc import Callable

import msgspec

from vidcalc.base.number import Number, where
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.tiled import in_tiles
from vidcalc.networks.autoencoders.tiles import Cut, cut
from vidcalc.tape import Tape, Tensor

CLASSES = ("MagiViTAutoencoder",)
# the class's tiled_decode_3d; the pipeline makes its tiles half a second long
TILING = Tiling(height=256, width=256, stride_height=192, stride_width=192, frames=16, stride_frames=16)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under the names of the published code."""

    in_chans: Number = 3
    z_chans: Number = 4
    embed_dim: Number = 768
    depth: Number = 12
    num_heads: Number = 12
    mlp_ratio: Number = 4
    patch_size: int = 8
    patch_length: int = 4
    video_size: int = 256
    video_length: int = 16
    qkv_bias: bool = False
    ln_in_attn: bool = False

    @property
    def grid(self) -> tuple[int, int, int]:
        """Frames, height and width of the latent grid the position table is made for."""
        side = self.video_size // self.patch_size
        return self.video_length // self.patch_length, side, side

    @property
    def compression(self) -> tuple[int, int, int]:
        """Pixels under one latent place."""
        return self.patch_length, self.patch_size, self.patch_size


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels[batch, 3, 4·frames, 8·height, 8·width]."""
    sizes = (shape.frames, shape.height, shape.width)
    latent = tape.input(shape.batch, config.z_chans, *sizes)
    if tiling is None:
        return decoder(tape, config, latent)
    cuts = [
        cut(length, size // pixels, stride // pixels, length > 0, times(pixels))
        for length, (size, stride), pixels in zip(sizes, tile_sizes(tiling), config.compression, strict=True)
    ]

    def one(*tile: Number) -> Tensor:
        return decoder(tape, config, latent.view(shape.batch, config.z_chans, *tile))

    out = (n * pixels for n, pixels in zip(sizes, config.compression, strict=True))
    return in_tiles(tape, one, three(cuts), (shape.batch, config.in_chans, *out))


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance[batch, 2·z, frames/4, height/8, width/8]."""
    sizes = (shape.frames, shape.height, shape.width)
    pixels = tape.input(shape.batch, config.in_chans, *sizes)
    if tiling is None:
        return encoder(tape, config, pixels)
    cuts = [
        cut(length, size, stride, length > 0, over(step))
        for length, (size, stride), step in zip(sizes, tile_sizes(tiling), config.compression, strict=True)
    ]

    def one(*tile: Number) -> Tensor:
        return encoder(tape, config, pixels.view(shape.batch, config.in_chans, *tile))

    out = (n // step for n, step in zip(sizes, config.compression, strict=True))
    return in_tiles(tape, one, three(cuts), (shape.batch, 2 * config.z_chans, *out))


def tile_sizes(tiling: Tiling) -> tuple[tuple[int, int], ...]:
    """Size and stride of a tile in time, height and width."""
    time = (tiling.frames, tiling.stride_frames)
    return time, (tiling.height, tiling.stride_height), (tiling.width, tiling.stride_width)


def times(pixels: int) -> Callable[[Number], Number]:
    """Length in pixels of a stretch of the latent grid."""
    return lambda n: n * pixels


def over(pixels: int) -> Callable[[Number], Number]:
    """Length on the latent grid of a stretch of pixels."""
    return lambda n: n // pixels


def three(cuts: list[Cut]) -> tuple[Cut, Cut, Cut]:
    """Time, rows and columns."""
    time, rows, columns = cuts
    return time, rows, columns


def decoder(tape: Tape, config: Config, z: Tensor) -> Tensor:
    """One tile of latents -> one tile of pixels: transformer, then each token unfolds into a patch, then 3x3x3."""
    b, c, *grid = z.shape
    step, width = config.compression, config.embed_dim
    n = grid[0] * grid[1] * grid[2]
    channels = width // (step[0] * step[1] * step[2])
    with tape.scope("decoder"):
        hidden = tape.copy(z, name="reshape").view(b, n, c)
        hidden = tape.linear(hidden, width, "proj_in")
        hidden, table = with_positions(tape, config, hidden, grid)
        with tape.repeat("blocks", config.depth):
            hidden = block(tape, config, hidden)
        hidden = tape.layer_norm(hidden, "norm")
        hidden = tape.copy(hidden.view(b, n + 1, width), b, n, width, name="unpatch")
        places = tuple(size * pixels for size, pixels in zip(grid, step, strict=True))
        hidden = hidden.view(b, channels, *places)
        out = tape.convolution(hidden, config.in_chans, (3, 3, 3), "last_layer")
        del table
        return out


def encoder(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """One tile of pixels -> one tile of moments, and what the distribution's constructor makes of them."""
    b, _, *places = x.shape
    grid = [size // pixels for size, pixels in zip(places, config.compression, strict=True)]
    n = grid[0] * grid[1] * grid[2]
    with tape.scope("encoder"):
        hidden = tape.convolution(x, config.embed_dim, config.compression, "patch_embed.proj", out=tuple(grid))
        hidden, table = with_positions(tape, config, hidden.view(b, n, config.embed_dim), grid)
        with tape.repeat("blocks", config.depth):
            hidden = block(tape, config, hidden)
        hidden = tape.layer_norm(hidden, "norm")
        moments = tape.linear(hidden, 2 * config.z_chans, "last_layer")
        del hidden, table
    half = moments.view(b, config.z_chans, *grid)
    log_variance = tape.scale(half, "clamp")
    deviation = tape.act(tape.scale(log_variance), "exp")
    variance = tape.act(log_variance, "exp")
    del deviation, variance
    return moments


def with_positions(tape: Tape, config: Config, x: Tensor, grid: list[Number]) -> tuple[Tensor, Tensor]:
    """Class token in front and positions added -> [b, n + 1, d], and the table stretched to a grid not its own."""
    b, n, width = x.shape
    own = config.grid
    tape.parameter("cls_token", width)
    tape.parameter("pos_embed", (own[0] * own[1] * own[2] + 1) * width)
    hidden = tape.cat((x,), b, n + 1, width)
    same = (grid[0] == own[0]) & (grid[1] == own[1]) & (grid[2] == own[2])
    stretched = where(same, 0, 1)
    resized = tape.empty((stretched, n, width))
    table = tape.empty((stretched, n + 1, width))
    tape.traffic("pos_embed", 2 * resized.nbytes + 2 * table.nbytes, 2)
    del resized
    return tape.add(hidden, table, hidden.shape), table


def block(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Attention and a feed-forward, each added to what it read."""
    hidden = tape.add(x, attention(tape, config, x))
    normed = tape.layer_norm(hidden, "norm2")
    with tape.scope("mlp"):
        wide = tape.linear(normed, config.embed_dim * config.mlp_ratio, "fc1")
        wide = tape.act(wide, "gelu")
        out = tape.linear(wide, config.embed_dim, "fc2")
    del normed
    return tape.add(hidden, out)


def attention(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Full attention; with ln_in_attn queries, keys and values are normalised per head, without weights."""
    b, n, width = x.shape
    heads = config.num_heads
    normed = x if config.ln_in_attn else tape.layer_norm(x, "norm1")
    with tape.scope("attn"):
        qkv = tape.linear(normed, 3 * width, "qkv", bias=config.qkv_bias)
        if config.ln_in_attn:
            qkv = head_norm(tape, qkv.view(b, n, 3 * heads, width // heads))
        q = qkv.view(b, heads, n, width // heads)
        out = tape.attention(q, q, q)
        return tape.linear(out.view(b, n, width), width, "proj")


def head_norm(tape: Tape, x: Tensor) -> Tensor:
    """(x - mean) / (standard deviation + a little), spelled out: the centred copy is alive beside the result."""
    statistics = (*x.shape[:-1], 1)
    mean, deviation = tape.empty(statistics), tape.empty(statistics)
    centred = tape.pointwise("centre", (x, mean))
    more = tape.scale(deviation)
    out = tape.pointwise("divide", (centred, more))
    del mean, deviation
    return out
