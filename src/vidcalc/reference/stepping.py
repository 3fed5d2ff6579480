"""One step of full training of a network: forward, backward and AdamW, in the format of its weights."""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._pytree import tree_leaves


def step_of(module: torch.nn.Module, call: Callable[[], Any]) -> Callable[[], None]:
    """A function that trains the module by one step on what a call gives; the first one makes AdamW's states."""
    module.train().requires_grad_(True)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-6, foreach=True)

    def step() -> None:
        with torch.enable_grad():
            made = next(each for each in tree_leaves(call()) if isinstance(each, torch.Tensor) and each.requires_grad)
            made.float().pow(2).mean().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step
