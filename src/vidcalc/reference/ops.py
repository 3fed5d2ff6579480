"""Writes down the matrix products, convolutions and attention of a running network, with their sizes.

The FLOPs of what is written down are those of PyTorch's own counter: 2 per multiply-add.
"""

import re
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from vidcalc.base.number import product
from vidcalc.reference.live import LiveBytes, Storage
from vidcalc.reference.moved import Moved
from vidcalc.reference.pacing import bias, kernels
from vidcalc.tape.convolutions import turning

NUMBER = re.compile(r"(?:^|(?<=\.))\d+(?=\.)")
SHORT = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16", torch.float64: "fp64"}
PLANE = 4  # axes of the input of a convolution in two dimensions
UNMOVED = ("empty", "new_empty")  # allocate only
Row = tuple[str, str, str, tuple[int, ...] | Moved]  # kind, path, dtype, sizes


@dataclass(frozen=True, kw_only=True)
class Work:
    """One call of a network.

    ops         (kind, path, dtype, sizes, times): sizes are the fields of the op of that kind in `vidcalc.ops`
    parameters  (elements, dtype kept, tensors) by name
    peak        most live bytes;  peak_at  the op where that is;  device_peak  with the workspace of convolutions
    """

    ops: list[tuple[str, str, str, tuple[int, ...] | Moved, int]]
    parameters: dict[str, tuple[int, str, int]]
    peak: int
    peak_at: str
    device_peak: int


class OpRecorder(LiveBytes):
    """Counts live bytes, and keeps a row for each op that does arithmetic worth counting."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__(module)
        self.rows: dict[Row, int] = {}
        self.device_peak = 0
        self.names = {
            parameter.untyped_storage()._cdata: NUMBER.sub("*", name.rpartition(".")[0])
            for name, parameter in module.named_parameters()
        }

    def ops(self) -> list[tuple[str, str, str, tuple[int, ...] | Moved, int]]:
        """The rows in the order they first ran, each with how often."""
        return [(*row, times) for row, times in self.rows.items()]

    def observe(self, func: Any, args: Any, kwargs: Any, out: Any, made: list[Storage]) -> None:
        """Keep a row, where the op is one of those counted."""
        name = str(func).split(".")[1] if "." in str(func) else str(func)
        described = DESCRIBE.get(name)
        if described is None:
            self._moved(name, args, kwargs, out, made)
            return
        kind, sizes, weight = described(args, out)
        first = out[0] if isinstance(out, tuple | list) else out
        path = self.names.get(weight.untyped_storage()._cdata, "") if weight is not None else ""
        if kind == "matmul":
            sizes = (*sizes, 1 if path else 0)
        self._keep((kind, path or name, SHORT.get(first.dtype, "fp32"), sizes))
        if kind == "convolution" and first.dim() >= PLANE and weight[0, 0].numel() > 1 and not args[6] and args[8] == 1:
            turned = turning(tuple(args[0].shape), tuple(first.shape), weight.numel())
            self.device_peak = max(self.device_peak, self.live + int(turned) * first.element_size())
        if kind == "convolution" and args[2] is not None:
            self._keep(("pointwise", f"{path or name}.bias", SHORT.get(first.dtype, "fp32"), bias(first)))

    def _moved(self, name: str, args: Any, kwargs: Any, out: Any, made: list[Storage]) -> None:
        """A kernel bound by memory reads its inputs and writes its output; a view or an empty tensor moves nothing."""
        if name.startswith(UNMOVED) or not (made or name.endswith("_")):
            return
        first = next((leaf for leaf in tree_leaves(out) if isinstance(leaf, torch.Tensor)), None)
        for kernel, moved in kernels(name, args, kwargs, out):
            assert first is not None  # a kernel writes something
            self._keep(("pointwise", kernel, SHORT.get(first.dtype, "fp32"), moved))

    def _keep(self, row: Row) -> None:
        self.rows[row] = self.rows.get(row, 0) + 1


def _product(a: Any, b: Any) -> tuple[str, tuple[int, ...], Any]:
    """(rows, d_in, d_out, batch) of a[(batch), rows, d_in] · b[(batch), d_in, d_out]."""
    batch = a.shape[0] if a.dim() == 3 else 1
    return "matmul", (a.shape[-2], a.shape[-1], b.shape[-1], batch), b


def _convolution(args: Any, out: Any) -> tuple[str, tuple[int, ...], Any]:
    """(batch, c_in, c_out, positions, input_positions, kernel, groups)."""
    x, weight, transposed, groups = args[0], args[1], bool(args[6]), int(args[8])
    batch, c_in, *places = x.shape
    c_out, positions = out.shape[1], product(out.shape[2:])
    kernel = product(weight.shape[2:])
    counted = product(places) if transposed else positions  # each input place meets every tap
    return "convolution", (batch, c_in, c_out, counted, product(places), kernel, groups), weight


def _attention(args: Any, out: Any) -> tuple[str, tuple[int, ...], Any]:
    """(batch, heads, queries, keys, d_head, d_value)."""
    query, key, value = args[:3]
    *lead, queries, d_head = query.shape
    heads = lead[-1] if lead else 1
    return "attention", (product(lead) // max(heads, 1), heads, queries, key.shape[-2], d_head, value.shape[-1]), None


DESCRIBE: dict[str, Any] = {
    "mm": lambda args, out: _product(args[0], args[1]),
    "bmm": lambda args, out: _product(args[0], args[1]),
    "addmm": lambda args, out: _product(args[1], args[2]),
    "baddbmm": lambda args, out: _product(args[1], args[2]),
    "convolution": _convolution,
    "fused_attention": _attention,
}
