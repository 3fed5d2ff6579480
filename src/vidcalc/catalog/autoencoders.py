"""Other autoencoders than a model's own, for the same latents: `data/autoencoders/NAME.toml`, one file each."""

import os
from functools import cache

import msgspec
from msgspec.structs import replace

from vidcalc.base.errors import InputError, nearest
from vidcalc.catalog import load
from vidcalc.describe.model import Basis, Model, Vae

KIND = "autoencoders"


class Autoencoder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of them.

    vae    in the place of a model's own
    fits   classes whose latents it reads, where these also have its channels and sizes
    words  that stand for it among those that fit a model ("taehv")
    """

    title: str
    vae: Vae
    fits: tuple[str, ...]
    source: str
    aliases: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@cache
def autoencoder(name: str) -> Autoencoder:
    """The autoencoder of that id. Raises UnknownName."""
    return msgspec.convert(load.entry(KIND, name), Autoencoder)


def fitting(model: Model) -> list[str]:
    """The ids of those that read the model's latents."""
    return [name for name in load.names(KIND) if _fits(autoencoder(name), model.vae)]


def _fits(other: Autoencoder, own: Vae) -> bool:
    sizes = ("latent_channels", "spatial_compression", "temporal_compression")
    return own.class_ in other.fits and all(getattr(own, size) == getattr(other.vae, size) for size in sizes)


def is_known(asked: str) -> bool:
    """Whether a file's name is that of one of them, whatever it fits."""
    return _plain(asked) in load.aliases(KIND)


def _plain(asked: str) -> str:
    return load.plain(os.path.splitext(os.path.basename(asked.replace("\\", "/")))[0])


def chosen(model: Model, asked: str) -> str:
    """The id of the one that a name, a file's name or a word means for a model; "" for none that fits."""
    key, among = _plain(asked), fitting(model)
    named = [name for name in among if key in map(load.plain, (name, *autoencoder(name).aliases))]
    meant = named or [name for name in among if key in map(load.plain, autoencoder(name).words)]
    return meant[0] if meant else ""


def with_autoencoder(model: Model, asked: str) -> Model:
    """The model with that autoencoder in the place of its own.

    Raises InputError("vae", …) with those that fit its latents for any other.
    """
    name = chosen(model, asked)
    if not name:
        among = fitting(model)
        words = sorted({word for each in among for word in autoencoder(each).words})
        raise InputError("vae", asked, (*among, *words), nearest(asked, [*among, *words]) or next(iter(among), None))
    other = autoencoder(name)
    basis = Basis(id="autoencoder", value=name, source=other.source, provenance="documented")
    # how a clip is cut up and rounded is the pipeline's
    geometry = {field: getattr(model.vae, field) for field in ("causal", "rounding", "clips", "clip_frames")}
    return replace(model, vae=replace(other.vae, **geometry), basis=(*model.basis, basis))
