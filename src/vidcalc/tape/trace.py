"""One component run once on the tape, and what the tape learned: the unit that passes rewrite and costs price."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any, TypeVar

import msgspec

from vidcalc.base.errors import InputError
from vidcalc.base.memo import once
from vidcalc.base.number import Number, maximum
from vidcalc.describe.adapters import Loras
from vidcalc.describe.model import Component
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.ops.base import Op
from vidcalc.tape import Tape
from vidcalc.tape.history import History
from vidcalc.tape.replay import Cache
from vidcalc.tape.touched import Touched

Made = TypeVar("Made")

KEPT = 64  # traces remembered: an in-process search asks for the same networks again and again


class Trace(msgspec.Struct, frozen=True, eq=False, dict=True):
    """A network's forward at one shape.

    ops          the work in order, a repeated layer once with its count
    touched      the weights it used
    peak         most bytes of activations alive at once, inputs and output included [byte]
    peak_at      the module where that is
    workspace    what kernels' own workspaces add to the peak on a CUDA device [byte]
    streamed     what weights add to the peak of tensors where only those of the layer that runs are there, and where
                 those of the next are too [byte]
    paired       whether an attention has a mask of all pairs
    history      what came and went, in order
    loras        that ran with its linear layers
    """

    ops: tuple[Op, ...]
    touched: Touched
    peak: Number
    peak_at: str
    workspace: Number
    streamed: tuple[Number, Number] = (0, 0)
    paired: bool = False
    history: History = History()
    loras: Loras | None = None

    @property
    def parameters(self) -> dict[str, tuple[Number, str]]:
        """Weight elements by dotted name, with the dtype each is kept in."""
        return self.touched.parameters

    @property
    def rounds(self) -> dict[str, Number]:
        """How many layers each of these names stands for."""
        return self.touched.rounds

    @property
    def homes(self) -> dict[str, str]:
        """The repeated blocks each belongs to, by their full name."""
        return self.touched.homes

    @property
    def cache(self) -> Cache | None:
        """What the call makes of the caching allocator; None of a sweep, whose sizes are arrays."""
        return self.cached("fixed")

    def cached(self, segments: str) -> Cache | None:
        """The same where the allocator's segments are "fixed", or grow ("expandable")."""
        return self.history.cached(segments)

    def cache_shares(self, segments: str) -> tuple[Number, Number] | None:
        """Bytes reserved over those allocated, less one: in all, and without segments that are free."""
        return self.history.shares(segments)

    def segments(self, width: float, segments: str = "fixed") -> float:
        """Bytes of segments over bytes of weights that are loaded one by one, at so many bytes an element."""
        return self.touched.segments(width, segments) if self.history.kept else 1.0

    @cached_property
    def flops_by_kind(self) -> dict[str, Number]:
        """FLOPs of one run by kind of op [FLOP]."""
        sums: dict[str, Number] = {}
        for op in self.ops:
            if op.kind != "pointwise":
                sums[op.kind] = sums.get(op.kind, 0) + op.flops * op.count
        return sums

    @property
    def flops(self) -> Number:
        """FLOPs of one run: matrix products, convolutions and attention [FLOP]."""
        return sum(self.flops_by_kind.values())

    @property
    def attention_flops(self) -> Number:
        """The part of `flops` spent in attention score and value products [FLOP]."""
        return self.flops_by_kind.get("attention", 0)

    @property
    def parameter_count(self) -> Number:
        """Weight elements the run touched [elements]."""
        return self.touched.count


_remembered: OrderedDict[tuple[Any, ...], Any] = OrderedDict()


def network(component: Component) -> ModuleType:
    """The module of the component's family: below `vidcalc.networks`, or wherever a full name says."""
    name = component.network
    return import_module(name if name.startswith("vidcalc.") else "vidcalc.networks." + name)


@once
def configuration(component: Component) -> msgspec.Struct:
    """The component's numbers as its family's Config."""
    config: msgspec.Struct = msgspec.convert(component.config, network(component).Config)
    return config


@once
def value(component: Component) -> object:
    """What two components have in common where they are equal: the key of what is remembered of them."""
    try:
        return msgspec.json.encode(component, order="deterministic")
    except (TypeError, ValueError):  # arrays and objects among its numbers: like no other
        return object()


def trace(
    component: Component,
    function: str,
    shape: Shape,
    dtype: str,
    tiling: str | Tiling = "none",
    spelled: str = "none",
    fused: bool = False,
    room: Number = 0,
    loras: Loras | None = None,
) -> Trace:
    """Run `function` ("forward", "decode", "encode") of the component's family once on a tape.

    shape   sizes of the call;  dtype  of weights and activations. Plain-number shapes are remembered.
    tiling  "none", "default": the tiles the class itself uses, or others. Raises InputError where it has none.
    spelled  which attentions no fused kernel takes: "none", "pairs", "all" or "split";  room  bytes of a slice then
    fused    whether a compiler joins the elementwise work of repeated blocks
    loras    that run with the linear layers; their weights are no parameters of the trace
    """

    def taped(how: str) -> Trace:
        return remember(
            component,
            (function, dtype, repr(tiling), how, "fused" if fused else "", str(room), str(loras or "")),
            shape,
            lambda: run(
                component, function, shape, tiling, Tape(dtype, spelled=how, fused=fused, room=room, loras=loras)
            ),
        )

    if spelled != "pairs":
        return taped(spelled)
    # most networks have no such mask: they are then one call, which training asks for as well
    plainly = taped("none")
    return taped("pairs") if plainly.paired else plainly


def remember(component: Component, key: tuple[str, ...], shape: Shape, make: Callable[[], Made]) -> Made:
    """What `make` gives for a component at a shape, made once for all equal ones; arrays are never remembered."""
    sizes = (shape.batch, shape.frames, shape.height, shape.width, shape.tokens, shape.image_tokens)
    try:
        whole = (value(component), *key, shape.timestep, *sizes, *_words(shape.extra))
        if whole in _remembered:
            record: Made = _remembered[whole]
            return record
    except TypeError:  # arrays cannot be keys, and a sweep never asks twice
        return make()
    made = _remembered[whole] = make()
    if len(_remembered) > KEPT:
        _remembered.popitem(last=False)
    return made


def key_of(component: Component, function: str, shape: Shape, *how: str) -> tuple[object, ...]:
    """What two calls have in common that differ in their batch, frames and sides alone. Raises TypeError for arrays."""
    words = tuple(_words(shape.extra))
    key = value(component), function, *how, shape.timestep, shape.tokens, shape.image_tokens, *words
    hash(key)
    return key


def _words(extra: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """What else a shape says, tables of it as text. Raises TypeError for arrays in a table."""
    for name, said in extra.items():
        yield name, msgspec.json.encode(said) if isinstance(said, list | dict) else said


def forget() -> None:
    """Forget every trace: to time a first estimate."""
    _remembered.clear()


def tiles(component: Component) -> bool:
    """Whether the component's class can work in tiles."""
    return hasattr(network(component), "TILING")


def run(component: Component, function: str, shape: Shape, tiling: str | Tiling, tape: Tape) -> Trace:
    """The component's function on a tape. Raises InputError for tiles that its class has not."""
    module = network(component)
    further: dict[str, Any] = {}
    if tiling != "none":
        if not tiles(component):
            raise InputError("vae-tiling", "default", ("none",), "none")
        further["tiling"] = module.TILING if tiling == "default" else tiling
    getattr(module, function)(tape, configuration(component), shape, **further)
    return learned(tape)


def learned(tape: Tape) -> Trace:
    """What a tape knows after a run."""
    # workspaces count by how far they pass the peak of tensors
    workspace = maximum(tape.device_peak - tape.peak, 0)
    products = frozenset(op.path + ".weight" for op in tape.ops if op.kind == "matmul")
    return Trace(
        ops=tuple(tape.ops),
        touched=Touched(tape.parameters, tape.rounds, tape.homes, products),
        peak=tape.peak,
        peak_at=tape.peak_at,
        workspace=workspace,
        streamed=(maximum(tape.streamed[0] - tape.peak, 0), maximum(tape.streamed[1] - tape.peak, 0)),
        paired=tape.paired,
        history=History(tuple(tape.log), tape.apart),
        loras=tape.loras,
    )
