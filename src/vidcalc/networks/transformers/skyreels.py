"""SkyReels-V2 video transformer: the Wan 2.1 network, with diffusion forcing (a timestep for every latent frame).

Under diffusion forcing each frame's modulation is copied out to all of its tokens, which costs memory that one
timestep per sample does not. Frames may be grouped into causal blocks, which adds a mask over all pairs of tokens.
Source: arXiv 2504.13074; diffusers 0.42.1 models/transformers/transformer_skyreels_v2.py.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.networks.transformers.embedding import sinusoid, text_mlp, timestep_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("SkyReelsV2Transformer3DModel",)


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    num_attention_heads: Number = 16
    ffn_dim: Number = 8192
    num_layers: int = 32
    inject_sample_info: bool = False
    num_frame_per_block: int = 1


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return wan.tokens(config, shape)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    n = tokens(config, shape)
    latent = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(shape.batch, timesteps(config, shape), dtype="int64")
    text = tape.input(shape.batch, shape.tokens, config.text_dim)
    image = wan.image_input(tape, config, shape)

    rotary = wan.rotary_table(tape, config, n)
    hidden = wan.patch_embedding(tape, config, shape, latent, "patch_embedding")
    mask = causal_mask(tape, config, n)
    temb, modulation, context, picture = condition(tape, config, shape, timestep, text, image)
    context = wan.joined(tape, context, picture)
    if config.inject_sample_info:
        rate = tape.embedding(2, config.width, (shape.batch,), "fps_embedding")
        modulation = tape.add(modulation, frame_rate(tape, config, rate, shape.batch * timesteps(config, shape)))
    if shape.timestep == "frame":
        temb = tape.copy(temb, shape.batch, n, config.width, name="repeat")
        modulation = tape.copy(modulation, shape.batch, n, 6, config.width, name="repeat")
        modulation = tape.copy(modulation, name="contiguous")
    with tape.repeat("blocks", config.num_layers, hidden):
        hidden = wan.block(tape, config, hidden, context, modulation, rotary, shape.image_tokens)
    del mask
    return wan.unpatchify(tape, config, shape, hidden, temb)


def timesteps(config: Config, shape: Shape) -> Number:
    """Timesteps per sample: one, or one per latent frame."""
    return shape.frames // config.patch_size[0] if shape.timestep == "frame" else 1


def causal_mask(tape: Tape, config: Config, n: Number) -> Tensor | None:
    """Which token may see which, [n, n] booleans, where frames are grouped into causal blocks."""
    if config.num_frame_per_block == 1:
        return None
    return tape.empty((n, n), "bool")


def condition(
    tape: Tape, config: Config, shape: Shape, timestep: Tensor, text: Tensor, image: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Timesteps -> temb[batch, (frames,) width], modulation[batch, (frames,) 6, width]; text and image embedded."""
    width, per = config.width, timesteps(config, shape)
    with tape.scope("condition_embedder"):
        features = sinusoid(tape, shape.batch * per, config.freq_dim)
        wide = timestep_mlp(tape, features, width, "time_embedder", keep="fp32")
        temb = tape.cast(wide, tape.dtype)
        del wide
        projected = tape.linear(tape.act(temb, "silu"), 6 * width, "time_proj")
        context = text_mlp(tape, text, width, "text_embedder")
        picture = None if image is None else wan.image_embedding(tape, config, shape, image)
    lead = (shape.batch, per) if shape.timestep == "frame" else (shape.batch,)
    return temb.view(*lead, width), projected.view(*lead, 6, width), context, picture


def frame_rate(tape: Tape, config: Config, rate: Tensor, timesteps: Number) -> Tensor:
    """The embedded frame rate[batch, width] -> six vectors for every timestep."""
    width = config.width
    with tape.scope("fps_projection"):
        hidden = tape.act(tape.linear(rate, width, "net.0.proj"))
        return tape.copy(tape.linear(hidden, 6 * width, "net.2"), timesteps, 6, width, name="repeat")
