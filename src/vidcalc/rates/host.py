"""How fast bytes go between host memory and a chip, and how fast the host's processor updates weights."""

from functools import cache

from vidcalc.base.guest import named
from vidcalc.base.number import Number
from vidcalc.base.units import quantity
from vidcalc.catalog.defaults import defaults
from vidcalc.describe.hardware import Accelerator


def host_rate(chip: Accelerator, kind: str) -> Number:
    """Host-to-device rate from "pinned" or "pageable" memory: measured on the chip, else the link's nominal rate times
    the usual fraction; infinite where nothing links them (memory shared with the host) [byte/s]."""
    measured = [copy.to_device for copy in chip.host_copies if copy.kind == kind and copy.to_device]
    if measured:
        return max(measured)
    # byte/s of the link, one direction
    nominal = chip.pcie.rate if chip.pcie else 0.0
    return named(
        "host_rate", nominal * float(defaults()["host_copy"][f"{kind}_fraction"]), "byte/s", note=kind
    ) or float("inf")


@cache
def update_rate() -> float:
    """Bytes of weights and states that an optimizer on the host's processor works through [byte/s]."""
    return quantity(defaults()["host"]["update"], "B/s")
