"""Whose rates stand in for a chip's own: which rows count, how wide the band of borrowed ones is, and what is said."""

from math import exp, log

import pytest

from vidcalc.account.assumed import machinery
from vidcalc.catalog import fill, load
from vidcalc.rates import kernels
from vidcalc.rates.curves import catalogue_tables
from vidcalc.rates.machines import accelerator
from vidcalc.rates.own import from_file
from vidcalc.rates.relatives import FIRST, HELD, OWN, SECOND, apart, degree, slowed, wider
from vidcalc.rates.utilisation import attention, gemm, lender

SHAPE = (32768, 5120, 5120)
LIMIT = load.entry("kernels", "laws")["peak_tolerance"]


def end(rate) -> float:
    """How far the low end of a band lies from the likely one, as a logarithm."""
    return log(rate.likely / rate.low)


@pytest.mark.parametrize(
    ("name", "kin"), [("h200", OWN), ("rtx-4060", FIRST), ("a40", FIRST), ("gb10", SECOND), ("m3-max", SECOND)]
)
def test_a_band_is_as_wide_as_its_rates_are_borrowed(name, kin):
    chip = accelerator(name)
    far, (donor, found) = catalogue_tables(name)["apart"], lender(chip)
    assert found == kin
    own = gemm(accelerator(donor), "bf16", *SHAPE)
    # independent of each other: squares add up
    assert end(gemm(chip, "bf16", *SHAPE)) == pytest.approx((end(own) ** 2 + far[kin] ** 2) ** 0.5, rel=1e-6)


def test_a_second_relative_may_lie_further_off_than_a_first():
    far = catalogue_tables("h200")["apart"]
    assert far[OWN] == 0 < far[FIRST] < far[SECOND]
    first, second = (attention(accelerator(name), "sdpa", "bf16", 128, 32768, 32768) for name in ("rtx-4060", "m3-max"))
    assert end(second) > end(first)


def test_how_far_relatives_lie_apart_is_seen_among_those_that_were_measured():
    chips = {name: accelerator(name) for name in load.names("accelerators")}
    own = kernels.measured_gemm(chips, kernels.rows("gemm"), load.entry("kernels", "laws"))
    plateaus = {key: each["likely"] for key, each in own.items()}
    assert apart(chips, plateaus)[FIRST] == pytest.approx(catalogue_tables("h200")["apart"][FIRST])
    # chips that all reach the same share of their peaks tell nothing of a spread
    level = {(name, kind): float(chips[name].peak(kind)) / 2 for name, kind in own}
    assert apart(chips, level) == pytest.approx({OWN: 0, FIRST: 0, SECOND: 0})
    assert 0.5 < HELD < 1


def test_a_wider_band_passes_no_limit():
    band = {"low": 90.0, "likely": 100.0, "high": 110.0}
    assert wider(band, 0.0, 105.0) == band
    found = wider(band, 0.3, 120.0)
    assert found["high"] == 120.0 and found["likely"] == 100.0
    assert found["low"] == pytest.approx(100 / exp((log(100 / 90) ** 2 + 0.09) ** 0.5))
    for name in load.names("accelerators"):
        chip = accelerator(name)
        for kind, each in catalogue_tables(name)["gemm"].items():
            assert each["low"] <= each["likely"] <= each["high"] <= 1.001 * LIMIT * chip.peak(kind), (name, kind)


def test_kin_are_of_one_vendor_market_and_generation():
    assert degree(accelerator("rtx-4060"), accelerator("rtx-4090")) == FIRST
    assert degree(accelerator("rtx-4060"), accelerator("l40s")) == SECOND
    assert degree(accelerator("rtx-2080ti"), accelerator("rtx-3090")) == SECOND
    assert degree(accelerator("mi300x"), accelerator("h100-sxm")) == SECOND


def test_a_report_says_whose_rates_it_used():
    runtime = fill.plan(fill.model("wan2.1-t2v-1.3b")).runtime

    def said(chip):
        return next(row for row in machinery(chip, runtime, "sdpa", "bf16", "assumed") if row.id.startswith("rates"))

    assert (said(accelerator("h200")).id, said(accelerator("h200")).source) == ("rates", "data/kernels")
    assert (said(accelerator("a40")).id, said(accelerator("a40")).source) == ("rates_relative", "rtx-a6000")
    assert said(accelerator("gb10")).id == "rates_second"


def test_a_chip_of_the_users_own_borrows_too(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'vendor = "NVIDIA"\nclass = "consumer"\narchitecture = "Ada AD102"\ncompute_capability = "8.9"\n'
        'bandwidth = "1008 GB/s"\ntdp = "450 W"\n[memory]\nmarketed = "24 GB"\n'
        '[peak]\nbf16 = "165 TFLOP/s"\nfp32 = "82 TFLOP/s"\n'
    )
    chip = from_file(str(path))
    assert lender(chip)[1] == FIRST
    donor = accelerator(lender(chip)[0])
    assert end(gemm(chip, "bf16", *SHAPE)) > end(gemm(donor, "bf16", *SHAPE))


def test_inputs_that_keep_the_power_low_are_no_rates():
    """Rows timed with constant inputs, of a GB10, an H200 NVL and GeForce cards, stand marked, and unused."""
    constant = [row for row in kernels.rows("gemm") if row["basis"] == "constant"]
    assert {row["accelerator"] for row in constant} >= {"gb10", "h200-nvl", "rtx-4090"}
    chips = {name: accelerator(name) for name in load.names("accelerators")}
    laws = load.entry("kernels", "laws")
    own = kernels.measured_gemm(chips, kernels.rows("gemm"), laws)
    assert not {name for name, _ in own} & {"gb10", "h200-nvl"}
    assert not any(row["source"] in each["source"] for row in constant for each in own.values())
    # constant rows or none: the same curves
    used = [row for row in kernels.rows("gemm") if row["basis"] != "constant"]
    assert kernels.measured_gemm(chips, used, laws) == own


def test_a_format_nobody_measured_is_borrowed_within_the_market_first():
    """A GeForce card's fp8 is another GeForce card's share: a professional card of its die is held back by power."""
    assert catalogue_tables("rtx-4090")["gemm"]["fp8"]["donor"] == "rtx-5090"
    assert catalogue_tables("l4")["gemm"]["fp8"]["donor"] == "l40s"


@pytest.mark.parametrize("name", ["h100-nvl", "h100-pcie"])
def test_less_power_for_the_same_silicon_slows_attention_as_it_slows_products(name):
    chips = {each: accelerator(each) for each in (name, "h100-sxm")}
    products, scores = (
        [rate(chip).likely for chip in chips.values()]
        for rate in (
            lambda chip: gemm(chip, "bf16", *SHAPE),
            lambda chip: attention(chip, "flash3", "bf16", 128, 32768, 32768),
        )
    )
    assert scores[0] / scores[1] == pytest.approx(products[0] / products[1], rel=0.02)
    # further than their peaks lie apart
    assert scores[0] / scores[1] < 0.9 * chips[name].peak("bf16") / chips["h100-sxm"].peak("bf16")


def test_only_what_power_holds_back_is_slowed():
    chips = {each: accelerator(each) for each in ("h100-sxm", "h100-nvl", "gh200-96gb", "l40", "rtx-4090", "l4")}
    level = {(each, "bf16"): float(chip.peak("bf16")) / 2 for each, chip in chips.items()}
    slow = {**level, **{(each, "bf16"): level[each, "bf16"] * 0.8 for each in ("h100-nvl", "gh200-96gb", "l40", "l4")}}
    nvl, sxm = chips["h100-nvl"], chips["h100-sxm"]
    assert slowed(nvl, sxm, slow) == pytest.approx(0.8)
    assert slowed(nvl, sxm, level) == 1.0  # both at the same share of their peaks
    assert slowed(sxm, nvl, {**level, ("h100-sxm", "bf16"): 1.0}) == 1.0  # it has more power
    assert slowed(chips["gh200-96gb"], sxm, slow) == 1.0  # so has this one
    assert slowed(nvl, sxm, {}) == 1.0  # nobody measured products
    assert slowed(chips["l40"], chips["rtx-4090"], slow) == 1.0  # halved by product
    assert slowed(chips["l4"], sxm, slow) == 1.0  # other silicon
