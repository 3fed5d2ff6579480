"""What tests share: how thorough hypothesis is, and one call from a model's name to its report or its run's."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

from vidcalc.calculate import calculate, train
from vidcalc.catalog import fill
from vidcalc.catalog.fill import model
from vidcalc.catalog.generic import generic
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.plan import Plan
from vidcalc.describe.training import TrainingPlan
from vidcalc.faces import words
from vidcalc.rates.machines import hardware
from vidcalc.report.estimate import Report
from vidcalc.report.training import TrainingReport
from vidcalc.tape.tables import regimes

settings.register_profile("quick", max_examples=25, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


os.environ["VIDCALC_CACHE"] = ""  # no test leaves tables in the user's cache


@pytest.fixture(autouse=True)
def _in_english() -> None:
    """Every test starts in English, whatever language the one before it spoke."""
    words.use(words.SOURCE)


@pytest.fixture(autouse=True)
def _without_tables() -> None:
    """Every test starts without tables: whether one answers never depends on what was asked before it."""
    regimes.forget()


def _estimate(name: str | int, **given: Any) -> Report:
    """The report of a catalogue model, or of the generic model of so many parameters, on one A100.

    Keywords are fields of Workload, Plan or TrainingPlan (those of both are the Plan's); what is left out is as the
    model's pipeline has it.
    """
    found = generic(name) if isinstance(name, int) else model(name)
    chosen = {key: value for key, value in given.items() if key in Plan.__struct_fields__}
    trained = {key: given[key] for key in given if key in TrainingPlan.__struct_fields__ and key not in chosen}
    asked = {key: value for key, value in given.items() if key not in chosen and key not in trained}
    if trained:
        chosen["training"] = TrainingPlan(**trained)
    plan = fill.plan(found, guidance=asked.get("guidance"), **chosen)
    return calculate(found, fill.workload(found, **asked), hardware("a100-sxm-80gb"), plan)


@pytest.fixture(scope="session")
def estimate() -> Callable[..., Report]:
    """The report of a model; see `_estimate`."""
    return _estimate


def _run(
    name: str, *buckets: Bucket, gpu: str = "h100-sxm", count: int = 8, nodes: int = 1, samples: int = 1000, **plan: Any
) -> TrainingReport:
    """The report of a training run of a catalogue model; keywords are fields of TrainingPlan."""
    found = model(name)
    data = Data(buckets=buckets or (Bucket(width=832, height=480, frames=33),), samples=samples, clips=samples)
    return train(found, data, hardware(gpu, count, nodes), fill.plan(found, training=TrainingPlan(**plan)))


@pytest.fixture(scope="session")
def run() -> Callable[..., TrainingReport]:
    """The report of a training run; see `_run`."""
    return _run


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes minutes, or a cluster, runs only where its mark is asked for."""
    asked = str(config.getoption("-m"))
    left_out = [
        item
        for item in items
        for mark in ("browser", "fuzz", "long", "ray", "release", "tables", "whole")
        if mark not in asked and item.get_closest_marker(mark)
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
