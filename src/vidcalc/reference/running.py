"""Runs a published denoiser for real, with random weights, and measures its memory and time beside the prediction.

The network is the class of diffusers from the catalogue's configuration, with fewer layers where that is asked for, so
that a small machine can run a slice of a large model. Weights and inputs are random; times do not depend on them.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import torch
from torch.overrides import TorchFunctionMode

from vidcalc.base.errors import InputError, Unreadable
from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.reference.bench import timed
from vidcalc.reference.catalogue import NoConfiguration, component_of, shape_of
from vidcalc.reference.classes import build
from vidcalc.reference.denoisers import CALLS
from vidcalc.reference.live import LiveBytes
from vidcalc.reference.norm import fused_rms_norm
from vidcalc.reference.shapes import Shape, usual_dtype

DEPTHS = ("num_layers", "num_single_layers", "num_refiner_layers")
PLAIN = ("fp32", "bf16", "fp16")  # number formats that torch runs as they are
SPREAD = 0.02  # standard deviation of the random weights


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One figure measured and predicted, and predicted over measured; `low` and `high` bound the prediction."""

    measured: float
    predicted: float
    ratio: float
    low: float | None = None
    high: float | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What was run, and how it went: seconds of one forward, bytes of weights and of live activations."""

    model: str
    device: str
    accelerator: str
    size: str
    layers: int | None
    precision: str
    steps: int
    time: Comparison
    weights: Comparison
    activations: Comparison


def run(
    model: Model, hardware: Hardware, device: str, size: str, steps: int, precision: str, layers: int | None
) -> Run:
    """Run the denoiser of a catalogue model `steps` times on a clip "WIDTHxHEIGHTxFRAMES" and compare.

    Raises Unreadable for a model without a published class, InputError for a number format that cannot be.
    """
    if precision not in PLAIN:
        raise InputError("precision", precision, PLAIN, "bf16")
    try:
        name, config = component_of(model.name, "denoiser")
        call_of = CALLS[name]
    except (NoConfiguration, KeyError, OSError):
        raise Unreadable(model.name, "no_such_network", "model") from None
    scaled = shallower(config, layers)
    shape = shape_of(model.name, "denoiser", size, 1, tokens=model.defaults.text_tokens)
    frames, height, width = shape["latent"]
    grid = Shape(batch=1, frames=frames, height=height, width=width, text_tokens=shape["text_tokens"])

    module = filled(build(name, scaled, precision), device)
    with OnDevice(device):
        call = call_of(module, grid, usual_dtype(module))
    weights = sum(each.numel() * each.element_size() for each in module.parameters())
    with torch.no_grad():
        activations = peak(call, module, device)
    seconds = timed(repeated(call_of, module, grid, device), device, 0.0, most=steps, least=steps)

    width, height, frames = map(int, size.split("x"))
    changed = {name: value for name, value in scaled.items() if config.get(name) != value}
    params = None if changed else model.denoiser.params  # a slice's weights are counted from its shapes
    config = {**model.denoiser.config, **changed}
    denoiser = msgspec.structs.replace(model.denoiser, config=config, copies=1, params=params)
    shallow = msgspec.structs.replace(model, denoiser=denoiser)
    job = fill.workload(shallow, width=width, height=height, frames=frames, steps=1, guidance=1)
    plan = fill.plan(shallow, guidance=1, precision=precision)
    plan = msgspec.structs.replace(plan, forwards_per_step=1, batched_forwards=1, guidance_mode="none")
    report = calculate(shallow, job, hardware, plan)
    expected = report.time.inference
    band = expected.low / expected.total, expected.high / expected.total
    return Run(
        model=model.name,
        device=device,
        accelerator=hardware.accelerator.id,
        size=size,
        layers=layers,
        precision=precision,
        steps=steps,
        time=compared(seconds, expected.per_step, band),
        weights=compared(weights, next(row.bytes for row in report.model.components if row.role == "denoiser")),
        activations=compared(activations, report.memory.inference.denoiser_activation_peak),
    )


def compared(measured: float, predicted: float, band: tuple[float, float] | None = None) -> Comparison:
    """The two, their ratio, and the prediction's band where it has one."""
    low, high = (None, None) if band is None else (predicted * band[0], predicted * band[1])
    return Comparison(measured=measured, predicted=predicted, ratio=predicted / measured, low=low, high=high)


def shallower(config: dict[str, Any], layers: int | None) -> dict[str, Any]:
    """The configuration with at most that many layers of each kind. Raises Unreadable where it counts none."""
    if layers is None:
        return config
    depths = [name for name in DEPTHS if isinstance(config.get(name), int)]
    if not depths:
        raise Unreadable(layers, "no_depth", "layers")
    return {**config, **{name: min(config[name], layers) for name in depths}}


def filled(module: Any, device: str) -> Any:
    """A network that was built without data, on a device with random weights and buffers."""
    module = module.to_empty(device=device)
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            tensor.data.normal_(0, SPREAD)
        else:
            tensor.data.zero_()
    return module


class OnDevice(TorchFunctionMode):
    """Within it, tensors that would be made on the meta device are made on a real one, with random numbers."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device = device

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        if str(named.get("device", "")) != "meta":
            return func(*args, **named)
        named = {**named, "device": self.device}
        if func is torch.empty and named.get("dtype", torch.float32).is_floating_point:
            return torch.randn(*args, **named)
        return func(*args, **named)


def peak(call: Callable[[], Any], module: torch.nn.Module, device: str) -> int:
    """Most bytes alive during a call beyond the weights: the allocator's count on CUDA, else each storage followed."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        with OnDevice(device):
            call()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before
    live = LiveBytes(module)
    with fused_rms_norm(), live, OnDevice(device):
        call()
    return live.peak


class Overheard:
    """Stands in for a network and keeps what it is called with."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module
        self.arguments: tuple[Any, ...] = ()
        self.named: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.arguments, self.named = arguments, named


def repeated(call_of: Callable[..., Callable[[], Any]], module: Any, grid: Shape, device: str) -> Callable[[], Any]:
    """A call of the network with inputs that are there already, so that making them takes no time."""
    heard = Overheard(module)
    with OnDevice(device):
        call_of(heard, grid, usual_dtype(module))()
    return lambda: module(*heard.arguments, **heard.named)


__all__ = ["Comparison", "OnDevice", "Run", "filled", "peak", "run", "shallower"]
