"""The part of the report on money, energy and fleets: ids and numbers in SI base units, as in `report.estimate`."""

import msgspec


class PriceRange(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The dated prices of one class of provider, and what one video costs at their ends [USD]."""

    provider: str
    as_of: str
    source: str
    per_hour_low: float
    per_hour_high: float
    per_video_low: float
    per_video_high: float


class Money(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A dated range of prices, and what one generation and the training run cost at them [USD].

    `per_video` shares a generation among its batch; `ranges` are all classes of provider, the one in use first.
    """

    provider: str
    as_of: str
    source: str
    per_hour_low: float
    per_hour_high: float
    inference: dict[str, float]
    training: dict[str, float]
    per_video: dict[str, float] = {}
    ranges: list[PriceRange] = []


class Energy(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Energy at the accelerator's nominal power, facility included [joule]: upper bounds.

    power        watt of one accelerator: idle, and at work low, likely, high
    per_video    joule of one video at those powers, facility included (low, likely, high)
    idle_per_video  joule that a fleet of this utilisation draws between the jobs, for each video
    carbon_*     gram of CO2 equivalent, electricity_* USD, of the likely energy, at the site
    """

    inference: float
    training: float
    place: str = ""
    country: str = ""
    pue: float = 1.0
    power: dict[str, float] = {}
    per_video: dict[str, float] = {}
    idle_per_video: float = 0.0
    training_likely: float = 0.0
    carbon_per_video: float = 0.0
    carbon_training: float = 0.0
    electricity_per_video: float = 0.0
    electricity_training: float = 0.0


class Throughput(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Videos per hour of one accelerator always at work (low, likely, high), and the fleet for a rate asked for.

    target_rate in videos per hour (0: none asked); gpus_needed rounds up to whole jobs; cost_per_hour of them [USD]
    """

    per_gpu_hour: dict[str, float]
    utilisation: float
    target_rate: float
    gpus_needed: int | float
    cost_per_hour: dict[str, float]
