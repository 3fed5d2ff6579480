"""torch's RMS norm as CUDA runs it: what it holds, what it keeps, and where it is spelled out all the same."""

import torch

from vidcalc.reference import measure
from vidcalc.reference.live import LiveBytes
from vidcalc.reference.meta import empty, running_on_meta
from vidcalc.reference.norm import fused_rms_norm

BF16, FP32 = torch.bfloat16, torch.float32
ROWS, WIDTH = 64, 256


def norm(dtype: torch.dtype) -> torch.nn.RMSNorm:
    return torch.nn.RMSNorm(WIDTH, device="meta", dtype=dtype)


def test_one_kernel_holds_its_output_and_a_float_a_row() -> None:
    module = norm(BF16)
    peak = measure.peak_live_bytes(lambda: module(empty(ROWS, WIDTH, dtype=BF16)), module)
    assert peak.bytes == 2 * ROWS * WIDTH * 2 + 512


def test_backward_keeps_the_input_and_that_float() -> None:
    module = norm(BF16)
    step = measure.train_step(module, lambda: module(empty(ROWS, WIDTH, dtype=BF16)))
    # the output is the result of the call
    assert step.kept_for_backward == 2 * ROWS * WIDTH * 2 + 512


def test_a_weight_of_another_dtype_is_spelled_out() -> None:
    module = norm(BF16)
    peak = measure.peak_live_bytes(lambda: module(empty(ROWS, WIDTH, dtype=FP32)), module)
    assert peak.bytes > 2 * ROWS * WIDTH * 4 + 512


def test_on_the_cpu_the_numbers_are_torchs() -> None:
    module = torch.nn.RMSNorm(WIDTH)
    x = torch.randn(ROWS, WIDTH)
    with torch.no_grad():
        expected = module(x)
        with fused_rms_norm(), LiveBytes(module) as live:
            got = module(x)
    assert torch.equal(got, expected)
    assert live.peak == ROWS * WIDTH * 4 + 512


def test_the_original_is_put_back() -> None:
    before = torch.nn.functional.rms_norm
    with running_on_meta():
        assert torch.nn.functional.rms_norm is not before
    assert torch.nn.functional.rms_norm is before
