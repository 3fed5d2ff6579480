"""Wan with people in it: reference pictures as tokens beside the video's, and audio that each latent frame attends to.

One network for Wan2.2-S2V, InfiniteTalk and MultiTalk, HuMo and Phantom, which differ in where audio comes in and how
wide it is. References stand behind the video's tokens, as many as `reference_frames` latent frames have. Audio tokens
are made once for a clip out of a speech encoder's features; in `audio_layers` of the layers, evenly spread, every frame
attends to its own `audio_tokens` after text.
Source: arXiv 2508.18621 (S2V), 2505.22647 (MultiTalk), 2508.14033 (InfiniteTalk), 2509.08519 (HuMo),
2502.11079 (Phantom);
Wan-Video/Wan2.2 wan/modules/s2v/model_s2v.py; MeiGen-AI/InfiniteTalk wan/modules/multitalk_model.py;
Phantom-video/HuMo humo/models/wan_modules/model_humo.py. The rest as in `wan.py`.
"""

from vidcalc.base.number import Number, nearest
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.networks.transformers.embedding import feed_forward
from vidcalc.tape import Tape, Tensor

CLASSES = ("WanModel_S2V",)


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names; what audio and references add under ours.

    reference_frames  latent frames' worth of reference tokens (S2V: an image, and the past packed ever more coarsely)
    audio_layers      layers with audio attention; audio_tokens  audio tokens that a latent frame attends to
    audio_dim         width of these tokens
    audio_in          numbers per latent frame that the projector reads (0: it is counted in `audio_weights`)
    audio_inner       width inside the projector
    audio_weights     weights of a projector that is not on the tape
    audio_norms       whether queries and keys are normed
    audio_gates       whether the frame's audio also scales and shifts the tokens before they attend (S2V's AdaIN)
    """

    reference_frames: Number = 0
    audio_layers: int = 0
    audio_tokens: Number = 0
    audio_dim: Number = 0
    audio_in: Number = 0
    audio_inner: Number = 512
    audio_weights: Number = 0
    audio_norms: bool = False
    audio_gates: bool = False


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens and the references' beside them."""
    per = wan.tokens(config, shape) // (shape.frames // config.patch_size[0])
    return wan.tokens(config, shape) + nearest(config.reference_frames * per)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    n, video, batch, width = tokens(config, shape), wan.tokens(config, shape), shape.batch, config.width
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch, wan.timesteps(config, shape), dtype="fp32")
    text = tape.input(batch, shape.tokens, config.text_dim)
    image = wan.image_input(tape, config, shape)
    heard = projected(tape, config, shape)

    rotary = wan.rotary_table(tape, config, n)
    hidden = wan.patch_embedding(tape, config, shape, latent, "patch_embedding")
    if config.reference_frames:
        seen = tape.input(batch, n - video, width)
        hidden = tape.cat((hidden, seen), batch, n, width)
        del seen
    temb, modulation, context, picture = wan.condition(tape, config, shape, timestep, text, image)
    context = wan.joined(tape, context, picture)
    for name, count, listens in layers(config):
        with tape.repeat(name, count, hidden):
            audio = heard if listens else None
            hidden = block(tape, config, shape, hidden, context, modulation, rotary, audio)
    hidden = hidden.view(batch, video, width)
    return wan.unpatchify(tape, config, shape, hidden, temb)


def layers(config: Config) -> list[tuple[str, int, bool]]:
    """(name, count, whether audio comes in) of the runs of equal layers; which come first changes no number."""
    runs = [("blocks", config.audio_layers, True), ("silent_blocks", config.num_layers - config.audio_layers, False)]
    return [run for run in runs if run[1]]


def projected(tape: Tape, config: Config, shape: Shape) -> Tensor | None:
    """Audio tokens[batch · frames, audio_tokens, audio_dim] of every latent frame."""
    if not config.audio_layers:
        return None
    rows = shape.batch * shape.frames
    with tape.scope("audio_proj"):
        tape.parameter("encoder", config.audio_weights)
        if not config.audio_in:
            return tape.input(rows, config.audio_tokens, config.audio_dim)
        features = tape.input(rows, config.audio_in)
        hidden = tape.act(tape.linear(features, config.audio_inner, "proj1"), "relu")
        hidden = tape.act(tape.linear(hidden, config.audio_inner, "proj2"), "relu")
        wide = tape.linear(hidden, config.audio_tokens * config.audio_dim, "proj3")
        return tape.layer_norm(wide.view(rows, config.audio_tokens, config.audio_dim), "norm")


def block(
    tape: Tape,
    config: Config,
    shape: Shape,
    hidden: Tensor,
    context: Tensor,
    modulation: Tensor,
    rotary: tuple[Tensor, Tensor],
    audio: Tensor | None,
) -> Tensor:
    """Wan's block, with attention to audio between text and the feed-forward."""
    width = config.width
    tape.parameter("scale_shift_table", 6 * width, "fp32")
    vectors = tape.pointwise("modulation", (tape.cast(modulation, "fp32"),), weights=6 * width * 4)
    gate = vectors.view(*vectors.shape[:-2], 1, width)

    normed = wan.modulated(tape, hidden, vectors, width, "fp32")
    attended = wan.attention(tape, config, normed, None, rotary, "attn1")
    x = tape.cast(wan.gated(tape, hidden, attended, gate), hidden.dtype)

    normed = tape.cast(wan.cross_norm(tape, config, tape.cast(x, "fp32")), x.dtype)
    x = tape.add(x, wan.attention(tape, config, normed, context, None, "attn2", shape.image_tokens))
    if audio is not None:
        x = tape.add(x, listen(tape, config, shape, x, audio))

    normed = wan.modulated(tape, x, vectors, width, "fp32")
    mixed = feed_forward(tape, normed, config.ffn_dim, width, "ffn")
    wide = tape.cast(x, "fp32")
    return tape.cast(tape.add(wide, tape.mul(tape.cast(mixed, "fp32"), gate)), x.dtype)


def listen(tape: Tape, config: Config, shape: Shape, x: Tensor, audio: Tensor) -> Tensor:
    """Attention of every frame's tokens to the frame's audio; references hear nothing."""
    width, heads, d_head = config.width, config.num_attention_heads, config.attention_head_dim
    rows = shape.batch * shape.frames
    places = wan.tokens(config, shape) // shape.frames
    with tape.scope("audio_cross_attn"):
        frames = x.view(rows, places, width)
        if config.audio_gates:
            whole = tape.input(rows, config.audio_dim)  # one vector a frame
            vectors = tape.linear(whole, 2 * width, "adain")
            normed = tape.mul(tape.layer_norm(frames), vectors.view(rows, 1, width))
        else:
            normed = wan.fp32_norm(tape, frames, "norm")
        q = tape.linear(normed, width, "to_q")
        k = tape.linear(audio, width, "to_k")
        v = tape.linear(audio, width, "to_v")
        if config.audio_norms:
            q, k = tape.rms_norm(q, "norm_q"), tape.rms_norm(k, "norm_k")
        q = q.view(rows, heads, places, d_head)
        k = k.view(rows, heads, config.audio_tokens, d_head)
        out = tape.attention(q, k, v.view(rows, heads, config.audio_tokens, d_head))
        merged = tape.copy(out).view(rows, places, width)
        del out
        said = tape.linear(merged, width, "to_out")
        # written into the video's places
        return tape.cat((said,), *x.shape)
