"""Constants of time that belong to no single chip: data/kernels/laws.toml and data/parallel.toml."""

from functools import cache

from vidcalc.base.facts import Facts
from vidcalc.base.units import quantity
from vidcalc.catalog.load import entry, table


@cache
def training_launch() -> dict[str, float]:
    """Seconds that the host takes to start a kernel while it trains ("low", "likely", "high"), and kernels of backward
    over those of forward ("backward")."""
    law = entry("kernels", "laws")["training_launch"]
    return {**{name: quantity(law[name], "s") for name in ("low", "likely", "high")}, "backward": law["backward"]}


@cache
def fused(compiled: str) -> float:
    """Kernels that are left of eager PyTorch's where elementwise work is fused that way, as a share."""
    shares: Facts = entry("kernels", "laws")["elementwise"]["fused"]
    return float(shares[compiled]["likely"]) if compiled in shares else 1.0


@cache
def sharing() -> Facts:
    """What sharing one job costs beyond the bytes that it moves. Treat it as read-only."""
    return table("parallel")
