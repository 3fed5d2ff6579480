"""The calls of `import vidcalc`: the answers of the commands, from words and plain values alike; clear refusals."""

import inspect
import json
import pickle
from typing import get_args

import numpy as np
import pytest

import vidcalc
from vidcalc.faces import words
from vidcalc.faces.commands import (
    budget,
    chain,
    choose,
    compare,
    estimate,
    explain,
    fit,
    fix,
    gpus,
    plan,
    scale,
    sweep,
    train,
)
from vidcalc.faces.python import ask as calls
from vidcalc.faces.python import settings
from vidcalc.faces.python.errors import refusals
from vidcalc.faces.python.read import keywords
from vidcalc.report.estimate import Report

SMALL = "wan2.1-t2v-1.3b"
COMMANDS = {
    command.command.name: command.command
    for command in (budget, chain, choose, compare, estimate, explain, fit, fix, gpus, plan, scale, sweep, train)
}
# the same job as keywords and as a command line
SAME = {
    "estimate": (
        {"model": SMALL, "gpu": "h100", "frames": 33, "resolution": (1280, 720), "compile": True, "snap": True},
        ("-m", SMALL, "--gpu", "h100", "-f", "33", "-r", "720p", "--compile", "on", "--snap"),
    ),
    "train": (
        {"model": SMALL, "gpu": "h100", "gpus": 8, "parallel": {"fsdp": 8, "ulysses": 2}, "bucket": (832, 480, 33)},
        ("-m", SMALL, "--gpu", "h100", "--gpus", "8", "--parallel", "fsdp=8,ulysses=2", "--bucket", "832x480x33"),
    ),
    "plan": (
        {"model": SMALL, "gpu": "h100", "gpus": [2, 4], "try_": ["optimizer"], "global_batch": 4},
        ("-m", SMALL, "--gpu", "h100", "--gpus", "2,4", "--try", "optimizer", "--global-batch", "4"),
    ),
    "scale": (
        {"model": SMALL, "gpu": "h100", "gpus": 4, "parallel": "ulysses,cfg=2", "counts": "all"},
        ("-m", SMALL, "--gpu", "h100", "--gpus", "4", "--parallel", "ulysses,cfg=2", "--counts", "all"),
    ),
    "fit": (
        {"model": "ltx-video-2b", "gpu": "4060", "host_ram": 16, "max_time": "10min", "allow": ["precision"]},
        ("-m", "ltx-video-2b", "--gpu", "4060", "--host-ram", "16GB", "--max-time", "600", "--allow", "precision"),
    ),
    "choose": (
        {"model": SMALL, "gpu": ["4090", "l40s"], "gpus": 2, "deadline": 600, "snap": True},
        ("-m", SMALL, "--gpu", "4090", "--gpu", "l40s", "--gpus", "2", "--deadline", "10min", "--snap"),
    ),
    "budget": (
        {"params": 6e8, "gpu": "h100", "budget": 200_000, "checkpointing": "full", "fill": True},
        ("-p", "600M", "--gpu", "h100", "--budget", "200000USD", "--checkpointing", "full", "--fill"),
    ),
    "explain": (
        {"quantity": "memory.inference.peak", "model": SMALL, "target_rate": 100},
        ("memory.inference.peak", "-m", SMALL, "--target-rate", "100/h"),
    ),
    "gpus": (
        {"vendor": "AMD", "min_memory": 48, "sort": "memory"},
        ("--vendor", "amd", "--min-memory", "48GiB", "--sort", "memory"),
    ),
    "models": ({}, ()),
}
LONG = ("plan", "fit", "choose")  # searches
WRONG = [
    ({"frames": 0}, ("-f", "0"), "frames"),
    ({"gpu": "h10O"}, ("--gpu", "h10O"), "gpu"),
    ({"resolution": (0, 720)}, ("-r", "0x720"), "resolution"),
    ({"offload": "blok"}, ("--offload", "blok"), "offload"),
    ({"parallel": {"ulises": 2}}, ("--parallel", "ulises=2"), "parallel"),
    ({"seconds": 2, "frames": 3}, ("--seconds", "2", "-f", "3"), "seconds"),
    ({"from_": "nowhere"}, ("--from", "nowhere"), "model"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def english():
    """The language of the tests, whatever a command chose."""
    words.use("en")
    yield
    words.use("en")


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in SAME])
def test_a_call_answers_what_its_command_prints(name, ask):
    given, line = SAME[name]
    answer = getattr(vidcalc, name)(**given)
    printed = ask(name, *line, "--json")
    assert printed.code == 0, printed.err
    assert answer.to_dict() == json.loads(printed.out)
    assert json.loads(answer.to_json()) == answer.to_dict()
    assert str(answer) + "\n" == ask(name, *line).out


@pytest.mark.parametrize(("given", "line", "parameter"), WRONG)
def test_a_refusal_is_the_line_of_the_command(given, line, parameter, ask):
    with pytest.raises(vidcalc.InputError) as refused:
        vidcalc.estimate(SMALL, **given)
    error, printed = refused.value, ask("estimate", "-m", SMALL, *line)
    # the whole of a long list is in the exception, its beginning in the line
    whole, near = f"error: {error}\n", f"; nearest: {error.nearest}\n"
    brief = printed.err.startswith(f"error: {error.flag} '") and printed.err.endswith(near)
    assert printed.err == whole or (brief and len(whole) > 80 and whole.endswith(near))
    told = json.loads(ask("estimate", "-m", SMALL, *line, "--json").out)["error"]
    assert told == {
        "flag": error.flag,
        "value": error.value,
        "allowed": list(error.allowed),
        "nearest": error.nearest,
        "message": error.message,
    }
    assert error.parameter == parameter
    assert isinstance(error, ValueError)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_an_unknown_keyword_is_a_type_error_that_names_the_nearest():
    with pytest.raises(
        TypeError, match=r"estimate\(\) got an unexpected keyword argument 'framse'. Did you mean 'frames'\?"
    ):
        vidcalc.estimate(SMALL, framse=3)
    with pytest.raises(TypeError, match="bucket"):  # a flag of another command
        vidcalc.estimate(SMALL, bucket=(1, 2, 3))


def test_a_switch_takes_nothing_but_yes_and_no():
    with pytest.raises(vidcalc.InputError, match="--snap cannot be 'maybe'"):
        vidcalc.estimate(SMALL, snap="maybe")


def test_a_network_that_is_known_by_its_sizes_only_is_refused():
    with (
        pytest.raises(vidcalc.InputError, match=r"network \(transformers\.secret\) cannot be calculated"),
        refusals(),
    ):
        raise ModuleNotFoundError(name="vidcalc.networks.transformers.secret")
    with pytest.raises(ModuleNotFoundError), refusals():
        raise ModuleNotFoundError(name="else")


def test_what_fits_nowhere_is_refused():
    with pytest.raises(vidcalc.InputError, match="nothing fits"):
        vidcalc.plan("wan2.1-t2v-14b", gpu="t4", gpus=1)


def test_none_is_as_good_as_absent():
    assert vidcalc.estimate(SMALL, gpu=None, frames=None) == vidcalc.estimate(SMALL)


@pytest.mark.parametrize("name", COMMANDS)
def test_keywords_are_the_flags_of_the_command(name):
    call = getattr(calls, name)
    (typed,) = get_args(inspect.get_annotations(call)["settings"])
    own = {each for each in inspect.get_annotations(call) if each not in ("settings", "return")}
    known = keywords(COMMANDS[name])
    assert set(typed.__annotations__) | own == set(known)
    shown = inspect.signature(call).parameters
    assert set(shown) == set(known)
    assert all(f"\n{keyword}\n    " in call.__doc__ for keyword in known if keyword not in own)


def test_every_call_with_keywords_has_its_types():
    typed = {each for each in vars(settings) if each.endswith("Settings")}
    assert len(typed) == len(COMMANDS) - 1  # explain asks what estimate does


def test_an_answer_is_the_report_itself_with_every_field():
    report = vidcalc.estimate(SMALL, gpu="h100")
    assert isinstance(report, Report)
    assert report.hardware.accelerator == "h100-sxm"
    assert report.memory.inference.peak == max(stage.total for stage in report.memory.inference.stages)
    assert vidcalc.Estimate.units()["time.inference.total"] == "second"


def test_answers_are_equal_by_value_and_survive_a_pickle():
    first, again = vidcalc.estimate(SMALL), vidcalc.estimate(SMALL)
    assert first == again
    assert hash(first) == hash(again)
    assert first != vidcalc.estimate(SMALL, steps=10)
    copy = pickle.loads(pickle.dumps(first))
    assert copy == first
    assert copy.explain("sequence.total") == first.explain("sequence.total")


def test_a_report_explains_its_own_numbers():
    report = vidcalc.estimate(SMALL, gpu="h100", steps=7)
    step = report.explain("time.inference.total")
    assert step.value == pytest.approx(report.time.inference.total)
    with pytest.raises(vidcalc.InputError, match=r"time\.inference\.total"):
        report.explain("time.inference.totl")
    assert len(step.full()) > len(str(step))


def test_every_quantity_has_a_sentence():
    assert all(vidcalc.quantities().values())
    assert "memory.inference.peak" in vidcalc.quantities()


@pytest.mark.parametrize("name", calls.SWEPT)
def test_a_sweep_holds_the_single_answers(name):
    values = {
        "frames": [33, 81],
        "steps": [10, 20],
        "batch_size": [1, 2],
        "text_tokens": [128, 512],
        "train_steps": [5, 9],
    }
    swept = vidcalc.estimate(SMALL, **{name: np.array(values[name])})
    alone = [vidcalc.estimate(SMALL, **{name: value}) for value in values[name]]
    for place, one in enumerate(alone):
        for path in ("time.inference.total", "memory.inference.peak", "compute.flops_per_video", "time.training.total"):
            assert at(swept, path, place) == pytest.approx(at(one, path, place), rel=1e-12)
    assert "sweep" in repr(swept)
    assert "sweep" in swept._repr_html_()
    assert json.loads(swept.to_json())["model"]["name"] == SMALL
    with pytest.raises(ValueError, match="sweep"):
        swept.picture()


def at(report, path, place):
    """A number of a report; of an array the one at that place."""
    for name in path.split("."):
        report = getattr(report, name)
    return report[place] if isinstance(report, np.ndarray) else report


def test_an_array_is_refused_for_its_worst_number_and_where_nothing_sweeps():
    for wrong, found in (([0, 5], "0"), ([1, 2.5], "2.5"), ([1, 1e9], "1000000000")):
        with pytest.raises(vidcalc.InputError, match=f"--steps cannot be '{found}"):
            vidcalc.estimate(SMALL, steps=np.array(wrong))
    with pytest.raises(vidcalc.InputError, match="--gpus cannot be"):
        vidcalc.estimate(SMALL, gpus=np.array([1, 2]))


def test_languages():
    assert vidcalc.language() == "en"
    assert vidcalc.language("ko") == "ko"
    assert "파라미터" in str(vidcalc.estimate(SMALL))
    with pytest.raises(vidcalc.InputError, match="--lang"):
        vidcalc.language("tlh")


def test_a_sweep_is_neither_explained_nor_drawn():
    swept = vidcalc.estimate(SMALL, steps=np.array([10.0, 20.0]))
    with pytest.raises(ValueError, match="one of its values"):
        swept.explain("time.inference.total")
    with pytest.raises(ValueError, match="no picture"):
        swept.picture()


def test_a_run_explains_its_own_numbers():
    run = vidcalc.train(SMALL, mode="lora", gpu="rtx-4090", checkpointing="full")
    chain = run.explain("time.per_step")
    assert chain.value == run.time.per_step
    assert chain.formula == "buckets / steps"


def test_a_sweep_over_steps_of_a_job_that_does_not_fit_is_a_sweep():
    swept = vidcalc.estimate("hunyuanvideo-t2v", gpu="h100", steps=np.array([10.0, 30.0]))
    assert swept.memory.inference.verdict == "too_big"
    assert swept.time.inference.total[0] < swept.time.inference.total[1]


@pytest.mark.parametrize(("model", "given"), [("wan2.2-animate-14b", {"frames": 241}), ("helios", {})])
def test_slicing_a_batch_of_one_changes_nothing(model, given):
    one, sliced = (vidcalc.estimate(model, gpu="h200", vae_slicing=word, **given) for word in ("off", "on"))
    assert sliced.memory.inference.peak == one.memory.inference.peak


def test_one_gpu_of_scaling_is_the_estimate_on_a_card_without_bf16():
    asked = {"gpu": "rtx-2080ti", "framework": "comfyui"}
    row = vidcalc.scale("hunyuanvideo-t2v", gpus=1, **asked).rows[0]
    assert row.peak == vidcalc.estimate("hunyuanvideo-t2v", **asked).memory.inference.peak
