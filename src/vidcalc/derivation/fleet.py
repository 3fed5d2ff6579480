"""Where the figures of one video come from: money, energy, carbon, and the GPUs that make so many an hour."""

from collections.abc import Callable

from vidcalc.catalog.defaults import carbon, defaults, electricity, power_share, pue
from vidcalc.cost import money
from vidcalc.derivation.case import Case, given, product
from vidcalc.derivation.money import dollars
from vidcalc.derivation.step import Step
from vidcalc.derivation.term import Term, ceiling
from vidcalc.derivation.time import generation

HOUR = 3600


def video_dollars(case: Case) -> Step:
    """A generation's money shared among its batch."""
    whole = dollars(case, "inference")
    rule = Term("inference", whole.value) / Term("batch", case.workload.batch)
    return product("cost.per_video.likely", "USD", rule, (whole, _batch(case)), provenance=whole.provenance)


def video_joules(case: Case) -> Step:
    """Power at work over the accelerator-seconds of one video, facility included."""
    seconds, chip, table = generation(case), case.hardware.accelerator, defaults()["energy"]
    share, facility = power_share("likely"), pue(case.hardware.site.place)
    rule = (
        Term("tdp", chip.tdp or 0)
        * Term("load", share)
        * (Term("seconds", seconds.value) * Term("gpus", case.hardware.total) / Term("batch", case.workload.batch))
        * Term("pue", facility)
    )
    parts = (
        given("tdp", chip.tdp or 0, "; ".join(chip.sources), "W"),
        given("load", share, table["power"]["source"], "", "assumed"),
        seconds,
        _batch(case),
        given("pue", facility, table["pue"]["source"], "", "assumed"),
    )
    return product("energy.per_video.likely", "J", rule, parts, provenance="assumed")


def video_carbon(case: Case) -> Step:
    """The likely energy at the country's carbon intensity."""
    used, country = video_joules(case), case.hardware.site.country
    rule = Term("energy", used.value) * Term("intensity", carbon(country))
    known = given("intensity", carbon(country), f"{country}: {defaults()['energy']['carbon']['source']}", "g/J")
    return product("energy.carbon_per_video", "g", rule, (used, known), provenance="assumed")


def video_electricity(case: Case) -> Step:
    """The likely energy at the price of electricity where the accelerators stand."""
    used, place = video_joules(case), case.hardware.site.place
    rule = Term("energy", used.value) * Term("price", electricity(place))
    known = given("price", electricity(place), defaults()["energy"]["electricity"]["source"], "USD/J", "assumed")
    return product("energy.electricity_per_video", "USD", rule, (used, known), provenance="assumed")


def per_hour(case: Case) -> Step:
    """Videos an hour of one accelerator that always has a job."""
    seconds = generation(case)
    videos = Term("batch", case.workload.batch) * HOUR / Term("gpus", case.hardware.total)
    rule = videos / Term("seconds", seconds.value)
    return product("throughput.per_gpu_hour.likely", "", rule, (seconds, _batch(case)), provenance=seconds.provenance)


def fleet(case: Case) -> Step:
    """Jobs that must run at any time to make the rate, rounded up, times the accelerators of a job."""
    seconds, busy, job = generation(case), money.busy_share(case.hardware), case.workload
    jobs = Term("target_rate", job.target_rate) / Term("batch", job.batch) * Term("seconds", seconds.value)
    group = Term("gpus", case.hardware.total)
    rule = ceiling(jobs, Term("utilisation", busy)) * group
    rule.value = int(rule.value)
    source = defaults()["energy"]["fleet"]["source"] if case.hardware.site.utilisation is None else "--utilisation"
    parts = (
        given("target_rate", job.target_rate, "--target-rate", "1/s"),
        seconds,
        given("utilisation", busy, source, "", "assumed"),
    )
    return product("throughput.gpus_needed", "", rule, parts, provenance=seconds.provenance)


def _batch(case: Case) -> Step:
    return given("batch", case.workload.batch, "workload")


QUANTITIES: dict[str, Callable[[Case], Step]] = {
    "cost.per_video.likely": video_dollars,
    "energy.per_video.likely": video_joules,
    "energy.carbon_per_video": video_carbon,
    "energy.electricity_per_video": video_electricity,
    "throughput.per_gpu_hour.likely": per_hour,
    "throughput.gpus_needed": fleet,
}
