"""Step and block caches: rules of the methods, what they reach and hold, and names as people write them."""

from math import exp, log
from statistics import median

import numpy as np
import pytest
from msgspec.structs import replace

import vidcalc
from vidcalc.base.errors import InputError
from vidcalc.calculate import calculate
from vidcalc.catalog import caches, fill, sparse
from vidcalc.catalog.load import entry, names, table
from vidcalc.catalog.reach import hooked
from vidcalc.ops import Attention
from vidcalc.passes import caching, generation, schedules
from vidcalc.rates.machines import hardware

CARD = "h100-sxm"
FACTS = table("caches")


def made(name, text, steps=None, **changes):
    model = fill.model(name)
    work = fill.workload(model, **({"steps": steps} if steps else {}))
    plan = fill.plan(model, step_cache=text, **changes)
    return model, work, plan


def left(name, text, steps=None, **changes):
    model, work, plan = made(name, text, steps, **changes)
    ledger, _ = generation(model, work, hardware(CARD), plan)
    return caching.remaining(ledger, plan, ledger.phase("denoise")), ledger


def report(name, text, **changes):
    model, work, plan = made(name, text, **changes)
    return calculate(model, replace(work, width=320, height=256, frames=17), hardware(CARD), plan)


def test_every_name_that_worked_works():
    for each in FACTS["example"]:
        assert caches.read(each["setting"]).name in caches.methods()
    for text in ("teacache", "teacache-0.2", "magcache-e024k6r02", "fbcache", "firstblockcache", "teacache:0.2"):
        assert caches.read(text).parameters
    assert caches.read("magcache-e024k6r02").parameters == {"threshold": 0.24, "k": 6, "retention": 0.2}
    assert caches.read("teacache-0.2") == caches.read("teacache:threshold=0.2") == caches.read("tea:0.2")


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("magcach", "magcache"), ("pab:every=2", "pab:spatial=2"), ("taylorseer:intervall=4", "taylorseer:interval=5")],
)
def test_a_name_nobody_knows_is_refused_with_the_nearest(text, nearest):
    with pytest.raises(InputError) as wrong:
        caches.read(text)
    assert wrong.value.flag == "step-cache"
    if ":" in text:
        assert all(each.startswith(f"{text.partition(':')[0]}:") for each in wrong.value.allowed)
    else:
        assert wrong.value.nearest == nearest
    with pytest.raises(InputError):
        caches.read("teacache:threshold=much")


def test_the_law_of_change_is_the_fit_of_several_models_and_sources_and_holds_on_the_others():
    law, seen = caches.law(), {"fit": [], "check": []}
    for each in FACTS["example"]:
        cache = caches.read(each["setting"])
        if cache.name == "teacache":
            usual, known = caches.usual(cache, each["model"])
            assert known
            # the first and the last step are always computed
            free = (each["computed"] * each["steps"] - 2) / (each["steps"] - 2)
            seen[each["role"]].append((cache.parameters["threshold"] / usual, free, each))
    points = [(log(ratio), log(free)) for ratio, free, _ in seen["fit"]]
    middle = [sum(column) / len(points) for column in zip(*points, strict=True)]
    power = sum((x - middle[0]) * (y - middle[1]) for x, y in points) / sum((x - middle[0]) ** 2 for x, _ in points)
    assert law["power"] == pytest.approx(power, abs=0.006)
    assert law["at_usual"] == pytest.approx(exp(middle[1] - power * middle[0]), abs=0.006)
    misses = [abs(law["at_usual"] * ratio ** law["power"] / free - 1) for ratio, free, _ in seen["check"]]
    assert median(misses) < 0.10
    assert max(misses) < law["spread"]["known"] - 1
    assert len({each["model"] for *_, each in seen["fit"]}) >= 4
    assert len({each["source"].split("/")[3] for *_, each in seen["fit"]}) >= 2
    models = [{each["model"] for *_, each in rows} for rows in seen.values()]
    assert models[0].isdisjoint(models[1])


def test_examples_and_facts_name_models_of_the_catalogue_and_their_sources():
    for each in (*FACTS["offered"], *FACTS["ratios"]):
        assert set(each["models"]) <= set(names("models"))
    for each in (*FACTS["offered"], *FACTS["ratios"], *FACTS["example"]):
        assert each["source"].startswith("https://")


@pytest.mark.parametrize(
    ("text", "steps", "computed"),
    [("taylorseer", 50, 13), ("taylorseer:interval=2,before=1", 10, 5), ("taylorseer:interval=1", 10, 10)],
)
def test_taylorseer_computes_its_first_steps_and_one_of_each_interval(text, steps, computed):
    found, _ = left("hunyuanvideo-t2v", text, steps)
    assert found.share.likely * steps == pytest.approx(computed)
    assert found.share.low == found.share.high


def test_magcache_follows_the_published_ratios_of_the_model():
    found, _ = left("wan2.1-t2v-14b", "magcache-e024k6r02")
    assert found.share == (0.36, 0.36, 0.36)  # 10 retained, and of 40 one for each run that the threshold ends
    unknown, _ = left("wan2.2-t2v-a14b", "magcache:k=3,retention=0.2")
    assert unknown.share.low == pytest.approx(0.4)
    assert unknown.share.high == 1
    assert unknown.share.low <= unknown.share.likely <= 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wan2.1-t2v-14b", "teacache"),
        ("hunyuanvideo-t2v", "firstblockcache"),
        ("wan2.2-t2v-a14b", "magcache"),
        ("wan2.1-t2v-1.3b", "easycache"),
    ],
)
def test_the_ends_of_the_seconds_are_those_of_the_steps_that_a_video_may_take(name, text):
    found = left(name, text)[0]
    assert found.share.low < found.share.likely < found.share.high
    seconds = report(name, text).time.inference
    ends = {}
    for end in ("low", "likely", "high"):
        share = getattr(found.share, end)
        ends[end] = report(name, "stated", computed_steps=share, cached_blocks=found.blocks).time.inference
    assert seconds.total == pytest.approx(ends["likely"].total, rel=1e-6)
    assert seconds.low == pytest.approx(ends["low"].low, rel=0.02)
    assert seconds.high == pytest.approx(ends["high"].high, rel=0.02)
    assert seconds.low < ends["likely"].low and ends["likely"].high < seconds.high


def test_a_shift_towards_noise_keeps_more_attention_outside_of_the_range():
    plain, shifted = (schedules.broadcast(50, 2, 100, 800, 1, shift) for shift in (1.0, 5.0))
    assert 0.5 < plain < shifted < 1
    assert schedules.broadcast(50, 2, 100, 800, 2, 1.0) == pytest.approx(plain, abs=0.02)


def test_the_higher_the_threshold_the_fewer_steps_and_never_fewer_than_the_method_keeps():
    shares = [left("wan2.1-t2v-14b", f"teacache:{each}")[0].share.likely for each in (0.1, 0.16, 0.3)]
    assert shares == sorted(shares, reverse=True)
    assert left("wan2.1-t2v-14b", "dbcache:threshold=50", 50)[0].share.likely > 8 / 50
    assert left("wan2.1-t2v-14b", "seacache:threshold=50", 50)[0].share.likely >= 1 / 3
    assert left("wan2.1-t2v-14b", "dbcache", 8)[0].share.likely == 1


@pytest.mark.parametrize("text", ["teacache", "taylorseer", "magcache", "pab", "fastercache", "dbcache"])
def test_a_sweep_of_steps_is_each_of_them(text):
    name = "hunyuanvideo-t2v"
    model, work, plan = made(name, text)
    counts = [4, 30, 50]
    swept, _ = generation(model, replace(work, steps=np.array(counts, float)), hardware(CARD), plan)
    found = caching.remaining(swept, plan, swept.phase("denoise")).share.likely
    assert list(found) == pytest.approx([left(name, text, count)[0].share.likely for count in counts])


@pytest.mark.parametrize("name", ["wan2.1-t2v-1.3b", "cogvideox-5b", "ltx-video-2b", "mochi-1-preview"])
def test_taylorseer_hooks_nothing_where_its_patterns_match_nothing(name):
    plain, idle = report(name, "none"), report(name, "taylorseer")
    assert idle.time.inference.total == plain.time.inference.total
    assert idle.memory.inference.peak == plain.memory.inference.peak
    assert "cache_idle" in [each.id for each in idle.warnings]
    assert not [each for each in idle.assumptions if each.id in ("step_cache", "block_cache")]


@pytest.mark.parametrize(
    "name", ["hunyuanvideo-1.5", "ltx-2", "kandinsky6-pro", "skyreels-v2-t2v-14b", "allegro", "minimax-h3", "helios"]
)
@pytest.mark.parametrize("text", ["firstblockcache", "magcache", "seacache"])
def test_a_cache_that_diffusers_refuses_is_refused_with_what_works(name, text):
    with pytest.raises(InputError) as refused:
        made(name, text)
    assert refused.value.flag == "step-cache"
    assert text not in refused.value.allowed
    assert {"pab", "teacache"} <= set(refused.value.allowed)
    made(name, text, framework="comfyui")  # of another program nothing is known


def test_fastercache_wants_both_predictions_in_a_call():
    with pytest.raises(InputError) as refused:
        report("wan2.1-t2v-1.3b", "fastercache")
    assert "taylorseer" not in refused.value.allowed  # it would do nothing there
    with pytest.raises(InputError):
        report("ltx-video-2b", "fastercache")
    assert (
        report("cogvideox-5b", "fastercache").time.inference.total < report("cogvideox-5b", "none").time.inference.total
    )


def test_the_spatial_range_reaches_attention_to_the_prompt_in_ltx():
    ids = [each.id for each in report("ltx-video-2b", "pab").warnings]
    assert "cache_reaches_text" in ids
    assert "cache_reaches_text" not in [each.id for each in report("wan2.1-t2v-1.3b", "pab").warnings]
    found, ledger = left("ltx-video-2b", "pab")
    plain, _ = left("ltx-video-2b", "none"), None
    for op, bare in zip(ledger.phase("denoise").ops, plain[1].phase("denoise").ops, strict=True):
        if isinstance(op, Attention):
            assert op.count == pytest.approx(bare.count * found.share.likely)


def test_every_module_that_is_hooked_is_on_the_tape_of_its_class():
    for name in ("wan2.1-t2v-1.3b", "hunyuanvideo-t2v", "cogvideox-2b", "kandinsky5-lite", "hunyuanvideo-1.5", "ltx-2"):
        for text in ("pab", "taylorseer"):
            model = fill.model(name)
            modules = hooked(caches.read(text), model.denoiser.class_)
            ledger, _ = generation(model, fill.workload(model), hardware(CARD), fill.plan(model))
            paths = [op.path.replace(".0.", ".*.") for op in ledger.phase("denoise").taped.ops]
            for module in modules:
                assert any(path.startswith(f"{module}.") for path in paths), (name, text, module)


def test_what_a_step_cache_holds_are_hidden_states_of_each_prediction():
    _, ledger = left("wan2.1-t2v-1.3b", "firstblockcache")
    state = ledger.video_tokens * 1536 * 2  # bf16
    assert ledger.phase("denoise").live["cached"] == 2 * 3 * state
    for text, states in (("magcache", 2), ("teacache", 1), ("dbcache", 2)):
        _, ledger = left("wan2.1-t2v-1.3b", text)
        assert ledger.phase("denoise").live["cached"] == 2 * states * state, text


def test_a_cache_in_latents_is_small():
    _, ledger = left("wan2.1-t2v-14b", "easycache")
    assert 0 < ledger.phase("denoise").live["cached"] < 2**26


def test_the_video_decides_is_said_with_the_range():
    found = {each.id: each.values for each in report("wan2.1-t2v-14b", "teacache-0.2").warnings}
    assert float(found["cache_by_content"]["low"]) < float(found["cache_by_content"]["high"])
    assert "cache_by_content" not in [each.id for each in report("wan2.1-t2v-14b", "magcache").warnings]


def test_the_models_shift_is_the_catalogues():
    assert left("wan2.1-t2v-1.3b", "none")[1].shift == entry("models", "wan2.1-t2v-1.3b")["defaults"]["flow_shift"]
    assert left("cogvideox-2b", "none")[1].shift == 1


@pytest.mark.parametrize(
    ("flag", "value", "near"),
    [
        ("step_cache", "taylorseer:interval=0", "taylorseer:interval=1"),
        ("step_cache", "taylorseer:order=1.5", "taylorseer:order=2"),
        ("step_cache", "fastercache:spatial=0", "fastercache:spatial=1"),
        ("step_cache", "teacache:nan", "teacache:threshold=0"),
        ("step_cache", "taylorseer:interval=5,interval=7", "taylorseer:interval=7"),
        ("step_cache", "teacache-0.2:threshold=1", "teacache"),
        ("attention_density", "nabla:faster=0", "nabla:faster=1"),
        ("attention_density", "sla:top=5", "sla:top=1"),
        ("attention_density", "vsa:sparsity=1", "vsa:sparsity=0.99"),
    ],
)
def test_a_parameter_outside_of_its_range_is_refused(flag, value, near):
    with pytest.raises(vidcalc.InputError) as refused:
        vidcalc.estimate("hunyuanvideo-t2v", gpu="h100", **{flag: value})
    assert refused.value.nearest == near


@pytest.mark.parametrize(
    "method", [*caches.methods().values(), *sparse.methods().values()], ids=lambda each: each.title
)
def test_every_parameter_has_a_range_that_holds_its_default(method):
    assert set(method.ranges) == set(method.parameters)
    assert all(method.ranges[name][0] <= value <= method.ranges[name][1] for name, value in method.parameters.items())
