"""Puts a network that was built without data on a device, and calls it there: random weights, random inputs.

How classes are called is written for the meta device (`denoisers`, `autoencoders`, `encoders`); within `OnDevice` the
same code makes its inputs on a real one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from vidcalc.reference.live import LiveBytes
from vidcalc.reference.meta import masks_without_data, resize_without_torchvision
from vidcalc.reference.norm import fused_rms_norm

SPREAD = 0.02  # standard deviation of the random weights
DRAWN = 2**20  # random numbers drawn for a tensor; a larger one repeats them: drawing takes a CPU 24 ns each


def filled(module: Any, device: str) -> Any:
    """The module with its parameters, buffers and plain tensors made on the device, with random numbers.

    What several modules share stays shared (`torch.nn.Module.to_empty` gives each its own: UMT5 would hold its
    embeddings twice), and tensors that a class keeps as plain attributes come along, which `to` passes over.
    """
    made: dict[int, torch.Tensor] = {}

    def there(tensor: torch.Tensor) -> torch.Tensor:
        if id(tensor) not in made:
            fresh = random(torch.empty_like(tensor.data, device=device))
            if isinstance(tensor, torch.nn.Parameter):
                fresh = torch.nn.Parameter(fresh, requires_grad=tensor.requires_grad)
            made[id(tensor)] = fresh
        return made[id(tensor)]

    for part in module.modules():
        for held in (part._parameters, part._buffers, vars(part)):
            for name, value in list(held.items()):
                if name not in ("_parameters", "_buffers", "_modules"):
                    held[name] = _replaced(value, there)
    return module


def _replaced(value: Any, there: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """A value of an attribute with every tensor in it made on the device."""
    if isinstance(value, torch.Tensor):
        return there(value)
    if type(value) in (list, tuple):
        return type(value)(_replaced(each, there) for each in value)
    if type(value) is dict:
        return {key: _replaced(each, there) for key, each in value.items()}
    return value


def random(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor with random numbers written into it, `DRAWN` of them again and again; whole numbers (places, tokens)
    become 0."""
    if not tensor.is_floating_point():
        return tensor.zero_()
    if tensor.numel() <= DRAWN or not tensor.is_contiguous():
        return tensor.normal_(0, SPREAD)
    drawn = torch.empty(DRAWN, dtype=tensor.dtype, device=tensor.device).normal_(0, SPREAD)
    flat = tensor.view(-1)
    whole = flat.numel() // DRAWN * DRAWN
    flat[:whole].view(-1, DRAWN).copy_(drawn)
    flat[whole:] = drawn[: flat.numel() - whole]
    return tensor


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


@contextmanager
def running_on(device: str) -> Iterator[None]:
    """`OnDevice`, a stand-in for what a class needs of a package that the extra does not install, and padding masks
    that stay: the mask of random tokens has no padding, which a real prompt's nearly always has.
    """
    with resize_without_torchvision(), masks_without_data(), OnDevice(device):
        yield


class Heard(BaseException):
    """A network that is listened to was called: whatever would follow its call is of no use."""


class Overheard:
    """Stands in for a network, keeps what it is called with, and ends the call there."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module
        self.arguments: tuple[Any, ...] = ()
        self.named: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Raises Heard."""
        self.arguments, self.named = arguments, named
        raise Heard


def repeated(call_of: Callable[[Any], Callable[[], Any]], module: Any, device: str) -> Callable[[], Any]:
    """A call of the network with inputs that are there already, so that making them takes no time.

    Where a class is called part by part (HunyuanVideo-1.5, a control network with what it steers) there is no one call
    to listen to: inputs are made each time, which is little beside the network.
    """
    heard = Overheard(module)
    with torch.no_grad(), running_on(device):
        try:
            call_of(heard)()
        except Heard:
            return within(lambda network: lambda: network(*heard.arguments, **heard.named), module, device)
    return within(call_of, module, device)


def within(call_of: Callable[[Any], Callable[[], Any]], module: Any, device: str) -> Callable[[], Any]:
    """A call of the network that makes its inputs on the device, each time anew."""
    with running_on(device):
        call = call_of(module)

    def called() -> Any:
        with running_on(device):
            return call()

    return called


def peak(call: Callable[[], Any], module: torch.nn.Module, device: str) -> int:
    """Most bytes alive during a call beyond what was there before.

    The allocator's count on CUDA; elsewhere every storage is followed.
    """
    if device.startswith("cuda"):
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before
    live = LiveBytes(module)
    with fused_rms_norm(), live:
        call()
    return live.peak


def held(device: str) -> int:
    """Most bytes that torch's allocator held since the peak was last looked for; 0 where it keeps no count."""
    return torch.cuda.max_memory_reserved() if device.startswith("cuda") else 0
