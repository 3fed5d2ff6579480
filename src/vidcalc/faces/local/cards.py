"""The accelerators of this machine, as the tools of their drivers name them.

nvidia-smi  --query-gpu=name,memory.total,memory.used,driver_version --format=csv,noheader,nounits: MiB
            of a chip that shares its memory with the host "[N/A]" in place of both amounts
amd-smi     static --asic --vram and metric --mem-usage as JSON: MiB
rocm-smi    before it: --showproductname --showmeminfo vram --json: bytes
sysctl      Apple's chips, whose memory is the host's
"""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from vidcalc.faces.local.memory import host_memory
from vidcalc.faces.local.tools import output

MIB = 2**20
SHARED = "[N/A]"  # memory of a chip that has none of its own


class Card(NamedTuple):
    """One kind of card: its name as its maker writes it, how many, bytes of each as the driver reports them, bytes in
    use on the one that has most of them, the driver's version, the tool that said so."""

    name: str
    number: int
    memory: int
    used: int
    driver: str
    tool: str


def cards(ask: Callable[..., str] = output) -> list[Card]:
    """Every kind of card that is here, the one with most memory first; none where no tool knows any."""
    for read in (nvidia, amd, rocm, apple):
        found = list(together(read(ask)))
        if found:
            return sorted(found, key=lambda card: -card.memory)
    return []


def together(single: Iterator[Card]) -> Iterator[Card]:
    """Equal cards as one entry with their number."""
    kinds: dict[tuple[str, int], list[Card]] = {}
    for card in single:
        kinds.setdefault((card.name, card.memory), []).append(card)
    for alike in kinds.values():
        yield alike[0]._replace(number=len(alike), used=max(card.used for card in alike))


def nvidia(ask: Callable[..., str]) -> Iterator[Card]:
    """Those that nvidia-smi lists."""
    fields = "--query-gpu=name,memory.total,memory.used,driver_version"
    for line in ask("nvidia-smi", fields, "--format=csv,noheader,nounits").splitlines():
        values = [value.strip() for value in line.rsplit(",", 3)]
        if len(values) == 4 and values[0] != SHARED:
            memory = (host_memory(ask) or 0) if values[1] == SHARED else digits(values[1]) * MIB
            if memory:
                yield Card(values[0], 1, memory, digits(values[2]) * MIB, values[3], "nvidia-smi")


def rocm(ask: Callable[..., str]) -> Iterator[Card]:
    """Those that rocm-smi lists."""
    for name, card in parsed(ask("rocm-smi", "--showproductname", "--showmeminfo", "vram", "--json")).items():
        if name.startswith("card") and isinstance(card, dict):
            title = str(card.get("Card Series") or card.get("Card series") or card.get("Card Model") or "")
            total, used = (digits(card.get(f"VRAM Total {kind}Memory (B)")) for kind in ("", "Used "))
            if title and total:
                yield Card(title, 1, total, used, "", "rocm-smi")


def amd(ask: Callable[..., str]) -> Iterator[Card]:
    """Those that amd-smi lists."""
    busy = {
        str(card.get("gpu")): part(card, "mem_usage")
        for card in listed(ask("amd-smi", "metric", "--mem-usage", "--json"))
    }
    for card in listed(ask("amd-smi", "static", "--asic", "--vram", "--json")):
        asic, mebibytes = part(card, "asic"), amount(part(card, "vram").get("size"))
        if asic and mebibytes:
            used = amount(busy.get(str(card.get("gpu")), {}).get("used_vram"))
            yield Card(str(asic.get("market_name", "")), 1, mebibytes * MIB, used * MIB, "", "amd-smi")


def apple(ask: Callable[..., str]) -> Iterator[Card]:
    """Apple's own chip, on a Mac that has one."""
    if sys.platform != "darwin" and ask is output:
        return
    name = ask("sysctl", "-n", "machdep.cpu.brand_string").strip()
    memory = host_memory(ask)
    if name.startswith("Apple M") and memory:
        yield Card(name, 1, memory, 0, "", "sysctl")


def parsed(text: str) -> dict[str, Any]:
    """A JSON object; empty where the text is none. A list is under "gpu_data"."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if isinstance(value, list):
        return {"gpu_data": value}
    return value if isinstance(value, dict) else {}


def listed(text: str) -> list[dict[str, Any]]:
    """The cards of what amd-smi prints."""
    found = parsed(text).get("gpu_data")
    return [card for card in found if isinstance(card, dict)] if isinstance(found, list) else []


def part(card: dict[str, Any], name: str) -> dict[str, Any]:
    """An object within another; empty where there is none."""
    found = card.get(name)
    return found if isinstance(found, dict) else {}


def amount(said: object) -> int:
    """A number that stands alone or beside its unit."""
    return digits(said.get("value") if isinstance(said, dict) else said)


def digits(value: object) -> int:
    """A whole number that stands as one or as text; 0 for anything else."""
    text = str(value)
    return int(text) if text.isdecimal() else 0
