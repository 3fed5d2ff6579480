"""Whole estimates: what one call with arrays gives is, element by element, what scalar calls give; and it is fast."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidcalc.cost.verdict import verdict
from vidcalc.report.estimate import Report
from vidcalc.tape.trace import forget

WAN, GENERIC = "wan2.1-t2v-14b", 3_000_000_000
NAMES = [WAN, GENERIC]
NOT_ELEMENTWISE = {"assumptions", "warnings"}  # lists of what holds anywhere in a sweep
TOLERANCE = 1e-12  # float64 against exact ints

Estimate = Callable[..., Report]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every number and word of a report, with its path."""
    if isinstance(value, msgspec.Struct):
        value = {name: getattr(value, name) for name in value.__struct_fields__ if name not in NOT_ELEMENTWISE}
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}")
    elif isinstance(value, (list, tuple)):
        for index, each in enumerate(value):
            yield from leaves(each, f"{path}[{index}]")
    else:
        yield path, value


# counters that follow one job's allocations in turn (`vidcalc.tape.replay`), where a sweep takes the usual share
# of a cache; and the band around them
REPLAYED = tuple(f".memory.inference.{name}" for name in ("reserved", "device", "low", "high"))
USUAL = 0.3  # how far the share may be off what the replay finds
VERDICT = ".memory.inference.verdict"  # of a sweep: as its own band lies to the card
MARGIN = ".memory.inference.margin"  # less than nothing where the driver's reading is what does not fit
READINGS = tuple(f".memory.inference.{name}" for name in ("device", "high", "capacity"))


def assert_elementwise(whole: Report, singles: list[Report]) -> None:
    """Every leaf of `whole`, spread over its elements, is the leaf of each single report."""
    found, expected = dict(leaves(whole)), [dict(leaves(single)) for single in singles]
    assert all(set(each) == set(found) for each in expected)
    for path, value in found.items():
        spread = np.broadcast_to(value, len(singles)) if not isinstance(value, str) else [value] * len(singles)
        for index, single in enumerate(expected):
            if path in REPLAYED:
                assert float(spread[index]) == pytest.approx(single[path], rel=USUAL), path
            elif path == VERDICT:
                band = [np.broadcast_to(found[name], len(singles))[index] for name in READINGS]
                assert spread[index] == verdict(*map(float, band)), path
            elif path == MARGIN:
                device, _, capacity = (float(np.broadcast_to(found[name], len(singles))[index]) for name in READINGS)
                needed = single[".memory.inference.peak"] if device <= capacity else device
                assert float(spread[index]) == pytest.approx(capacity - needed, rel=TOLERANCE), path
            elif isinstance(single[path], (str, bool, type(None))):
                assert spread[index] == single[path], path
            else:
                assert float(spread[index]) == pytest.approx(single[path], rel=TOLERANCE), path


def jobs() -> st.SearchStrategy[dict[str, int]]:
    """Sizes of a job, some of them on no model's grid."""
    return st.fixed_dictionaries(
        {
            "width": st.integers(8, 260).map(lambda n: 8 * n),
            "height": st.integers(8, 260).map(lambda n: 8 * n),
            "frames": st.integers(1, 240),
            "batch": st.integers(1, 8),
            "steps": st.integers(1, 60),
            "text_tokens": st.integers(1, 600),
            "train_steps": st.integers(1, 10_000),
        }
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("checkpointing", ["none", "full"])
@settings(max_examples=6)
@given(rows=st.lists(jobs(), min_size=2, max_size=3))
def test_arrays_give_what_scalars_give(
    estimate: Estimate, name: Any, checkpointing: str, rows: list[dict[str, int]]
) -> None:
    columns = {key: np.array([row[key] for row in rows], dtype=np.float64) for key in rows[0]}
    whole = estimate(name, checkpointing=checkpointing, **columns)
    assert_elementwise(whole, [estimate(name, checkpointing=checkpointing, **row) for row in rows])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("field", ["width", "height", "frames", "batch", "steps", "text_tokens", "train_steps"])
def test_one_axis_alone_may_be_an_array(estimate: Estimate, name: Any, field: str) -> None:
    values = [64, 512, 1024] if field in ("width", "height") else [1, 9, 33]
    whole = estimate(name, **{field: np.array(values, dtype=np.float64)})
    assert_elementwise(whole, [estimate(name, **{field: value}) for value in values])


def test_scalars_stay_exact_ints(estimate: Estimate) -> None:
    report = estimate(WAN, width=1280, height=720, frames=81, batch=64)
    training = report.memory.training
    assert training is not None
    exact = (
        report.model.params,
        report.sequence.total,
        report.compute.flops_per_video,
        report.memory.inference.peak,
        training.total,
        training.forward_backward_peak,
    )
    assert all(isinstance(value, int) for value in exact)
    assert report.compute.flops_per_video > 2**63  # where a NumPy integer would have wrapped around


def test_a_sweep_of_twenty_thousand_costs_a_fraction_of_as_many_calls(estimate: Estimate) -> None:
    count = 20_000
    rng = np.random.default_rng(7)
    widths, heights = (16.0 * rng.integers(4, 120, count) for _ in range(2))
    frames = 4.0 * rng.integers(0, 60, count) + 1
    estimate(WAN, width=widths[:2], height=heights[:2], frames=frames[:2])  # imports and curves are not the sweep

    def seconds(run: Callable[[], Report]) -> float:
        forget()
        began = time.process_time()
        run()
        return time.process_time() - began

    one = min(seconds(lambda: estimate(WAN, width=1280, height=720, frames=81)) for _ in range(3))
    report = estimate(WAN, width=widths, height=heights, frames=frames)
    assert seconds(lambda: estimate(WAN, width=widths, height=heights, frames=frames)) < 0.2 * count * one
    for values in (report.compute.flops_per_video, report.memory.inference.peak, report.time.inference.total):
        assert values.shape == (count,)  # type: ignore[union-attr]
        assert np.isfinite(values).all()
    for index in (0, count // 2, count - 1):
        alone = estimate(WAN, width=int(widths[index]), height=int(heights[index]), frames=int(frames[index]))
        assert report.compute.flops_per_video[index] == pytest.approx(alone.compute.flops_per_video, rel=TOLERANCE)  # type: ignore[index]
        assert report.time.inference.total[index] == pytest.approx(alone.time.inference.total, rel=TOLERANCE)  # type: ignore[index]


def test_the_same_question_has_the_same_answer(estimate: Estimate) -> None:
    """Remembered traces must not change what comes out."""
    first = dict(leaves(estimate(WAN, width=832, height=480, frames=81)))
    estimate(WAN, width=640, height=480, frames=33)
    assert dict(leaves(estimate(WAN, width=832, height=480, frames=81))) == first
