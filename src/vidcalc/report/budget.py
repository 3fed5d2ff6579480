"""The answer about a budget: what it trains. Ids and numbers in SI base units; its JSON form is vidcalc.budget/1."""

from vidcalc.report.estimate import Assumption, Entry, HardwarePart, ModelPart, Warning_
from vidcalc.report.training import Ranks
from vidcalc.report.units import (
    Bytes,
    Dollars,
    Flop,
    Frames,
    GpuSeconds,
    Pixels,
    Samples,
    Seconds,
    Settings,
    Share,
    Tokens,
    Weights,
    WholeSamples,
    WholeSteps,
    WholeWeights,
)

SCHEMA = "vidcalc.budget/1"


class Funds(Entry, frozen=True, kw_only=True, eq=False):
    """What there is to spend.

    gpu_seconds       accelerator-seconds, and the fewest and most where prices are a range
    seconds           how long all accelerators of the run work on it
    money             what they cost [USD], with provider, date and source of the price; None without a price
    """

    kind: str
    gpu_seconds: GpuSeconds
    gpu_seconds_low: GpuSeconds
    gpu_seconds_high: GpuSeconds
    seconds: Seconds
    money: Dollars | None
    money_low: Dollars | None
    money_high: Dollars | None
    provider: str
    as_of: str
    source: str


class Room(Entry, frozen=True, kw_only=True, eq=False):
    """A bucket's micro-batch, and the largest one that fits: of `largest` samples, 0 where not even one does.

    peak, verdict  at `batch`;  largest_peak  at the largest, or of one sample where none fits [byte]
    """

    width: Pixels
    height: Pixels
    frames: Frames
    share: Share
    batch: Samples
    sequence: Tokens
    peak: Bytes
    verdict: str
    seconds_per_step: Seconds
    largest: WholeSamples
    largest_peak: Bytes


class Affordable(Entry, frozen=True, kw_only=True, eq=False):
    """What the budget trains of a given model.

    steps       the most whose run stays within the budget;  steps_low, steps_high  at the ends of times and prices
    samples, tokens, flops  seen in them;  flops_6nd  by six FLOPs per parameter and token, attention left out
    clips, epochs  distinct samples of the data set and how often each is seen; None without a data set
    encode_seconds  accelerator-seconds to make latents and text embeddings beforehand (precomputed), beside the budget
    seconds     the run takes;  left  of the budget  [second]
    per_step    accelerator-seconds of one step
    """

    steps: WholeSteps
    steps_low: WholeSteps
    steps_high: WholeSteps
    samples: WholeSamples
    clips: WholeSamples | None
    epochs: Share | None
    tokens: Tokens
    flops: Flop
    flops_6nd: Flop
    encode_seconds: GpuSeconds
    seconds: Seconds
    left: Seconds
    seconds_per_step: Seconds
    per_step: GpuSeconds
    mfu: Share
    buckets: list[Room]


class Near(Entry, frozen=True, kw_only=True, eq=False):
    """A model of the catalogue and its parameters."""

    name: str
    params: WholeWeights


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
    params: WholeWeights
    params_low: WholeWeights
    params_high: WholeWeights
    tokens: Tokens
    samples: Samples
    flops: Flop
    flops_6nd: Flop
    params_6nd: Weights
    tokens_6nd: Tokens
    fitted: list[Flop]
    checked: Flop
    beyond: Share
    mfu: Share
    peak: Bytes
    verdict: str
    nearest: list[Near]


class BudgetReport(Entry, frozen=True, kw_only=True, eq=False):
    """The whole answer. `affordable` is None where no model was asked for, `optima` are the chosen law's first."""

    schema: str = SCHEMA
    budget: Funds
    model: ModelPart | None
    plan: Settings
    hardware: HardwarePart
    ranks: Ranks
    affordable: Affordable | None
    optima: list[Optimum]
    assumptions: list[Assumption]
    warnings: list[Warning_]
