"""Causal Wan is Wan on a chunk, with more keys: its weights, its FLOPs, and a cache that is all there."""

from typing import Any

import pytest
from golden_cases import flops
from msgspec.structs import replace

from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan, wan_causal
from vidcalc.tape import Tape

SIZES = {"num_attention_heads": 12, "ffn_dim": 8960, "num_layers": 30}
CHUNK = Shape(frames=3, height=60, width=104, tokens=512)


def taped(module: Any, cached: int = 0) -> Tape:
    tape = Tape("bf16")
    module.forward(tape, module.Config(**SIZES), replace(CHUNK, extra={"cached_frames": cached}))
    return tape


def test_without_a_cache_it_is_wan() -> None:
    assert taped(wan_causal).parameters == taped(wan).parameters
    assert flops(taped(wan_causal)) == flops(taped(wan))


@pytest.mark.parametrize("cached", [3, 18])
def test_each_cached_token_costs_a_key_and_a_value_in_every_layer(cached: int) -> None:
    bare, with_cache = taped(wan_causal), taped(wan_causal, cached)
    n, before, width = 3 * 30 * 52, cached * 30 * 52, 12 * 128
    assert flops(with_cache) - flops(bare) == 30 * 4 * n * before * width
    assert with_cache.peak - bare.peak == 30 * 2 * before * width * 2
