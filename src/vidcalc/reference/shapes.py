"""The shape of one denoiser pass, and the dtype its inputs come in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

Call = Callable[[], Any]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One forward pass: batch, the latent grid (frames, height, width) and the text length (None: the class's usual
    padding); `extra` sizes that only some classes know, by our networks' names for them.
    """

    batch: int
    frames: int
    height: int
    width: int
    text_tokens: int | None = None
    extra: Mapping[str, int] = field(default_factory=dict)

    @property
    def grid(self) -> tuple[int, int, int]:
        """Latent frames, height and width."""
        return self.frames, self.height, self.width

    @property
    def positions(self) -> int:
        """Places of the latent grid."""
        return self.frames * self.height * self.width

    def text(self, usual: int) -> int:
        """The text length: as stated, else what the class usually pads to."""
        return usual if self.text_tokens is None else self.text_tokens


def usual_dtype(module: Any) -> torch.dtype:
    """The dtype most parameters have: the one its inputs come in (a few modules may be kept in float32)."""
    sizes: dict[torch.dtype, int] = {}
    for parameter in module.parameters():
        sizes[parameter.dtype] = sizes.get(parameter.dtype, 0) + parameter.numel()
    return max(sizes, key=lambda dtype: sizes[dtype])
