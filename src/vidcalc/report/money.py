"""The part of the report on money, energy and fleets: ids and numbers in SI base units, as in `report.estimate`."""

import msgspec

from vidcalc.report.units import DollarRate, Dollars, Gpus, Gram, Joule, Share, VideoRate, Watt


class PriceRange(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The dated prices of one class of provider, and what one video costs at their ends [USD]."""

    provider: str
    as_of: str
    source: str
    per_hour_low: DollarRate
    per_hour_high: DollarRate
    per_video_low: Dollars
    per_video_high: Dollars


class Money(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A dated range of prices, and what one generation and the training run cost at them [USD].

    `per_video` shares a generation among its batch; `ranges` are all classes of provider, the one in use first.
    """

    provider: str
    as_of: str
    source: str
    per_hour_low: DollarRate
    per_hour_high: DollarRate
    inference: dict[str, Dollars]
    training: dict[str, Dollars]
    per_video: dict[str, Dollars] = {}
    ranges: list[PriceRange] = []


class Energy(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Energy at the accelerator's nominal power, facility included [joule]: upper bounds.

    power        watt of one accelerator: idle, and at work low, likely, high
    per_video    joule of one video at those powers, facility included (low, likely, high)
    idle_per_video  joule that a fleet of this utilisation draws between the jobs, for each video
    carbon_*     gram of CO2 equivalent, electricity_* USD, of the likely energy, at the site
    """

    inference: Joule
    training: Joule
    place: str = ""
    country: str = ""
    pue: Share = 1.0
    power: dict[str, Watt] = {}
    per_video: dict[str, Joule] = {}
    idle_per_video: Joule = 0.0
    training_likely: Joule = 0.0
    carbon_per_video: Gram = 0.0
    carbon_training: Gram = 0.0
    electricity_per_video: Dollars = 0.0
    electricity_training: Dollars = 0.0


class Throughput(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Videos per hour of one accelerator always at work (low, likely, high), and the fleet for a rate asked for.

    target_rate in videos per hour (0: none asked); gpus_needed rounds up to whole jobs; cost_per_hour of them [USD]
    """

    per_gpu_hour: dict[str, VideoRate]
    utilisation: Share
    target_rate: VideoRate
    gpus_needed: Gpus
    cost_per_hour: dict[str, DollarRate]
