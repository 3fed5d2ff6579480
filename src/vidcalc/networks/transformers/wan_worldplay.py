"""HY-WorldPlay on Wan 2.2 5B: Wan by chunks, over keys and values of the latent frames that a chunk remembers.

What is remembered, shape.extra["cached_frames"] latent frames chosen by their views, goes through the network once
before each chunk. Every block attends twice with one projection, by places and by the cameras' matrices (PRoPE), as one
attention of twice the batch, whose results have an output layer each. A timestep and an action per latent frame make
the modulation of its tokens.
Source: arXiv 2512.14614; Tencent-Hunyuan/HY-WorldPlay@da2d0c2 wan/models/dits/arwan_w_action_w_mem_relative_rope.py,
wan/inference/pipeline_wan_w_mem_relative_rope.py. The rest as in `wan.py`, both attentions as in `hunyuan_world.py`.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan, wan_causal
from vidcalc.networks.transformers.embedding import sinusoid, text_mlp, timestep_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ()  # its makers call it WanTransformer3DModel, as Wan's own
TWO = 2  # attentions of a block


class Config(wan_causal.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names.

    action_freq_dim  sines and cosines of an action
    """

    action_freq_dim: Number = 256


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens of one chunk."""
    return wan.tokens(config, shape)


def cache(config: Config, shape: Shape) -> Number:
    """Elements of the keys and values that stay from call to call, of both attentions."""
    # [key, value] of every layer [batch, tokens, width]
    return 2 * TWO * config.num_layers * shape.batch * wan_causal.cached_tokens(config, shape) * config.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """chunk[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    n, batch, width, frames = tokens(config, shape), shape.batch, config.width, shape.frames
    before = wan_causal.cached_tokens(config, shape)
    latent = tape.input(batch, config.in_channels, frames, shape.height, shape.width)
    text = tape.input(batch, shape.tokens, config.text_dim)
    cameras = tape.input(batch, frames, 16), tape.input(batch, frames, 9)  # where each is, and its lens
    held = tape.input(cache(config, shape))

    rotary = wan.rotary_table(tape, config, n)
    hidden = tape.copy(wan.patch_embedding(tape, config, shape, latent, "patch_embedding"), name="contiguous")
    with tape.scope("condition_embedder"):
        acted = scalars(tape, config, batch * frames, config.action_freq_dim, "action_embedder")
        temb = tape.add(scalars(tape, config, batch * frames, config.freq_dim, "time_embedder"), acted)
        del acted
        projected = tape.linear(tape.act(temb), 6 * width, "time_proj")
        context = text_mlp(tape, text, width, "text_embedder")
    temb, modulation = temb.view(batch, frames, width), projected.view(batch, frames, 6, width)
    with tape.repeat("blocks", config.num_layers, hidden):
        hidden = wan.block(
            *(tape, config, hidden, context, modulation, rotary),
            attend=lambda normed: both_attentions(tape, config, normed, rotary, before),
        )
    del held, cameras
    return wan.unpatchify(tape, config, shape, hidden, temb)


def scalars(tape: Tape, config: Config, count: Number, features: Number, name: str) -> Tensor:
    """So many numbers as sinusoids, embedded: [count, width]."""
    wide = timestep_mlp(tape, sinusoid(tape, count, features), config.width, name, keep="fp32")
    return tape.cast(wide, tape.dtype)


def both_attentions(tape: Tape, config: Config, x: Tensor, rotary: tuple[Tensor, Tensor], before: Number) -> Tensor:
    """The chunk's queries on its own keys and on what is remembered, by places and by cameras."""
    width, heads, d_head = config.width, config.num_attention_heads, config.attention_head_dim
    batch, n, _ = x.shape
    with tape.scope("attn1"):
        q = tape.linear(x, width, "to_q")
        k = tape.linear(x, width, "to_k")
        v = tape.linear(x, width, "to_v").view(batch, heads, n, d_head)
        q = tape.rms_norm(q, "norm_q").view(batch, heads, n, d_head)
        k = tape.rms_norm(k, "norm_k").view(batch, heads, n, d_head)
        seen = [tape.copy(each, name="prope") for each in (q, k, v)]
        q, k = wan.rotate(tape, q, rotary), wan.rotate(tape, k, rotary)
        every = (batch, heads, before + n, d_head)  # each joined with what is remembered
        keys, values = tape.cat((k,), *every), tape.cat((v,), *every)
        keys_seen, values_seen = tape.cat((seen[1],), *every), tape.cat((seen[2],), *every)
        del k, v
        queries = tape.cat((q, seen[0]), TWO * batch, heads, n, d_head)
        double = (TWO * batch, heads, before + n, d_head)
        keys, values = tape.cat((keys, keys_seen), *double), tape.cat((values, values_seen), *double)
        del q, seen, keys_seen, values_seen
        out = tape.attention(queries, keys, values)
        del queries, keys, values
        plain, moved = tape.copy(out, batch, n, width), tape.copy(out, batch, n, width, name="prope")
        del out
        return tape.add(tape.linear(plain, width, "to_out.0"), tape.linear(moved, width, "to_out_prope.0"))
