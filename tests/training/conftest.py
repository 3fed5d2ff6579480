"""One call from a model's name to the report of a training run."""

from collections.abc import Callable
from typing import Any

import pytest
from vidcalc.train import train

from vidcalc.catalog import fill
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.training import TrainingPlan
from vidcalc.rates.machines import hardware
from vidcalc.report.training import TrainingReport

SIZE = {"width": 832, "height": 480, "frames": 33}


def _run(
    name: str, *buckets: Bucket, gpu: str = "h100-sxm", count: int = 8, nodes: int = 1, samples: int = 1000, **plan: Any
) -> TrainingReport:
    """The report of a run of a catalogue model; keywords are fields of TrainingPlan."""
    model = fill.model(name)
    data = Data(buckets=buckets or (Bucket(**SIZE),), samples=samples, clips=samples)
    return train(model, data, hardware(gpu, count, nodes), fill.plan(model, training=TrainingPlan(**plan)))


@pytest.fixture(scope="session")
def run() -> Callable[..., TrainingReport]:
    """The report of a training run; see `_run`."""
    return _run
