"""Seconds that weights spend on the link between host and device, where a plan offloads them.

Networks that move whole do so once a generation, from pageable memory, and everything waits. Modules and blocks that
stream move at every call of their network; with a stream of their own they hide behind the work, as far as it lasts.
"""

from typing import Any

import msgspec

from vidcalc.base.number import maximum, minimum
from vidcalc.catalog.defaults import defaults
from vidcalc.cost.time import NOTHING, Seconds, linked
from vidcalc.describe.hardware import Accelerator
from vidcalc.describe.plan import Plan
from vidcalc.ledger.weights import Weights
from vidcalc.passes import caching, parallel
from vidcalc.passes.residency import encodes


class Transfer(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The copies a network needs: `once` a generation, and at every `call`, hidden behind the work or not."""

    once: Seconds
    call: Seconds
    hidden: bool

    def waiting(self, work: Seconds) -> Seconds:
        """What a call waits for its weights beyond its work."""
        if not self.hidden:
            return self.call
        return Seconds(
            maximum(self.call.low - work.low, 0),
            maximum(self.call.likely - work.likely, 0),
            maximum(self.call.high - work.high, 0),
            self.call.provenance,
        )


def transfer(found: Weights, chip: Accelerator, plan: Plan, role: str) -> Transfer:
    """The copies that a rank makes of one network of that role under the plan's offload."""
    found = parallel.stored(found, role, plan)
    pinned, pageable = host_rate(chip, "pinned"), host_rate(chip, "pageable")
    run = caching.blocks_run(plan) if role == "denoiser" else 1  # blocks that a step cache skips stay where they are
    if plan.offload == "model":
        return Transfer(once=_copy(found.total, pageable), call=NOTHING, hidden=False)
    if plan.offload == "sequential":
        return Transfer(once=NOTHING, call=_copy(found.copy * run, pageable), hidden=False)
    if plan.offload == "group" or (plan.offload == "encoders-streamed" and encodes(role)):
        return Transfer(once=NOTHING, call=_copy(found.blocks * run, pinned), hidden=True)
    if plan.offload == "group-leaf":
        return Transfer(once=NOTHING, call=_copy(found.copy * run, pinned), hidden=True)
    if plan.offload == "block-swap" and role == "denoiser":
        away = minimum(plan.swapped_blocks, found.count) * found.block
        return Transfer(once=NOTHING, call=_copy(away * run, pinned), hidden=True)
    return Transfer(once=NOTHING, call=NOTHING, hidden=False)


def arrival(nbytes: Any, chip: Accelerator) -> Seconds:
    """The copy of weights that stay on the device, once, before the first generation."""
    return _copy(nbytes, host_rate(chip, "pageable"))


def host_rate(chip: Accelerator, kind: str) -> Any:
    """Host-to-device rate: measured on the chip, else the link's nominal rate times the usual fraction [byte/s]."""
    measured = [copy.to_device for copy in chip.host_copies if copy.kind == kind and copy.to_device]
    if measured:
        return max(measured)
    table: dict[str, Any] = defaults()["host_copy"]
    nominal = chip.pcie.rate if chip.pcie else 0.0
    return nominal * float(table[f"{kind}_fraction"]) or float("inf")


def _copy(nbytes: Any, rate: float) -> Seconds:
    """Bytes over the link. An unknown link (memory shared with the host) takes no time."""
    return linked(nbytes / rate)
