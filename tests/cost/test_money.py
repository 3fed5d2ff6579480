"""Money, energy, carbon and fleets of one video: each figure follows from the ones beside it."""

from typing import Any

import pytest
from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.catalog.countries import carbon, countries, electricity
from vidcalc.catalog.defaults import pue
from vidcalc.catalog.models import model
from vidcalc.derivation import explain
from vidcalc.describe.hardware import Site
from vidcalc.rates.machines import accelerator, hardware
from vidcalc.rates.own import priced
from vidcalc.report.estimate import Report

FIGURES = [
    "cost.per_video.likely",
    "energy.carbon_per_video",
    "energy.electricity_per_video",
    "energy.idle_per_video",
    "energy.inference",
    "energy.per_video.likely",
    "energy.training",
    "throughput.gpus_needed",
    "throughput.per_gpu_hour.likely",
]


def job(site: Site | None = None, count: int = 1, **workload: Any) -> tuple[Any, ...]:
    found = model("wan2.1-t2v-1.3b")
    machine = replace(hardware("h100-sxm", count), site=site or Site())
    return found, fill.workload(found, **workload), machine, fill.plan(found)


def report(site: Site | None = None, count: int = 1, **workload: Any) -> Report:
    return calculate(*job(site, count, **workload))


def test_every_class_of_provider_is_listed_with_its_price_of_a_video() -> None:
    found = report(batch=2)
    chip, cost = accelerator("h100-sxm"), found.cost
    assert cost is not None
    own = {price.provider: price for price in chip.prices}
    listed = {each.provider: each for each in cost.ranges}
    assert set(own) | {"specialty", "long_tail"} == set(listed)
    assert len(listed) == len(cost.ranges)
    for provider, price in own.items():
        assert listed[provider].per_hour_low == pytest.approx(3600 * price.low)
    assert cost.ranges[0].provider == cost.provider
    seconds = found.time.inference.total / 2
    for each in cost.ranges:
        assert each.per_video_low == pytest.approx(each.per_hour_low / 3600 * seconds)
        assert each.per_video_high == pytest.approx(each.per_hour_high / 3600 * seconds)


def test_a_stated_price_is_the_one_used() -> None:
    found, workload, machine, plan = job()
    mine = replace(machine, accelerator=priced(machine.accelerator, 2 / 3600))
    cost = calculate(found, workload, mine, plan).cost
    assert cost is not None
    assert (cost.provider, cost.per_hour_low, cost.per_hour_high) == ("stated", pytest.approx(2), pytest.approx(2))
    assert cost.per_video["low"] == cost.per_video["high"] == pytest.approx(cost.inference["likely"])


def test_power_lies_between_idle_and_nominal() -> None:
    energy = report().energy
    assert energy is not None
    power = energy.power
    assert 0 < power["idle"] < power["low"] < power["likely"] < power["high"] == accelerator("h100-sxm").tdp
    assert energy.per_video["high"] == pytest.approx(energy.inference)


@pytest.mark.parametrize("place", ["cloud", "own_rack", "home", "hyperscale_fleet", "industry_average"])
def test_the_place_decides_overhead_and_the_price_of_electricity(place: str) -> None:
    usual, there = report().energy, report(Site(place=place, country="KOR")).energy
    assert usual is not None
    assert there is not None
    assert there.pue == pue(place)
    assert there.per_video["likely"] / usual.per_video["likely"] == pytest.approx(pue(place) / pue())
    assert there.carbon_per_video == pytest.approx(there.per_video["likely"] * carbon("KOR"))
    assert there.electricity_per_video == pytest.approx(there.per_video["likely"] * electricity("KOR", place))
    assert there.carbon_training == pytest.approx(there.training_likely * carbon("KOR"))


def test_a_country_without_a_figure_is_refused() -> None:
    assert {"world", "KOR", "USA"} <= set(countries())
    with pytest.raises(InputError):
        report(Site(country="ZZZ"))


def test_idle_power_is_shared_by_the_videos_of_a_fleet() -> None:
    """A fleet that is busy half of the time idles a second for each second of work; one always busy never."""
    half, always = report(Site(utilisation=0.5)).energy, report(Site(utilisation=1)).energy
    assert half is not None
    assert always is not None
    assert always.idle_per_video == 0
    assert half.idle_per_video / half.per_video["high"] == pytest.approx(half.power["idle"] / half.power["high"])


def test_a_fleet_of_that_size_and_no_smaller_makes_the_rate() -> None:
    found = report(Site(utilisation=0.8), target_rate=1000 / 3600)
    made = found.throughput
    assert made.target_rate == pytest.approx(1000)
    assert made.per_gpu_hour["low"] < made.per_gpu_hour["likely"] < made.per_gpu_hour["high"]
    each = made.per_gpu_hour["likely"] * 0.8
    assert (made.gpus_needed - 1) * each < 1000 <= made.gpus_needed * each
    assert isinstance(made.gpus_needed, int)
    assert found.cost is not None
    assert made.cost_per_hour["low"] == pytest.approx(made.gpus_needed * found.cost.per_hour_low)


def test_a_fleet_comes_in_whole_groups() -> None:
    assert report(count=8, target_rate=1 / 36000).throughput.gpus_needed == 8
    assert report(count=8).throughput.gpus_needed == 0


@pytest.mark.parametrize("quantity", FIGURES)
def test_what_is_explained_is_what_is_reported(quantity: str) -> None:

    asked = job(Site(country="DEU", place="home", utilisation=0.6), 2, batch=2, target_rate=0.1)
    value: Any = calculate(*asked)
    for name in quantity.split("."):
        value = value[name] if isinstance(value, dict) else getattr(value, name)
    assert explain(quantity, *asked).value == pytest.approx(value)
