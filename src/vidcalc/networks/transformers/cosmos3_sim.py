"""Cosmos 3 Sim: the video tower of Cosmos 3 by chunks, over keys and values of the prompt and of the frames before.

The text's tower runs once for a clip and leaves its keys and values, and so does a forward of every finished chunk, for
shape.extra["cached_frames"] latent frames at most. In front of the tokens of each latent frame stand those of the
actions that lead into it, projected by weights of their embodiment.
Source: sgl-project/sglang multimodal_gen configs/models/dits/cosmos_dreams.py, NVIDIA/TensorRT-LLM visual_gen
pipeline_cosmos3_sim.py (Cosmos3-Nano-Sim-Bimanual); diffusers 0.42.1 models/transformers/transformer_cosmos3.py. The
rest as in `cosmos3.py`.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import cosmos3
from vidcalc.tape import Tape, Tensor

CLASSES = ()  # its file names Cosmos 3's own; it runs as CosmosDreamsTransformer
VIDEO = ("add_", "norm_added_", "to_add_out.")  # weights of the video's tower in an attention


class Config(cosmos3.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names.

    action_tokens_per_frame  rows of actions to a latent frame
    """

    action_dim: Number = 64
    num_embodiment_domains: Number = 32
    action_tokens_per_frame: Number = 4


def per_frame(config: Config, shape: Shape) -> Number:
    """Tokens of a latent frame, its actions among them."""
    return config.action_tokens_per_frame + cosmos3.tokens(config, shape) // shape.frames


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens of one chunk."""
    return cosmos3.tokens(config, shape)


def cache(config: Config, shape: Shape) -> Number:
    """Elements of the keys and values that stay: those of the prompt, and of all frames that there is room for."""
    before = shape.extra.get("cached_frames", 0)
    places = shape.tokens + (shape.extra.get("held_frames", before + shape.frames)) * per_frame(config, shape)
    # [key, value] of every layer [batch, tokens, key heads, head size]
    return 2 * config.num_hidden_layers * shape.batch * places * config.num_key_value_heads * config.head_dim


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """chunk[batch, channels, frames, height, width] -> the same shape."""
    batch, width, frames = shape.batch, config.hidden_size, shape.frames
    n, rows = cosmos3.tokens(config, shape), per_frame(config, shape) * frames
    before = shape.tokens + shape.extra.get("cached_frames", 0) * per_frame(config, shape)
    latent = tape.input(batch, config.latent_channel, frames, shape.height, shape.width)
    taken = tape.input(batch, rows - n, config.action_dim)
    held = tape.input(cache(config, shape))
    the_rest(tape, config)
    video, time = cosmos3.video_tokens(tape, config, shape, latent)
    acted = tape.add(projected(tape, config, taken, width, "action_proj_in"), time)
    tape.parameter("action_modality_embed", width)
    hidden = tape.cat((acted, video), batch, rows, width)
    del acted, video, time
    rotary = cosmos3.rotary_table(tape, config, rows)
    with tape.repeat("layers", config.num_hidden_layers, hidden):
        hidden = layer(tape, config, hidden, rotary, before)
    last = cosmos3.normed(tape, config, hidden, "norm_moe_gen")
    picked = tape.copy(last, batch, n, width, name="gather")
    del last, held, taken
    return tape.copy(tape.linear(picked, config.patch_latent_dim, "proj_out"), *latent.shape, name="unpatchify")


def projected(tape: Tape, config: Config, x: Tensor, d_out: Number, name: str) -> Tensor:
    """x · weight + bias of its embodiment; the others' lie beside."""
    with tape.scope(name):
        others = (config.num_embodiment_domains - 1) * (x.shape[-1] + 1) * d_out
        tape.parameter("others", others)
        return tape.linear(x, d_out, "fc")


def the_rest(tape: Tape, config: Config) -> None:
    """Weights of the text's tower and of the actions' last layer, which run once for a clip or not at all."""
    once = Tape(tape.dtype)
    side = config.latent_patch_size
    cosmos3.forward(once, config, Shape(frames=1, height=side, width=side, tokens=1))
    own = ("proj_in.", "time_embedder.", "proj_out.", "norm_moe_gen")
    for name, (elements, _) in once.parameters.items():
        part = name.split(".*.")[-1].removeprefix("self_attn.")
        if not name.startswith(own) and "_moe_gen" not in part and not part.startswith(VIDEO):
            tape.parameter(f"words.{name}", elements)
    tape.parameter("action_proj_out", config.num_embodiment_domains * (config.hidden_size + 1) * config.action_dim)


def layer(tape: Tape, config: Config, x: Tensor, rotary: tuple[Tensor, Tensor], before: Number) -> Tensor:
    """x[batch, n, width] attended to itself and to `before` keys that are cached, then its feed-forward."""
    batch, n, _ = x.shape
    heads, kv_heads, d = config.num_attention_heads, config.num_key_value_heads, config.head_dim
    bias = config.attention_bias
    gen = cosmos3.normed(tape, config, x, "input_layernorm_moe_gen")
    with tape.scope("self_attn"):
        q = tape.linear(gen, heads * d, "add_q_proj", bias=bias).view(batch, heads, n, d)
        k = tape.linear(gen, kv_heads * d, "add_k_proj", bias=bias).view(batch, kv_heads, n, d)
        v = tape.linear(gen, kv_heads * d, "add_v_proj", bias=bias).view(batch, kv_heads, n, d)
        del gen
        q = cosmos3.rotate(tape, cosmos3.normed(tape, config, q, "norm_added_q"), rotary)
        k = cosmos3.rotate(tape, cosmos3.normed(tape, config, k, "norm_added_k"), rotary)
        tape.traffic("cache", 2 * (k.nbytes + v.nbytes), 2)
        every = (batch, kv_heads, before + n, d)
        out = tape.attention(q, k.view(*every), v.view(*every), "full")
        del q, k, v
        merged = tape.copy(out).view(batch, n, heads * d)
        del out
        update = tape.linear(merged, config.hidden_size, "to_add_out", bias=bias)
        del merged
    hidden = tape.add(x, update)
    del update
    normed = cosmos3.normed(tape, config, hidden, "post_attention_layernorm_moe_gen")
    return tape.add(hidden, cosmos3.gated_mlp(tape, config, normed, "mlp_moe_gen"))
