"""The flags of what joins the GPUs: --link inside a node, --nodes, --network between them."""

from typing import Any

import click

from vidcalc.base.errors import UnknownName, nearest
from vidcalc.describe.hardware import Hardware
from vidcalc.faces.flags.inputs import LONGEST, Refused, Whole, refuse
from vidcalc.faces.flags.spec import Spec, Specs
from vidcalc.faces.words import N_, _

NETWORK = "node-node"  # how the scope of a link between nodes begins


class LinkName(click.ParamType):  # type: ignore[type-arg]
    """A link of the catalogue by id or name: one between nodes, or one inside of them."""

    name = "link"

    def __init__(self, between_nodes: bool) -> None:
        self.between_nodes = between_nodes

    def choices(self) -> list[str]:
        """The ids of the links of that kind."""
        from vidcalc.catalog.accelerators import link
        from vidcalc.catalog.load import names

        return [name for name in names("links") if link(name).scope.startswith(NETWORK) == self.between_nodes]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises Refused."""
        from vidcalc.catalog.load import resolve

        word, choices = str(value)[:LONGEST], self.choices()
        try:
            name = resolve("links", word)
        except UnknownName:
            name = ""
        if name not in choices:
            raise refuse(param, value, ", ".join(choices), nearest(word, choices) or choices[0], *choices)
        return name

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The links that begin so."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in self.choices() if name.startswith(incomplete)]


LINKS: Specs = {
    "link": Spec(
        ("--link",),
        LinkName(between_nodes=False),
        N_("NAME"),
        N_("the GPU's own"),
        N_("What joins the GPUs of a node: nvlink4, pcie4-x16 …; `list` shows all."),
    ),
    "nodes": Spec(
        ("--nodes",),
        Whole(1, 10**5),
        N_("N"),
        N_("as few as hold the GPUs"),
        N_("Nodes that the GPUs stand in, as many in each."),
    ),
    "network": Spec(
        ("--network",),
        LinkName(between_nodes=True),
        N_("NAME"),
        "ib-ndr",
        N_("What joins the nodes, one port per GPU: ib-ndr, roce-400, efa-v2 …; `list` shows all."),
    ),
}


def linked(machine: Hardware, flags: dict[str, Any]) -> Hardware:
    """The hardware with its GPUs in nodes and the links asked for. Raises Refused where nodes would differ in size."""
    from msgspec.structs import replace

    from vidcalc.catalog.accelerators import link, usual_nodes

    total = int(machine.total)
    nodes = flags.get("nodes", usual_nodes(machine.accelerator, total))
    if total % nodes:
        legal = [count for count in range(1, total + 1) if total % count == 0]
        near = min(legal, key=lambda count: abs(count - nodes))
        raise Refused(
            "--nodes", nodes, _("a number that divides the {count} GPUs", count=total), str(near), tuple(legal)
        )
    joined = {name: link(flags[name]) for name in ("link", "network") if name in flags}
    return replace(machine, count=total // nodes, nodes=nodes, **joined)
