"""HunyuanVideo as ComfyUI runs it: prompts are not padded, so the joint attention needs no mask, and none is made.

The same network as `hunyuan` otherwise. Source: ComfyUI 0.33.0 comfy/ldm/hunyuan_video/model.py.
"""

from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.hunyuan import Config, run, tokens
from vidcalc.tape import Tape, Tensor

CLASSES = ()

__all__ = ["Config", "forward", "tokens"]


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """As `hunyuan.forward`."""
    return run(tape, config, shape, "none")
