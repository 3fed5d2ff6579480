"""Number formats, from `data/precisions.toml`."""

from functools import cache

import msgspec

from vidcalc.base.errors import InputError, nearest
from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table


class Precision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a weight takes, what activations are, and which arithmetic runs.

    stored      bytes per weight element, scales included
    compute     dtype of activations and of everything that is not quantised
    arithmetic  format the matrix products run in
    covers      "all" weights, or only those of "linear" layers
    casts       "layers" where diffusers has a way of its own to store layers in it: `vidcalc.catalog.casting`
    skips       words in a module's name that leave it in the compute dtype
    others      bytes per weight element that is not covered, where that is not the width of `compute`
    movable     whether the weights can leave the device again
    beside      bytes per output element of a linear layer that its kernel holds beside the output
    kept        bytes per weight element that a network's first run leaves on the device
    rounding    bytes per output element of a linear layer that elementwise kernels move for the format in eager mode
    product     kernel of its linear layers, of data/products.toml, where a framework says no other
    merges      "no" where LoRAs cannot be merged into weights of it; "live" where its low-rank part takes them instead
    fitted      ids of the measured rows that one of these was fitted to
    """

    stored: float
    compute: str
    arithmetic: str
    covers: str
    source: str
    casts: str = "files"
    skips: tuple[str, ...] = ()
    others: float = 0
    movable: bool = True
    beside: float = 0
    kept: float = 0
    rounding: float = 0
    product: str = "plain"
    merges: str = "yes"
    fitted: tuple[str, ...] = ()


@cache
def precision(name: str, flag: str = "precision") -> Precision:
    """Raises InputError(flag, …) for a format nobody knows."""
    rows = _table()
    if name not in rows:
        raise InputError(flag, name, tuple(rows), nearest(name, list(rows)))
    return msgspec.convert(rows[name], Precision)


def choices() -> tuple[str, ...]:
    """The names of all formats."""
    return tuple(_table())


@cache
def _table() -> dict[str, Facts]:
    return table("precisions")
