"""LingBot-Video's weights by its layers, and a mixture of experts on the tape: all weigh, few work."""

from golden_cases import flops

from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import lingbot
from vidcalc.tape import Tape

CHUNK = Shape(frames=4, height=16, width=16, tokens=64)
SPARSE = {"num_experts": 32, "num_experts_per_tok": 4, "moe_intermediate_size": 256, "depth": 6}


def taped(**changes: object) -> Tape:
    tape = Tape("bf16")
    lingbot.forward(tape, lingbot.Config(**changes), CHUNK)  # type: ignore[arg-type]
    return tape


def test_the_dense_model_has_the_weights_of_its_layers() -> None:
    width, depth, inner, text = 2048, 24, 6144, 2560
    attention = 4 * width * width + width + 2 * 128  # to_out alone has a bias
    layer = attention + 3 * width * inner + 4 * width + 6 * width
    times = 256 * width + width + width * width + width + width * 6 * width + 6 * width
    texts = text + text * width + width + width * width + width
    ends = 64 * width + width + width * 2 * width + 2 * width + width * 64 + 64
    assert taped().parameter_count == depth * layer + times + texts + ends
    assert 1.3e9 < taped().parameter_count < 1.5e9


def test_experts_all_weigh_and_the_chosen_work() -> None:
    few, many = taped(**SPARSE), taped(**SPARSE | {"num_experts": 64})
    router, matrices = 6 * 32 * 2048, 6 * 32 * 3 * 2048 * 256
    assert many.parameter_count - few.parameter_count == router + matrices
    rows = 4 * 8 * 8 + 64
    assert flops(many) - flops(few) == 2 * rows * router  # the router's alone
    twice = taped(**SPARSE | {"num_experts_per_tok": 8})
    assert flops(twice) - flops(few) == 6 * 2 * rows * 4 * 3 * 2048 * 256


def test_what_a_token_passes() -> None:
    config = lingbot.Config(**SPARSE)  # type: ignore[arg-type]
    assert lingbot.idle(config) == 6 * 28 * 3 * 2048 * 256
    assert lingbot.idle(lingbot.Config()) == 0
