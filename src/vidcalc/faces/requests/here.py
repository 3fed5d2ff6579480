"""`--gpu auto`: flags as this machine settles them: the card, how much of it is in use, host memory."""

from typing import Any

from vidcalc.base.errors import UnknownName
from vidcalc.catalog.accelerators import accelerator
from vidcalc.catalog.load import resolve
from vidcalc.describe.model import Caution
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.local import Card, cards, host_memory
from vidcalc.faces.terminal.numbers import data
from vidcalc.faces.words import _

NEAR = 0.1  # of a catalogue card's memory: how far another one of its name may be before its own is stated


def here(flags: dict[str, Any]) -> dict[str, Any]:
    """The flags with the card of this machine named; `found` says what that rests on.

    Raises Refused where no tool finds a card, or nothing in the catalogue is like it.
    """
    found = cards()
    if not found:
        expects = _("the name of a GPU (nvidia-smi/amd-smi/rocm-smi find none on this machine)")
        raise Refused("--gpu", "auto", expects, None, ())
    card, memory = found[0], host_memory()
    name, like = known(card)
    settings = flags["gpu"].partition(",")[2]
    stated = [f"memory={card.memory}B"] if like or differs(name, card) else []
    told = {
        "tool": card.tool,
        "card": card.name if card.number == 1 else f"{card.number} × {card.name}",
        "memory": data(card.memory),
        "driver": card.driver or "–",
        "host": "–" if memory is None else data(memory),
    }
    usual = {"used": card.used, "host_ram": memory}
    caution = Caution(id="found_like", values={"card": card.name, "like": name}) if like else None
    return {
        **{key: value for key, value in usual.items() if value},
        **flags,
        "gpu": ",".join([name, *stated, *filter(None, [settings])]),
        "found": (Caution(id="found_here", values=told), *([caution] if caution else [])),
    }


def known(card: Card) -> tuple[str, bool]:
    """The catalogue's id of a card, and whether that is only the nearest in kind. Raises Refused where none is near."""
    name = card.name.replace("Laptop GPU", "Laptop").replace("Workstation Edition", "").strip()
    for spelled in dict.fromkeys((card.name, name, f"{name} {round(card.memory / 2**30)}GB")):
        try:
            return resolve("accelerators", spelled), False
        except UnknownName as unknown:
            nearest = unknown.nearest
    if nearest is None:
        raise Refused("--gpu", card.name, _("a GPU that the catalogue has something like"), None, ())
    return nearest, True


def differs(name: str, card: Card) -> bool:
    """Whether a card has another size of memory than the one of its name in the catalogue."""
    chip = accelerator(name)
    usual = chip.memory_driver or chip.memory_marketed
    return abs(card.memory - usual) > NEAR * usual
