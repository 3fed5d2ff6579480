"""Achieved rates: bounded by the dense peak, growing with size, equal for ints and arrays, and true to the raw rows."""

import json
from functools import partial
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidcalc.base.errors import InputError, UnknownName
from vidcalc.catalog import load
from vidcalc.cost.time import by_kind
from vidcalc.describe.hardware import RUNS_AS, width_of
from vidcalc.ops import Convolution
from vidcalc.rates import curves, kernels
from vidcalc.rates.attention_curves import bound
from vidcalc.rates.attention_lengths import fit
from vidcalc.rates.convolution_curves import STACKS, WIDTHS
from vidcalc.rates.convolution_shapes import waves
from vidcalc.rates.machines import accelerator
from vidcalc.rates.rate import Rate
from vidcalc.rates.traffic import bandwidth
from vidcalc.rates.utilisation import attention, attention_kernels, convolution, gemm, resolve_attention

ACCELERATORS = load.names("accelerators")
SIZES = st.integers(1, 300_000)
LIMIT = 1.02
# N and K of transformer layers and M of video sequences, as in the measured tables
TRANSFORMER = [
    (m, n, k)
    for m in (4096, 8192, 32768)
    for n, k in (
        (5120, 5120),
        (16384, 5120),
        (5120, 16384),
        (3072, 3072),
        (12288, 3072),
        (3072, 12288),
        (1536, 1536),
        (4096, 4096),
    )
]


def in_order(rate: Rate, limit: float) -> bool:
    return 0 < rate.low <= rate.likely <= rate.high <= limit * (1 + 1e-9)


@pytest.mark.parametrize("name", ACCELERATORS)
def test_every_chip_answers_within_its_peak_and_says_what_it_rests_on(name: str) -> None:
    chip = accelerator(name)
    for precision in RUNS_AS:
        for size in (16, 512, 10**6):
            for rate in (
                gemm(chip, precision, size, size, size),
                convolution(chip, precision, size, size, size),
                convolution(chip, precision, size, size, size, 27),
            ):
                peak = chip.peak("tf32") if precision == "fp32" else chip.peak(precision)
                assert in_order(rate, LIMIT * max(peak, chip.peak(precision))), (precision, rate)
                assert rate.provenance in ("measured", "interpolated", "assumed") and rate.source
    for kernel in attention_kernels(chip):
        for head_dim in (40, 64, 128, 256):
            for direction in ("forward", "backward"):
                rate = attention(chip, kernel, "bf16", head_dim, 75_600, 75_600, direction)
                assert in_order(rate, LIMIT * bound(chip, resolve_attention(chip, kernel), "bf16")), (
                    kernel,
                    head_dim,
                )
    traffic = bandwidth(chip)
    assert in_order(traffic, chip.bandwidth or 1.6e12)


def test_only_chips_with_rows_of_their_own_are_called_measured() -> None:
    """Facts of a relative are never passed off as measured."""
    rows = {
        (row["accelerator"], "bf16" if row["precision"] == "fp16" else row["precision"]) for row in kernels.rows("gemm")
    }
    for name in ACCELERATORS:
        for precision, curve in curves.catalogue_tables(name)["gemm"].items():
            if curve["provenance"] == "measured":
                assert (name, precision) in rows
    seen = {(row["accelerator"], row["kernel"]) for row in kernels.rows("attention")}
    for name in ACCELERATORS:
        for kernel, formats in curves.catalogue_tables(name)["attention"].items():
            for by_width in formats.values():
                assert all(curve["provenance"] == "assumed" or (name, kernel) in seen for curve in by_width.values())


@pytest.mark.parametrize(
    ("name", "share", "within"),
    # medians of the measured tables; an L40S's two frameworks differ, 54 to 61 %
    [
        ("a100-sxm-80gb", 0.79, 0.02),
        ("h100-sxm", 0.72, 0.02),
        ("h200", 0.70, 0.02),
        ("b200", 0.67, 0.02),
        ("gb200", 0.66, 0.02),
        ("l40s", 0.575, 0.035),
    ],
)
def test_large_products_reach_the_measured_share_of_peak(name: str, share: float, within: float) -> None:
    peak = accelerator(name).peak("bf16")
    got = median(gemm(accelerator(name), "bf16", m, k, n).likely / peak for m, n, k in TRANSFORMER)
    assert got == pytest.approx(share, abs=within)


@pytest.mark.parametrize("name", ["h100-sxm", "h200"])
def test_fp8_products_on_hopper_reach_half_to_three_fifths_of_peak(name: str) -> None:
    peak = accelerator(name).peak("fp8")
    assert 0.5 <= median(gemm(accelerator(name), "fp8", m, k, n).likely / peak for m, n, k in TRANSFORMER) <= 0.6


def test_predictions_follow_the_rows_they_were_drawn_through() -> None:
    """Half of the typical 16-bit rows within 8 % of the curve, all of them within a factor of two."""
    errors = []
    for row in kernels.rows("gemm"):
        if row["basis"] == "typical" and row["m"] and row["precision"] == "bf16":
            m, n, k = (int(row[side]) for side in "mnk")
            errors.append(gemm(accelerator(row["accelerator"]), "bf16", m, k, n).likely / (float(row["tflops"]) * 1e12))
    assert len(errors) > 150
    assert median(abs(error - 1) for error in errors) < 0.08
    assert all(0.5 < error < 2 for error in errors)


def test_attention_follows_the_published_charts() -> None:
    """Head width 128, long sequences: the usual case of video transformers."""
    for name, kernel, stack, tflops in (
        ("a100-sxm-80gb", "flash2", "late", 204),
        ("rtx-4090", "flash2", "late", 164),
        ("h100-sxm", "cudnn", "early", 600),  # of 2024; of 2026 as on the H200, which is the same silicon
        ("h100-sxm", "cudnn", "late", 693),
        ("h20", "flash3", "late", 141),
        ("rtx-5090", "sage3", "late", 1027),
    ):
        rate = attention(accelerator(name), kernel, "bf16", 128, 32_768, 32_768, stack=stack)
        assert rate.likely == pytest.approx(tflops * 1e12, rel=0.06)
    h100 = attention(
        accelerator("h100-sxm"), "flash3", "bf16", 128, 16_384, 16_384
    )  # 648 and 465 in two published charts
    assert h100.low <= 470e12 and h100.high >= 648e12


def test_torch_picks_cudnn_on_hopper_and_flash_attention_2_on_ampere() -> None:
    assert resolve_attention(accelerator("h100-sxm"), "sdpa") == "cudnn"
    assert resolve_attention(accelerator("a100-sxm-80gb"), "sdpa") == "flash2"
    assert resolve_attention(accelerator("v100-sxm2-32gb"), "sdpa") == "xformers"


def test_a_kernel_that_does_not_exist_for_the_chip_is_refused() -> None:
    with pytest.raises(InputError) as raised:
        attention(accelerator("a100-sxm-80gb"), "flash3", "bf16", 128, 1000, 1000)
    assert raised.value.flag == "attention" and "flash2" in raised.value.allowed
    with pytest.raises(UnknownName):
        accelerator("a200")


@given(SIZES, SIZES, SIZES, st.integers(2, 50), st.sampled_from(["a100-sxm-80gb", "h100-sxm", "rtx-4090", "mi300x"]))
def test_rates_grow_with_every_side(m: int, n: int, k: int, times: int, name: str) -> None:
    base = gemm(accelerator(name), "bf16", m, k, n).likely
    for larger in ((m * times, k, n), (m, k * times, n), (m, k, n * times)):
        assert gemm(accelerator(name), "bf16", *larger).likely >= base
    short = attention(accelerator(name), "sdpa", "bf16", 128, m, k).likely
    assert attention(accelerator(name), "sdpa", "bf16", 128, m * times, k).likely >= short
    assert attention(accelerator(name), "sdpa", "bf16", 128, m, k * times).likely >= short


@settings(max_examples=50)
@given(
    st.lists(st.tuples(SIZES, SIZES, SIZES), min_size=1, max_size=20),
    st.sampled_from(ACCELERATORS),
    st.sampled_from(list(RUNS_AS)),
)
def test_an_array_gives_what_its_scalars_give(sides: list[tuple[int, int, int]], name: str, precision: str) -> None:
    chip = accelerator(name)
    rows, d_in, d_out = (np.array(side, dtype=np.float64) for side in zip(*sides, strict=True))
    for rate in (gemm, convolution, partial(convolution, taps=27)):
        whole = rate(chip, precision, rows, d_in, d_out).likely
        assert whole.tolist() == pytest.approx([rate(chip, precision, *side).likely for side in sides], rel=1e-12)
    whole = attention(chip, "sdpa", precision, 128, rows, d_in).likely
    assert whole.tolist() == pytest.approx(
        [attention(chip, "sdpa", precision, 128, q, k).likely for q, k, _ in sides], rel=1e-12
    )


@given(st.floats(1e12, 1e16), st.floats(1.0, 5000.0))
def test_the_fit_finds_the_curve_that_made_the_points(plateau: float, half: float) -> None:
    points = [(length, plateau / (1 + half / length)) for length in (512, 1024, 4096, 16384)]
    found, lost = fit(points)
    assert found == pytest.approx(plateau, rel=1e-6) and lost == pytest.approx(half, rel=1e-6)


def test_no_raw_row_is_impossible() -> None:
    """Rows far above the dense peak are measuring faults and must not enter the data."""
    for row in kernels.rows("gemm"):
        chip = accelerator(row["accelerator"])
        if row["basis"] == "typical":
            peak = max(
                chip.peak(row["precision"]),
                chip.peaks.get("fp8_accumulate_fp16", 0) if row["precision"] == "fp8" else 0,
            )
            assert float(row["tflops"]) * 1e12 <= 1.05 * peak, row
    for row in kernels.rows("attention"):
        precision = "fp8" if "8" in row["precision"] else "bf16"
        assert float(row["tflops"]) * 1e12 <= LIMIT * bound(
            accelerator(row["accelerator"]), row["kernel"], precision
        ), row
        assert row["source"]


@pytest.mark.parametrize(("kind", "precisions"), [("plain", ["bf16"]), ("quantised", ["fp8", "fp8_block", "fp4"])])
def test_shape_constants_are_near_the_best_fit(kind: str, precisions: list[str]) -> None:
    """The constants of laws.toml are not taste: half or twice of one fits the rows no better than by 2 %."""
    laws = load.entry("kernels", "laws")
    groups: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    for row in kernels.rows("gemm"):
        if row["basis"] == "typical" and row["m"] and row["precision"] in precisions:
            groups.setdefault((row["accelerator"], row["precision"], row["source"]), []).append(row)

    def error(law: dict[str, float]) -> float:
        errors = []
        for (name, precision, _), group in groups.items():
            plateau = kernels.level(group, law, accelerator(name).peak(precision), laws)[1]
            errors += [abs(np.log(float(row["tflops"]) * 1e12 / kernels.at(plateau, row, law))) for row in group]
        return float(np.mean(errors))

    law = laws["gemm"][kind]
    startup = float(law["startup"].split()[0])
    here = error(law)
    for times in (0.5, 2):
        for other in ({side: law[side] * times} for side in ("d_in_half", "d_out_half")):
            assert error({**law, **other}) > 0.98 * here
        assert error({**law, "startup": f"{startup * times} us"}) > 0.98 * here


def test_whole_waves_of_one_tile_do_not_explain_products() -> None:
    """Why products have no waves and convolutions have: cuBLAS picks the tile by the shape."""
    laws = load.entry("kernels", "laws")
    law, groups = laws["gemm"]["plain"], {}
    for row in kernels.rows("gemm"):
        if row["basis"] == "typical" and row["m"] and row["precision"] == "bf16":
            groups.setdefault((row["accelerator"], row["source"]), []).append(row)

    def error(waved: bool) -> float:
        errors = []
        for (name, _), group in groups.items():
            many = (accelerator(name).multiprocessors or 0) if waved else 0
            lost = np.array([float(waves(int(row["m"]), int(row["n"]), many)) for row in group])
            rates = np.array([float(row["tflops"]) * 1e12 for row in group])
            found = np.array([kernels.at(float(np.median(rates)), row, law) for row in group]) / lost
            errors += [abs(np.log(rates / found) - np.median(np.log(rates / found)))]
        return float(np.concatenate(errors).mean())

    assert error(True) > 1.1 * error(False)
    # of 15,000 to 30,000 rows the last wave is a few percent
    assert float(waves(17_776, 3_072, 132)) < 1.04


def test_convolution_shares_are_the_medians_of_the_timings_they_were_fitted_to() -> None:
    """Decode seconds that neither memory nor attention explain, against the product rate at a usual layer shape."""
    rows = kernels.rows("convolution")
    assert {row["role"] for row in rows} == {"fit"}
    assert {row["stack"] for row in rows} == set(STACKS)
    for name, stack, width in {(row["accelerator"], row["stack"], width_of(row["precision"])) for row in rows}:
        here = [row for row in rows if (row["accelerator"], row["stack"]) == (name, stack)]
        own = [float(row["share"]) for row in here if width_of(row["precision"]) == width]
        curve = curves.catalogue_tables(name)["convolution"][stack][width]
        assert curve["likely"] == pytest.approx(median(own))
        assert curve["low"] <= min(own)
        assert curve["high"] >= max(own)
    for row in rows:
        busy = float(row["seconds"]) - float(row["other_seconds"])
        width = 96 if "Wan2.1" in row["what"] else 256
        chip, used = accelerator(row["accelerator"]), curves.catalogue_tables(row["accelerator"])["convolution"]
        usual = convolution(chip, row["precision"], 10**6, width, width, 27, row["stack"]).likely
        full = usual / used[row["stack"]][width_of(row["precision"])]["likely"]
        assert float(row["share"]) == pytest.approx(float(row["tflop"]) * 1e12 / busy / full, rel=0.4)


def test_convolutions_follow_the_rows_of_single_ones() -> None:
    """Check rows within 15 % of the curve through the fit rows; those with three output channels are mostly copies."""
    chip = accelerator("h200")
    roles = {"fit": 0, "check": 0}
    for row in kernels.rows("convolution_shapes"):
        c_in, c_out, positions, taps = (int(row[name]) for name in ("c_in", "c_out", "positions", "taps"))
        op = Convolution("x", 1, "bf16", 1, c_in, c_out, positions, positions, taps, 1, 2)
        spent = by_kind((op,), chip)["convolution"].likely
        roles[row["role"]] += 1
        if taps > 1:
            assert spent == pytest.approx(float(row["seconds"]), rel=0.25 if row["role"] == "fit" else 0.15), row
    assert roles["fit"] and roles["check"]


def test_channels_that_are_no_power_of_two_fill_less_of_a_tile() -> None:
    chip = accelerator("h200")
    rates = {
        width: convolution(chip, "bf16", 10**6, width, width, 27).likely for width in (96, 128, 192, 256, 384, 512)
    }
    assert rates[96] < rates[192] < rates[128] < rates[256] < rates[512]
    assert rates[384] < rates[256]
    # few tiles: waves that are not full, up to the point where tiles are cut
    assert waves(256 * 132, 128, 132) == 1
    assert waves(256 * 96, 128, 132) == 132 / 96
    assert waves(256, 128, 132) == waves(0, 128, 132) == 1.5
    assert waves(256, 128, 0) == 1


def test_lengths_that_are_no_whole_tiles_cost_cudnn_on_hopper_alone() -> None:
    for name, kernel, lost in (("h200", "cudnn", True), ("gb200", "cudnn", False), ("h200", "flash2", False)):
        chip = accelerator(name)
        even, ragged = (attention(chip, kernel, "bf16", 128, length, length).likely for length in (32_768, 32_760))
        assert (ragged < 0.9 * even) == lost
        backward = [attention(chip, kernel, "bf16", 128, n, n, "backward").likely for n in (32_768, 32_760)]
        assert backward[1] == pytest.approx(backward[0], rel=0.01)  # of no backward was it seen
    # only the keys count: queries are cut into tiles of their own
    chip = accelerator("h200")
    assert attention(chip, "cudnn", "bf16", 128, 32_760, 512).likely > 0.95 * 588e12


def test_a_mask_costs_the_vector_units_time() -> None:
    """An H200's cuDNN at 12,000 keys: 403 TFLOP/s with a mask."""
    chip = accelerator("h200")
    masked, plain = (attention(chip, "sdpa", "bf16", 128, 12_000, 12_000, masked=word) for word in ("dense", "none"))
    assert masked.likely == pytest.approx(403e12, rel=0.06)
    assert plain.likely > 1.3 * masked.likely


def test_an_accelerator_that_nobody_timed_takes_the_convolution_share_of_its_generation() -> None:
    """H800: the median of the Hopper chips with rows, of the format where there are any."""
    for width in WIDTHS:
        early = {
            name: curves.catalogue_tables(name)["convolution"]["early"][width]
            for name in ("h100-sxm", "h20", "h800-sxm")
        }
        timed = early["h100-sxm"]["likely"], early["h20"]["likely"]
        assert early["h800-sxm"]["likely"] == pytest.approx(sum(timed) / 2)
        assert early["h800-sxm"]["provenance"] == "assumed"


def test_built_curves_equal_derived_ones() -> None:
    """What the build step stores as JSON is what the raw rows give, and what is read back."""
    for name in ("a100-sxm-80gb", "h100-sxm"):
        derived = kernels.derive()[name]
        assert json.loads(json.dumps(derived)) == derived == curves.catalogue_tables(name)


def test_chips_of_the_same_silicon_share_what_was_measured_on_either() -> None:
    """An A800 is an A100 with slower links; a head width known in both directions alone compares as it does there."""
    one, other = accelerator("a100-sxm-80gb"), accelerator("a800-80gb")
    for kernel in ("flash2", "xformers", "sage1"):
        rates = [attention(chip, kernel, "bf16", 128, 32_768, 32_768).likely for chip in (one, other)]
        assert rates[0] == pytest.approx(rates[1])
    narrow, wide = (attention(one, "flash2", "bf16", width, 16_384, 16_384).likely for width in (64, 128))
    # the chart of both directions: 176 and 203 TFLOP/s
    assert narrow / wide == pytest.approx(176 / 203, rel=0.02)
