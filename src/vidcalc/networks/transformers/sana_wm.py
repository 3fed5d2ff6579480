"""SANA-WM: SANA-Video steered by a camera, its attention a gated delta rule over frames, every n-th a softmax.

Mirrors diffusers' SanaWMTransformer3DModel. Every block attends twice over the same tokens, once with rotary positions
and once in the space of the camera's rays, and adds the two before one gate and one projection. The delta rule keeps a
state of head size × head size a frame and runs forwards and backwards in float32, the rotary one with its normaliser.
What a softmax block has no use for (the rule's gates) is among its weights all the same, as is the embedder of ray
maps.
Source: diffusers 0.42.1 models/transformers/transformer_sana_wm.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import sana
from vidcalc.networks.transformers.embedding import sinusoid, timestep_mlp
from vidcalc.networks.transformers.wan import rotate
from vidcalc.tape import Tape, Tensor

CLASSES = ("SanaWMTransformer3DModel",)
SIDE = 4  # of the matrix that a ray's place gives to its token
RAYS = 5  # products of three numbers by a 3 × 3 matrix behind one place's ray
CAMERA = 20  # numbers of a frame's camera: its matrix, two focal lengths, a centre
MAPPED = 3  # channels of the ray map
WHOLE = (32, 64, 128, 256)  # head sizes that the camera's attention does not pad, to 128 or 256


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_channels: Number = 128
    num_layers: Number = 20
    hidden_size: Number = 2240
    num_attention_heads: Number = 20
    patch_size: tuple[Number, Number, Number] = (1, 1, 1)
    softmax_every_n: Number = 4
    linear_head_dim: int = 112
    conv_kernel_size: Number = 4
    chunk_plucker_channels: Number = 48
    caption_channels: Number = 2304
    mlp_ratio: Number = 3.0

    @property
    def width(self) -> Number:
        """Hidden size."""
        return self.hidden_size

    @property
    def heads(self) -> Number:
        """Heads of the attention to other places; that to the text has num_attention_heads."""
        return self.hidden_size // self.linear_head_dim

    @property
    def like(self) -> sana.Config:
        """What it shares with SANA-Video: the feed-forward."""
        return sana.Config(
            num_attention_heads=self.heads,
            attention_head_dim=self.linear_head_dim,
            mlp_ratio=self.mlp_ratio,
            patch_size=self.patch_size,
        )


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return sana.tokens(config.like, shape)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width], a camera and rays -> the latent's shape."""
    batch, n, width = shape.batch, tokens(config, shape), config.hidden_size
    grid = sana.patches(config.like, shape)
    frames = grid[0]
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    plucker = tape.input(batch, config.chunk_plucker_channels, shape.frames, shape.height, shape.width)
    camera = tape.input(batch, frames, CAMERA)
    text = tape.input(batch, shape.tokens, config.caption_channels)
    timestep = tape.input(batch, frames)

    hidden = tape.convolution(latent, width, config.patch_size, "x_embedder.proj", out=grid).view(batch, n, width)
    ray = seen(tape, batch, frames, n)
    rays = tape.convolution(plucker, width, config.patch_size, "plucker_embedder.proj", out=grid).view(batch, n, width)
    # [hidden, channels of a map, taps] and a bias, unused beside the other rays
    tape.parameter("raymap_embedder.proj", width * (MAPPED * sana.volume(config.like) + 1))
    rotary = sana.rotary_table(tape, config.like, n)
    features = tape.cast(sinusoid(tape, batch * frames, 256), tape.dtype)
    temb = timestep_mlp(tape, features, width, "t_embedder")
    del features
    modulation = tape.linear(tape.act(temb), 6 * width, "t_block.1")
    with tape.scope("y_embedder.y_proj"):
        context = tape.act(tape.linear(text, width, "fc1"), "gelu")
        context = tape.linear(context, width, "fc2")
    context = tape.rms_norm_narrow(context, "attention_y_norm")

    every = config.softmax_every_n or config.num_layers + 1
    soft = config.num_layers // every
    for name, count in (("delta", config.num_layers - soft), ("softmax", soft)):  # the order changes no number
        with tape.repeat(f"blocks.{name}", count, hidden):
            hidden = block(tape, config, shape, hidden, context, modulation, rotary, (rays, ray), name == "delta")

    tape.parameter("final_layer.scale_shift_table", 2 * width)
    steer = tape.pointwise("modulation", (temb,), (batch, frames, 2, width)).view(batch, frames, 1, width)
    hidden = by_frame(tape, tape.layer_norm(hidden), steer, frames)
    hidden = tape.linear(hidden, config.in_channels * sana.volume(config.like), "final_layer.linear")
    hidden = tape.copy(hidden, name="unpatchify")
    del timestep, camera, latent, plucker
    return hidden.view(batch, config.in_channels, shape.frames, shape.height, shape.width)


def seen(tape: Tape, batch: Number, frames: Number, n: Number) -> Tensor:
    """A 4 × 4 matrix for every token, from its frame's camera: the ray through its place."""
    with tape.scope("rays"):
        places = tape.empty((batch * frames, RAYS * (n // frames), 3))
        tape.matmul(places, tape.empty((batch * frames, 3, 3)), "products")
        return tape.pointwise("matrices", (places,), (batch, n, SIDE, SIDE))


def by_frame(tape: Tape, x: Tensor, steer: Tensor, frames: Number) -> Tensor:
    """x · (1 + scale) + shift, of the token's frame."""
    batch, n, width = x.shape
    split = x.view(batch, frames, n // frames, width)
    return tape.add(tape.mul(split, tape.scale(steer)), steer).view(batch, n, width)


def block(
    tape: Tape,
    config: Config,
    shape: Shape,
    hidden: Tensor,
    context: Tensor,
    modulation: Tensor,
    rotary: tuple[Tensor, Tensor],
    steered: tuple[Tensor, Tensor],
    delta: bool,
) -> Tensor:
    """The two attentions, the rays' embedding, attention to the text, the convolutional feed-forward."""
    batch, n, width = hidden.shape
    frames = sana.patches(config.like, shape)[0]
    tape.parameter("scale_shift_table", 6 * width)
    steer = tape.pointwise("modulation", (modulation,)).view(batch, frames, 1, width)

    normed = by_frame(tape, tape.layer_norm(hidden), steer, frames)
    with tape.scope("attn"):
        update = attended(tape, config, normed, frames, rotary, steered[1], delta)
    del normed
    x = tape.add(hidden, gated(tape, update, steer, frames))
    del update
    x = tape.add(x, tape.linear(steered[0], width, "plucker_proj"))
    x = tape.add(x, to_text(tape, config.num_attention_heads, x, context))
    normed = by_frame(tape, tape.layer_norm(x), steer, frames)
    update = sana.feed_forward(tape, config.like, shape, normed)
    del normed
    update = tape.copy(update, batch, n, width, name="flatten")
    return tape.add(x, gated(tape, update, steer, frames))


def gated(tape: Tape, x: Tensor, steer: Tensor, frames: Number) -> Tensor:
    """x times its frame's gate."""
    batch, n, width = x.shape
    return tape.mul(x.view(batch, frames, n // frames, width), steer).view(batch, n, width)


def to_text(tape: Tape, heads: Number, x: Tensor, context: Tensor, *, spelled: bool = False) -> Tensor:
    """Attention to the text, keys and values of one product, queries and keys RMS-normed across heads.

    With `spelled` the norm keeps to float32 until it is weighted.
    """
    batch, n, width = x.shape
    keys, norm = context.shape[1], tape.rms_norm_spelled if spelled else tape.rms_norm_narrow
    with tape.scope("cross_attn"):
        q = tape.linear(x, width, "q_linear")
        pairs = tape.linear(context, 2 * width, "kv_linear")
        k, v = pairs.view(batch, keys, width), pairs.view(batch, heads, keys, width // heads)
        q = norm(q, "q_norm").view(batch, heads, n, width // heads)
        k = norm(k, "k_norm").view(batch, heads, keys, width // heads)
        out = tape.attention(q, k, v)
        del q, k, v, pairs
        return tape.linear(out.view(batch, n, width), width, "proj")


def attended(
    tape: Tape,
    config: Config,
    x: Tensor,
    frames: Number,
    rotary: tuple[Tensor, Tensor],
    ray: Tensor,
    delta: bool,
) -> Tensor:
    """Both attentions, one gate, one projection."""
    batch, n, width = x.shape
    heads = config.heads
    beta: Tensor | None = None
    if delta:
        beta = tape.act(tape.linear(x, heads, "beta_proj"), "sigmoid")
        pooled = tape.pointwise("mean", (x,), (batch, frames, width))
        tape.linear(pooled, heads, "gate_proj")
    else:
        tape.parameter("beta_proj", (width + 1) * heads)
        tape.parameter("gate_proj", (width + 1) * heads)
    tape.parameter("A_log", heads)
    tape.parameter("dt_bias", heads)

    joined = tape.linear(x, 3 * width, "qkv", bias=False)
    parts = tuple(joined.view(batch, n, width) for _ in range(3))
    here = by_place(tape, config, prepared(tape, config, parts, frames, "", delta), frames, rotary, beta)
    del joined, parts
    parts = tuple(tape.linear(x, width, f"{name}_proj_cam") for name in "qkv")
    there = by_ray(tape, config, prepared(tape, config, parts, frames, "_cam", delta), frames, rotary, ray, beta)
    del parts, beta
    both = tape.add(here, tape.linear(there, width, "out_proj_cam"))
    del here, there
    gate = tape.act(tape.cast(tape.linear(x, width, "output_gate"), "fp32"))
    both = tape.cast(tape.mul(gate, both), x.dtype)
    del gate
    return tape.linear(both, width, "proj")


def prepared(
    tape: Tape, config: Config, parts: tuple[Tensor, ...], frames: Number, name: str, delta: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values of one attention: keys mixed over frames, both normed, for the rule both above zero."""
    q, k, v = parts
    if delta:
        k = over_frames(tape, config, k, frames, f"conv_k{name}")
    q, k = tape.rms_norm_narrow(q, f"q_norm{name}"), tape.rms_norm_narrow(k, f"k_norm{name}")
    if delta:
        q, k = tape.act(q, "relu"), tape.scale(tape.act(k, "relu"))
    return q, k, v


def over_frames(tape: Tape, config: Config, x: Tensor, frames: Number, name: str) -> Tensor:
    """One causal convolution of every channel over frames, forwards and backwards with the same weights."""
    batch, n, width = x.shape
    taps = config.conv_kernel_size
    tape.parameter(f"{name}.weight", width * taps)
    rows = tape.copy(x, batch * (n // frames), width, frames)

    def causal(rows: Tensor) -> Tensor:
        return tape.convolution(
            rows, width, (taps,), name, out=(frames + taps - 1,), groups=width, bias=False, fixed=True
        )

    ahead = causal(rows)
    back = tape.copy(causal(tape.copy(rows, name="flip")), *rows.shape, name="flip")
    out = tape.add(tape.add(back, ahead.view(*rows.shape)), tape.scale(rows))
    del ahead, back, rows
    return tape.copy(out, batch, n, width)


def split(x: Tensor, heads: Number) -> Tensor:
    """[batch, n, heads · d] -> [batch, heads, n, d]."""
    batch, n, width = x.shape
    return x.view(batch, heads, n, width // heads)


def by_place(
    tape: Tape,
    config: Config,
    parts: tuple[Tensor, Tensor, Tensor],
    frames: Number,
    rotary: tuple[Tensor, Tensor],
    beta: Tensor | None,
) -> Tensor:
    """The attention with rotary positions: of the rule, only the values' half of it has them."""
    batch, n, width = parts[0].shape
    q, k, v = (split(x, config.heads) for x in parts)
    turned = rotate(tape, q, rotary), rotate(tape, k, rotary)
    if beta is None:
        out = tape.attention(*turned, v)
        return tape.copy(out, batch, n, width)
    wide = tuple(tape.cast(x, "fp32") for x in (q, k, v, *turned))
    del turned, q, k, v
    values, sums = twice(tape, config, (*wide[3:], wide[2]), frames, beta, wide[:2])
    del wide
    assert sums is not None
    out = tape.cast(tape.mul(values, sums), parts[0].dtype)
    return tape.copy(out, batch, n, width)


def by_ray(
    tape: Tape,
    config: Config,
    parts: tuple[Tensor, Tensor, Tensor],
    frames: Number,
    rotary: tuple[Tensor, Tensor],
    ray: Tensor,
    beta: Tensor | None,
) -> Tensor:
    """The attention in the rays' space, half of a head through the rays' matrices; what comes out goes back."""
    batch, n, width = parts[0].shape
    through = [transformed(tape, tape.copy(split(x, config.heads)), rotary, ray) for x in parts]
    q, k, v = (tape.scale(x, "rescale") for x in through)  # to the size they had before
    del through
    if beta is None:
        d = config.linear_head_dim
        most = d if d in WHOLE else 128 if d <= 128 else 256
        q, k, v = (tape.copy(x, batch, config.heads, n, most, name="pad") for x in (q, k, v))
        out = tape.attention(q, k, v).view(batch, config.heads, n, d)
    else:
        wide = tuple(tape.cast(x, "fp32") for x in (q, k, v))
        out = tape.cast(twice(tape, config, wide, frames, beta, ())[0], parts[0].dtype)
        del wide
    del q, k, v
    return tape.copy(transformed(tape, out, rotary, ray), batch, n, width)


def transformed(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor], ray: Tensor) -> Tensor:
    """Half of every head by its token's matrix, the other half turned."""
    batch, heads, n, d = x.shape
    half = d // 2
    rows = tape.copy(x, batch * n, heads * (half // SIDE), SIDE)
    first = tape.matmul(rows, ray.view(batch * n, SIDE, SIDE), "ray")
    second = rotate(tape, x.view(batch, heads, n, half), rotary)
    return tape.cat((first, second), *x.shape)


def twice(
    tape: Tape,
    config: Config,
    parts: tuple[Tensor, ...],
    frames: Number,
    beta: Tensor,
    plain: tuple[Tensor, ...],
) -> tuple[Tensor, Tensor | None]:
    """The rule forwards and backwards, added: values, and the normaliser where `plain` queries and keys are given."""
    ahead = rule(tape, config, parts, frames, beta, plain)
    flipped = tuple(tape.copy(x, name="flip") for x in (*parts, *plain))
    back = rule(tape, config, flipped[:3], frames, beta, flipped[3:])
    del flipped
    out = tape.add(ahead[0], tape.copy(back[0], name="flip"))
    sums = None if ahead[1] is None or back[1] is None else tape.scale(tape.add(ahead[1], back[1]))
    return out, sums


def rule(
    tape: Tape,
    config: Config,
    parts: tuple[Tensor, ...],
    frames: Number,
    beta: Tensor,
    plain: tuple[Tensor, ...],
) -> tuple[Tensor, Tensor | None]:
    """State · decay (1 - keys · keysᵀ) + values · keysᵀ, frame after frame; every frame's state by its queries."""
    batch, heads, n, d = parts[0].shape
    q, k, v = (x.view(batch, heads, frames, d, n // frames) for x in parts)
    turned = k.view(batch, heads, frames, n // frames, d)
    keep = decayed(tape, k, turned, beta)
    fresh = tape.matmul(tape.mul(v, beta), turned, "add")
    kept = decayed(tape, plain[1].view(*k.shape), plain[1].view(*turned.shape), beta) if plain else None
    states = scanned(tape, keep, fresh, d)
    del keep, fresh
    values = tape.matmul(states, tape.copy(q), "read").view(batch, heads, n, d)
    del states
    if kept is None:
        return values, None
    vectors = scanned(tape, kept, tape.empty((batch, heads, frames, d, 1), "fp32"), 1)
    read = vectors.view(batch, heads, frames, 1, d)
    sums = tape.matmul(read, tape.copy(plain[0].view(*k.shape)), "read.sum")
    return values, sums.view(batch, heads, n, 1)


def decayed(tape: Tape, k: Tensor, turned: Tensor, beta: Tensor) -> Tensor:
    """What a frame leaves of the state: decay (1 - beta keys · keysᵀ)."""
    return tape.scale(tape.scale(tape.matmul(tape.mul(k, beta), turned, "keep")))


def scanned(tape: Tape, keep: Tensor, fresh: Tensor, columns: Number) -> Tensor:
    """The states of all frames, one frame after another."""
    batch, heads, frames, d, _ = keep.shape
    state = tape.empty((batch, heads, columns, d), "fp32")
    states = tape.empty((batch, heads, frames, d, columns), "fp32")
    with tape.scope("scan"), tape.again(frames, blocks=False):
        state = tape.add(
            tape.matmul(state, keep.view(batch, heads, d, d), "state"), fresh.view(batch, heads, columns, d)
        )
    states.node = state.node
    return tape.copy(tape.copy(states, name="stack"), name="cat")
