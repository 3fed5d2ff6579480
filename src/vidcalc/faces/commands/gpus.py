"""`vidcalc gpus`: the accelerators of the catalogue, those asked for, in the order asked for."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from vidcalc.faces.flags.amounts import Memory
from vidcalc.faces.flags.catalogue import Flag, flags
from vidcalc.faces.flags.inputs import LONGEST, OneOf
from vidcalc.faces.flags.reach import Plain
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

if TYPE_CHECKING:
    from vidcalc.describe.hardware import Accelerator
    from vidcalc.report.gpus import Gpus


# what the list may be sorted by, largest first; unknown facts come last
ORDERS: dict[str, Callable[[Any], float]] = {
    "memory": lambda chip: chip.capacity,
    "bandwidth": lambda chip: chip.bandwidth or 0,
    "peak": lambda chip: chip.peak("bf16"),
    "year": lambda chip: chip.release_year or 0,
    "tdp": lambda chip: chip.tdp or 0,
    "price": lambda chip: -lowest(chip),
}


BEYOND_ITS_FILE = ("per_node", "collectives", "curves")  # worked out from other files of the catalogue


def result(given: dict[str, Any]) -> "list[Accelerator]":
    """The accelerators that the flags ask for, in the order asked for."""
    from vidcalc.catalog.accelerators import accelerator
    from vidcalc.catalog.load import names

    chips = [accelerator(name) for name in names("accelerators")]
    if any(given.get(name) is not None for name in ("vendor", "words", "least")):
        known(chips, given)
        chips = [chip for chip in chips if matches(chip, given.get("words"), given.get("vendor"), given.get("least"))]
    order = ORDERS.get(given.get("order") or "name")
    return sorted(chips, key=order, reverse=True) if order else chips


def document(given: dict[str, Any]) -> "Gpus":
    """What is printed as JSON."""
    return listed(result(given))


def listed(chips: "Iterable[Accelerator]") -> "Gpus":
    """Accelerators as they are printed as JSON."""
    from vidcalc.report.gpus import Gpus

    return Gpus(gpus=[facts(chip) for chip in chips])


def known(chips: "list[Accelerator]", given: dict[str, Any]) -> None:
    """Refuses what no accelerator has: a maker, a word, so much memory. Raises Refused."""
    from vidcalc.base.errors import nearest
    from vidcalc.faces.flags.inputs import Refused
    from vidcalc.faces.words import _

    vendor, words, least = given.get("vendor"), given.get("words"), given.get("least")
    makers = list(dict.fromkeys(chip.vendor for chip in chips))
    if vendor is not None and not any(matches(chip, None, vendor, None) for chip in chips):
        spelled = {maker.casefold(): maker for maker in makers}
        near = spelled.get(nearest(vendor[:LONGEST], list(spelled)) or "", makers[0])
        raise Refused("--vendor", vendor, ", ".join(makers), near, tuple(makers))
    if words is not None and not any(matches(chip, words, vendor, None) for chip in chips):
        raise Refused("--filter", words, _("words of its name or kind"), chips[0].id, ())
    most = max(chip.capacity for chip in chips if matches(chip, words, vendor, None))
    if least is not None and least > most:
        size = f"{int(most // 2**30)}GiB"
        raise Refused("--min-memory", f"{least / 2**30:g}GiB", _("at most {size}", size=size), size, ())


def gpus(as_json: bool, **given: Any) -> None:
    """Print the list with memory, bandwidth, peak and price, or JSON."""
    if as_json:
        from vidcalc.faces.emit import emit

        emit(document(given))
        return
    from vidcalc.faces.terminal import lists
    from vidcalc.faces.terminal.currency import rate
    from vidcalc.faces.terminal.page import show

    show(lists.gpus(result(given)), note=rate())


def facts(chip: Any) -> dict[str, Any]:
    """An accelerator as the catalogue's file says it, its links by their ids."""
    shown = {name: getattr(chip, name) for name in chip.__struct_fields__ if name not in BEYOND_ITS_FILE}
    return {**shown, **{name: link and link.id for name, link in (("fabric", chip.fabric), ("pcie", chip.pcie))}}


def matches(chip: Any, words: str | None, vendor: str | None, least: int | None) -> bool:
    """Whether an accelerator has every word in its id, name, class or architecture, that vendor, and that memory."""
    text = " ".join((chip.id, chip.name, chip.kind, chip.architecture)).casefold()
    return (
        all(word in text for word in (words or "").casefold().split())
        and (vendor is None or chip.vendor.casefold() == vendor.casefold().strip())
        and (least is None or chip.capacity >= least)
    )


def lowest(chip: Any) -> float:
    """The lowest price of an accelerator at any class of provider [USD/s]."""
    return min((price.low for price in chip.prices), default=float("inf"))


command = Command(
    "gpus",
    params=[
        *flags(()),
        Flag(
            ("--filter", "words"),
            N_("Only those with these words in name, class or architecture: hopper, consumer, rtx 40."),
            type=Plain(),
            metavar=N_("WORDS"),
        ),
        Flag(
            ("--vendor", "vendor"),
            N_("Only those of this maker: NVIDIA, AMD, Google …"),
            type=Plain(),
            metavar=N_("NAME"),
        ),
        Flag(
            ("--min-memory", "least"), N_("Only those with at least this much memory."), type=Memory(), metavar="48GiB"
        ),
        Flag(
            ("--sort", "order"),
            N_("Order, the largest first; by price the cheapest first."),
            "name",
            type=OneOf("name", *ORDERS),
            metavar="|".join(("name", *ORDERS)),
            default="name",
        ),
    ],
    callback=gpus,
    help=N_("The GPUs and other accelerators of the catalogue: memory, bandwidth, peak and price."),
    examples=("vidcalc gpus", "vidcalc gpus --filter consumer --min-memory 24GB --sort price", "vidcalc gpus --json"),
)
