"""Rewriting some phases of a ledger and leaving the others: what most passes do."""

from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from vidcalc.ledger.types import Ledger, Phase, PhaseId

# the denoiser's calls, while it generates and while it trains
DENOISER: tuple[PhaseId, ...] = ("denoise", "forward", "backward", "recompute")
DECODER: tuple[PhaseId, ...] = ("vae_decode",)

Job = TypeVar("Job", bound=Ledger)  # a generation, or an optimizer step


def rewrite(ledger: Job, ids: tuple[PhaseId, ...], change: Callable[[Phase], Phase]) -> Job:
    """The ledger with its phases of those ids changed; networks beside the denoiser are whole on every rank."""
    return replace(
        ledger, phases=tuple(change(each) if each.id in ids and each.own else each for each in ledger.phases)
    )


def rewrite_calls(ledger: Ledger, change: Callable[[Phase], Phase]) -> Ledger:
    """The ledger with every call changed: those of the phases, the denoiser's plain forward and the VAE's encode."""
    return replace(
        ledger,
        phases=tuple(map(change, ledger.phases)),
        forward=change(ledger.forward),
        encode=None if ledger.encode is None else change(ledger.encode),
    )
