"""SeedVR2: one-step restoration by a transformer of two streams, video and text, whose attention stays in windows.

The noisy latent comes beside the low-quality one and a mask. Windows are as large as at 720p whatever the size, shifted
in every other layer; each window's tokens attend to each other and to all text. In the first `mm_layers` text has
weights of its own, behind them it shares the video's.
Source: arXiv 2506.05301; ByteDance-Seed/SeedVR configs_3b/main.yaml, configs_7b/main.yaml, models/dit_v2/nadit.py,
models/dit/window.py.
"""

import msgspec

from vidcalc.base.number import Number, ceil_div, minimum, nearest
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid
from vidcalc.tape import Tape, Tensor

CLASSES = ("NaDiT",)
AREA = 45 * 80  # tokens of a frame at 720p, which windows are sized by
LONGEST = 30  # frames of tokens that a window is a share of


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under its makers' names."""

    vid_in_channels: Number = 33
    vid_out_channels: Number = 16
    vid_dim: Number = 2560
    txt_in_dim: Number = 5120
    heads: Number = 20
    head_dim: Number = 128
    expand_ratio: int = 4
    num_layers: int = 32
    mm_layers: int = 10
    mlp_type: str = "swiglu"
    qk_bias: bool = False
    patch_size: tuple[Number, Number, Number] = (1, 2, 2)
    window: tuple[int, int, int] = (4, 3, 3)

    @property
    def inner(self) -> Number:
        """Width of the feed-forward's hidden layer: two thirds, in whole 256s, where it is gated."""
        if self.mlp_type != "swiglu":
            return self.vid_dim * self.expand_ratio
        return ceil_div(2 * self.vid_dim * self.expand_ratio // 3, 256) * 256


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = grid(config, shape)
    return t * h * w


def grid(config: Config, shape: Shape) -> tuple[Number, Number, Number]:
    """The token grid."""
    t, h, w = config.patch_size
    return ceil_div(shape.frames, t), shape.height // h, shape.width // w


def windows(config: Config, shape: Shape) -> Number:
    """Windows that a video is cut into, the last of each axis smaller."""
    t, h, w = grid(config, shape)
    scale = (AREA / (h * w)) ** 0.5
    sizes = (
        ceil_div(minimum(t, LONGEST), config.window[0]),
        ceil_div(nearest(h * scale), config.window[1]),
        ceil_div(nearest(w * scale), config.window[2]),
    )
    return ceil_div(t, sizes[0]) * ceil_div(h, sizes[1]) * ceil_div(w, sizes[2])


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent, given latent and mask[batch, frames, height, width, vid_in_channels] -> [batch, …, vid_out_channels]."""
    batch, n, width = shape.batch, tokens(config, shape), config.vid_dim
    t, h, w = config.patch_size
    latent = tape.input(batch, config.vid_in_channels, shape.frames, shape.height, shape.width)
    given = tape.input(batch, shape.tokens, config.txt_in_dim)
    patches = tape.copy(latent, batch, n, t * h * w * config.vid_in_channels, name="patchify")
    video = tape.linear(patches, width, "vid_in.proj")
    del patches
    text = tape.linear(given, width, "txt_in")
    with tape.scope("emb_in"):
        emb = tape.act(tape.linear(tape.cast(sinusoid(tape, batch, 256), tape.dtype), width, "proj_in"))
        emb = tape.act(tape.linear(emb, width, "proj_hid"))
        emb = tape.linear(emb, 6 * width, "proj_out")
    count = windows(config, shape)
    apart = {"blocks_apart": (config.mm_layers, False), "blocks_shared": (config.num_layers - config.mm_layers, True)}
    for name, (layers, shared) in apart.items():
        if layers:
            with tape.repeat(name, layers, video):
                video, text = block(tape, config, video, text, emb, count, shared)
    normed = tape.rms_norm(video, "vid_out_norm")
    tape.parameter("vid_out_ada", 2 * width)
    out = tape.linear(tape.add(tape.mul(normed, emb), emb), t * h * w * config.vid_out_channels, "vid_out.proj")
    del normed
    result = tape.copy(out, name="unpatchify")
    del given, out
    return result.view(batch, config.vid_out_channels, shape.frames, shape.height, shape.width)


def block(
    tape: Tape, config: Config, video: Tensor, text: Tensor, emb: Tensor, count: Number, shared: bool
) -> tuple[Tensor, Tensor]:
    """Windowed attention over both streams and a feed-forward each, both modulated before and gated behind."""
    for name in ("vid",) if shared else ("vid", "txt"):
        tape.parameter(f"ada.{name}", 6 * config.vid_dim)
    names = ("all", "all") if shared else ("vid", "txt")
    attended = attention(tape, config, modulated(tape, video, emb), modulated(tape, text, emb), count, names)
    out = []
    for x, update, name in zip((video, text), attended, names, strict=True):
        hidden = tape.add(x, tape.mul(update, emb))
        mixed = feed_forward(tape, config, modulated(tape, hidden, emb), f"mlp.{name}")
        out.append(tape.add(hidden, tape.mul(mixed, emb)))
        del hidden, mixed
    del attended
    return out[0], out[1]


def modulated(tape: Tape, x: Tensor, emb: Tensor) -> Tensor:
    """norm(x) · scale + shift."""
    return tape.add(tape.mul(tape.rms_norm(x), emb), emb)


def attention(
    tape: Tape, config: Config, video: Tensor, text: Tensor, count: Number, names: tuple[str, str]
) -> tuple[Tensor, Tensor]:
    """The tokens of each window and all text attend to each other; text's results are averaged over windows."""
    batch, n, width = video.shape
    length = text.shape[1]
    heads, d = config.heads, config.head_dim
    with tape.scope("attn"):
        parts = [heads_of(tape, config, x, name) for x, name in zip((video, text), names, strict=True)]
        joined = (batch, n + count * length, heads, d)
        q, k, v = (tape.cat((parts[0][i], parts[1][i]), *joined) for i in range(3))
        del parts
        # every window alike: its share of the video's tokens, and the text
        seen = n / count + length
        q, k, v = (each.view(batch * count, heads, seen, d) for each in (q, k, v))
        out = tape.attention(q, k, v)
        del q, k, v
        merged = tape.copy(out, batch, n, width, name="unwindow")
        pooled = tape.pointwise("mean", (out,), (batch, length, width))
        del out
        return (
            tape.linear(merged, width, f"proj_out.{names[0]}"),
            tape.linear(pooled, width, f"proj_out.{names[1]}"),
        )


def heads_of(tape: Tape, config: Config, x: Tensor, name: str) -> list[Tensor]:
    """Queries, keys and values, the first two normed per head and turned."""
    batch, n, width = x.shape
    qkv = tape.linear(x, 3 * width, f"proj_qkv.{name}", bias=config.qk_bias)
    moved = tape.copy(qkv, name="window")
    del qkv
    parts = [moved.view(batch, n, config.heads, config.head_dim) for _ in range(3)]
    parts[0] = tape.scale(tape.rms_norm(parts[0], f"norm_q.{name}"), "rope")
    parts[1] = tape.scale(tape.rms_norm(parts[1], f"norm_k.{name}"), "rope")
    return parts


def feed_forward(tape: Tape, config: Config, x: Tensor, name: str) -> Tensor:
    """down(silu(gate(x)) · up(x)), or linear, GELU, linear."""
    with tape.scope(name):
        if config.mlp_type != "swiglu":
            hidden = tape.act(tape.linear(x, config.inner, "proj_in"), "gelu")
            return tape.linear(hidden, x.shape[-1], "proj_out")
        gate = tape.act(tape.linear(x, config.inner, "proj_in_gate", bias=False))
        wide = tape.mul(gate, tape.linear(x, config.inner, "proj_in", bias=False))
        del gate
        return tape.linear(wide, x.shape[-1], "proj_out", bias=False)
