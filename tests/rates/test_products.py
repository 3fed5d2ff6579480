"""How the weights of a number format multiply: its kernel's own work, and no more beside a plain product."""

import pytest

from vidcalc.catalog import fill, load
from vidcalc.catalog.frameworks import framework, names
from vidcalc.catalog.precisions import choices, precision
from vidcalc.cost.seconds import NOTHING
from vidcalc.cost.time import by_kind, waiting
from vidcalc.ledger.types import EAGER, Execution
from vidcalc.ops import Matmul
from vidcalc.passes.formats import execution
from vidcalc.rates.machines import accelerator
from vidcalc.rates.products import multiplied, product, running, unpacked
from vidcalc.rates.traffic import bandwidth
from vidcalc.rates.utilisation import gemm

ADA, BLACKWELL, AMPERE, HOPPER = (accelerator(name) for name in ("rtx-4090", "rtx-5090", "rtx-3090", "h100-sxm"))
FOUR_BIT = ("int4", "nf4", "nf4-double", "nvfp4", "gguf-q4_k", "gguf-q4_0", "fp4", "svdq-int4", "svdq-fp4")
ROWS, WIDTH = 4608, 3072  # of FLUX at 1024 x 1024
LINEAR = Matmul("a", 1, "bf16", ROWS, WIDTH, WIDTH, 1, 1, 2)


def run_of(name: str, profile: str = "comfyui") -> Execution:
    """How a format runs in a framework."""
    model = fill.model("flux.1-dev")
    return execution(fill.plan(model, precision=name, framework=profile), name)


def seconds(run: Execution, chip=BLACKWELL, op: Matmul = LINEAR) -> float:
    return by_kind((op,), chip, run)["matmul"].likely


@pytest.mark.parametrize("name", FOUR_BIT)
@pytest.mark.parametrize("chip", [ADA, BLACKWELL, AMPERE, HOPPER], ids=lambda chip: chip.id)
def test_a_format_is_slower_than_bf16_by_making_its_weights_whole_and_no_more(name, chip):
    """But where a framework's kernel is made for few rows."""
    run = run_of(name)
    extra = unpacked(chip, run.product, run.arithmetic, run.stored, 2, LINEAR.weights)[1]
    # the low-rank branch of SVDQuant is the one work beside
    assert seconds(run, chip) <= 1.001 * (seconds(EAGER, chip) + extra)


def test_what_runs_networks_of_diffusers_has_the_kernel_made_for_few_rows():
    slow = {name for name in names() if "few-rows" in framework(name).products.values()}
    assert slow == {"diffusers", "diffusers-0.31", "diffusers-0.35", "para-attention", "xdit", "xdit-2025-01"}
    for name in slow:
        assert seconds(run_of("int4", name)) == seconds(run_of("int4", "diffusers"))
    assert seconds(run_of("int4", "diffusers")) > 4 * seconds(run_of("bf16", "diffusers"))
    assert seconds(run_of("int4", "mlx-video")) <= seconds(run_of("bf16", "mlx-video"))


def test_weights_made_whole_are_read_packed_and_written_at_the_speed_of_memory():
    run, chip = run_of("nf4"), HOPPER
    moved = (precision("nf4").stored + 2) * LINEAR.weights
    likely = unpacked(chip, run.product, run.arithmetic, run.stored, 2, LINEAR.weights)[1]
    assert likely >= moved / bandwidth(chip).likely
    assert seconds(run, chip) == pytest.approx(seconds(EAGER, chip) + likely)
    # eager kernels, one after the other, move more; a compiler joins them
    slow = run_of("gguf-q4_k")
    eager = unpacked(chip, slow.product, slow.arithmetic, slow.stored, 2, LINEAR.weights)[1]
    joined = unpacked(chip, slow.product, slow.arithmetic, slow.stored, 2, LINEAR.weights, True)[1]
    assert eager > 3 * likely > joined


def test_few_rows_wait_for_the_bytes_of_their_weights_as_they_are_stored():
    few = Matmul("a", 1, "bf16", 8, 8192, 8192, 1, 1, 2)
    ratio = seconds(run_of("int4"), HOPPER, few) / seconds(EAGER, HOPPER, few)
    assert ratio == pytest.approx(precision("int4").stored / 2, rel=0.02)
    assert seconds(run_of("nf4"), HOPPER, few) > seconds(EAGER, HOPPER, few)


def test_arithmetic_that_a_chip_has_not_got_makes_weights_whole():
    assert running(BLACKWELL, "native", "fp4").native
    assert running(ADA, "native", "fp4") == product("dequantised")  # not fp8, which the file's weights are not in
    assert (
        multiplied(ADA, "native", "fp4", "bf16", ROWS, WIDTH, WIDTH).likely
        == gemm(ADA, "bf16", ROWS, WIDTH, WIDTH).likely
    )
    assert running(AMPERE, "native", "fp8") == product("dequantised")


def test_nunchakus_kernels_are_of_the_generations_that_have_their_arithmetic():
    assert running(ADA, "svdq-int4", "int8").native and running(AMPERE, "svdq-int4", "int8").native
    assert not running(BLACKWELL, "svdq-int4", "int8").native and not running(HOPPER, "svdq-int4", "int8").native
    assert running(BLACKWELL, "svdq-fp4", "fp4").native and not running(ADA, "svdq-fp4", "fp4").native
    alone = multiplied(BLACKWELL, "native", "fp4", "bf16", ROWS, WIDTH, WIDTH).likely
    assert 0.85 * alone < multiplied(BLACKWELL, "svdq-fp4", "fp4", "bf16", ROWS, WIDTH, WIDTH).likely < alone


def test_unpacking_takes_as_long_as_the_clock_says():
    """Tiles of 16 rows: seventeen take as long as thirty-two."""
    sixteen, seventeen, many = (Matmul("a", 1, "bf16", rows, 8192, 8192, 1, 1, 2) for rows in (1600, 1601, 1616))
    run = run_of("int4", "diffusers")
    assert seconds(run, HOPPER, seventeen) == pytest.approx(seconds(run, HOPPER, many))
    assert seconds(run, HOPPER, seventeen) > seconds(run, HOPPER, sixteen)
    # an H100 has more multiprocessors and a faster clock, not more work a clock
    ampere = accelerator("a100-sxm-80gb")
    clocks = HOPPER.peak("fp32") / 128 / (ampere.peak("fp32") / 64)
    assert seconds(run, ampere, many) / seconds(run, HOPPER, many) == pytest.approx(clocks)


def test_kernels_that_make_weights_whole_are_started_too():
    plain, packed = (waiting((LINEAR,) * 100, HOPPER, NOTHING, run_of(name)).likely for name in ("bf16", "gguf-q4_k"))
    assert packed == pytest.approx(plain * (1 + product("gguf-q4_k").kernels))


def test_every_format_and_profile_names_a_kernel():
    known, formats = load.table("products"), set(choices())
    assert {precision(name).product for name in formats} <= set(known)
    for name in names():
        products = framework(name).products
        assert set(products) <= formats and set(products.values()) <= set(known), name
    for name, facts in known.items():
        if isinstance(facts, dict):
            assert product(name).source, name
