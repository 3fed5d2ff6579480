"""Sparse attention: of the score blocks of self-attention only a share is computed; a density of 1 changes nothing.

Windows (sliding tiles, neighbourhoods) and masks chosen while running (Sparse VideoGen, NABLA, VSA) alike: all queries,
keys and values are read, and exchanged among ranks. Attention to a prompt stays whole. The choice of the blocks takes
no time of its own here. The density of a method follows from its own rule (`vidcalc.passes.masks`).

Source: arXiv 2502.01776 (Sparse VideoGen), 2502.04507 (STA), 2505.13389 (VSA), 2507.13546 (NABLA).
"""

from msgspec.structs import replace

from vidcalc.base.number import Number, of_each
from vidcalc.catalog.sparse import read, windows_of
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.plan import Plan
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ops import Attention, Op
from vidcalc.passes.masks import by_layer, radial, steps, tiles
from vidcalc.passes.phases import DENOISER, rewrite

PLAIN = ("none", "stated")


def sparse(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The denoiser's calls with that share of the score blocks in self-attention."""
    if plan.sparse_attention == "none":
        return ledger

    def chosen(phase: Phase) -> Phase:
        share = density(ledger, plan, phase)
        return replace(phase, ops=tuple(_of_density(op, share) for op in phase.ops))

    return rewrite(ledger, DENOISER, chosen)


def density(ledger: Ledger, plan: Plan, phase: Phase) -> Number:
    """The share of a phase's score blocks that the plan leaves."""
    if plan.sparse_attention in PLAIN:
        return plan.attention_density
    mask = read(plan.sparse_attention)
    known = mask.parameters(phase.call.component.class_)
    rule = mask.method.rule
    if rule == "top":
        return known["top"] if "top" in known else 1 - known["sparsity"]
    if rule == "claimed":
        return 1 / known["faster"]
    if rule == "windows":
        return by_layer(windows_of(plan.sparse_attention, ledger.model))
    if rule == "steps":
        asked = (known["density"], known["times"], known["layers"], ledger.shift)
        return of_each(steps, ledger.steps, *asked)
    frames, height, width = grid(ledger)
    if rule == "radial":
        band = (known["decay"], known["block"], known["dense"])
        return of_each(radial, ledger.steps, frames, height * width, *band)
    window = (known["frames"], known["height"], known["width"])
    return of_each(lambda *size: tiles(size, window), frames, height, width)


def grid(ledger: Ledger) -> tuple[Number, Number, Number]:
    """(frames, height, width) of the video in tokens; patches are square and one latent frame deep."""
    _, frames, height, width = ledger.latent
    # tokens of a frame over its places: one over the patch's area
    side = (ledger.video_tokens / (frames * height * width)) ** 0.5
    return frames, height * side, width * side


def _of_density(op: Op, density: Number) -> Op:
    """An attention of that density, whole where it looks at a prompt; other ops as they are."""
    return replace(op, density=density + (1 - density) * op.crossed) if isinstance(op, Attention) else op
