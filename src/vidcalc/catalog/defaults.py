"""Figures that belong to no single accelerator or model, from `data/defaults.toml`."""

from functools import cache
from typing import Any

from vidcalc.arithmetic import where
from vidcalc.catalog.load import table
from vidcalc.catalog.units import quantity


@cache
def defaults() -> dict[str, Any]:
    """The whole table, quantities as strings with their units."""
    return table("defaults")


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


def nccl(count: Any) -> Any:
    """Bytes a communicator among `count` accelerators takes on each of them [byte]."""
    facts = defaults()["process"]["nccl"]
    out: Any = 0
    for known, text in zip(facts["gpus"], facts["memory"], strict=True):
        out = where(count >= known, int(quantity(text, "B")), out)
    return out
