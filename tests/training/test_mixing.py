"""Sizes mixed over the ranks of a step: the slowest of all draws, by counting and by arithmetic."""

from itertools import product

import numpy as np
import pytest
from msgspec.structs import replace
from vidcalc.train import train
from vidcalc.training.mixing import imbalance, mean, slowest

from vidcalc.catalog import fill
from vidcalc.cost.time import NOTHING, Seconds
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.training import TrainingPlan
from vidcalc.rates.machines import hardware


@pytest.mark.parametrize("values", [[1.0, 4.0, 2.5], [3.0, 3.0, 1.0], [2.0, 2.0, 2.0]])
@pytest.mark.parametrize("draws", [1, 2, 5])
def test_the_slowest_is_what_listing_every_draw_gives(values, draws):
    weights = [1, 2, 3]
    deck = [value for value, times in zip(values, weights, strict=True) for _ in range(times)]
    every = [max(hand) for hand in product(deck, repeat=draws)]
    assert slowest(values, weights, draws) == pytest.approx(sum(every) / len(every))


def test_one_rank_waits_for_nobody_and_many_for_the_slowest_size_of_all():
    steps, counts = [Seconds(1, 2, 3), Seconds(4, 6, 9)], [30, 10]
    assert imbalance(steps, counts, 1, "ranks").likely == pytest.approx(0)
    assert imbalance(steps, counts, 1000, "ranks").likely == pytest.approx(6 - mean([2, 6], counts))
    assert imbalance(steps, counts, 1000, "steps") == NOTHING
    columns = imbalance([Seconds(1, np.array([2.0, 7.0]), 9), steps[1]], counts, 1000, "ranks").likely
    assert columns == pytest.approx([6 - 3, 7 - 6.75])


def test_a_run_waits_as_long_as_its_ranks_see_sizes_of_their_own():
    def told(mixing, *sizes):
        buckets = tuple(Bucket(width=256, height=256, frames=n, share=1 / len(sizes)) for n in sizes)
        chosen = TrainingPlan(mode="full", recipe="pure-bf16", checkpointing="full", data_degree=64, mixing=mixing)
        model = fill.model("wan2.1-t2v-1.3b")
        data = Data(buckets=buckets, samples=64_000, clips=64_000)
        return train(model, data, hardware("h100-sxm", count=8, nodes=8), replace(fill.plan(model), training=chosen))

    alike, mixed = told("steps", 17, 81), told("ranks", 17, 81)
    assert alike.time.parts["imbalance"] == 0
    assert mixed.time.per_step == pytest.approx(max(row.seconds_per_step for row in mixed.buckets))
    assert sum(mixed.time.parts.values()) == pytest.approx(mixed.time.per_step)
    assert mixed.time.low < mixed.time.total < mixed.time.high
    assert told("ranks", 81).time.total == told("steps", 81).time.total
    assert [row.id for row in mixed.assumptions if row.id == "mixing"] == ["mixing"]
