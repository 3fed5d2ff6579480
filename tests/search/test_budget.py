"""Budgets: the last step that is paid for, the last sample that fits, the size at which a law's tokens are paid for."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from vidcalc.account import samples
from vidcalc.base.errors import InputError
from vidcalc.calculate import train
from vidcalc.catalog import fill
from vidcalc.catalog.generic import generic
from vidcalc.catalog.scaling import PER_TOKEN, law, names
from vidcalc.describe.budget import Budget
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.question import Run
from vidcalc.describe.training import TrainingPlan
from vidcalc.rates.machines import hardware
from vidcalc.rates.own import priced
from vidcalc.report.budget import BudgetReport
from vidcalc.search import batch, optimum
from vidcalc.search.budget import budget

HOUR = 3600
WAN = "wan2.1-t2v-1.3b"
VIDEO = Bucket(width=832, height=480, frames=81, share=0.7, batch=2)
IMAGE = Bucket(width=832, height=480, frames=1, share=0.3, batch=16)


def found(
    amount: float, *, kind: str = "gpu_time", chip: Hardware | None = None, clips: int = 0, of_model: bool = True,
    laws: tuple[str, ...] = (), buckets: tuple[Bucket, ...] = (VIDEO, IMAGE), **plan: Any,
) -> BudgetReport:  # fmt: skip
    """What that budget trains of Wan 1.3B on H100s."""
    training = TrainingPlan(**{"checkpointing": "full", "data_degree": 8, **plan})
    model, data = fill.model(WAN), Data(buckets=buckets, samples=0, clips=clips)
    job = fill.plan(model, training=training)
    run = Run(model, data, chip or hardware("h100-sxm", 8), job)
    return budget(Budget(kind=kind, amount=amount), run, laws, of_model)


@pytest.mark.parametrize("gpu_hours", [1, 17.3, 1000])
@pytest.mark.parametrize("validation", ["off", "on"])
def test_one_step_more_is_more_than_the_budget(gpu_hours: float, validation: str) -> None:
    plan = TrainingPlan(checkpointing="full", data_degree=8, grad_accum=2, validation=validation, validation_every=10)
    answer = found(gpu_hours * HOUR, grad_accum=2, validation=validation, validation_every=10).affordable
    assert answer is not None
    model = fill.model(WAN)

    def lasts(steps: int) -> float:
        seen = samples.of_steps(steps, (VIDEO, IMAGE), plan)
        data = Data(buckets=(VIDEO, IMAGE), samples=seen, clips=seen)
        return train(model, data, hardware("h100-sxm", 8), fill.plan(model, training=plan)).time.total

    wall = gpu_hours * HOUR / 8
    assert answer.seconds == lasts(answer.steps) <= wall < lasts(answer.steps + 1)
    assert answer.left == pytest.approx(wall - answer.seconds)
    assert answer.steps_low < answer.steps < answer.steps_high


def test_figures_of_the_run_are_sums_over_its_samples() -> None:
    answer = found(1000 * HOUR, clips=50_000).affordable
    assert answer is not None
    video, image = samples.counts(answer.samples, (VIDEO, IMAGE))
    assert answer.tokens == video * 21 * 30 * 52 + image * 30 * 52
    assert answer.epochs == answer.samples / 50_000
    assert answer.flops_6nd == 6 * fill.model(WAN).denoiser.params * answer.tokens
    assert answer.flops > 2 * answer.flops_6nd  # attention over 32,760 tokens


def test_encoding_beforehand_is_told_beside_the_budget() -> None:
    """Each distinct sample is encoded once, whatever the number of epochs."""
    short, long = (found(hours * HOUR, clips=1000, latents="precomputed").affordable for hours in (100, 200))
    assert short is not None
    assert long is not None
    assert short.encode_seconds == long.encode_seconds > 0
    twice = found(100 * HOUR, clips=2000, latents="precomputed").affordable
    assert twice is not None
    assert twice.encode_seconds == pytest.approx(2 * short.encode_seconds)


def test_too_little_for_one_step_is_no_step() -> None:
    answer = found(1).affordable
    assert answer is not None
    assert (answer.steps, answer.samples, answer.tokens, answer.seconds) == (0, 0, 0, 0)
    assert answer.per_step > 1


def test_money_is_hours_at_the_price() -> None:
    chip = replace(hardware("h100-sxm", 8), accelerator=priced(hardware("h100-sxm").accelerator, 2.5 / HOUR))
    paid, worked = found(250, kind="money", chip=chip), found(100 * HOUR, chip=chip)
    assert msgspec.to_builtins(paid.affordable) == msgspec.to_builtins(worked.affordable)
    assert paid.budget.gpu_seconds == pytest.approx(100 * HOUR)
    assert paid.budget.money == worked.budget.money == pytest.approx(250)


def test_a_range_of_prices_is_a_range_of_hours() -> None:
    spend = found(1000, kind="money").budget
    assert spend.gpu_seconds_low < spend.gpu_seconds < spend.gpu_seconds_high
    assert spend.money_low == spend.money_high == 1000


def test_money_without_a_price_is_refused() -> None:
    chip = hardware("h100-sxm", 8)
    free = replace(chip, accelerator=priced(chip.accelerator, 0))
    with pytest.raises(InputError) as refused:
        found(1000, kind="money", chip=free)
    assert refused.value.flag == "price"


@pytest.mark.parametrize("gpu", ["rtx-4090", "h100-sxm", "h200"])
@pytest.mark.parametrize("frames", [1, 33])
def test_one_sample_more_does_not_fit(gpu: str, frames: int) -> None:
    model = fill.model(WAN)
    plan = fill.plan(model, training=TrainingPlan(mode="lora", checkpointing="full", latents="precomputed"))
    chip = hardware(gpu)
    size = Bucket(width=832, height=480, frames=frames)
    run = Run(model, Data(buckets=(size,), samples=0, clips=0), chip, plan)
    most, nbytes = batch.largest(run, size)
    assert nbytes == batch.need(run, replace(size, batch=most))
    assert most >= 1
    verdicts = [batch.judged(batch.need(run, replace(size, batch=each)), chip) for each in (most, most + 1)]
    assert verdicts[0] == "fits" != verdicts[1]


def test_nothing_fits_on_a_card_too_small() -> None:
    model = fill.model("wan2.1-t2v-14b")
    plan = fill.plan(model, training=TrainingPlan())
    run = Run(model, Data(buckets=(VIDEO,), samples=0, clips=0), hardware("rtx-4090"), plan)
    assert batch.largest(run, VIDEO) == (0, batch.need(run, replace(VIDEO, batch=1)))


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 7, 8, 1000, 1001])
def test_doubling_and_halving_finds_the_last(limit: int) -> None:
    assert batch.most(lambda n: n <= limit) == limit


# published figures that none of the laws' constants were taken from
@pytest.mark.parametrize(
    ("name", "compute", "params", "off"),
    [
        ("image-dit", 1.5e21, 958.3e6, 0.01),  # arXiv 2410.08184: the size tried there
        ("text", 1.92e19, 0.4e9, 0.02),  # arXiv 2203.15556, table 3: the other rows
        ("text", 1.21e20, 1e9, 0.02),
        ("text", 5.76e23, 67e9, 0.03),
    ],
)
def test_laws_give_sizes_published_beside_them(name: str, compute: float, params: float, off: float) -> None:
    assert law(name).params(compute) == pytest.approx(params, rel=off)


# the models that were trained to fit each law; the best of them lie inside
@pytest.mark.parametrize(
    ("name", "smallest", "largest"), [("video-dit", 0.017e9, 0.26e9), ("image-dit", 1e6, 1e9), ("text", 70e6, 16e9)]
)
def test_over_the_compute_it_was_fitted_on_a_law_gives_sizes_that_were_trained(
    name: str, smallest: float, largest: float
) -> None:
    chosen = law(name)
    assert smallest < chosen.params(chosen.fitted[0]) < chosen.params(chosen.fitted[1]) < largest
    assert chosen.fitted[0] < chosen.fitted[1] < chosen.checked


@pytest.mark.parametrize("name", names())
def test_a_law_and_its_inverse_agree(name: str) -> None:
    chosen = law(name)
    assert chosen.compute(chosen.params(1e22)) == pytest.approx(1e22)
    if chosen.tokens_scale is not None and chosen.tokens_exponent is not None:
        published = chosen.tokens_scale * 1e19**chosen.tokens_exponent
        assert chosen.tokens(chosen.params(1e19), 0) == pytest.approx(published, rel=0.02)


@pytest.mark.parametrize("name", names())
def test_the_best_size_spends_the_budget_on_the_tokens_its_law_wants(name: str) -> None:
    report = found(20_000 * HOUR, of_model=False, laws=(name,), sharding="zero3", shard_degree=8)
    best = report.optima[0]
    assert best.tokens == pytest.approx(law(name).tokens(best.params, best.flops / best.tokens), rel=0.03)
    # the budget is really spent: the network of that size takes it for those samples
    model, plan = (
        generic(best.params),
        TrainingPlan(checkpointing="full", data_degree=8, sharding="zero3", shard_degree=8),
    )
    seen = round(best.samples)
    data = Data(buckets=(VIDEO, IMAGE), samples=seen, clips=seen)
    run = train(model, data, hardware("h100-sxm", 8), fill.plan(model, training=plan))
    assert run.time.gpu_hours == pytest.approx(20_000, rel=0.01)
    assert run.run.flops == pytest.approx(best.flops, rel=0.001)
    assert best.flops_6nd == PER_TOKEN * best.params * best.tokens
    assert best.params_low <= best.params <= best.params_high


def test_more_money_is_a_larger_model_and_more_tokens() -> None:
    small, large = (
        found(hours * HOUR, of_model=False, laws=("video-dit",), data_degree=1).optima[0] for hours in (2_000, 32_000)
    )
    assert large.params / small.params == pytest.approx((large.flops / small.flops) ** 0.4146, rel=0.02)
    assert large.tokens > small.tokens


def test_a_budget_for_no_network_at_all_has_no_best_size() -> None:
    assert found(1, of_model=False, laws=("video-dit",)).optima == []


def test_the_nearest_models_are_near() -> None:
    first = optimum.near(14_288_491_584)[0]
    assert first.params == 14_288_491_584
    assert {"wan2.1-t2v-14b", "flux.1-dev"} & {row.name for row in optimum.near(14_288_491_584)} != {"flux.1-dev"}
