"""Networks of a job whose bytes nothing here tells: what makes a need "at least" so much, and is named.

A network has bytes where its weights are counted or its architecture is written. An autoencoder also needs the bytes of
its decode: one whose weights alone are counted is named too, unless the framework's profile knows its decode.
"""

from vidcalc.ledger.types import Ledger
from vidcalc.ledger.weights import Network


def unsized(ledger: Ledger) -> list[str]:
    """Ids of the networks that take memory nobody can state while a video is generated."""
    decoded = ledger.phase("vae_decode") is not None
    return [name for name, each in ledger.weights.items() if not weighed(each) or (works(each) and not decoded)]


def works(network: Network) -> bool:
    """Whether it is an autoencoder with weights (a model without any states its sizes all the same) whose work nothing
    here knows: one that is written has no decode only where another job does it.
    """
    return network.role == "vae" and network.component.params != 0 and not network.component.network


def weighed(network: Network) -> bool:
    """Whether the bytes of its weights are known."""
    return bool(network.component.network) or network.component.params is not None or network.component.held is not None
