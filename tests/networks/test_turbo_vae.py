"""TurboVAED's decoder: a level takes a block to its width where the width changes, whatever file the numbers are of."""

import msgspec
from msgspec.structs import replace

from vidcalc.catalog import models
from vidcalc.describe.shape import Shape
from vidcalc.tape.trace import trace

SMALL = Shape(batch=1, frames=3, height=4, width=4, tokens=1)


def test_two_equal_widths_of_a_file_are_one_width() -> None:
    vae = models.model("magi-2-preview").vae
    # as a JSON file has them: equal numbers, each an object of its own
    widths = msgspec.json.decode(b"[320, 320, 640, 640]")
    made = trace(replace(vae, config={**vae.config, "decoder_block_out_channels": widths}), "decode", SMALL, "bf16")
    changes = {path.split(".")[2] for path in made.parameters if ".conv_in." in path and "up_blocks" in path}
    assert changes == {"2"}  # up_blocks.2, the first of the finer two
    assert not any("shortcut" in path and "resnets" in path for path in made.parameters)
