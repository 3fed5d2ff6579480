"""The catalogue of accelerators and links: every entry loads, cites its sources and states dense peaks in SI units."""

import statistics

import numpy as np
import pytest

from vidcalc.base.errors import InputError, UnknownName
from vidcalc.base.units import quantity
from vidcalc.catalog import load
from vidcalc.catalog.accelerators import link
from vidcalc.describe.hardware import RUNS_AS
from vidcalc.rates import build
from vidcalc.rates.collectives import OPERATIONS, collective, own_link, typical
from vidcalc.rates.machines import accelerator, hardware

ACCELERATORS = load.names("accelerators")
LINKS = load.names("links")


@pytest.mark.parametrize("name", ACCELERATORS)
def test_every_accelerator_loads_and_cites_sources(name: str) -> None:
    chip = accelerator(name)
    assert chip.id == name
    assert all(chip.sources) and chip.sources
    assert 3e9 < chip.capacity < 1e12
    assert chip.bandwidth is None or 6e10 < chip.bandwidth < 1e13  # from a laptop's memory to stacks of HBM
    assert chip.tdp is None or 10 < chip.tdp < 2000
    assert load.entry("accelerators", name)["as_of"]


@pytest.mark.parametrize("name", ACCELERATORS)
def test_capacity_is_what_software_sees(name: str) -> None:
    """Torch sees no more than the driver, and nobody sees 7 % more than is on the box."""
    chip = accelerator(name)
    if chip.memory_torch and chip.memory_driver:
        assert chip.memory_torch <= chip.memory_driver
    assert chip.capacity <= (chip.memory_torch or chip.memory_driver or chip.memory_marketed * 1.0738)
    assert 0.9 * chip.memory_marketed <= chip.capacity < 1.08 * chip.memory_marketed


def _type(name: str) -> tuple[str | None, str]:
    facts = load.entry("accelerators", name)
    return facts["memory"].get("type"), facts["class"]


KINDS = (("GDDR6", "datacenter"), ("GDDR6", "consumer"), ("GDDR7", "consumer"))
STACKED = (("HBM2e", "datacenter"), ("HBM3", "datacenter"), ("HBM3e", "datacenter"))


@pytest.mark.parametrize("kind", KINDS + STACKED)
def test_a_card_nobody_asked_reports_what_its_kind_does(kind: tuple[str, str]) -> None:
    """Boxes say GB and mean GiB: a card of 24 GB without a driver's figure has 24 GiB less what its kind keeps back."""
    known = [chip for name in ACCELERATORS if _type(name) == kind and (chip := accelerator(name)).memory_driver]
    shares = [chip.memory_driver / (chip.memory_marketed / 1e9 * 2**30) for chip in known if chip.memory_driver]
    assert len(shares) >= 3
    seen = known[0].memory_seen / (2**30 / 1e9)
    assert seen == pytest.approx(statistics.median(shares), abs=1e-3)


def test_cards_of_one_size_hold_alike_whether_or_not_their_driver_was_asked() -> None:
    assert accelerator("rx-7900xtx").capacity == pytest.approx(accelerator("rtx-3090ti").capacity, rel=1e-3)
    assert accelerator("rtx-5090-laptop").capacity == pytest.approx(accelerator("rtx-5090d-v2").capacity, rel=1e-3)
    assert accelerator("l20").capacity == pytest.approx(accelerator("l40").capacity, rel=1e-3)


@pytest.mark.parametrize("name", ACCELERATORS)
def test_peaks_are_dense(name: str) -> None:
    """A sparse figure is twice the dense one: tensor formats must stand in whole ratios to each other, not double."""
    peaks = accelerator(name).peaks
    half = peaks.get("bf16") or peaks["fp16"]
    for precision, most in (
        ("fp32", 1.0),
        ("tf32", 1.01),
        ("fp16", 1.01),
        ("fp8", 2.05),
        ("int8", 4.05),
        ("fp4", 8.05),
    ):
        assert peaks.get(precision, 0) <= most * half, precision


@pytest.mark.parametrize(
    ("name", "tflops"),
    [("a100-sxm-80gb", 312), ("h100-sxm", 989), ("rtx-4090", 165.2), ("mi300x", 1307.4), ("b200", 2250)],
)
def test_known_dense_bf16_peaks(name: str, tflops: float) -> None:
    assert accelerator(name).peak("bf16") == pytest.approx(tflops * 1e12)


def test_a_format_without_arithmetic_runs_in_the_next_wider_one() -> None:
    a100 = accelerator("a100-sxm-80gb")
    assert a100.arithmetic("fp8") == "bf16" and a100.peak("fp8") == a100.peak("bf16")
    assert accelerator("v100-sxm2-32gb").arithmetic("bf16") == "fp16"
    for name in ACCELERATORS:
        assert all(accelerator(name).peak(precision) > 0 for precision in RUNS_AS)
    with pytest.raises(InputError) as raised:
        a100.peak("bf61")
    assert raised.value.flag == "precision" and "bf16" in raised.value.allowed


def test_a_module_of_two_devices_is_one_device_each() -> None:
    assert accelerator("mi250x").memory_marketed == 64 * 10**9


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("A100", "a100-sxm-80gb"),
        ("H100", "h100-sxm"),
        ("4090", "rtx-4090"),
        ("RTX 4090", "rtx-4090"),
        ("nvidia geforce rtx 5090", "rtx-5090"),
        ("Tesla V100-SXM2-16GB", "v100-sxm2-16gb"),
        ("h200", "h200"),
    ],
)
def test_aliases_resolve_whatever_their_case_and_dashes(written: str, name: str) -> None:
    assert accelerator(written).id == name


def test_every_own_name_leads_back() -> None:
    """No alias of one entry hides the name of another."""
    for name in ACCELERATORS:
        facts = load.entry("accelerators", name)
        for written in (name, name.upper(), facts["name"]):
            assert load.resolve("accelerators", written) == name


@pytest.mark.parametrize(
    ("wrong", "meant"), [("rtx 4091", "rtx-4090"), ("a100-xsm", "a100-sxm-80gb"), ("h10", "h100-sxm")]
)
def test_an_unknown_name_suggests_the_nearest(wrong: str, meant: str) -> None:
    with pytest.raises(UnknownName) as raised:
        accelerator(wrong)
    assert (raised.value.kind, raised.value.value, raised.value.nearest) == ("accelerators", wrong, meant)


def test_a_name_like_no_other_suggests_nothing() -> None:
    with pytest.raises(UnknownName) as raised:
        accelerator("zzzz")
    assert raised.value.nearest is None


@pytest.mark.parametrize("name", LINKS)
def test_every_link_loads(name: str) -> None:
    found = link(name)
    assert found.sources and found.rate > 1e9
    assert found.achieved is None or 0.5 * found.rate < found.achieved <= found.rate


@pytest.mark.parametrize("name", ACCELERATORS)
def test_links_of_an_accelerator_exist(name: str) -> None:
    chip = accelerator(name)
    for used in (chip.fabric, chip.pcie):
        assert used is None or used.id in LINKS
    assert hardware(name, count=8).count == 8


@pytest.mark.parametrize(
    ("text", "base", "value"),
    [
        ("3.35 TB/s", "B/s", 3.35e12),
        ("81559 MiB", "B", 81559 * 2**20),
        ("989 TFLOP/s", "FLOP/s", 9.89e14),
        ("3600 USD/h", "USD/s", 1),
        ("1 kWh", "J", 3.6e6),
        ("4 us", "s", 4e-6),
    ],
)
def test_units_are_read_into_base_units(text: str, base: str, value: float) -> None:
    assert quantity(text, base) == pytest.approx(value)


@pytest.mark.parametrize("text", ["80 GB/s", "80 Gb", "80"])
def test_a_wrong_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        quantity(text, "B")


def test_built_entries_say_what_the_sources_say(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading through the built JSON and through TOML gives the same facts, and a changed source is not read stale."""
    from pathlib import Path

    data = Path(str(tmp_path)) / "data"
    (data / "links").mkdir(parents=True)
    source = Path(load.DATA) / "links" / "nvlink4.toml"
    (data / "links" / "nvlink4.toml").write_bytes(source.read_bytes())
    build.build(data)
    monkeypatch.setattr(load, "DATA", str(data))
    monkeypatch.setattr(load, "BUILT", str(data / "built"))
    load.entry.cache_clear()
    try:
        assert (data / "built" / "links" / "nvlink4.json").exists()
        from_json = load.entry("links", "nvlink4")
        load.entry.cache_clear()
        (data / "links" / "nvlink4.toml").write_text(source.read_text() + "\nchanged = true\n")
        assert load.entry("links", "nvlink4") == {**from_json, "changed": True}
    finally:
        load.entry.cache_clear()


@pytest.mark.parametrize("name", ACCELERATORS)
def test_every_accelerator_can_exchange_data(name: str) -> None:
    """Bus bandwidth is positive and, without reduction in the switch, below what the accelerator's links carry."""
    chip = accelerator(name)
    for operation in OPERATIONS:
        found = collective(accelerator(name), operation)
        for count in (1, 2, 8, 64):
            assert found.bus_bandwidth(count) > 0
            assert 0 < found.latency(count) < 1e-3
            if operation == "all_gather" and chip.fabric_rate and found.provenance == "measured":
                assert found.bus_bandwidth(count) < chip.fabric_rate


def test_measured_collectives_are_found_by_count() -> None:
    h100 = collective(accelerator("h100-sxm"), "all_to_all")
    assert h100.provenance == "measured"
    assert h100.bus_bandwidth(np.array([2.0, 4.0, 8.0])).tolist() == [h100.bus_bandwidth(n) for n in (2, 4, 8)]
    assert h100.bus_bandwidth(4) == 332e9
    assert collective(accelerator("a100-sxm-40gb"), "all_to_all").provenance == "interpolated"


def test_a_slower_link_holds_back_an_exchange_only_where_it_is_the_narrower() -> None:
    """Of cards over PCIe 5 an all-gather reaches 32, 23 and 23 GB/s where an all-reduce reaches 39, 26 and 25."""
    cards, cut = collective(accelerator("rtx-4090"), "all_gather"), 25 / 55.3  # over PCIe 4
    assert cards.provenance == "interpolated"
    # no operation passes what the slower link leaves of the best one, and none falls below its own share of the link
    assert cards.bus_bandwidth(2) == pytest.approx(39e9 * cut)
    assert cards.bus_bandwidth(8) == pytest.approx(25e9 * cut)
    # what was measured over the same link stays as it is
    assert collective(accelerator("rtx-5090"), "all_to_all").bus_bandwidth(2) == 26e9
    assert collective(accelerator("l40"), "all_to_all").bus_bandwidth(2) == 18e9
    # over NVLink the best is summed up in the switches, faster than any link: nothing is held against that
    chip = accelerator("h800-sxm")
    assert collective(chip, "all_to_all").bus_bandwidth(8) < typical(own_link(chip))
