"""A peak below the weights that a row's own words keep on the device contradicts the row."""

import pytest

from vidcalc.validate.contradiction import contradiction
from vidcalc.validate.mapping import case
from vidcalc.validate.table import Row

GIB = 2**30
FULL = {
    "id": "a",
    "model": "Wan2.2-T2V-A14B",
    "width": "1280",
    "height": "720",
    "frames": "81",
    "precision": "bf16",
    "offload": "none",
    "engine": "diffusers",
}


def told(peak, **fields):
    row = Row(**{**FULL, **fields})
    return contradiction(row, case(row).question, peak * GIB)


@pytest.mark.parametrize(
    ("fields", "weights"),
    [
        ({}, 53.2 + 10.6),  # two experts of 14.3 billion parameters and the encoder at two bytes
        ({"offload": "text encoder cpu offload"}, 26.6),  # one of them may wait
        ({"model": "Wan2.1-T2V-14B"}, 26.6 + 10.6),
        ({"model": "Wan2.1-T2V-14B", "precision": "fp8"}, 13.3 + 10.6),
        ({"model": "Wan2.1-T2V-14B", "precision": "fp8", "offload": "text encoder cpu offload"}, 13.3),
        ({"model": "Wan2.1-T2V-14B", "n_gpus": "2", "parallelism": "TP 2"}, 13.3 + 10.6),
        ({"model": "Wan2.1-T2V-14B", "n_gpus": "2", "parallelism": "TP 2; text encoder TP 2"}, 13.3 + 5.3),
    ],
)
def test_the_least_that_a_row_can_have_is_its_own_weights(fields, weights):
    assert told(weights * 0.95, **fields).startswith("memory:")
    assert told(weights * 1.05, **fields) == ""


@pytest.mark.parametrize("fields", [{"offload": ""}, {"precision": ""}, {"offload": "layerwise offload"}])
def test_a_row_that_does_not_say_so_contradicts_nothing(fields):
    assert told(1, **fields) == ""
