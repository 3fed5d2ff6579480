"""`--gpu auto` and `--used`: what the drivers' tools say of this machine, and what other programs hold of a card.

The outputs are written on the pattern of the tools' own.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from vidcalc.faces import local
from vidcalc.faces.local.cards import Card, cards
from vidcalc.faces.local.memory import host_memory
from vidcalc.faces.requests import here

MIB, GIB = 2**20, 2**30
NVIDIA = "NVIDIA GeForce RTX 4090, 24564, 1210, 580.95.05\n"
TWO = "NVIDIA H100 80GB HBM3, 81559, 4, 570.86.15\nNVIDIA H100 80GB HBM3, 81559, 900, 570.86.15\n"
ROCM = json.dumps(
    {
        "card0": {
            "VRAM Total Memory (B)": str(24 * GIB),
            "VRAM Total Used Memory (B)": str(GIB),
            "Card Series": "Radeon RX 7900 XTX",
        },
        "system": {"Driver version": "6.12"},
    }
)
AMD = json.dumps(
    [{"gpu": 0, "asic": {"market_name": "AMD Instinct MI300X"}, "vram": {"size": {"value": 196592, "unit": "MB"}}}]
)


def machine(**tools: str) -> Callable[..., str]:
    """A machine on which only these tools print something."""
    return lambda command, *arguments: tools.get(command.replace("-", "_"), "")


def test_cards_are_read_from_the_tool_that_is_there() -> None:
    assert cards(machine(nvidia_smi=NVIDIA)) == [
        Card("NVIDIA GeForce RTX 4090", 1, 24564 * MIB, 1210 * MIB, "580.95.05", "nvidia-smi")
    ]
    assert cards(machine(rocm_smi=ROCM)) == [Card("Radeon RX 7900 XTX", 1, 24 * GIB, GIB, "", "rocm-smi")]
    assert cards(machine(amd_smi=AMD)) == [Card("AMD Instinct MI300X", 1, 196592 * MIB, 0, "", "amd-smi")]


def test_amd_smi_tells_what_is_in_use() -> None:
    used = [{"gpu": 0, "mem_usage": {"total_vram": {"value": 196592, "unit": "MB"}, "used_vram": {"value": 5120}}}]

    def ask(command: str, kind: str = "", *_rest: str) -> str:
        said = {"static": AMD, "metric": json.dumps({"gpu_data": used})}
        return said.get(kind, "") if command == "amd-smi" else ""

    assert cards(ask) == [Card("AMD Instinct MI300X", 1, 196592 * MIB, 5 * GIB, "", "amd-smi")]


def test_a_chip_without_memory_of_its_own_has_the_host_s() -> None:
    said = machine(nvidia_smi="NVIDIA GB10, [N/A], [N/A], 580.95.05\n")
    assert cards(said) == [Card("NVIDIA GB10", 1, host_memory() or 0, 0, "580.95.05", "nvidia-smi")]


def test_equal_cards_are_counted_and_the_busier_one_decides() -> None:
    (card,) = cards(machine(nvidia_smi=TWO))
    assert (card.number, card.used) == (2, 900 * MIB)


@pytest.mark.parametrize(
    "said", ["", "No devices were found\n", "a, b, c, d\n", "[N/A], [N/A], [N/A], [N/A]\n", "{", "[1]", "null"]
)
def test_what_no_tool_of_the_kind_says_is_passed_over(said: str) -> None:
    assert cards(machine(nvidia_smi=said, rocm_smi=said, amd_smi=said)) == []


NAMES = {
    "NVIDIA GeForce RTX 4090": (24564, "rtx-4090"),
    "NVIDIA GeForce RTX 4090 Laptop GPU": (16376, "rtx-4090-laptop"),
    "NVIDIA GeForce RTX 3060": (12288, "rtx-3060-12gb"),
    "NVIDIA GeForce RTX 4060 Ti": (16380, "rtx-4060ti-16gb"),
    "NVIDIA A100-SXM4-80GB": (81920, "a100-sxm-80gb"),
    "NVIDIA A100 80GB PCIe": (81920, "a100-pcie-80gb"),
    "NVIDIA H100 80GB HBM3": (81559, "h100-sxm"),
    "NVIDIA RTX PRO 6000 Blackwell Workstation Edition": (97887, "rtx-pro-6000-blackwell"),
    "NVIDIA RTX 6000 Ada Generation": (49140, "rtx-6000-ada"),
    "Tesla T4": (15360, "t4"),
    "Radeon RX 7900 XTX": (24560, "rx-7900xtx"),
    "AMD Instinct MI300X": (196592, "mi300x"),
    "Apple M3 Max": (65536, "m3-max"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_card_is_known_by_the_name_that_its_driver_has_for_it(name: str) -> None:
    mebibytes, wanted = NAMES[name]
    assert here.known(Card(name, 1, mebibytes * MIB, 0, "", "")) == (wanted, False)


def test_an_unknown_card_is_the_nearest_in_kind_with_its_own_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    strange = Card("NVIDIA GeForce RTX 4085", 1, 20 * GIB, 0, "1", "nvidia-smi")
    monkeypatch.setattr(here, "cards", lambda: [strange])
    flags = here.here({"gpu": "auto"})
    assert flags["gpu"] == f"rtx-4080,memory={20 * GIB}B"
    assert [each.id for each in flags["found"]] == ["found_here", "found_like"]


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A 4090 with a desktop on it, and 32 GiB of host memory."""
    monkeypatch.setattr(here, "cards", lambda: cards(machine(nvidia_smi=NVIDIA)))
    monkeypatch.setattr(here, "host_memory", lambda: 32 * GIB)


@pytest.mark.usefixtures("desktop")
def test_auto_is_the_card_less_what_is_in_use(ask: Callable[..., Any]) -> None:
    told = json.loads(ask("estimate", "-m", "wan2.1-t2v-1.3b", "--gpu", "auto", "--json").out)
    named = json.loads(
        ask("estimate", "-m", "wan2.1-t2v-1.3b", "--gpu", "4090", "--used", "1210MiB", "--host-ram", "32", "--json").out
    )
    whole = json.loads(ask("estimate", "-m", "wan2.1-t2v-1.3b", "--gpu", "4090", "--json").out)
    assert told["hardware"]["name"] == whole["hardware"]["name"]
    assert told["memory"]["inference"] | {"margin": 0} == named["memory"]["inference"] | {"margin": 0}
    assert whole["memory"]["inference"]["capacity"] - told["memory"]["inference"]["capacity"] == 1210 * MIB
    assert told["time"]["inference"]["total"] == whole["time"]["inference"]["total"]
    assert {"found_here", "memory_in_use"} <= {each["id"] for each in told["warnings"]}


@pytest.mark.usefixtures("desktop")
def test_what_is_stated_goes_before_what_is_found(ask: Callable[..., Any]) -> None:
    told = json.loads(ask("estimate", "-m", "wan2.1-t2v-1.3b", "--gpu", "auto", "--used", "0", "--json").out)
    assert "memory_in_use" not in {each["id"] for each in told["warnings"]}


def test_without_a_card_one_line_says_so(monkeypatch: pytest.MonkeyPatch, ask: Callable[..., Any]) -> None:
    monkeypatch.setattr(here, "cards", list)
    done = ask("estimate", "-m", "wan2.1-t2v-1.3b", "--gpu", "auto")
    assert done.code == 2 and "find none on this machine" in done.err and done.err.count("\n") == 1


def test_no_card_is_smaller_than_what_is_in_use(ask: Callable[..., Any]) -> None:
    done = ask("estimate", "-m", "wan2.1-t2v-1.3b", "--gpu", "4090", "--used", "40GiB")
    assert done.code == 2 and "--used" in done.err and done.err.count("\n") == 1


def test_this_machine_has_host_memory() -> None:
    found = local.host_memory()
    assert found is not None and GIB / 4 < found < 2**50
