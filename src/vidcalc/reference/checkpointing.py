"""Gradient checkpointing of a published network in every way that `vidcalc.describe.checkpointing` has a word for.

diffusers' classes hand each of their blocks to one function; here that function is torch's own `checkpoint`, on the
blocks and with the selective contexts that a word asks for. What diffusers has no door for (several blocks in one
segment) is done to the list of blocks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import CheckpointPolicy, checkpoint, create_selective_checkpoint_contexts

from vidcalc.describe.checkpointing import Checkpointing, checkpointing
from vidcalc.reference.attention import FUSED_ATTENTION

aten = torch.ops.aten
ATTENTION = {FUSED_ATTENTION.default}
MATMUL = {aten.mm.default, aten.addmm.default, aten.bmm.default, aten.baddbmm.default}
Run = Callable[..., Any]  # (block, *its arguments) -> what the block returns


@contextmanager
def blocks_checkpointed(module: Any, word: str) -> Iterator[None]:
    """Within it the module's blocks run as the word says. A module has diffusers' or transformers' two switches."""
    how = checkpointing(word)
    if how.share[0] == 0:
        yield
        return
    if not hasattr(module, "enable_gradient_checkpointing"):  # transformers: all blocks or none
        module.gradient_checkpointing_enable()
        yield
        module.gradient_checkpointing_disable()
        return
    with _in_segments(module, how.segment):
        module.enable_gradient_checkpointing(_chosen(how, _runner(how)))
        yield
        module.disable_gradient_checkpointing()


def _chosen(how: Checkpointing, run: Run) -> Run:
    """`run` on the blocks that the word chooses, counted in the order they are called; the others keep everything."""
    seen = 0

    def each(block: Any, *arguments: Any) -> Any:
        nonlocal seen
        seen += 1
        return run(block, *arguments) if how.among(seen) > how.among(seen - 1) else block(*arguments)

    return each


def _runner(how: Checkpointing) -> Run:
    """torch's checkpoint, with what a word keeps of it."""
    plain = partial(checkpoint, use_reentrant=False)
    if how.offloaded:
        handed: set[int] = set()
        return lambda block, *arguments: _away(plain, handed, block, *arguments)
    if not how.kept:
        return plain
    kept = ATTENTION | (MATMUL if "matmul" in how.kept else set())
    return lambda block, *arguments: plain(
        block, *arguments, context_fn=partial(create_selective_checkpoint_contexts, _policy(kept))
    )


def _policy(kept: set[Any]) -> Callable[..., CheckpointPolicy]:
    """Keep the results of these ops. The log-sum-exp, which a real kernel returns beside its output, is of the op."""
    before: dict[bool, Any] = {}

    def policy(context: Any, op: Any, *_: Any, **__: Any) -> CheckpointPolicy:
        beside = op is aten.empty.memory_format and before.get(context.is_recompute) in ATTENTION
        before[context.is_recompute] = op
        return CheckpointPolicy.MUST_SAVE if op in kept or beside else CheckpointPolicy.PREFER_RECOMPUTE

    return policy


def _away(run: Run, handed: set[int], block: Any, *arguments: Any) -> Any:
    """A checkpointed block whose inputs leave the device: only their sizes stay, and they come back empty.

    handed  storages that the block before returned: these are inputs, as the first argument is; what all blocks read
            (a text, a table of positions) stays
    """
    inputs = handed | {_storage(arguments[0])}

    def pack(tensor: torch.Tensor) -> Any:
        return (tensor.shape, tensor.dtype) if _storage(tensor) in inputs else tensor

    def unpack(packed: Any) -> torch.Tensor:
        if isinstance(packed, torch.Tensor):
            return packed
        return torch.empty(packed[0], dtype=packed[1], device="meta")

    with saved_tensors_hooks(pack, unpack):
        out = run(block, *arguments)
    handed.clear()
    handed.update(_storage(each) for each in (out if isinstance(out, tuple) else (out,)))
    return out


def _storage(tensor: torch.Tensor) -> int:
    """What two tensors over the same bytes share."""
    return int(tensor.untyped_storage()._cdata)


@contextmanager
def _in_segments(module: Any, size: int) -> Iterator[None]:
    """The module's `blocks`, `size` in a row as one block."""
    if size == 1:
        yield
        return
    blocks = module.blocks
    rows = (blocks[first : first + size] for first in range(0, len(blocks), size))
    module.blocks = torch.nn.ModuleList([Segment(row) for row in rows])
    try:
        yield
    finally:
        module.blocks = blocks


class Segment(torch.nn.Module):
    """Blocks in a row as one, the hidden state handed from one to the next."""

    def __init__(self, blocks: Any) -> None:
        super().__init__()
        self.blocks = blocks

    def forward(self, hidden: Any, *shared: Any) -> Any:
        """hidden through all blocks; `shared` is what each of them reads."""
        for block in self.blocks:
            hidden = block(hidden, *shared)
        return hidden
