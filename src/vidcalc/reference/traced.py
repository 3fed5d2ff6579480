"""A class that no family mirrors: the published code itself, run on the meta device, in the place of a taped forward.

Needs the extra `reference`. Figures are measured, not derived: they hold for the very shape asked for, and each new
shape takes seconds instead of milliseconds. Sizes must be plain numbers.
"""

from typing import Any

import msgspec

from vidcalc.base.place import NOWHERE, Place
from vidcalc.describe.shape import Shape
from vidcalc.ops.attention import Attention
from vidcalc.ops.base import Op
from vidcalc.ops.convolution import Convolution
from vidcalc.ops.matmul import Matmul
from vidcalc.ops.pointwise import Pointwise
from vidcalc.reference.moved import Moved
from vidcalc.tape import ELEMENT_BYTES, Tape, Tensor


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The class, its role in the pipeline, and its configuration under its own names."""

    class_name: str
    role: str
    config: dict[str, Any]


def tokens(config: Config, shape: Shape) -> Any:
    """Video tokens: latent places over the patch that the configuration states."""
    patch = config.config.get("patch_size") or 1
    sides = tuple(patch) if isinstance(patch, list | tuple) else (config.config.get("patch_size_t") or 1, patch, patch)
    t, h, w = sides if len(sides) == 3 else (1, sides[-1], sides[-1])
    return (shape.frames // t) * (shape.height // h) * (shape.width // w)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """One call of the denoiser."""
    return _play(tape, config, "denoiser", stated(shape))


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """A VAE's latent to pixels."""
    return _play(
        tape, config, "vae_decode", {"batch": shape.batch, "latent": [shape.frames, shape.height, shape.width]}
    )


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """A VAE's pixels to a latent, or an encoder's one pass."""
    if config.role == "vae":
        sizes = [shape.frames, shape.height, shape.width]
        return _play(tape, config, "vae_encode", {"batch": shape.batch, "pixels": sizes})
    return _play(tape, config, config.role, {"batch": shape.batch, "tokens": shape.tokens or None})


def training_step(config: Config, shape: Shape, dtype: str, checkpointing: str) -> tuple[int, int]:
    """(bytes kept for backward, peak of forward and backward with the gradients of the weights) of a denoiser."""
    from vidcalc.reference import unlisted

    step = unlisted.train(config.class_name, config.config, stated(shape), dtype, checkpointing)
    return step.kept_for_backward, step.forward_backward_peak


def stated(shape: Shape) -> dict[str, Any]:
    """A denoiser's shape as the referee takes it."""
    sizes = [shape.frames, shape.height, shape.width]
    return {"batch": shape.batch, "latent": sizes, "text_tokens": shape.tokens or None}


def _play(tape: Tape, config: Config, component: str, shape: dict[str, Any]) -> Tensor:
    """Put on the tape what the published code did."""
    from vidcalc.reference import unlisted

    work = unlisted.run(config.class_name, config.config, component, shape, tape.dtype)
    for kind, path, dtype, sizes, times in work.ops:
        tape.ops.append(_op(kind, path, dtype, sizes, times))
    for name, (elements, kept, copies) in work.parameters.items():
        tape.parameters[name] = (elements, kept)
        tape.rounds[name] = copies
        tape.homes[name] = _place(name).block
    tape.empty((work.peak,), "int8")  # alive for a moment: the peak
    tape.peak_at, tape.device_peak = work.peak_at, work.device_peak
    return tape.empty((0,))


def _place(path: str) -> Place:
    """Where a name of the published code stands: below repeated layers, or nowhere in particular."""
    block, repeated, inner = path.partition(".*.")
    return NOWHERE.repeated(block, block).inside(inner) if repeated else NOWHERE


def _op(kind: str, path: str, dtype: str, sizes: tuple[int, ...] | Moved, times: int) -> Op:
    width, place = ELEMENT_BYTES[dtype], _place(path)
    if isinstance(sizes, Moved):
        return Pointwise(path, times, dtype, sizes.moved, 1, sizes.row, place, sizes.way, sizes.each, sizes.blocks)
    if kind == "matmul":
        rows, d_in, d_out, batch, weight = sizes
        return Matmul(path, times, dtype, rows, d_in, d_out, batch, weight, width, place)
    if kind == "convolution":
        batch, c_in, c_out, positions, read, kernel, groups = sizes
        return Convolution(path, times, dtype, batch, c_in, c_out, positions, read, kernel, groups, width, place)
    batch, heads, queries, keys, d_head, d_value = sizes
    crossed = int(keys < queries)
    return Attention(
        path, times, dtype, batch, heads, queries, keys, d_head, d_value, width, crossed=crossed, place=place
    )
