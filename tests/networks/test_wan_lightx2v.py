"""LightX2V's own forward of Wan: the same weights and work, and its widest moment the rotation of the keys."""

import pytest
from msgspec.structs import replace

from vidcalc.catalog import fill
from vidcalc.catalog.frameworks import framework
from vidcalc.ledger.unroll import denoiser_shape
from vidcalc.tape.trace import trace

MODEL = fill.model("wan2.1-i2v-14b-480p")
SHAPE = denoiser_shape(MODEL, fill.workload(MODEL, width=832, height=480, frames=81))
TOKENS, WIDTH, HEAD = 32_760, 5120, 128


def run(network):
    return trace(replace(MODEL.denoiser, network=network), "forward", SHAPE, "bf16")


def test_it_is_the_same_network():
    plain, own = run("transformers.wan"), run("transformers.wan_lightx2v")
    assert own.parameters.keys() == plain.parameters.keys()
    assert own.parameter_count == plain.parameter_count
    assert own.flops == plain.flops


def test_keys_are_turned_as_complex128_beside_what_attention_was_given():
    """Stream, normed input, queries, keys, values in bf16; a float64 copy twice, and the table of turns."""
    own = run("transformers.wan_lightx2v")
    assert own.peak_at.startswith("blocks.*.attn1")
    expected = TOKENS * WIDTH * (5 * 2 + 2 * 8) + TOKENS * HEAD * 8
    assert own.peak == pytest.approx(expected, rel=0.01)


def test_the_program_of_that_summer_runs_it():
    assert framework("lightx2v-2025-07").networks["transformers.wan"] == "transformers.wan_lightx2v"
    assert "transformers.wan" not in framework("lightx2v").networks
