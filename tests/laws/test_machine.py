"""The machine is its facts: whoever replaces one has another answer, in proportion, whatever was asked before."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from vidcalc.calculate import calculate, train
from vidcalc.catalog import fill, load
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.hardware import Accelerator
from vidcalc.rates.calibration import calibrated
from vidcalc.rates.machines import accelerator, machine
from vidcalc.rates.own import from_file, stated

MODEL = "wan2.1-t2v-1.3b"
TIMES = np.array([1.0, 0.5, 0.1])
TOGETHER = {"ulysses_degree": 4, "guidance_degree": 2}
CARD = """
name = "Test card"
vendor = "NVIDIA"
class = "datacenter"
architecture = "Hopper GH100"
compute_capability = "9.0"
bandwidth = "4000 GB/s"
[memory]
marketed = "96 GB"
[peak]
fp32 = "67 TFLOP/s"
bf16 = "900 TFLOP/s"
"""
MEASURED = """
schema = "vidcalc.calibration/1"
device = "NVIDIA H100 80GB HBM3"
memory = "85000000000 B"
accelerator = "h100-sxm"
torch = "2.13.0"
[[gemm]]
precision = "bf16"
m = 16384
n = 5120
k = 5120
rate = "600 TFLOP/s"
[[copy]]
kind = "copy"
rate = "2400 GB/s"
"""


def report(chip: Accelerator, count: int = 1, **plan: Any) -> Any:
    """What a generation takes on so many of that chip."""
    model = fill.model(MODEL)
    return calculate(model, fill.workload(model), machine(chip, count), replace(fill.plan(model), **plan))


def seconds(chip: Accelerator, count: int = 1, **plan: Any) -> Any:
    """Seconds of the generation."""
    return report(chip, count, **plan).time.inference.total


def trained(chip: Accelerator) -> Any:
    """What a training run takes on eight of that chip."""
    model = fill.model(MODEL)
    data = Data(buckets=(Bucket(width=832, height=480, frames=33),), samples=1000, clips=1000)
    return train(model, data, machine(chip, 8), fill.plan(model))


def peak(chip: Accelerator, times: Any) -> Accelerator:
    """The chip with every peak so many times as high."""
    return replace(chip, peaks={name: value * times for name, value in chip.peaks.items()})


def bandwidth(chip: Accelerator, times: Any) -> Accelerator:
    """The chip with so many times the memory bandwidth."""
    assert chip.bandwidth is not None
    return replace(chip, bandwidth=chip.bandwidth * times)


def price(chip: Accelerator, times: Any) -> Accelerator:
    """The chip at so many times its prices."""
    dearer = (replace(found, low=found.low * times, high=found.high * times) for found in chip.prices)
    return replace(chip, prices=tuple(dearer))


WAYS: dict[str, Callable[[Accelerator, Any], Accelerator]] = {"peak": peak, "bandwidth": bandwidth, "price": price}


def test_a_tenfold_slower_chip_takes_about_ten_times_as_long() -> None:
    chip = accelerator("h100-sxm")
    fast, slow = (report(each).time.inference.parts["denoise"] for each in (chip, peak(chip, 0.1)))
    for kind in ("matmul", "attention"):
        assert slow[kind] == pytest.approx(10 * fast[kind], rel=0.1)
    assert slow["pointwise"] == fast["pointwise"]
    assert seconds(peak(chip, 0.1)) > 6 * seconds(chip)


def test_elementwise_work_takes_as_long_as_its_bytes() -> None:
    chip = accelerator("h100-sxm")
    chips = chip, bandwidth(chip, 0.1)
    wide, narrow = (report(each, compile="on").time.inference.parts["denoise"] for each in chips)
    assert narrow["pointwise"] == pytest.approx(10 * wide["pointwise"])
    # eager kernels that load an element at a time wait for the multiprocessors too
    wide, narrow = (report(each).time.inference.parts["denoise"] for each in chips)
    assert 9 * wide["pointwise"] < narrow["pointwise"] <= 10 * wide["pointwise"]
    assert seconds(bandwidth(chip, 0.1)) > 1.2 * seconds(chip)
    assert trained(bandwidth(chip, 0.1)).time.total > trained(chip).time.total


def test_a_bandwidth_of_a_chip_whose_own_nobody_knows_counts() -> None:
    chip = accelerator("ascend-910b")
    assert chip.bandwidth is None
    assert seconds(replace(chip, bandwidth=0.4e12)) > seconds(chip) > seconds(replace(chip, bandwidth=1.6e12))


def test_money_follows_the_price() -> None:
    chip = accelerator("h100-sxm")
    plain, dear = report(chip), report(price(chip, 3))
    assert dear.cost.per_video["likely"] == pytest.approx(3 * plain.cost.per_video["likely"])
    assert [each.per_video_low for each in dear.cost.ranges] == pytest.approx(
        [3 * each.per_video_low for each in plain.cost.ranges]
    )
    assert dear.time.inference.total == plain.time.inference.total


def test_ranks_wait_longer_on_a_slower_link() -> None:
    model, chip = fill.model(MODEL), accelerator("h100-sxm")
    fast = machine(chip, 8)
    assert fast.link is not None and fast.link.achieved is not None
    slow = replace(fast, link=replace(fast.link, achieved=fast.link.achieved / 2))
    plan = replace(fill.plan(model), **TOGETHER)
    waits = [
        calculate(model, fill.workload(model), each, plan).time.inference.parts["denoise"]["communication"]
        for each in (fast, slow)
    ]
    assert 1.5 * waits[0] < waits[1] < 2 * waits[0]


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every value of a report by its path."""
    if isinstance(value, msgspec.Struct):
        value = {name: getattr(value, name) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {name: leaf for key, each in value.items() for name, leaf in leaves(each, f"{path}.{key}").items()}
    if isinstance(value, list | tuple):
        return {name: leaf for at, each in enumerate(value) for name, leaf in leaves(each, f"{path}[{at}]").items()}
    return {path: value}


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize(
    "asked",
    [
        report,
        trained,
        lambda chip: report(chip, 8, **TOGETHER),
        lambda chip: report(chip, precision="fp8"),
        lambda chip: report(chip, offload="group", compile="on"),
    ],
    ids=["generation", "training", "shared", "fp8", "offload"],
)
def test_an_array_gives_what_its_scalars_give(way: str, asked: Callable[[Accelerator], Any]) -> None:
    chip = accelerator("h100-sxm")
    swept = leaves(asked(WAYS[way](chip, TIMES)))
    assert any(isinstance(value, np.ndarray) for value in swept.values())
    for place, times in enumerate(TIMES.tolist()):
        alone = leaves(asked(WAYS[way](chip, times)))
        assert set(alone) == set(swept)
        for name, value in alone.items():
            whole = swept[name]
            one = whole[place] if isinstance(whole, np.ndarray) and whole.shape else whole
            same = pytest.approx(value, rel=1e-12) if isinstance(value, int | float) else value
            assert one == same, (name, times)


def test_the_same_call_gives_the_same_answer_whatever_was_asked_before(tmp_path: Path) -> None:
    """Chips of one name and id with other facts, in turns and in either order."""

    def card(peak: int) -> Accelerator:
        path = tmp_path / "card.toml"
        path.write_text(CARD.replace("900", str(peak)))
        return from_file(str(path))

    def measured(rate: int) -> Accelerator:
        path = tmp_path / "mine.toml"
        path.write_text(MEASURED.replace("600", str(rate)))
        return calibrated(str(path))

    asked: list[Callable[[], Accelerator]] = [
        lambda: card(900),
        lambda: card(300),
        lambda: measured(600),
        lambda: measured(200),
        lambda: stated("h100-sxm,peak.bf16=400TFLOP/s"),
        lambda: peak(accelerator("h100-sxm"), 0.5),
        lambda: accelerator("h100-sxm"),
    ]
    forwards = [seconds(chip()) for chip in asked]
    backwards = [seconds(chip()) for chip in reversed(asked)]
    assert forwards == backwards[::-1] == [seconds(chip()) for chip in asked]
    assert len(set(forwards)) == len(asked)
    assert (card(900).id, measured(600).id) == (card(300).id, measured(200).id)


@pytest.mark.parametrize("name", load.names("accelerators"))
def test_an_id_is_a_name_and_nothing_more(name: str) -> None:
    chip = accelerator(name)
    mine = replace(chip, id="mine")
    before, after = report(chip, 8, **TOGETHER), report(mine, 8, **TOGETHER)
    assert after.hardware.accelerator == "mine"
    assert leaves(after.time) == leaves(before.time)
    assert leaves(after.cost) == leaves(before.cost)


def test_facts_alone_are_refused() -> None:
    from vidcalc.catalog import accelerators

    with pytest.raises(ValueError, match="has no curves"):
        seconds(accelerators.accelerator("h100-sxm"))
