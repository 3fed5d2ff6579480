"""Runs the networks of a model for real, with random weights, and measures their memory and time beside the prediction.

The networks are the classes of diffusers and transformers from the catalogue's configurations, with fewer layers where
that is asked for, so that a small machine can run a slice of a large model. Weights and inputs are random; times do
not depend on them. A part that cannot be run says why, and the others go on.
"""

import gc
from collections.abc import Callable
from typing import Any

import msgspec
import torch
from msgspec.structs import replace

from vidcalc.base.errors import InputError, Unreadable
from vidcalc.base.number import scalar
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Component, Model
from vidcalc.reference.bench import timed
from vidcalc.reference.catalogue import shape_of
from vidcalc.reference.classes import UnknownClass, build
from vidcalc.reference.denoisers import CALLS
from vidcalc.reference.expected import Expected, of_call, of_step, shape_of_call
from vidcalc.reference.real import filled, held, peak, repeated, within
from vidcalc.reference.shapes import Shape, usual_dtype
from vidcalc.reference.slices import slice_of
from vidcalc.reference.stepping import step_of
from vidcalc.reference.verify import call_of

PARTS = ("text_encoder", "image_encoder", "vae_encode", "denoiser", "vae_decode", "train")
STAND_INS = ("WanAnimate2Transformer3DModel",)  # whose call puts something in the place of a function while it runs
Called = Callable[[], Any]
PLAIN = ("fp32", "bf16", "fp16")  # number formats that torch runs as they are


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One figure measured and predicted, and predicted over measured; `low` and `high` bound the prediction.

    predicted  None where no job of the model runs the part so, or nobody measured such a device
    """

    measured: float
    predicted: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One network's call, or a training step of the denoiser: seconds, and bytes.

    part       of `PARTS`;  component  its id;  class_  the published class
    activations  beyond the weights: of a step also gradients and states;  reserved  what torch's allocator held (CUDA)
    reason     why it could not be run; then there are no figures
    """

    part: str
    component: str
    class_: str = msgspec.field(name="class")
    time: Comparison | None = None
    weights: Comparison | None = None
    activations: Comparison | None = None
    reserved: Comparison | None = None
    reason: str = ""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What was run, and how it went, part by part."""

    model: str
    device: str
    accelerator: str
    size: str
    layers: int | None
    precision: str
    steps: int
    parts: list[Part]


def run(
    model: Model,
    hardware: Hardware,
    device: str,
    size: str,
    steps: int,
    precision: str,
    layers: int | None,
    parts: tuple[str, ...] = ("denoiser",),
) -> Run:
    """Run those parts of a catalogue model `steps` times each on a clip "WIDTHxHEIGHTxFRAMES" and compare.

    Raises Unreadable for a denoiser that has no published class, InputError for a number format that cannot be.
    """
    if precision not in PLAIN:
        raise InputError("precision", precision, PLAIN, "bf16")
    if model.denoiser.class_ not in CALLS:
        raise Unreadable(model.name, "no_such_network", "model")
    job = Job(model, hardware, device, size, steps, precision, layers)
    chosen = [(part, each) for part in PARTS if part in parts for each in components(model, part)]
    return Run(
        model=model.name,
        device=device,
        accelerator=hardware.accelerator.id,
        size=size,
        layers=layers,
        precision=precision,
        steps=steps,
        parts=[job.tried(part, each) for part, each in chosen],
    )


def components(model: Model, part: str) -> tuple[Component, ...]:
    """The networks of a model that a part runs; those without a class are left out."""
    every: dict[str, tuple[Component, ...]] = {
        "text_encoder": model.text_encoders,
        "image_encoder": model.image_encoders,
        "vae_encode": (model.vae,),
        "vae_decode": (model.vae,),
    }
    return tuple(each for each in every.get(part, (model.denoiser,)) if each.class_)


class Job(msgspec.Struct, frozen=True):
    """What is run, where and how often."""

    model: Model
    hardware: Hardware
    device: str
    size: str
    steps: int
    precision: str
    layers: int | None

    def tried(self, part: str, component: Component) -> Part:
        """A part, or why it cannot be run: no class, a call that it refuses, no memory. Raises Unreadable for a
        denoiser of which `layers` takes no slice."""
        said = Part(part=part, component=component.id, class_=component.class_)
        try:
            return replace(said, **self.figures(part, component))
        except Unreadable:
            raise
        except UnknownClass:
            return replace(said, reason="no_class")
        except Exception as error:  # whatever a class, a kernel or the device makes of it
            return replace(said, reason=f"{type(error).__name__}: {error}".split("\n")[0])
        finally:
            gc.collect()
            if self.device.startswith("cuda"):
                torch.cuda.empty_cache()

    def figures(self, part: str, component: Component) -> dict[str, Comparison]:
        """Measured and predicted of a part."""
        cut = slice_of(component, self.layers, needed=part in ("denoiser", "train"))
        module = filled(build(cut.class_, cut.config, self.precision), self.device)
        weights = sum(each.numel() * each.element_size() for each in module.parameters())
        once, again = self.calls(part, module, cut)
        cuda = self.device.startswith("cuda")
        with torch.set_grad_enabled(part == "train"):
            activations = peak(once, module, self.device)
        seconds = timed(again, self.device, 0.0, most=self.steps, least=self.steps)
        found = self.expected(part, cut)
        measured = {"weights": weights, "activations": activations} | ({"reserved": held(self.device)} if cuda else {})
        figures = {
            name: compared(each, None if found is None else getattr(found, name)) for name, each in measured.items()
        }
        return {"time": compared(seconds, getattr(found, "seconds", None), found), **figures}

    def calls(self, part: str, module: Any, component: Component) -> tuple[Called, Called]:
        """The call of a part with its inputs made in it, as bytes are counted, and with inputs that are there already,
        as it is timed, where these can be told apart.
        """
        usual = self.model.defaults
        if part in ("denoiser", "train"):
            frames, height, width = shape_of(self.model.name, "denoiser", self.size, 1)["latent"]
            grid = Shape(batch=1, frames=frames, height=height, width=width, text_tokens=usual.text_tokens)
            dtype, class_call = usual_dtype(module), CALLS[component.class_]

            def call(network: Any) -> Called:
                return class_call(network, grid, dtype)

            once = within(call, module, self.device)
            if part == "denoiser":
                return once, once if component.class_ in STAND_INS else repeated(call, module, self.device)
            step = step_of(module, once)
            return step, step
        shape: dict[str, Any] = {"batch": 1}
        if part == "text_encoder":
            shape |= {"tokens": component.tokens or usual.text_tokens, "masked": component.extra.get("masked", True)}
        elif part != "image_encoder":
            shape |= shape_of(self.model.name, part, self.size, 1) | self.asked(part, component)
        once = within(lambda network: call_of(part, network, shape), module, self.device)
        return once, once

    def asked(self, part: str, component: Component) -> dict[str, list[int]]:
        """[frames, height, width] that a job gives the autoencoder in one call; nothing where no job calls it so."""
        try:
            found = shape_of_call(self.model, self.hardware, self.size, self.precision, part, component.id)
        except (InputError, LookupError):
            return {}
        if found is None:
            return {}
        name = "latent" if part == "vae_decode" else "pixels"
        return {name: [int(scalar(each)) for each in (found.frames, found.height, found.width)]}

    def expected(self, part: str, component: Component) -> Expected | None:
        """The prediction of a part, with the component as it was run; None where there is none."""
        model = _with(self.model, component)
        try:
            if part == "train":
                return of_step(model, self.hardware, self.size, self.precision)
            return of_call(model, self.hardware, self.size, self.precision, part, component.id)
        except (InputError, LookupError):
            return None


def _with(model: Model, component: Component) -> Model:
    """The model with a component in the place of the one of its id."""
    for name in ("denoiser", "vae"):
        if getattr(model, name).id == component.id:
            return replace(model, **{name: component})
    changed = {}
    for name in ("text_encoders", "image_encoders"):
        changed[name] = tuple(component if each.id == component.id else each for each in getattr(model, name))
    return replace(model, **changed)


def compared(measured: float, predicted: float | None, band: Expected | None = None) -> Comparison:
    """The two, their ratio, and the prediction's band where it has one."""
    if predicted is None:
        return Comparison(measured=measured)
    low, high = (None, None) if band is None else (band.low, band.high)
    return Comparison(measured=measured, predicted=predicted, ratio=predicted / measured, low=low, high=high)
