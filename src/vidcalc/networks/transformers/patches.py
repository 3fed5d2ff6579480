"""Image patches in and out, as PixArt, Latte and their kin cut them: a convolution plus a fixed table of positions.

Source: diffusers 0.42.1 models/embeddings.py (PatchEmbed, AdaLayerNormSingle's embedding).
"""

from vidcalc.base.number import Number, minimum
from vidcalc.networks.transformers.basic import table_plus
from vidcalc.networks.transformers.embedding import sinusoid, timestep_mlp
from vidcalc.tape import Tape, Tensor

TIME_FEATURES = 256  # fixed in the published code


def patch_embedding(
    tape: Tape, latent: Tensor, width: Number, patch: Number, usual: Number, name: str = "pos_embed"
) -> Tensor:
    """latent[images, c, h, w] -> tokens [images, n, width], plus positions.

    usual   height and width, in latent places, that the stored table is made for; for any other size it is made anew,
            in float64, and added in float32
    """
    images, _, height, width_in = latent.shape
    grid = (height // patch, width_in // patch)
    n = grid[0] * grid[1]
    other = minimum((grid[0] - usual // patch) ** 2 + (grid[1] - usual // patch) ** 2, 1)
    with tape.scope(name):
        embedded = tape.convolution(latent, width, (patch, patch), "proj", out=grid).view(images, n, width)
        table = tape.empty((other * n * width,), "fp64")
        tape.transient(table.nbytes)
        del table
        table = tape.empty((other * n * width,), "fp32")
        added = tape.empty((other * images * n * width,), "fp32")
        out = tape.scale(embedded, "positions")
        del table, added
        return out


def steering(tape: Tape, count: Number, width: Number) -> tuple[Tensor, Tensor]:
    """Timesteps -> six modulation vectors [count, 6 · width] shared by all layers, and the embedding [count, width]."""
    with tape.scope("adaln_single"):
        with tape.scope("emb"):
            features = tape.cast(sinusoid(tape, count, TIME_FEATURES), tape.dtype)
            embedded = timestep_mlp(tape, features, width, "timestep_embedder")
            del features
        return tape.linear(tape.act(embedded), 6 * width, "linear"), embedded


def steered_out(tape: Tape, x: Tensor, embedded: Tensor, channels: Number) -> Tensor:
    """norm(x) · (1 + scale) + shift by a table of two vectors plus the embedding; then linear to a patch of
    channels.
    """
    width = x.shape[-1]
    tape.parameter("scale_shift_table", 2 * width)
    own = table_plus(tape, embedded, 2, width)
    normed = tape.layer_norm(x)
    hidden = tape.add(tape.mul(normed, tape.scale(own)), own)
    del normed
    return tape.linear(hidden, channels, "proj_out")
