"""ConsisID: a CogVideoX transformer whose every second block is followed by attention to tokens of one face.

Source: arXiv 2411.17440; diffusers 0.42.1 models/transformers/consisid_transformer_3d.py.
"""

from typing import Any

from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import cogvideox
from vidcalc.networks.transformers.cogvideox import (
    block,
    conditioned,
    final_norm,
    patch_embed,
    rotary_table,
    unpatchified,
)
from vidcalc.networks.transformers.consisid_face import face_attention, face_tokens
from vidcalc.tape import Tape, Tensor

CLASSES = ("ConsisIDTransformer3DModel",)
VIT_TOKENS = 577  # of the image encoder that sees the face: 24 × 24 patches and one class token


class Config(cogvideox.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names; LFE is the local facial extractor."""

    is_train_face: bool = False
    cross_attn_interval: int = 2
    cross_attn_dim_head: Any = 128
    cross_attn_num_heads: Any = 16
    LFE_id_dim: Any = 1280
    LFE_vit_dim: Any = 1024
    LFE_depth: int = 10
    LFE_dim_head: Any = 64
    LFE_num_heads: Any = 16
    LFE_num_id_token: Any = 5
    LFE_num_querie: Any = 32
    LFE_output_dim: Any = 2048
    LFE_ff_mult: Any = 4
    LFE_num_scale: int = 5


def tokens(config: Config, shape: Shape) -> Any:
    """Video tokens: latent frames × height × width over the patch."""
    return cogvideox.tokens(config, shape)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, frames, in_channels, height, width] -> [batch, frames, out_channels, height, width].

    With `is_train_face` a face embedding[batch, LFE_id_dim] and the image encoder's tokens at LFE_num_scale depths
    come in as well.
    """
    width, n, batch = config.width, tokens(config, shape), shape.batch
    latent = tape.input(batch, shape.frames, config.in_channels, shape.height, shape.width)
    text = tape.input(batch, shape.tokens, config.text_embed_dim)
    timestep = tape.input(batch, dtype="int64")
    face = None
    pictures: list[Tensor] = []
    if config.is_train_face:
        identity = tape.input(batch, config.LFE_id_dim)
        pictures = [tape.input(batch, VIT_TOKENS, config.LFE_vit_dim) for _ in range(config.LFE_num_scale)]
        face = face_tokens(tape, config, identity, pictures)

    temb, features = conditioned(tape, config, batch)
    embedded = patch_embed(tape, config, shape, text, latent)
    context = embedded.view(batch, shape.tokens, width)
    hidden = embedded.view(batch, n, width)
    del embedded
    rotary = rotary_table(tape, config, n) if config.use_rotary_positional_embeddings else None
    every = config.cross_attn_interval if face is not None else config.num_layers
    rows = config.num_layers // every
    with tape.repeat("rows", rows, hidden, context, blocks=False):  # a block, the face, and the blocks to the next
        with tape.scope("transformer_blocks.first"), tape.checkpointed():
            hidden, context = block(tape, config, hidden, context, temb, rotary)
        if face is not None:
            with tape.scope("perceiver_cross_attention"):
                hidden = tape.add(hidden, tape.scale(face_attention(tape, config, face, hidden)))
        with tape.repeat("transformer_blocks", every - 1, hidden, context):
            hidden, context = block(tape, config, hidden, context, temb, rotary)
    with tape.repeat("transformer_blocks.last", config.num_layers - rows * every, hidden, context):
        hidden, context = block(tape, config, hidden, context, temb, rotary)

    joined = tape.cat((context, hidden), batch, shape.tokens + n, width)
    joined = tape.layer_norm(joined, "norm_final" if config.norm_elementwise_affine else "")
    hidden = joined.view(batch, n, width)
    del joined
    hidden = final_norm(tape, config, hidden, temb)
    out = unpatchified(tape, config, shape, hidden)
    del timestep, pictures, features
    return out
