"""IP-Adapter: keys and values of a picture beside those of the prompt, in every cross-attention of a U-Net.

What a picture is becomes a few tokens; each cross-attention layer attends to them with the queries that it has and adds
what it finds. Source: arXiv 2308.06721; diffusers 0.42.1 models/embeddings.py (ImageProjection),
models/attention_processor.py (IPAdapterAttnProcessor2_0).
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape, Tensor

CLASSES = ("IPAdapter",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one adapter.

    image_embed_dim, cross_attention_dim, num_image_text_embeds  of the projection: what a picture is, a token, how many
    block_out_channels, layers_per_block, heads  of the U-Net: its levels, all but the last of which attend
    """

    image_embed_dim: Number = 1024
    cross_attention_dim: Number = 768
    num_image_text_embeds: Number = 4
    block_out_channels: tuple[int, ...] = (320, 640, 1280, 1280)
    layers_per_block: int = 2
    heads: Number = 8

    def sites(self) -> list[tuple[str, int, int, int]]:
        """(name, channels, how much coarser than the latent, layers) of the places that attend to text."""
        levels = list(enumerate(self.block_out_channels[:-1]))
        down = [(f"down_blocks.{i}", width, 2**i, self.layers_per_block) for i, width in levels]
        deepest = len(levels)
        middle = [("mid_block", self.block_out_channels[-1], 2**deepest, 1)]
        up = [(f"up_blocks.{deepest - i}", width, 2**i, self.layers_per_block + 1) for i, width in reversed(levels)]
        return [*down, *middle, *up]


def tokens(config: Config, shape: Shape) -> Number:
    """Places of the latent."""
    return shape.frames * shape.height * shape.width


def hints(config: Config, shape: Shape) -> Number:
    """It hands nothing on: what it finds is added where it is found."""
    return 0


def forward(tape: Tape, config: Config, shape: Shape) -> list[Tensor]:
    """A picture[batch, image_embed_dim] -> what is added in each layer, which does not outlive it."""
    width, count = config.cross_attention_dim, config.num_image_text_embeds
    rows = shape.batch * shape.frames
    picture = tape.input(shape.batch, config.image_embed_dim)
    with tape.scope("encoder_hid_proj"):
        wide = tape.linear(picture, count * width, "image_embeds")
        seen = tape.layer_norm(wide.view(shape.batch, count, width), "norm")
    repeated = tape.copy(seen, rows, count, width, name="repeat")  # for every frame
    for name, channels, coarser, layers in config.sites():
        places = (shape.height // coarser) * (shape.width // coarser)
        queries = tape.input(0).view(rows, config.heads, places, channels // config.heads)  # the layer's own
        with tape.repeat(name, layers):
            k, v = (tape.linear(repeated, channels, key, bias=False) for key in ("to_k_ip", "to_v_ip"))
            by_head = (rows, config.heads, count, channels // config.heads)
            found = tape.copy(tape.attention(queries, k.view(*by_head), v.view(*by_head)))
            tape.add(tape.scale(found), found)
            del k, v, found
    del picture, wide
    return []
