"""Every legal way for a number of ranks to share a training step, as float64 columns: the grid of a search.

A plan is words (sharding, checkpointing, number formats …) and numbers (degrees, micro-batch, accumulation). Words are
loops; the numbers under one set of words are columns of one table, so that a formula prices all of them at once.
"""

from functools import cached_property

import msgspec
from msgspec.structs import replace

from vidcalc.base.number import Column, Condition
from vidcalc.describe.training import TrainingPlan
from vidcalc.passes import legal

Columns = dict[str, Column]  # field of a training plan -> float64 array

SHARDINGS = (("none", "on"), ("zero1", "on"), ("zero2", "on"), ("zero3", "on"), ("zero3", "off"))
CHECKPOINTING = (
    "none", "matmul", "attention", "every:4", "every:2", "partial:0.75", "full", "segments:2", "segments:4", "offload",
)  # fmt: skip
WORDS = ("recipe", "optimizer", "update", "offload", "checkpointing")
# the fields whose product is the number of ranks, in the order in which choices are multiplied out
FACTORS = ("tensor_degree", "pipeline_degree", "ulysses_degree", "ring_degree", "gather_degree", "data_degree")


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """What a search may choose.

    units      micro-batches of the stated size that an optimizer step sees altogether; 0: batch and accumulation stay
               as the plan has them
    degrees    degrees that are settled, by field of the training plan
    words      choices by field; a field that is absent stays as the plan has it
    shardings  (sharding, reshard)
    """

    units: int = 0
    degrees: dict[str, int] = {}
    words: dict[str, tuple[str, ...]] = {}
    shardings: tuple[tuple[str, str], ...] = SHARDINGS


class Place(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Where plans must go: ranks, those of a node, and what the network can be divided into (0: cannot).

    tokens  of the shortest sample
    """

    world: int
    node: int
    heads: int
    depth: int
    tokens: int

    @cached_property
    def divisors(self) -> Column:
        """The divisors of the number of ranks, as float64."""
        import numpy as np

        return np.array([number for number in range(1, self.world + 1) if self.world % number == 0], dtype=float)


def factors(space: Space) -> tuple[int, ...]:
    """How many times its stated size a micro-batch may have: powers of two in the global batch, and all of it."""
    if not space.units:
        return (1,)
    # only what divides the global batch fills it exactly
    powers = [2**place for place in range(space.units.bit_length()) if space.units % 2**place == 0]
    return tuple(dict.fromkeys((*powers, space.units)))


def degrees(place: Place, space: Space) -> Columns:
    """Every way to write the number of ranks as a product of the degrees that a network allows."""
    import numpy as np

    columns: Columns = {}
    left = np.array([float(place.world)])  # what the degrees chosen so far leave
    for name in FACTORS[:-1]:
        allowed = _allowed(name, place, space)
        # every row so far with every degree that is allowed
        row, choice = (each.ravel() for each in np.meshgrid(np.arange(left.size), allowed, indexing="ij"))
        fits = left[row] % choice == 0
        row, choice = row[fits], choice[fits]
        columns = {field: column[row] for field, column in columns.items()}
        columns[name] = choice
        # ranks for the degrees that come after
        left = left[row] / choice
    columns["data_degree"] = left
    settled = space.degrees.get("data_degree")
    return columns if settled is None else _chosen(columns, left == settled)


def _allowed(name: str, place: Place, space: Space) -> Column:
    """The values of one degree that go into the ranks, and into the network's layers and a node."""
    stated = space.degrees.get(name)
    values = place.divisors
    if stated is not None:
        values = values[values == stated]
    elif name == "tensor_degree":  # every layer waits for it: across nodes only where somebody asks for it
        values = values[place.node % values == 0]
    elif name == "pipeline_degree":
        # each stage has whole layers, as many as the others
        values = values[max(place.depth, 1) % values == 0]
    return values


def grid(place: Place, space: Space, sharding: tuple[str, str], factor: int, plan: TrainingPlan) -> Columns:
    """The legal plans of one way of sharding with micro-batches of `factor` times their stated size."""
    word, reshard = sharding
    table = _sharded(degrees(place, space), place, space, word)
    table = _accumulated(table, space, factor, plan)
    changed = replace(plan, sharding=word, reshard=reshard, **table)
    allowed = legal.legal(place.heads, place.depth, place.tokens, changed)
    return _chosen(table, allowed)


def _sharded(table: Columns, place: Place, space: Space, word: str) -> Columns:
    """Each row once for every number of shards; one where nothing is sharded."""
    import numpy as np

    rows = np.arange(table["data_degree"].size)
    stated = space.degrees.get("shard_degree")
    several = place.divisors[1:] if stated is None else np.array([float(stated)])
    row, shards = (each.ravel() for each in np.meshgrid(rows, np.ones(1) if word == "none" else several, indexing="ij"))
    spread = {name: column[row] for name, column in table.items()}
    spread["shard_degree"] = shards
    replicas = spread["data_degree"] * spread["ulysses_degree"] * spread["ring_degree"] * spread["gather_degree"]
    # shards divide the ranks that hold the same weights
    return _chosen(spread, replicas % shards == 0)


def _accumulated(table: Columns, space: Space, factor: int, plan: TrainingPlan) -> Columns:
    """The rows whose micro-batches add up to the global batch, with as many as that takes."""
    if not space.units:
        return {**table, "grad_accum": 0 * table["data_degree"] + plan.grad_accum}
    # stated micro-batches that all data-parallel ranks work through together
    at_once = factor * table["data_degree"]
    whole = space.units % at_once == 0
    return _chosen({**table, "grad_accum": space.units / at_once}, whole)


def _chosen(table: Columns, mask: Condition) -> Columns:
    """Those rows."""
    return {name: column[mask] for name, column in table.items()}


def row(table: Columns, place: int) -> dict[str, int]:
    """One row as the whole numbers it stands for."""
    return {name: int(column[place]) for name, column in table.items()}


def size(table: Columns) -> int:
    """Plans of a table."""
    return int(table["data_degree"].size)


def worded(space: Space, plan: TrainingPlan) -> list[TrainingPlan]:
    """The plan under every combination of the words to choose from, in the order they are stated."""
    combinations = [plan]
    for name in WORDS:
        choices = space.words.get(name, (getattr(plan, name),))
        combinations = [replace(each, **{name: word}) for each in combinations for word in choices]
    return combinations
