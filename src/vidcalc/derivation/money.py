"""Where money and energy come from: accelerator-seconds at a dated price, and at nominal power."""

from collections.abc import Callable

from vidcalc.catalog.defaults import defaults, pue
from vidcalc.cost import money
from vidcalc.derivation.case import Case, given, product
from vidcalc.derivation.step import Step
from vidcalc.derivation.term import Term
from vidcalc.derivation.time import generation
from vidcalc.derivation.training import training_run


def dollars(case: Case, job: str) -> Step:
    """Accelerator-seconds at the geometric mean of the price range."""
    name, seconds = f"cost.{job}.likely", _seconds(case, job)
    found = money.price(case.hardware.accelerator)
    if found is None:
        return given(name, 0, "", "USD", "assumed")
    likely = (found.low * found.high) ** 0.5
    rule = Term("seconds", seconds.value) * Term("gpus", case.hardware.total) * Term("price", likely)
    price = given("price", likely, f"{found.source} ({found.provider}, {found.as_of})", "USD/s", "measured")
    return product(name, "USD", rule, (seconds, price), provenance=seconds.provenance)


def joules(case: Case, job: str) -> Step:
    """Nominal power over the accelerator-seconds, facility included."""
    seconds, chip = _seconds(case, job), case.hardware.accelerator
    power, facility = Term("power", chip.tdp or 0), Term("pue", pue(case.hardware.site.place))
    rule = power * Term("seconds", seconds.value) * Term("gpus", case.hardware.total) * facility
    parts = (
        given("power", power.value, "; ".join(chip.sources), "W"),
        seconds,
        given("pue", facility.value, defaults()["energy"]["pue"]["source"], "", "assumed"),
    )
    return product("energy." + job, "J", rule, parts, provenance="assumed")


def _seconds(case: Case, job: str) -> Step:
    """Seconds of one generation, or of the training run."""
    return generation(case) if job == "inference" else training_run(case)


QUANTITIES: dict[str, Callable[[Case], Step]] = {
    "cost.inference.likely": lambda case: dollars(case, "inference"),
    "cost.training.likely": lambda case: dollars(case, "training"),
    "energy.inference": lambda case: joules(case, "inference"),
    "energy.training": lambda case: joules(case, "training"),
}
