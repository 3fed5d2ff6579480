"""Seconds: what fusing, short rows, masks, the software's age and a number format's own kernels do to them."""

import numpy as np
import pytest
from msgspec.structs import replace

from vidcalc.base.number import FEW
from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.cost.seconds import Seconds, total
from vidcalc.cost.time import by_kind, launches, rate, rounded, travelled, waiting
from vidcalc.ledger.types import EAGER, Execution
from vidcalc.ledger.unroll import denoiser_shape
from vidcalc.ops import Convolution, Copy, Matmul, Pointwise
from vidcalc.ops.pointwise import LONG
from vidcalc.passes.formats import execution
from vidcalc.rates.machines import accelerator, hardware
from vidcalc.rates.traffic import bandwidth, elementwise, launch, short_rows
from vidcalc.rates.utilisation import attention, resolve_attention, vector
from vidcalc.tape.trace import trace

CHIP = accelerator("h100-sxm")
H20 = accelerator("h20")
FUSED = Execution(compile="on")


@pytest.fixture(scope="module")
def ops():
    model = fill.model("cogvideox-5b")
    return trace(model.denoiser, "forward", denoiser_shape(model, fill.workload(model)), "bf16").ops


def test_fusing_leaves_products_alone_and_shrinks_elementwise_work(ops):
    eager, fused = by_kind(ops, CHIP), by_kind(ops, CHIP, FUSED)
    for kind in ("matmul", "attention", "convolution"):
        assert fused[kind].likely == eager[kind].likely
    assert fused["pointwise"].likely < 0.5 * eager["pointwise"].likely
    assert fused["pointwise"].low < fused["pointwise"].likely < fused["pointwise"].high


def test_a_row_of_half_the_length_takes_twice_its_bytes():
    half = short_rows(CHIP)
    op = Pointwise("x", 1, "bf16", 1000, 1, half)
    assert travelled(op, CHIP) == pytest.approx(2000)
    assert travelled(replace(op, row=half * 10**6), CHIP) == pytest.approx(1000, rel=1e-5)
    assert travelled(op, CHIP, Execution(compile="on")) == 1000


def test_kernels_that_load_an_element_at_a_time_are_paced_by_the_multiprocessors():
    """bf16 to float32 on an H200: 2.15 TB/s where a copy reaches 4.2; float32 sums of two are bound by memory."""
    chip = accelerator("h200")
    copy = elementwise(chip).likely
    cast = Pointwise("x", 1, "bf16", 6 * 2**28, 1, LONG, way="single", each=6)
    assert cast.moved / travelled(cast, chip) * copy == pytest.approx(2.15e12, rel=0.05)
    norm = Pointwise("x", 1, "bf16", 4 * 2**28, 1, LONG, way="norm", each=4)
    assert norm.moved / travelled(norm, chip) * copy == pytest.approx(2.745e12, rel=0.05)
    wide = replace(cast, each=12)
    assert travelled(wide, chip) == pytest.approx(cast.moved, rel=0.01)
    assert travelled(cast, chip, Execution(compile="on")) == cast.moved
    assert travelled(cast, chip, Execution(compile="graphs")) == travelled(cast, chip)
    # a chip of a few large cores is no graphics chip
    assert travelled(cast, accelerator("trainium2")) == pytest.approx(cast.moved, rel=0.001)


def test_what_starts_kernels_together_or_fuses_them_leaves_the_host_less_to_do():
    eager, graphs, fused = (launch(CHIP, word).likely for word in ("off", "graphs", "on"))
    assert eager < graphs < fused
    # 34 us a kernel were measured around a text encoder
    assert 1 / eager == pytest.approx(34e-6, rel=0.1)


def test_statistics_of_few_groups_keep_few_multiprocessors_busy():
    few = Pointwise("x", 1, "bf16", 2**30, 1, LONG, way="statistics", each=2, blocks=32)
    more = replace(few, blocks=64)
    chip = accelerator("h200")
    assert travelled(few, chip) == pytest.approx(2 * travelled(more, chip))
    # 30 to 70 GB/s is what whole decodes leave for them
    assert 30e9 < few.moved / travelled(few, chip) * elementwise(chip).likely < 70e9
    full = replace(few, blocks=10**6)
    assert travelled(full, chip) == travelled(replace(few, blocks=2 * 10**6), chip)


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
    assert rate(depthwise, CHIP).likely == vector(CHIP).likely < rate(full, CHIP).likely
    spent = by_kind((depthwise,), CHIP)["convolution"].likely
    moved = depthwise.activation_bytes + depthwise.weights * 2
    assert spent == pytest.approx(moved / bandwidth(CHIP).likely)
    assert by_kind((full,), CHIP)["convolution"].likely > 2 * spent


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
    plain, slow = by_kind(ops, CHIP), by_kind(ops, CHIP, Execution(product="few-rows", stored=0.53))
    assert slow["matmul"].likely > 5 * plain["matmul"].likely
    assert slow["attention"].likely == plain["attention"].likely
    assert slow["matmul"].provenance == "assumed"


def test_fused_kernels_move_the_share_that_is_stated():
    eager, fused = elementwise(CHIP), elementwise(CHIP, "on")
    assert fused.likely > 2 * eager.likely
    assert total({"a": Seconds(1, 2, 3), "b": Seconds(1, 1, 1)}).likely == 3


def test_ops_are_priced_once_for_a_chip_whatever_else_a_call_moves() -> None:
    chip, slow = accelerator("h100-sxm"), accelerator("a100-sxm-80gb")
    ops = (
        Matmul("a", 2, "bf16", 4096, 1024, 1024, 1, 1, 2),
        Pointwise("b", 3, "bf16", 10**9, 1),
        Copy("c", 1, "bf16", 10**9, "pinned"),
    )
    first = by_kind(ops, chip)
    again = by_kind(ops[:2], chip)
    assert again == first
    assert again is not first  # a caller may add to its own
    assert all(again[kind] is first[kind] for kind in first)
    assert total(by_kind(ops, slow)).likely > total(first).likely
    assert by_kind(ops, chip, backward=True)["matmul"].likely > first["matmul"].likely
    assert launches(ops) == launches(ops[:2])


@pytest.mark.parametrize(("sizes", "kept"), [(FEW, True), (FEW + 1, False)])
def test_a_sweep_is_not_kept_but_for_the_few_sizes_of_a_search(sizes: int, kept: bool) -> None:
    chip = replace(accelerator("h100-sxm"))
    rows = np.linspace(1024.0, 4096.0, sizes)
    ops = (Matmul("a", 1, "bf16", rows, 1024, 1024, 1, 1, 2),)
    first, again = by_kind(ops, chip), by_kind(ops, chip)
    assert (again["matmul"] is first["matmul"]) == kept
    assert (again["matmul"].likely == first["matmul"].likely).all()


def test_graphs_are_a_word_that_a_user_may_say():
    """Kernels stay as many and as long, the host starts them together: what counts where networks are small."""
    model = fill.model("ltx-video-2b")
    work = fill.workload(model, width=320, height=192, frames=9)
    reports = {
        word: calculate(model, work, hardware("h100-sxm"), fill.plan(model, compile=word)) for word in ("off", "graphs")
    }
    parts = {word: report.time.inference.parts["denoise"] for word, report in reports.items()}
    assert parts["graphs"]["launch"] < parts["off"]["launch"]
    assert parts["graphs"]["pointwise"] == parts["off"]["pointwise"]
    assert "graphs" in {row.id for row in reports["graphs"].assumptions}
