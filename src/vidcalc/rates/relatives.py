"""Whose rates stand in for those of a chip that nobody measured, and how much further such rates may lie off.

A chip is a first relative of another where vendor, market and generation are the same, else a second one. How far
shares of peak of relatives lie apart is seen among the chips that were measured: each is taken as if it had not been.
"""

from collections.abc import Iterable
from math import exp, log, sqrt

from vidcalc.base.facts import Facts
from vidcalc.base.number import Number, minimum, scalar
from vidcalc.describe.hardware import Accelerator
from vidcalc.rates.attention_lengths import generation

MARKET = {
    "datacenter": "professional",
    "workstation": "professional",
    "consumer": "consumer",
    "soc": "soc",
    "asic": "asic",
}
HALVED = 3  # between the two and the four times float32 of NVIDIA's matrix units since Ampere
OWN, FIRST, SECOND = "own", "relative", "second"  # degrees of kinship, the nearest first
HELD = 0.8  # share of the pairs within the band, as a band holds what lies between its 10 % and its 90 %


def relatives(chips: dict[str, Accelerator], name: str) -> list[str]:
    """All other chips, nearest first: vendor, market, architecture, instruction set, class, then watts per peak FLOP/s.

    The market comes before the architecture: GeForce cards run near a peak that is halved by product, while the
    professional cards of the same die are held back by power. A professional card halved as they are (L40, L20) is
    one of theirs.
    """
    chip = chips[name]
    # the less power there is for each FLOP/s, the further a chip stays below its peak
    watts_per_flop = (chip.tdp or 1) / chip.peak("bf16")

    def distance(other: str) -> tuple[bool | Number, ...]:
        it = chips[other]
        # as a factor, whichever of the two has more
        unlike = watts_per_flop * it.peak("bf16") / (it.tdp or 1)
        return (
            it.vendor != chip.vendor,
            market(it) != market(chip),
            it.architecture != chip.architecture,
            generation(it) != generation(chip),
            it.kind != chip.kind,
            max(unlike, 1 / unlike),
        )

    return sorted((other for other in chips if other != name), key=distance)


def alike(chips: dict[str, Accelerator], name: str) -> list[str]:
    """Other chips of the same silicon, clock, power and memory rate: sold with other links or more or less memory."""
    chip = chips[name]

    def silicon(it: Accelerator) -> tuple[object, ...]:
        return it.vendor, it.architecture, it.multiprocessors, it.peak("bf16"), it.tdp, it.bandwidth, it.kind

    return [other for other, it in chips.items() if other != name and silicon(it) == silicon(chip)]


def slowed(chip: Accelerator, donor: Accelerator, products: dict[tuple[str, str], float]) -> float:
    """Share of its peak that a chip sustains with less power, over that of a donor of the same silicon: 1 or less.

    Less power for each FLOP/s lowers the clock of every kernel that keeps the matrix units busy: of an H100 at 400 W
    products reach 0.75 of the share that they reach at 700 W. 1 where products were not measured on both, and of cards
    whose peak is halved by product: these are not held back by power.

    products  measured plateaus of products by chip and format [FLOP/s]
    """
    if chip.architecture != donor.architecture or market(chip) != "professional" or not chip.tdp or not donor.tdp:
        return 1.0
    pair = [(it, products.get((it.id, "bf16"))) for it in (chip, donor)]
    if chip.tdp / chip.peak("bf16") >= donor.tdp / donor.peak("bf16"):
        return 1.0
    shares = [plateau / float(it.peak("bf16")) for it, plateau in pair if plateau is not None]
    return min(shares[0] / shares[1], 1.0) if len(shares) == len(pair) else 1.0


def market(chip: Accelerator) -> str:
    """Who the chip is for, as its matrix units tell: four times the rate of float32, twice where it is halved."""
    halved = chip.vendor == "NVIDIA" and chip.peak("bf16") < HALVED * chip.peak("fp32")
    return "consumer" if halved and MARKET[chip.kind] == "professional" else MARKET[chip.kind]


def degree(chip: Accelerator, donor: Accelerator) -> str:
    """How near a relative the chip is whose rates are borrowed: FIRST or SECOND."""
    alike = [(it.vendor, market(it), generation(it)) for it in (chip, donor)]
    return FIRST if alike[0] == alike[1] else SECOND


def apart(chips: dict[str, Accelerator], own: dict[tuple[str, str], float]) -> dict[str, float]:
    """Half the width of the band of borrowed rates, as a logarithm, by degree of kinship.

    own  plateaus of products by chip and format [FLOP/s]; each is held against that of its nearest relative
    """
    found: dict[str, list[float]] = {FIRST: [], SECOND: []}
    for name in {name for name, _ in own}:
        nearest = relatives(chips, name)
        for precision in (each for chip, each in own if chip == name):
            for kin, pairs in found.items():
                donors = (it for it in nearest if (it, precision) in own and degree(chips[name], chips[it]) == kin)
                donor = next(donors, None)
                if donor is not None:
                    shares = (own[it, precision] / float(chips[it].peak(precision)) for it in (name, donor))
                    pairs.append(abs(log(next(shares) / next(shares))))
    first, second = (_within(found[kin]) for kin in (FIRST, SECOND))
    return {OWN: 0.0, FIRST: first, SECOND: max(first, second)}


def wider(curve: Facts, by: float, limit: Number) -> Facts:
    """A curve whose band is wider by that logarithm, which is independent of its own, and cut at a limit."""
    if not by:
        return curve
    ends = curve["likely"] / curve["low"], curve["high"] / curve["likely"]
    low, high = (sqrt(log(scalar(end)) ** 2 + by**2) for end in ends)
    return {**curve, "low": curve["likely"] / exp(low), "high": minimum(curve["likely"] * exp(high), limit)}


def _within(pairs: Iterable[float]) -> float:
    """The distance within which most pairs lie; 0 of none."""
    ordered = sorted(pairs)
    return ordered[round(HELD * (len(ordered) - 1))] if ordered else 0.0
