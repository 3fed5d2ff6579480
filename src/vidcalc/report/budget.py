"""The answer about a budget: what it trains. Ids and numbers in SI base units; its JSON form is vidcalc.budget/1."""

from typing import Any

from vidcalc.report.estimate import Assumption, Entry, HardwarePart, ModelPart, Warning_
from vidcalc.report.training import Ranks

SCHEMA = "vidcalc.budget/1"


class Funds(Entry, frozen=True, kw_only=True, eq=False):
    """What there is to spend.

    gpu_seconds       accelerator-seconds, and the fewest and most where prices are a range
    seconds           how long all accelerators of the run work on it
    money             what they cost [USD], with provider, date and source of the price; None without a price
    """

    kind: str
    gpu_seconds: float
    gpu_seconds_low: float
    gpu_seconds_high: float
    seconds: float
    money: float | None
    money_low: float | None
    money_high: float | None
    provider: str
    as_of: str
    source: str


class Room(Entry, frozen=True, kw_only=True, eq=False):
    """A bucket's micro-batch, and the largest one that fits: of `largest` samples, 0 where not even one does.

    peak, verdict  at `batch`;  largest_peak  at the largest, or of one sample where none fits [byte]
    """

    width: int | float
    height: int | float
    frames: int | float
    share: float
    batch: int | float
    sequence: int | float
    peak: int | float
    verdict: str
    seconds_per_step: float
    largest: int
    largest_peak: int | float


class Affordable(Entry, frozen=True, kw_only=True, eq=False):
    """What the budget trains of a given model.

    steps       the most whose run stays within the budget;  steps_low, steps_high  at the ends of times and prices
    samples, tokens, flops  seen in them;  flops_6nd  by six FLOPs per parameter and token, attention left out
    clips, epochs  distinct samples of the data set and how often each is seen; None without a data set
    encode_seconds  accelerator-seconds to make latents and text embeddings beforehand (precomputed), beside the budget
    seconds     the run takes;  left  of the budget  [second]
    per_step    accelerator-seconds of one step
    """

    steps: int
    steps_low: int
    steps_high: int
    samples: int
    clips: int | None
    epochs: float | None
    tokens: int | float
    flops: int | float
    flops_6nd: int | float
    encode_seconds: float
    seconds: float
    left: float
    seconds_per_step: float
    per_step: float
    mfu: float
    buckets: list[Room]


class Near(Entry, frozen=True, kw_only=True, eq=False):
    """A model of the catalogue and its parameters."""

    name: str
    params: int


class Optimum(Entry, frozen=True, kw_only=True, eq=False):
    """Parameters and data that a scaling law holds best for the budget.

    params, tokens   such that a network of that size, as it really runs, spends the budget on the law's tokens;
                     params_low, params_high at the ends of times and prices
    flops            forward and backward of that network [FLOP];  flops_6nd  of the same parameters and tokens at six
                     FLOPs each, attention left out
    params_6nd, tokens_6nd  what the law says of the same FLOPs if attention cost nothing
    fitted, checked  compute the law was fitted on, and the largest it was tried on [FLOP];  beyond  how far the budget
                     lies beyond that (1 and less: within)
    peak, verdict    of the network on one GPU of the plan
    """

    law: str
    title: str
    data: str
    source: str
    date: str
    params: int
    params_low: int
    params_high: int
    tokens: float
    samples: float
    flops: float
    flops_6nd: float
    params_6nd: float
    tokens_6nd: float
    fitted: list[float]
    checked: float
    beyond: float
    mfu: float
    peak: int | float
    verdict: str
    nearest: list[Near]


class BudgetReport(Entry, frozen=True, kw_only=True, eq=False):
    """The whole answer. `affordable` is None where no model was asked for, `optima` are the chosen law's first."""

    schema: str = SCHEMA
    budget: Funds
    model: ModelPart | None
    plan: dict[str, Any]
    hardware: HardwarePart
    ranks: Ranks
    affordable: Affordable | None
    optima: list[Optimum]
    assumptions: list[Assumption]
    warnings: list[Warning_]
