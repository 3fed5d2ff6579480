"""Finds the curves of one accelerator: the built ones where they are current, else derived from the raw rows now."""

from typing import Any
from zlib import crc32

from vidcalc.catalog import load

FILES = ("gemm.csv", "attention.csv", "convolution.csv", "laws.toml")


def curves(name: str) -> dict[str, Any]:
    """The curves of an accelerator (its id), as `vidcalc.rates.kernels.derive` makes them. Raises UnknownName."""
    found = _CACHE.get(name)
    if found is None:
        load.entry("accelerators", name)
        found = _CACHE[name] = load.read_built(f"curves/{name}", checksum(name)) or _derived(name)
    return found


def put(name: str, found: dict[str, Any]) -> None:
    """Keep the curves of an accelerator of the user's own under its id: see `vidcalc.rates.own`."""
    _CACHE[name] = found


def checksum(name: str) -> int:
    """A checksum of the measurements, the laws and the accelerator's own facts."""
    total = crc32(load.contents("accelerators", f"{name}.toml"))
    for file in FILES:
        total = crc32(load.contents("kernels", file), total)
    return total


_CACHE: dict[str, dict[str, Any]] = {}


def _derived(name: str) -> dict[str, Any]:
    from vidcalc.rates.kernels import derive  # late: reads every accelerator and every row

    return derive()[name]
