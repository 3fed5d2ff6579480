"""Seconds: what fusing, short rows, masks, the software's age and a number format's own kernels do to them."""

import numpy as np
import pytest
from msgspec.structs import replace
from vidcalc.cost.execution import EAGER, Execution, execution

from vidcalc.catalog import fill
from vidcalc.cost.time import Seconds, by_kind, launches, rate, rounded, total, travelled, waiting
from vidcalc.ledger.unroll import unroll
from vidcalc.ops import Convolution, Matmul, Pointwise
from vidcalc.rates.machines import accelerator
from vidcalc.rates.utilisation import attention, bandwidth, elementwise, launch, resolve_attention, short_rows, vector

CHIP = accelerator("h100-sxm")
H20 = accelerator("h20")
FUSED = Execution(compile="on")


@pytest.fixture(scope="module")
def ops():
    model = fill.model("cogvideox-5b")
    return unroll(model, fill.workload(model), fill.plan(model)).forward.ops


def test_fusing_leaves_products_alone_and_shrinks_elementwise_work(ops):
    eager, fused = by_kind(ops, CHIP, "sdpa"), by_kind(ops, CHIP, "sdpa", run=FUSED)
    for kind in ("matmul", "attention", "convolution"):
        assert fused[kind].likely == eager[kind].likely
    assert fused["pointwise"].likely < 0.5 * eager["pointwise"].likely
    assert fused["pointwise"].low < fused["pointwise"].likely < fused["pointwise"].high


def test_a_row_of_half_the_length_takes_twice_its_bytes():
    half = short_rows(CHIP)
    op = Pointwise("x", 1, "bf16", 1000, 1, half)
    assert travelled(op, half) == pytest.approx(2000)
    assert travelled(replace(op, row=half * 10**6), half) == pytest.approx(1000, rel=1e-5)
    assert short_rows(CHIP, "on") == 0
    assert travelled(op, 0) == 1000


def test_the_host_is_waited_for_only_where_work_is_shorter_than_its_launches(ops):
    pace = launch(CHIP).likely
    needed = launches(ops) / pace
    assert waiting(ops, CHIP, Seconds(needed, 2 * needed, 3 * needed)).likely == 0
    assert waiting(ops, CHIP, Seconds(0, needed / 4, needed)).likely == pytest.approx(0.75 * needed)
    spread = waiting(ops, CHIP, Seconds(0, np.array([0.0, 2 * needed]), 0)).likely
    assert spread == pytest.approx([needed, 0])
    assert waiting(ops, CHIP, Seconds(0, 0, 0), FUSED).likely < 0.5 * needed


def test_kernels_are_counted_once_per_product_and_as_taped_for_elementwise_work():
    product = Matmul("a", 3, "bf16", 8, 16, 16, 1, 1, 2)
    assert launches((product, Pointwise("b", 2, "bf16", 10, 4))) == 3 + 8


def test_a_depthwise_convolution_waits_for_memory_and_a_full_one_for_its_products():
    full = Convolution("a", 1, "bf16", 12, 2048, 2048, 864, 864, 9, 1, 2)
    depthwise = replace(full, groups=2048)
    assert depthwise.depthwise and not full.depthwise
    assert rate(depthwise, CHIP, "sdpa").likely == vector(CHIP).likely < rate(full, CHIP, "sdpa").likely
    spent = by_kind((depthwise,), CHIP, "sdpa")["convolution"].likely
    moved = depthwise.activation_bytes + depthwise.weights * 2
    assert spent == pytest.approx(moved / bandwidth(CHIP).likely)
    assert by_kind((full,), CHIP, "sdpa")["convolution"].likely > 2 * spent


@pytest.mark.parametrize(
    ("chip", "stack", "kernel"),
    [
        ("a100-sxm-80gb", "late", "xformers"),
        ("h100-sxm", "early", "xformers"),
    ],
)
def test_a_mask_keeps_flash_attention_out_of_sdpa(chip, stack, kernel):
    def rate(name, masked):
        return attention(accelerator(chip), name, "bf16", 128, 32768, 32768, masked=masked, stack=stack).likely

    assert rate("sdpa", "none") == rate("flash2", "none")
    assert rate("sdpa", "dense") == rate(kernel, "none") < rate("sdpa", "none")
    assert rate("flash2", "dense") == rate("flash2", "none")  # its own calls cut the text off instead


def test_cudnn_takes_a_mask_at_a_price():
    def rate(masked):
        return attention(CHIP, "sdpa", "bf16", 128, 32768, 32768, masked=masked)

    assert rate("dense").likely < rate("none").likely
    assert rate("dense").provenance == "assumed"


@pytest.mark.parametrize(
    ("chip", "word", "early", "late"),
    [
        ("h100-sxm", "sdpa", "flash2", "cudnn"),
        ("h100-sxm", "flash", "flash2", "flash4"),
        ("b200", "flash", "flash2", "flash4"),
        ("a100-sxm-80gb", "flash", "flash2", "flash2"),
        ("v100-sxm2-32gb", "flash", "xformers", "xformers"),
    ],
)
def test_words_for_what_a_library_picks(chip, word, early, late):
    assert (resolve_attention(accelerator(chip), word, "early"), resolve_attention(accelerator(chip), word)) == (
        early,
        late,
    )


def test_a_chip_with_cut_matrix_units_runs_unmeasured_kernels_near_its_peak_too():
    """An H20 was timed with FlashAttention-3; cuDNN, as fast on an H100, is not as slow as an H100's share of peak."""

    def rate(chip, kernel):
        return attention(chip, kernel, "bf16", 128, 32768, 32768).likely

    ratio = rate(H20, "cudnn") / rate(H20, "flash3")
    assert ratio == pytest.approx(rate(CHIP, "cudnn") / rate(CHIP, "flash3"), rel=0.02)
    assert rate(H20, "cudnn") > 0.8 * H20.peak("bf16")


def test_a_number_format_pays_for_rounding_in_eager_mode_alone():
    model = fill.model("cogvideox-5b")
    linear = Matmul("a", 1, "bf16", 100, 64, 32, 1, 1, 2)
    plain, fused = fill.plan(model, precision="int8-dynamic"), fill.plan(model, precision="int8-dynamic", compile="on")
    run = execution(plain, plain.precision)
    assert rounded(linear, run) == run.rounding * 100 * 32 > 0
    assert rounded(linear, execution(fused, fused.precision)) == 0
    assert rounded(linear, EAGER) == 0
    assert rounded(replace(linear, weight=0), run) == 0  # scores and values stay as they are


def test_a_slow_kernel_slows_the_products_and_nothing_else(ops):
    plain, slow = by_kind(ops, CHIP, "sdpa"), by_kind(ops, CHIP, "sdpa", run=Execution(slower=10))
    assert slow["matmul"].likely > 5 * plain["matmul"].likely
    assert slow["attention"].likely == plain["attention"].likely
    assert slow["matmul"].provenance == "assumed"


def test_fused_kernels_move_the_share_that_is_stated():
    eager, fused = elementwise(CHIP), elementwise(CHIP, "on")
    assert fused.likely > 2 * eager.likely
    assert total({"a": Seconds(1, 2, 3), "b": Seconds(1, 1, 1)}).likely == 3
