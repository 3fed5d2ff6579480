"""Money and energy of accelerator time: dated price ranges, power and the facility's overhead."""

from vidcalc.base.guest import named
from vidcalc.base.number import Number
from vidcalc.describe.hardware import Accelerator, Price
from vidcalc.rates.site import Figures

# in the order they are preferred; "stated" is the user's own, and what may be taken back stands last
STATED, SPOT = "stated", "spot"
PROVIDERS = (STATED, "neocloud", "hyperscaler", "specialty", "marketplace", "long_tail", "serverless", SPOT)
BAND = ("low", "likely", "high")


def price(accelerator: Accelerator) -> Price | None:
    """The price range to use: of the first class of provider that has one."""
    return next(iter(prices(accelerator)), None)


def prices(accelerator: Accelerator) -> list[Price]:
    """The price ranges of an accelerator, the preferred class of provider first."""
    order = {name: place for place, name in enumerate(PROVIDERS)}
    return sorted(accelerator.prices, key=lambda offer: order.get(offer.provider, len(order)))


def ranged(offer: Price, seconds: Number) -> dict[str, Number]:
    """USD of accelerator-seconds at both ends of the range, and at their geometric mean."""
    # geometric mean: prices lie apart by factors
    middle = named("price", (offer.low * offer.high) ** 0.5, "USD/s")
    return {"low": offer.low * seconds, "likely": middle * seconds, "high": offer.high * seconds}


def drawn(watts: Number, here: Figures, load: str, seconds: Number) -> Number:
    """Joule that accelerator-seconds take at a load, the facility's share included [J]."""
    return watts * here.power[load] * seconds * here.pue
