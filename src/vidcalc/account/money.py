"""The parts of a report on money, energy and the fleet that a rate takes: prices, power, facility, carbon."""

from vidcalc.base.guest import named
from vidcalc.base.number import Number, as_count, ceil_div
from vidcalc.base.units import HOUR
from vidcalc.cost.money import BAND, drawn, price, prices, ranged
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.describe.workload import Workload
from vidcalc.rates.site import busy_share, figures
from vidcalc.report.estimate import InferenceTime
from vidcalc.report.money import Energy, Money, PriceRange, Throughput


def money_part(accelerator: Accelerator, inference: Number, training: Number, batch: Number = 1) -> Money | None:
    """Money of accelerator-seconds of a generation of `batch` videos and of a training run; None without a price."""
    offer = price(accelerator)
    if offer is None:
        return None
    hour = ranged(offer, HOUR)
    return Money(
        provider=offer.provider,
        as_of=offer.as_of,
        source=offer.source,
        per_hour_low=hour["low"],
        per_hour_high=hour["high"],
        inference=ranged(offer, inference),
        training=ranged(offer, training),
        per_video=ranged(offer, inference / batch),
        ranges=[
            PriceRange(
                provider=each.provider,
                as_of=each.as_of,
                source=each.source,
                per_hour_low=ranged(each, HOUR)["low"],
                per_hour_high=ranged(each, HOUR)["high"],
                per_video_low=each.low * inference / batch,
                per_video_high=each.high * inference / batch,
            )
            for each in prices(accelerator)
        ],
    )


def energy_part(hardware: Hardware, inference: Number, training: Number, batch: Number = 1) -> Energy | None:
    """Joule of accelerator-seconds; None where the nominal power is unknown. Raises InputError("place"/"country", …).

    `inference` and `training` of the result are at nominal power (upper bounds), the other figures at the power that
    accelerators draw.
    """
    watts, site = hardware.accelerator.tdp, hardware.site
    if watts is None:
        return None
    here, each = figures(hardware), named("gpu_seconds_per_video", inference / batch, "s")
    facility, busy = here.pue, here.utilisation
    power = {load: watts * share for load, share in here.power.items()}
    likely, trained = drawn(watts, here, "likely", each), drawn(watts, here, "likely", training)
    return Energy(
        inference=watts * inference * facility,
        training=watts * training * facility,
        place=site.place,
        country=site.country,
        pue=facility,
        power=power,
        per_video={load: drawn(watts, here, load, each) for load in BAND},
        # idle seconds for each busy one: (1 - u) / u
        idle_per_video=drawn(watts, here, "idle", each) * (1 - busy) / busy,
        training_likely=trained,
        # J x g/J
        carbon_per_video=likely * here.carbon,
        carbon_training=trained * here.carbon,
        # J x USD/J
        electricity_per_video=likely * here.electricity,
        electricity_training=trained * here.electricity,
    )


def throughput_part(workload: Workload, hardware: Hardware, time: InferenceTime) -> Throughput:
    """Videos per hour of an accelerator, and how many make the rate asked for, in whole groups that share a job."""
    group, busy = hardware.total, busy_share(hardware)
    offer = price(hardware.accelerator)
    # Little's law: jobs a second x seconds of one; more where accelerators stand idle between jobs
    jobs = named("jobs", workload.target_rate / workload.batch * time.total / busy)  # that must run at any time
    # whole jobs x accelerators of each
    needed = as_count(ceil_div(jobs, 1) * group)
    # videos of one accelerator in an hour x seconds of a job
    videos = named("videos", workload.batch * HOUR / group)
    return Throughput(
        # the longest time makes the fewest videos
        per_gpu_hour={"low": videos / time.high, "likely": videos / time.total, "high": videos / time.low},
        utilisation=busy,
        target_rate=workload.target_rate * HOUR,
        gpus_needed=needed,
        cost_per_hour=ranged(offer, needed * HOUR) if offer else {},
    )
