"""What paces a memory-bound kernel of a running network, beside memory: as the tape says it of its own layers."""

from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from vidcalc.base.number import scalar
from vidcalc.ops.pointwise import LONG
from vidcalc.reference.moved import Moved
from vidcalc.tape.pointwise import loaded

WHOLE = ("native_group_norm", "copy_", "stack", "clone")  # work along more than the innermost dimension
NORMS = ("native_layer_norm", "_fused_rms_norm")
ROWS, GROUPS = 3, 6  # places of the batch and the groups among a group norm's arguments


def kernels(name: str, args: Any, kwargs: Any, out: Any) -> list[tuple[str, Moved]]:
    """The kernels that an op which moves memory runs on a CUDA device, each with a name; none for an op on nothing."""
    made = [leaf for leaf in tree_leaves(out) if isinstance(leaf, torch.Tensor)]
    if not made:
        return []
    first, read = made[0], [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
    size = first.element_size()
    if name == "native_group_norm":
        # statistics of every group by a block of threads, then all of it read again, scaled by channel and written
        statistics = Moved(size_of(first), LONG, "statistics", size, args[ROWS] * args[GROUPS])
        return [(f"{name}.statistics", statistics), (name, Moved(2 * size_of(first), LONG, "single", 2 * size))]
    if name in NORMS:
        return [(name, Moved(2 * size_of(first), first.shape[-1], "norm", 2 * size))]
    along = max((tensor.shape[-1] for tensor in (*read, *made) if tensor.dim()), default=LONG)
    way, each = paced(name, read, first)
    row = LONG if name in WHOLE else along  # a reduction works along what it reads
    return [(name, Moved(sum(map(size_of, (*read, *made))), row, way, each))]


def bias(out: torch.Tensor) -> Moved:
    """The kernel that adds a convolution's bias to every channel in place."""
    return Moved(2 * size_of(out), LONG, "single", 2 * out.element_size())


def paced(name: str, read: list[torch.Tensor], out: torch.Tensor) -> tuple[str, int]:
    """(way, bytes per element): several elements at once only where all are in order and of one dtype."""
    if name == "cat":
        return "vector", 0
    operands = [
        (x.element_size(), x.dim() < out.dim() or any(a == 1 != b for a, b in zip(x.shape, out.shape, strict=False)))
        for x in read
    ]
    mixed = any(x.dtype != out.dtype or (x.dim() and not x.is_contiguous()) for x in read)
    way, each = loaded(out.element_size(), operands, mixed)
    return way, int(scalar(each))


def size_of(tensor: torch.Tensor) -> int:
    """Bytes of a tensor's elements."""
    return tensor.numel() * tensor.element_size()
