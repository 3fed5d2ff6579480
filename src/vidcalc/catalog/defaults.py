"""Figures that belong to no single accelerator or model, from `data/defaults.toml`."""

from functools import cache
from typing import Any
from zlib import crc32

from vidcalc.catalog.load import DATA, read_built
from vidcalc.catalog.units import quantity


@cache
def defaults() -> dict[str, Any]:
    """The whole table, quantities as strings with their units."""
    text = (DATA / "defaults.toml").read_bytes()
    built = read_built("defaults", crc32(text))
    if built is not None:
        return built
    import tomllib

    return tomllib.loads(text.decode())


@cache
def process(what: str) -> int:
    """Bytes a process holds before the first tensor: "context" (CUDA) or "workspace" (cuBLAS) [byte]."""
    table = defaults()["process"]
    text = table["context"]["likely"] if what == "context" else table["cublas_workspace"]["cuda"]
    return int(quantity(text, "B"))


@cache
def pue(place: str = "cloud") -> float:
    """Power usage effectiveness: facility energy over computing energy."""
    return float(defaults()["energy"]["pue"][place])
