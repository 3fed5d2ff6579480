"""A forward pass (or training step) of a published network op by op, with the bytes alive after each: to find where a
taped network differs.

    T="python scripts/trace_network.py wan2.1-t2v-1.3b --size 480x320x33"
    $T                        rows that allocate, repeated blocks folded
    $T --module blocks.0      one block, op by op
    $T --peak                 what is alive at the peak, largest first
    $T --train --kept         what the forward pass leaves for backward
    $T --component vae_decode --dtype fp32 --around-peak 12

Columns: op number, live bytes after it, bytes it made (+), bytes freed since the row before (-), FLOPs, module path,
op, output shape and dtype.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from vidcalc.reference.checkpointing import blocks_checkpointed
from vidcalc.reference.live import LiveBytes, Storage
from vidcalc.reference.measure import first_tensor
from vidcalc.reference.meta import running_on_meta

SHORT_DTYPES = {
    torch.float32: "f32",
    torch.bfloat16: "bf16",
    torch.float16: "f16",
    torch.int64: "i64",
    torch.bool: "bool",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One op: number, module path, op name, outputs ("bf16[1, 32760, 5120]"), bytes made, bytes freed before it, live
    after it, FLOPs.
    """

    op: int
    module: str
    name: str
    output: str
    made: int
    freed: int
    live: int
    flops: int


@dataclass(kw_only=True)
class Trace:
    """All rows of one run, each storage with its maker, peak and kept bytes, and the op numbers of the peak and of the
    last forward op.
    """

    rows: list[Row] = field(default_factory=list)
    storages: list[tuple[Storage, Row]] = field(default_factory=list)
    peak: int = 0
    peak_op: int = -1
    kept: int = 0
    forward_end: int = -1

    def alive_at(self, op: int) -> list[tuple[Storage, Row]]:
        """Storages alive while op number `op` returns, the largest first: what it frees afterwards is still there."""
        return self._alive(op, op - 1)

    def kept_after_forward(self) -> list[tuple[Storage, Row]]:
        """Storages alive once the forward pass has returned, the largest first."""
        return self._alive(self.forward_end, self.forward_end)

    def _alive(self, born_by: int, died_after: int) -> list[tuple[Storage, Row]]:
        alive = [
            (storage, row)
            for storage, row in self.storages
            if storage.born <= born_by and (storage.died is None or storage.died > died_after)
        ]
        return sorted(alive, key=lambda each: -each[0].bytes)


class _Tracer(LiveBytes):  # type: ignore[no-untyped-call]
    """Live bytes, plus a row for each op."""

    def __init__(self, module: torch.nn.Module, where: Callable[[], str]) -> None:
        super().__init__(module)
        self.trace = Trace()
        self._where = where
        self._before = 0

    def observe(self, func: Any, args: Any, kwargs: Any, out: Any, made: list[Storage]) -> None:
        new = sum(storage.bytes for storage in made)
        row = Row(
            op=self.op,
            module=self._where(),
            name=re.sub(r"\.(default|Tensor|Scalar)$", "", str(func).removeprefix("aten.")),
            output=" ".join(_describe(leaf) for leaf in tree_leaves(out) if isinstance(leaf, torch.Tensor)),
            made=new,
            freed=self._before + new - self.live,
            live=self.live,
            flops=_flops(func, args, kwargs, out),
        )
        self.trace.rows.append(row)
        self.trace.storages += [(storage, row) for storage in made]
        self._before = self.live


def trace(module: torch.nn.Module, call: Callable[[], Any], train: bool = False, checkpointing: bool = False) -> Trace:
    """Traces `call()`; `train` adds a backward pass from a mean-square loss, as `measure.train_step` does."""
    with (
        running_on_meta(),
        blocks_checkpointed(module, "full" if checkpointing else "none"),
        _module_paths(module) as where,
    ):
        module.zero_grad(set_to_none=True)
        tracer = _Tracer(module, where)
        with torch.set_grad_enabled(train), tracer:
            out = first_tensor(call()) if train else call()
            tracer.trace.kept, tracer.trace.forward_end = tracer.live, tracer.op
            if train:
                out.float().pow(2).mean().backward()
        module.zero_grad(set_to_none=True)
    tracer.trace.peak, tracer.trace.peak_op = tracer.peak, tracer.peak_op
    return tracer.trace


@contextmanager
def _module_paths(root: torch.nn.Module) -> Iterator[Callable[[], str]]:
    """Yields a function that names the innermost submodule now running, or the autograd node in backward."""
    names = {submodule: name for name, submodule in root.named_modules()}
    stack: list[str] = []

    def enter(submodule: torch.nn.Module, _args: Any) -> None:
        stack.append(names.get(submodule, type(submodule).__name__))

    def leave(_submodule: torch.nn.Module, _args: Any, _out: Any) -> None:
        stack.pop()

    def where() -> str:
        node = torch._C._current_autograd_node()
        inside = stack[-1] if stack else ""
        return f"<{node.name()}> {inside}".strip() if node is not None else inside

    handles = [
        torch.nn.modules.module.register_module_forward_pre_hook(enter),
        torch.nn.modules.module.register_module_forward_hook(leave, always_call=True),
    ]
    try:
        yield where
    finally:
        for handle in handles:
            handle.remove()


def _describe(tensor: torch.Tensor) -> str:
    return f"{SHORT_DTYPES.get(tensor.dtype, str(tensor.dtype).removeprefix('torch.'))}{list(tensor.shape)}"


def _flops(func: Any, args: Any, kwargs: Any, out: Any) -> int:
    formula = flop_registry.get(func._overloadpacket)
    return 0 if formula is None else int(formula(*args, **kwargs, out_val=out))
