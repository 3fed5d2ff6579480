"""Networks that steer a denoiser: `data/controls/NAME.toml`, one file each."""

import os
from functools import cache

import msgspec
from msgspec.structs import replace

from vidcalc.base.errors import InputError, nearest
from vidcalc.catalog import load, models
from vidcalc.describe.control import Offer
from vidcalc.describe.model import Basis, Control, Model
from vidcalc.tape.trace import configuration

KIND = "controls"
FLAG = "control"


@cache
def control(name: str) -> Offer:
    """The control of that id. Raises UnknownName."""
    return msgspec.convert(load.entry(KIND, name), Offer)


def fitting(model: Model) -> list[str]:
    """The ids of those that were made for the model's denoiser."""
    return [name for name in load.names(KIND) if fits(control(name), model)]


def fits(offer: Offer, model: Model) -> bool:
    """Whether a control was made for the model's denoiser."""
    fit, own = offer.fits, model.denoiser
    if own.class_ not in fit.classes or own.copies != fit.copies:
        return False
    config = configuration(own)
    return all(_plain(getattr(config, name, None)) == value for name, value in fit.config.items())


def _plain(value: object) -> object:
    """A number of a configuration as data files have it."""
    return list(value) if isinstance(value, tuple) else value


def words(model: Model) -> list[str]:
    """What can be asked for: ids, and what they are for."""
    among = fitting(model)
    return [*among, *sorted({kind for each in among for kind in control(each).kinds})]


def chosen(model: Model, asked: str) -> str:
    """The id of the one that a name, a file's name or a word means for a model; "" for none that fits."""
    key, among = load.plain(os.path.basename(asked.replace("\\", "/"))), fitting(model)
    named = [name for name in among if key in map(load.plain, (name, *control(name).aliases))]
    meant = named or [name for name in among if key in map(load.plain, control(name).kinds)]
    return meant[0] if meant else ""


def unknown(model: Model, asked: str) -> InputError:
    """The refusal of a name that stands for no control of the model, with those that were made for it."""
    choices = words(model)
    return InputError(FLAG, asked, choices, nearest(asked, choices) or next(iter(choices), None))


def steered(model: Model, name: str, offer: Offer, scale: float = 1.0) -> Model:
    """The model with a control that fits it: a network beside its denoiser, or another denoiser in its place."""
    value = offer.title if scale == 1 else f"{offer.title} ({scale:g})"
    basis = Basis(id="control", value=value, source=offer.source, provenance="documented")
    told = replace(model, basis=(*model.basis, basis), image_encoders=(*model.image_encoders, *offer.encoders))
    if offer.network is None:
        other = models.model(offer.instead)
        denoiser = replace(other.denoiser, id=model.denoiser.id, copies=model.denoiser.copies)
        alike = other.denoiser.copies == model.denoiser.copies  # else its own weights are those of another
        return replace(
            told,
            denoiser=denoiser,
            encodes=_both(model.encodes, other.encodes),
            references=other.references,
            pipelines=other.pipelines,
            repository=other.repository if alike else "",
        )
    count = sum(each.network.id.startswith(name) for each in model.controls)
    network = replace(offer.network, id=name + (f"-{count + 1}" if count else ""))
    control = Control(network=network, encodes=offer.encodes, guided=offer.guided)
    return replace(told, controls=(*model.controls, control))


def _both(own: str, others: str) -> str:
    """What is encoded where two things are: the longer of them."""
    order = ("none", "image", "clip")
    return max((own, others), key=order.index)
