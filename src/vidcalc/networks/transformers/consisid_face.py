"""The face branch of ConsisID: a perceiver makes 32 tokens of one face, and video tokens attend to them.

Its attention spells its scores out, with the softmax in float32.
Source: arXiv 2411.17440; diffusers 0.42.1 models/transformers/consisid_transformer_3d.py.
"""

from typing import TYPE_CHECKING, Any

from vidcalc.tape import Tape, Tensor

if TYPE_CHECKING:
    from vidcalc.networks.transformers.consisid import Config


def face_tokens(tape: Tape, config: "Config", identity: Tensor, pictures: list[Tensor]) -> Tensor:
    """identity[batch, d] and image tokens at several depths -> [batch, queries, LFE_output_dim]."""
    batch, width, count = identity.shape[0], config.LFE_vit_dim, config.LFE_num_id_token
    queries = config.LFE_num_querie
    layers = config.LFE_depth // config.LFE_num_scale
    with tape.scope("local_facial_extractor"):
        tape.parameter("latents", queries * width)
        latents = tape.empty((batch, queries, width), identity.dtype)
        person = mapping(tape, identity, width, width * count, "id_embedding_mapping").view(batch, count, width)
        latents = tape.cat((latents, person), batch, queries + count, width)
        for i, picture in enumerate(pictures):
            seen = mapping(tape, picture, width, width, f"mapping_{i}")
            context = tape.cat((person, seen), batch, count + picture.shape[1], width)
            for j in range(i * layers, (i + 1) * layers):
                with tape.scope(f"layers.{j}"):
                    latents = tape.add(perceiver(tape, config, context, latents), latents)
                    latents = tape.add(feed_forward(tape, latents, width, config.LFE_ff_mult), latents)
        tape.parameter("proj_out", width * config.LFE_output_dim)
        projection = tape.empty((0,), identity.dtype).view(width, config.LFE_output_dim)  # a weight: no activation
        return tape.matmul(latents.view(1, batch * queries, width), projection, "proj_out").view(
            batch, queries, config.LFE_output_dim
        )


def mapping(tape: Tape, x: Tensor, width: Any, d_out: Any, name: str) -> Tensor:
    """Linear, norm, leaky ReLU, twice, then a linear layer."""
    with tape.scope(name):
        hidden = tape.linear(x, width, "0")
        hidden = tape.layer_norm(hidden, "1")
        hidden = tape.act(hidden, "leaky_relu")
        hidden = tape.linear(hidden, width, "3")
        hidden = tape.layer_norm(hidden, "4")
        hidden = tape.act(hidden, "leaky_relu")
        return tape.linear(hidden, d_out, "6")


def feed_forward(tape: Tape, x: Tensor, width: Any, times: Any) -> Tensor:
    """Norm, linear, GELU, linear, without biases."""
    with tape.scope("1"):
        hidden = tape.layer_norm(x, "0")
        hidden = tape.linear(hidden, width * times, "1", bias=False)
        hidden = tape.act(hidden, "gelu")
        return tape.linear(hidden, width, "3", bias=False)


def perceiver(tape: Tape, config: "Config", context: Tensor, latents: Tensor) -> Tensor:
    """Latents attend to the context and to themselves."""
    batch, n, width = latents.shape
    inner = config.LFE_dim_head * config.LFE_num_heads
    with tape.scope("0"):
        normed = tape.layer_norm(context, "norm1")
        asking = tape.layer_norm(latents, "norm2")
        q = tape.linear(asking, inner, "to_q", bias=False)
        joined = tape.cat((normed, asking), batch, context.shape[1] + n, width)
        kv = tape.linear(joined, 2 * inner, "to_kv", bias=False)
        out = spelled_attention(tape, q, kv, config.LFE_num_heads, config.LFE_dim_head)
        return tape.linear(out, width, "to_out", bias=False)


def face_attention(tape: Tape, config: "Config", face: Tensor, hidden: Tensor) -> Tensor:
    """Video tokens attend to the face's tokens."""
    inner = config.cross_attn_dim_head * config.cross_attn_num_heads
    normed = tape.layer_norm(face, "norm1")
    asking = tape.layer_norm(hidden, "norm2")
    q = tape.linear(asking, inner, "to_q", bias=False)
    kv = tape.linear(normed, 2 * inner, "to_kv", bias=False)
    out = spelled_attention(tape, q, kv, config.cross_attn_num_heads, config.cross_attn_dim_head)
    return tape.linear(out, config.width, "to_out", bias=False)


def spelled_attention(tape: Tape, q: Tensor, kv: Tensor, heads: Any, d_head: Any) -> Tensor:
    """softmax(q·kᵀ)·v with the scores stored; keys and values are halves of `kv`."""
    batch, n, inner = q.shape
    keys = kv.shape[1]
    k = kv.view(batch, heads, keys, d_head)
    scaled = tape.scale(q.view(batch, heads, n, d_head))
    weights = tape.matmul(scaled, tape.scale(k).view(batch, heads, d_head, keys), "scores")
    del scaled
    weights = tape.cast(tape.softmax(tape.cast(weights, "fp32")), q.dtype)
    out = tape.matmul(weights, k, "values")
    return tape.copy(out).view(batch, n, inner)
