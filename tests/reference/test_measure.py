"""The recorder against figures derived by hand on networks small enough to do so."""

from typing import Any

import torch

from vidcalc.reference import measure
from vidcalc.reference.live import LiveBytes
from vidcalc.reference.meta import empty, running_on_meta

BF16, FP32 = torch.bfloat16, torch.float32


def on_meta(module: Any, dtype: Any = BF16) -> Any:
    return module.to("meta").to(dtype).eval()


def test_linear_counts_weight_bias_and_two_flops_per_product() -> None:
    linear = on_meta(torch.nn.Linear(256, 512))
    assert measure.parameters(linear).total == 256 * 512 + 512
    assert measure.parameters(linear).bytes == 2 * (256 * 512 + 512)
    flops = measure.forward_flops(lambda: linear(empty(1, 64, 256, dtype=BF16)))
    assert flops.total == flops.by_kind["matmul"] == 2 * 64 * 256 * 512


def test_live_bytes_of_linear_and_relu_by_hand() -> None:
    """At the ReLU: its input (the linear's output) and its output; the network's own input is held by the caller's
    frame no longer than a call.
    """
    first, second = on_meta(torch.nn.Linear(256, 512)), on_meta(torch.nn.Linear(512, 128))
    owner = torch.nn.ModuleList([first, second])

    def call() -> Any:
        hidden = first(empty(64, 256, dtype=BF16))
        return second(torch.relu(hidden))

    peak = measure.peak_live_bytes(call, owner)
    wide, narrow = 2 * 64 * 512, 2 * 64 * 128
    assert peak.bytes == wide + wide + narrow  # hidden, its ReLU, and the second linear's output
    assert peak.at == "aten.addmm.default"


def test_storage_is_rounded_up_to_the_allocator_block() -> None:
    live = LiveBytes()
    with live:
        kept = empty(1, dtype=BF16)
        assert live.live == 512
        kept = empty(513, dtype=torch.uint8)
        assert (live.live, live.peak) == (1024, 512 + 1024)
    del kept


def test_parameters_buffers_and_views_of_them_are_not_activations() -> None:
    norm = on_meta(torch.nn.BatchNorm1d(1024))
    with LiveBytes(norm) as live:
        view = norm.weight.view(2, 512)
        mean = norm.running_mean[:10]
    assert live.peak == 0
    del view, mean


def test_convolution_flops() -> None:
    conv = on_meta(torch.nn.Conv3d(4, 8, 3, padding=1))
    flops = measure.forward_flops(lambda: conv(empty(2, 4, 5, 6, 7, dtype=BF16)))
    assert flops.by_kind["convolution"] == 2 * (2 * 5 * 6 * 7) * 8 * 4 * 27
    assert flops.total == flops.by_kind["convolution"]


def attention(queries: int, keys: int, gradient: bool = False) -> Any:
    query = empty(2, 4, queries, 64, dtype=BF16)
    key, value = empty(2, 4, keys, 64, dtype=BF16), empty(2, 4, keys, 32, dtype=BF16)
    query.requires_grad_(gradient)
    return torch.nn.functional.scaled_dot_product_attention(query, key, value)


def test_attention_is_one_fused_op() -> None:
    """FLOPs of both products; bytes of q, k, v and the output, none for the scores."""
    flops = measure.forward_flops(lambda: attention(128, 256))
    assert flops.total == flops.by_kind["attention"] == 2 * 8 * 128 * 256 * (64 + 32)
    peak = measure.peak_live_bytes(lambda: attention(128, 256))
    assert peak.bytes == 2 * 8 * (128 * 64 + 256 * 64 + 256 * 32 + 128 * 32)


def test_attention_keeps_inputs_output_and_log_sum_exp_for_backward() -> None:
    live = LiveBytes()
    with running_on_meta(), live:
        out = attention(128, 256, gradient=True)
        kept = live.live
    assert kept == 2 * 8 * (128 * 64 + 256 * 64 + 256 * 32 + 128 * 32) + 4 * 8 * 128
    del out


def test_pytorch_attention_is_put_back() -> None:
    before = torch.nn.functional.scaled_dot_product_attention, torch.autocast
    with running_on_meta():
        pass
    assert (torch.nn.functional.scaled_dot_product_attention, torch.autocast) == before


def test_train_step_by_hand() -> None:
    """A linear keeps its input; then the output, which the loss reads, stays until its gradient has been made."""
    linear = on_meta(torch.nn.Linear(256, 512), FP32)
    step = measure.train_step(linear, lambda: linear(empty(64, 256, dtype=FP32)))
    assert step.kept_for_backward == 4 * 64 * (256 + 512)
    assert step.forward_backward_peak > step.kept_for_backward
    again = measure.train_step(linear, lambda: linear(empty(64, 256, dtype=FP32)))
    assert again == step  # gradients of the first step are not left behind
