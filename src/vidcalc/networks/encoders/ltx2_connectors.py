"""LTX-2 text connectors: all hidden states of the text encoder, normed, projected and read by two small transformers.

The stack of hidden states (49 of Gemma 3) is what costs memory here. Source: Lightricks LTX-2 (2025); diffusers 0.42.1
pipelines/ltx2/connectors.py.
"""

import msgspec

from vidcalc.base.number import Number, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import ltx2
from vidcalc.networks.transformers.embedding import feed_forward
from vidcalc.networks.transformers.ltx2 import Attention, attention
from vidcalc.networks.transformers.ltx2_rope import rotary_table
from vidcalc.tape import Tape, Tensor

CLASSES = ("LTX2TextConnectors",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of both connectors, under diffusers' names."""

    caption_channels: Number = 3840
    text_proj_in_factor: Number = 49
    video_connector_num_attention_heads: Number = 30
    video_connector_attention_head_dim: Number = 128
    video_connector_num_layers: Number = 2
    video_connector_num_learnable_registers: Number = 128
    video_gated_attn: bool = False
    audio_connector_num_attention_heads: Number = 30
    audio_connector_attention_head_dim: Number = 128
    audio_connector_num_layers: Number = 2
    audio_connector_num_learnable_registers: Number = 128
    audio_gated_attn: bool = False
    rope_type: str = "interleaved"
    per_modality_projections: bool = False
    video_hidden_dim: Number = 4096
    audio_hidden_dim: Number = 2048
    proj_bias: bool = False


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """hidden states[batch, tokens, width, layers + 1] -> text for the video stream[batch, tokens, connector width].

    The text for the audio stream is computed as well.
    """
    batch, n = shape.batch, shape.tokens
    states = tape.input(batch, n, config.caption_channels, config.text_proj_in_factor)
    given = tape.input(batch, n, dtype="int64")
    video_text, audio_text, temporaries = projected(tape, config, states)
    narrow = tape.cast(tape.scale(given), tape.dtype)
    mask = tape.scale(narrow).view(batch, 1, n)
    video, allowed = connector(tape, config, video_text, mask, "video")
    kept = tape.scale(tape.cast(tape.empty((batch, n, 1), "bool"), "int64"))
    video = tape.mul(video, kept)
    connector(tape, config, audio_text, mask, "audio")
    del temporaries, narrow, allowed
    return video


def projected(tape: Tape, config: Config, states: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
    """Normed and flattened states through one projection for both streams, or one each; and what stays alive."""
    batch, n, width, layers = states.shape
    bias = config.proj_bias
    if not config.per_modality_projections:
        lengths = tape.empty((batch,), "int64")
        normed = layer_norm(tape, states).view(batch, n, width * layers)
        text = tape.linear(normed, width, "text_proj_in", bias=bias)
        return text, text, (normed, lengths)
    normed = token_norm(tape, states)
    allowed = tape.empty((batch, n, 1), "bool")
    zeros = tape.empty(normed.shape, normed.dtype)
    normed = tape.pointwise("where", (normed, zeros), (batch, n, width * layers))
    del zeros
    for_video = tape.scale(normed)
    for_audio = tape.scale(normed)
    video = tape.linear(for_video, config.video_hidden_dim, "video_text_proj_in", bias=bias)
    audio = tape.linear(for_audio, config.audio_hidden_dim, "audio_text_proj_in", bias=bias)
    return video, audio, (normed, for_video, for_audio, allowed)


def layer_norm(tape: Tape, states: Tensor) -> Tensor:
    """(states − mean) / range · 8 over tokens and width of every layer, padding left out; in float32, then narrow."""
    batch, n, _, layers = states.shape
    lengths = tape.empty((batch,), "int64"), tape.empty((batch,), "int64")
    positions, mask = tape.empty((n,), "int64"), tape.empty((batch, n), "bool")
    masked = tape.copy(states, name="masked_fill")
    extremes = [tape.empty((batch, layers), "fp32") for _ in range(3)]  # mean, least, greatest
    for _ in range(2):
        extreme = tape.copy(states, name="masked_fill")
        del extreme
    centred = tape.pointwise("sub", (states,), dtype="fp32")
    normed = tape.scale(centred)
    del centred
    normed = tape.scale(normed)
    padding = tape.empty(states.shape, "bool")
    wide = tape.copy(normed, name="masked_fill")
    del padding
    normed = wide
    del wide
    narrow = tape.cast(normed, states.dtype)
    del masked, lengths, positions, mask, extremes
    return narrow


def token_norm(tape: Tape, states: Tensor) -> Tensor:
    """states over their root mean square across the width."""
    batch, n, _, layers = states.shape
    square = tape.act(states, "square")
    mean = tape.pointwise("mean", (square,), (batch, n, 1, layers))
    del square
    return tape.mul(states, tape.scale(tape.scale(mean), "rsqrt"))


def connector(tape: Tape, config: Config, x: Tensor, mask: Tensor, stream: str) -> tuple[Tensor, Tensor]:
    """Tokens in front, learned registers in place of the padding, then transformer layers -> (tokens, new mask)."""
    heads = getattr(config, f"{stream}_connector_num_attention_heads")
    d_head = getattr(config, f"{stream}_connector_attention_head_dim")
    registers = getattr(config, f"{stream}_connector_num_learnable_registers")
    gated = getattr(config, f"{stream}_gated_attn")
    batch, n, width = x.shape
    with tape.scope(f"{stream}_connector"):
        temporaries: tuple[Tensor, ...] = ()
        hidden, allowed = x, mask
        if registers is not None:
            tape.parameter("learnable_registers", registers * width)
            several = minimum(n // registers - 1, 1)  # registers that fit once are not copied
            repeated = tape.empty((several * n, width), x.dtype)
            valid, order = tape.empty((batch, n), "int32"), tape.empty((batch, n), "int64")
            aligned = tape.copy(x, name="gather")
            counts, positions = tape.empty((batch,), "int64"), tape.empty((n,), "int64")
            front = tape.empty((batch, n), "bool")
            hidden = tape.pointwise("where", (aligned,))
            allowed = tape.copy(mask, name="zeros")
            temporaries = (repeated, valid, order, aligned, counts, positions, front)
        rotary = rotary_table(tape, config.rope_type, batch, n, 1, heads * d_head)
        layers = getattr(config, f"{stream}_connector_num_layers")
        sizes = Attention(heads, d_head, width, gated)
        with tape.repeat("transformer_blocks", layers):
            hidden = layer(tape, ltx2.Config(rope_type=config.rope_type), hidden, allowed, rotary, sizes)
        out = tape.rms_norm(hidden)
        del temporaries
        return out, allowed


def layer(
    tape: Tape, switches: ltx2.Config, x: Tensor, mask: Tensor, rotary: tuple[Tensor, Tensor], sizes: Attention
) -> Tensor:
    """Self-attention and feed-forward, each after a norm without weights."""
    normed = tape.rms_norm(x)
    update = attention(tape, switches, normed, None, sizes, "attn1", rotary=(rotary, rotary), mask=mask)
    hidden = tape.add(x, update)
    normed = tape.rms_norm(hidden)
    mixed = feed_forward(tape, normed, 4 * sizes.width, sizes.width, "ff")
    return tape.add(hidden, mixed)
