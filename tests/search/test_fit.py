"""The largest job that fits is the one that trying all of them finds, and each row is what it says."""

import random
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from vidcalc.account.memory import inference_memory
from vidcalc.account.time import inference_time
from vidcalc.catalog.precisions import precision
from vidcalc.cost.money import price, ranged
from vidcalc.describe.geometry import legal
from vidcalc.describe.question import Question
from vidcalc.faces.requests.fit import bases as bases_of
from vidcalc.ledger.unroll import unroll
from vidcalc.passes import first_step, rewritten
from vidcalc.passes.formats import of_a_chip
from vidcalc.report.fit import FitReport, Limits
from vidcalc.search import fit as search
from vidcalc.search import rungs
from vidcalc.search.rungs import Ladder
from vidcalc.search.ways import Base, offloads, tilings

GIB = 2**30
# models, with windows or without, guidance of each kind, and one made from a count, and how many questions of each
MODELS = {"600M": 180, "ltx-video-2b": 80, "hunyuanvideo": 20, "wan2.1-t2v-1.3b": 10, "self-forcing-1.3b": 10}
FEW = 60  # of the questions: one in so many in every run, all of them with -m whole
FRAMEWORKS = ("diffusers", "comfyui", "wan2gp", "diffsynth", "stable-diffusion-cpp", "diffusers-0.31")
GPUS = ("rtx-4060", "rtx-4070-ti-super", "rtx-4090", "l40s", "a100-sxm-80gb", "rtx-3090")


class Tried(NamedTuple):
    """One way at one rung, priced by itself."""

    way: int
    question: Question
    rung: int
    seconds: float
    verdict: str
    native: bool
    fits: bool

    @property
    def sure(self) -> bool:
        return self.verdict == "fits"


def every(base: Base, free: tuple[str, ...]) -> Iterator[Question]:
    """Every way of a base, tilings outermost."""
    plan = base.question.plan
    for tiling in tilings(base.question) if "vae_tiling" in free else ({},):
        for place in offloads(base.question) if "offload" in free else ({},):
            yield base.question._replace(plan=replace(plan, **tiling, **place))


def tried(bases: list[Base], ladder: Ladder, limits: Limits, free: tuple[str, ...]) -> list[Tried]:
    """Everything, by the passes and prices of one estimate."""
    found = []
    questions = [each for base in bases for each in every(base, free)]
    for rung in range(len(ladder)):
        for way, asked in enumerate(questions):
            model, job, hardware, plan = of_a_chip(asked)
            whole = unroll(model, replace(ladder.job(rung), steps=job.steps))
            ledger = rewritten(whole, plan, hardware)
            memory = inference_memory(ledger, hardware)
            first = first_step(replace(whole, weights=ledger.weights), hardware, plan)
            seconds = inference_time(ledger, first, hardware).total
            offer = price(hardware.accelerator)
            cost = ranged(offer, seconds * hardware.total)["likely"] if offer else 0
            fits = (
                memory.verdict != "too_big"
                and (limits.seconds is None or seconds <= limits.seconds)
                and (limits.cost is None or cost <= limits.cost)
            )
            found.append(Tried(way, asked, rung, seconds, memory.verdict, ladder.native[rung], fits))
    return found


def quality(one: Question, other: Question) -> bool:
    """Whether one is cut no further than another."""
    uncut = one.plan.step_cache in ("none", other.plan.step_cache)
    stored = precision(one.plan.precision).stored >= precision(other.plan.precision).stored
    return uncut and stored and one.workload.steps >= other.workload.steps


def beats(one: Tried, other: Tried) -> bool:
    """Whether one is as good in all and better in something; of equals the way that comes first."""
    pairs = [(one.rung, other.rung), (-one.seconds, -other.seconds), (one.sure, other.sure), (one.native, other.native)]
    if any(mine < theirs for mine, theirs in pairs) or not quality(one.question, other.question):
        return False
    better = any(mine > theirs for mine, theirs in pairs) or not quality(other.question, one.question)
    return better or one.way < other.way


def by_hand(points: list[Tried], ladder: Ladder) -> list[tuple[int, float, str]]:
    """What `fit` lists, by looking at all there is: (rung, seconds, verdict), the largest first."""
    fitting = [each for each in points if each.fits]
    if not fitting:
        return []
    top = max(each.rung for each in fitting)
    large = [each for each in fitting if ladder.measure(each.rung) >= search.LEAST * ladder.measure(top)]
    step = max(1, (1 + top) // search.STEPS)
    last = {rung for rung in range(len(ladder)) if ladder.native[rung] and not all(ladder.native[rung : rung + 2])}
    candidates = []
    for way in {each.way for each in large}:
        mine = [each for each in large if each.way == way]
        surely = [each for each in mine if each.sure and (each.rung % step == 0 or each.rung in last)]
        for some in (mine, surely):
            for group in (some, [each for each in some if each.native]):
                candidates += sorted(group, key=lambda each: each.rung)[-1:]
    once = {(each.way, each.rung): each for each in candidates}.values()
    kept = [each for each in once if not any(beats(other, each) for other in fitting)]
    kept.sort(key=lambda each: (-each.rung, each.seconds, each.way))
    return [(each.rung, each.seconds, each.verdict) for each in kept]


def listed(report: FitReport, ladder: Ladder) -> list[tuple[int, float, str]]:
    """The rows of a report in the same words."""
    field = next(iter(ladder.rungs))
    return [(ladder.rungs[field].index(getattr(row, field)), row.seconds, row.verdict) for row in report.rows]


def asked(model: str, seed: int) -> tuple[list[Base], Ladder, Limits, tuple[str, ...]]:
    """A random question over a small ladder."""
    draw = random.Random(f"{model} {seed}")
    flags = {"gpu": draw.choice(GPUS), "framework": draw.choice(FRAMEWORKS)}
    flags |= {"params": 600_000_000, "resolution": (854, 480)} if model == "600M" else {"model": model}
    places = {"offload": "model"} if str(flags["framework"]).startswith("diffusers") else {}
    flags |= draw.choice(({}, {}, {"vae_tiling": "default"}, places))
    allow = draw.choice(((), (), ("precision",), ("steps",)))
    bases = bases_of(flags, allow)
    question = bases[0].question
    chip = question.hardware.accelerator
    scale = draw.choice((0.5, 0.75, 1, 1))
    sizes = {name: getattr(chip, name) for name in ("memory_marketed", "memory_driver", "memory_torch")}
    small = replace(chip, **{name: size and int(size * scale) for name, size in sizes.items()})
    host = draw.choice((None, 16 * GIB, 32 * GIB, 64 * GIB))
    machine = replace(question.hardware, accelerator=small, host_ram=host)
    bases = [each._replace(question=each.question._replace(hardware=machine)) for each in bases]
    whole = rungs.lengths(question.model, question.workload, 500)
    chosen = sorted({0, *(min(place, len(whole) - 1) for place in (2, 5, 9, 14, 15, 20, 31))})
    frames = tuple(whole.rungs["frames"][place] for place in chosen)
    ladder = replace(whole, rungs={"frames": frames}, native=tuple(whole.native[place] for place in chosen))
    limits = Limits(
        seconds=draw.choice((None, None, 60.0, 300.0, 1200.0)),
        cost=draw.choice((None, None, None, 0.02, 0.2)),
        host_ram=host,
    )
    return bases, ladder, limits, tuple(name for name in ("offload", "vae_tiling") if name not in flags)


@pytest.mark.parametrize("model", MODELS)
def test_random_questions_have_the_answer_of_trying_everything(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answered_alike(range(max(MODELS[model] // FEW, 1)), model, monkeypatch)


@pytest.mark.whole
@pytest.mark.parametrize("model", MODELS)
def test_three_hundred_questions_have_the_answer_of_trying_everything(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered_alike(range(MODELS[model]), model, monkeypatch)


def answered_alike(seeds: range, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some random questions, each beside the answer of trying everything."""
    answered = 0
    for seed in seeds:
        monkeypatch.setattr(search, "STEPS", (8, 3)[seed % 2])
        monkeypatch.setattr(search, "SHORT", (64, 4)[seed // 2 % 2])
        bases, ladder, limits, free = asked(model, seed)
        report = search.fit(bases, ladder, limits, free)
        expected = by_hand(tried(bases, ladder, limits, free), ladder)
        assert listed(report, ladder) == expected, (model, seed)
        answered += bool(expected)
        assert (report.lacking is None) == bool(expected)
    assert answered >= min(6, len(seeds) // 2)  # the questions are not all too hard


def test_the_ladder_of_lengths_holds_what_the_model_accepts_and_nothing_else() -> None:
    (base,) = bases_of({"model": "wan2.1-i2v-14b-480p"}, ())
    model, job = base.question.model, base.question.workload
    ladder = rungs.lengths(model, job, 100)
    frames = [count for count in range(1, 101) if not legal(model, job.width, job.height, count)]
    assert list(ladder.rungs["frames"]) == frames
    assert [count for count, native in zip(frames, ladder.native, strict=True) if native][-1] == 81


def test_sizes_keep_the_shape_and_are_accepted() -> None:
    (base,) = bases_of({"model": "cogvideox-5b"}, ())
    model, job = base.question.model, base.question.workload
    ladder = rungs.sizes(model, job)
    assert (job.width, job.height) in set(zip(*ladder.rungs.values(), strict=True))
    for width, height in zip(*ladder.rungs.values(), strict=True):
        assert not legal(model, width, height, job.frames)
        assert abs(width - height * job.width / job.height) <= model.constraints.size_multiple
