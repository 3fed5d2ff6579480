"""Wan steered by a camera and LongCat that listens: what they add to their bases, counted from their makers' code."""

from typing import Any

from golden_cases import flops

from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import longcat, longcat_avatar, wan, wan_world
from vidcalc.ops import Pointwise
from vidcalc.tape import Tape

CLIP = Shape(frames=21, height=60, width=104, tokens=512)
TOKENS = 21 * 30 * 52


def taped(module: Any, **numbers: Any) -> Tape:
    tape = Tape("bf16")
    module.forward(tape, module.Config(**numbers), CLIP)
    return tape


def weights(tape: Tape) -> int:
    return sum(int(elements) for elements, _ in tape.parameters.values())


def test_a_camera_adds_four_layers_to_a_block_and_three_before_them() -> None:
    sizes = {"num_attention_heads": 40, "ffn_dim": 13824, "num_layers": 40, "in_channels": 36}
    plain, steered = taped(wan, **sizes), taped(wan_world, **sizes)
    square, rays = 5120 * 5120 + 5120, 6 * 64 * 4
    assert weights(steered) - weights(plain) == 40 * 4 * square + rays * 5120 + 5120 + 2 * square
    assert flops(steered) - flops(plain) == 2 * TOKENS * 5120 * (40 * 4 * 5120 + rays + 2 * 5120)


def test_audio_adds_an_attention_to_every_block() -> None:
    plain, listening = taped(longcat), taped(longcat_avatar)
    d, heard, depth = 4096, 768, 48
    # modulation, the norm before, query and output, key and value, the norms of a head's queries and keys
    block = 3 * d * 512 + 3 * d + 2 * d + 2 * (d * d + d) + 2 * d * heard + 2 * d + 2 * 128
    window = 12 * 768
    projector = (5 + 8) * window * 512 + 2 * 512 + 512 * 512 + 512 + 512 * 32 * heard + 32 * heard + 2 * heard
    assert weights(listening) - weights(plain) == depth * block + projector
    # each token's query and output, 32 audio tokens of its frame as keys and values
    attention = depth * (2 * 2 * TOKENS * d * d + 4 * TOKENS * 32 * d)
    assert attention < flops(listening) - flops(plain) < 1.02 * attention


def test_a_camera_scales_and_shifts_in_five_kernels_of_a_block() -> None:
    tape, config = Tape("bf16"), wan_world.Config(num_attention_heads=2, attention_head_dim=128)
    n, width = 512, 256
    rays, x = tape.input(1, n, width), tape.input(1, n, width)
    out = wan_world.steered(tape, config, rays, x)
    size = n * width * 2
    moved = [op.moved for op in tape.ops if isinstance(op, Pointwise)]
    # activation, added to the rays, 1 + scale, its product with x, and the shift
    assert [each / size for each in moved] == [2, 3, 2, 3, 3]
    # rays, x, scale, shift, 1 + scale and the product
    assert tape.peak == 6 * size
    del rays, x
    assert tape.live == out.nbytes == size
