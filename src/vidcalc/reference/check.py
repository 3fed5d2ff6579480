"""A model's components beside their published classes: parameters, FLOPs and peaks of live activations.

Each component that diffusers or transformers has a class for is measured at the model's default size and at a smaller
one, batch 1, bf16. The bars are those of docs/accuracy.md: parameters equal, FLOPs within 0.1 %, peaks within 2 %
(autoencoders 3 %).
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from vidcalc.catalog.families import families
from vidcalc.describe.geometry import denoiser_grid, latent_grid, snap
from vidcalc.describe.model import Component, Model
from vidcalc.modelfiles.weights import of_network, total
from vidcalc.reference import published
from vidcalc.reference.compare import figures, shape_of

DTYPE = "bf16"
BARS = {"params": 0.0, "flops": 0.001, "peak_activation_bytes": 0.02}
VAE_PEAK = 0.03


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One quantity: ours, the referee's, the ratio, how far apart they may be, and whether they are within that."""

    ours: int
    referee: int
    ratio: float
    bar: float
    within: bool


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One call of one component. status: "within", "outside", "no_referee" (no published class to compare with),
    "not_computed" (we have no family) or "failed" (the published code refused).
    """

    model: str
    component: str
    id: str
    class_: str = msgspec.field(name="class")
    shape: dict[str, Any]
    status: str
    figures: dict[str, Figure] = {}
    reason: str = ""


Case = tuple[str, Component, dict[str, Any]]  # what is called, the component, the shape as the referee takes it


def checks(model: Model) -> Iterator[Check]:
    """Every component of the model at two shapes, one after the other."""
    for component, part, shape in cases(model):
        yield check(model, component, part, shape)


def cases(model: Model) -> list[Case]:
    """What is to be measured, in the order of a pipeline; a component of no class is left out."""
    usual = model.defaults
    size = (usual.width, usual.height, usual.frames)
    smaller = snap(model, max(usual.width // 2, 1), max(usual.height // 2, 1), max(usual.frames // 3, 1))
    calls: list[Case] = []
    for encoder in model.text_encoders:
        tokens = encoder.tokens or usual.text_tokens
        masked = {"masked": encoder.extra["masked"]} if "masked" in encoder.extra else {}
        calls += [("text_encoder", encoder, {"batch": 1, "tokens": n, **masked}) for n in (tokens, max(tokens // 2, 1))]
    for encoder in model.image_encoders:
        calls += [("image_encoder", encoder, {"batch": batch}) for batch in (1, 2)]
    sizes = dict.fromkeys((size, smaller))
    for each in sizes:
        calls.append(("denoiser", model.denoiser, {"batch": 1, "latent": list(denoiser_grid(model, *each)[1:])}))
    for each in sizes:
        latent = list(latent_grid(model, *each)[1:])
        width, height, frames = each
        calls.append(("vae_decode", model.vae, {"batch": 1, "latent": latent}))
        calls.append(("vae_encode", model.vae, {"batch": 1, "pixels": [frames, height, width]}))
    return [case for case in calls if case[1].class_]


def check(model: Model, component: str, part: Component, stated: dict[str, Any]) -> Check:
    """One call, ours beside the referee's."""
    said: dict[str, Any] = {
        "model": model.name,
        "component": component,
        "id": part.id,
        "class_": part.class_,
        "shape": stated,
    }
    network = families().get(part.class_)
    if not published.exists(part.class_):
        return Check(**said, status="no_referee")
    if network is None:
        return Check(**said, status="not_computed")
    from vidcalc.reference.autoencoders import TILED_ONLY
    from vidcalc.reference.verify import verify

    stated = stated | ({"tiling": True} if part.class_ in TILED_ONLY else {})
    try:
        theirs = verify(component, part.class_, part.config, stated, DTYPE)
    except Exception as error:  # whatever a class makes of a call it was not made for
        return Check(**said, status="failed", reason=f"{type(error).__name__}: {error}".split("\n")[0])
    ours = _ours(model, component, network, part, stated)
    compared = {name: _figure(ours[name], theirs[name], bar) for name, bar in _bars(component).items()}
    good = all(figure.within for figure in compared.values())
    return Check(**said, status="within" if good else "outside", figures=compared)


def _ours(model: Model, component: str, network: str, part: Component, stated: dict[str, Any]) -> dict[str, Any]:
    """Our figures; a VAE's parameters are those of both its halves together."""
    denoiser = component == "denoiser"
    usual = model.defaults
    shape = shape_of(
        stated,
        usual.text_tokens if denoiser else 0,
        usual.image_tokens if denoiser else 0,
        model.denoiser.timestep,
    )
    tiling = "default" if stated.get("tiling") else "none"
    ours = figures(component, network, part.config, shape, DTYPE, tiling)
    if component.startswith("vae"):
        ours["params"] = total(of_network(msgspec.structs.replace(part, network=network), "vae"))
    return ours


def _bars(component: str) -> dict[str, float]:
    return BARS | ({"peak_activation_bytes": VAE_PEAK} if component.startswith("vae") else {})


def _figure(ours: int, referee: int, bar: float) -> Figure:
    ratio = ours / referee if referee else float(ours == referee)
    return Figure(ours=ours, referee=referee, ratio=ratio, bar=bar, within=abs(ours - referee) <= bar * referee)
