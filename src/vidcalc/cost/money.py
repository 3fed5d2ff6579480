"""Money and energy of accelerator time: dated price ranges, nominal power, facility overhead."""

from typing import Any

from vidcalc.catalog.defaults import pue
from vidcalc.describe.hardware import Accelerator, Price
from vidcalc.report import Energy, Money

PROVIDERS = ("neocloud", "hyperscaler", "marketplace", "serverless")  # in the order they are preferred
HOUR = 3600


def price(accelerator: Accelerator) -> Price | None:
    """The price range to use: of the first class of provider that has one."""
    known = {found.provider: found for found in accelerator.prices}
    return next((known[name] for name in PROVIDERS if name in known), None)


def cost(accelerator: Accelerator, inference: Any, training: Any) -> Money | None:
    """Money of accelerator-seconds of a generation and of a training run; None where no price is known."""
    found = price(accelerator)
    if found is None:
        return None
    return Money(
        provider=found.provider,
        as_of=found.as_of,
        source=found.source,
        per_hour_low=found.low * HOUR,
        per_hour_high=found.high * HOUR,
        inference=_range(found, inference),
        training=_range(found, training),
    )


def _range(found: Price, seconds: Any) -> dict[str, Any]:
    """USD of accelerator-seconds at both ends of the range, and at their geometric mean."""
    middle = (found.low * found.high) ** 0.5
    return {"low": found.low * seconds, "likely": middle * seconds, "high": found.high * seconds}


def energy(accelerator: Accelerator, inference: Any, training: Any) -> Energy | None:
    """Joule of accelerator-seconds at nominal power, facility included (an upper bound); None if unknown."""
    if accelerator.tdp is None:
        return None
    return Energy(inference=accelerator.tdp * inference * pue(), training=accelerator.tdp * training * pue())
