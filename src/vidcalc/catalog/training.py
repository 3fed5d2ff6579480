"""Training recipes, optimizers and ways of sharding, from `data/training.toml`."""

from functools import cache

import msgspec

from vidcalc.base.errors import InputError, nearest
from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table
from vidcalc.tape import ELEMENT_BYTES


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bytes per weight element of each thing a precision recipe holds; `compute` is the activations' dtype.

    cast  of the copies in the compute dtype that a forward pass makes and backward still reads (autocast)
    """

    compute: str
    weights: float
    gradients: float
    master: float
    states: float
    source: str
    cast: float = 0

    @property
    def stored(self) -> str:
        """The dtype of the trained weights: that of activations, unless the weights are wider."""
        return "fp32" if self.weights == ELEMENT_BYTES["fp32"] else self.compute


class Optimizer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many states per weight element, and their bytes where the recipe does not decide.

    temporaries  copies of a state that an update over all weights at once holds for a moment
    """

    states: float
    source: str
    state_bytes: float | None = None
    temporaries: float = 0

    def each(self, chosen: Recipe) -> float:
        """Bytes per weight element of one state."""
        return chosen.states if self.state_bytes is None else self.state_bytes

    def bytes_per_element(self, chosen: Recipe) -> float:
        """Bytes per weight element of the master copy and all states."""
        return chosen.master + self.states * self.each(chosen)


class Sharding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Buffers of a way of sharding: elements that gradients are reduced and updated weights gathered through.

    gradients  "copied": the buckets are a further copy of all gradients
    """

    source: str
    bucket: int = 0
    gather: int = 0
    gradients: str = ""


class Networks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Networks of the denoiser's size beside the trained one: copies, and passes per micro-batch.

    rollouts  "yes": the sample is rolled out first;  trains  "once", or at "every_step" of its rollout
    decoded   "yes": the VAE decodes what was rolled out, to be scored
    """

    frozen: int
    trained: int
    forwards: int
    updates: int
    source: str
    rollouts: str = "no"
    trains: str = "once"
    decoded: str = "no"


def recipe(name: str) -> Recipe:
    """Raises InputError("recipe", …)."""
    return msgspec.convert(_row("recipes", "recipe", name), Recipe)


def optimizer(name: str) -> Optimizer:
    """Raises InputError("optimizer", …)."""
    return msgspec.convert(_row("optimizers", "optimizer", name), Optimizer)


def sharding(name: str) -> Sharding:
    """Raises InputError("sharding", …)."""
    return msgspec.convert(_row("sharding", "sharding", name), Sharding)


def networks(name: str) -> Networks:
    """Raises InputError("networks", …)."""
    return msgspec.convert(_row("networks", "networks", name), Networks)


def choices(table: str) -> tuple[str, ...]:
    """The names of a table: "recipes", "optimizers", "sharding" or "networks"."""
    return tuple(_tables()[table])


def _row(table: str, flag: str, name: str) -> Facts:
    rows: dict[str, Facts] = _tables()[table]
    if name not in rows:
        raise InputError(flag, name, tuple(rows), nearest(name, list(rows)))
    return rows[name]


@cache
def _tables() -> Facts:
    return table("training")
