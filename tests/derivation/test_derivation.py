"""Explanations say what the report says, add up at every level, and their digits evaluate to their values."""

import re

import msgspec
import pytest

from vidcalc.base.errors import UnknownName
from vidcalc.derivation import QUANTITIES, explain
from vidcalc.derivation.case import Case, symbolic
from vidcalc.derivation.term import Term, ceiling, maximum
from vidcalc.faces.requests.estimate import request
from vidcalc.ops import Pointwise

JOBS = {
    "by name": request({"model": "wan2.1-t2v-14b"}),
    "by count": request({"params": 3 * 10**9, "resolution": (1920, 1080), "frames": 120, "guidance": 5.0}),
    "training set": request(
        {"model": "wan2.1-t2v-1.3b", "guidance": 1, "checkpointing": "full", "gpus": 4, "optimizer": "adamw-8bit"}
    ),
    "accumulated, states in host memory": request(
        {
            "model": "wan2.1-t2v-1.3b",
            "checkpointing": "offload",
            "grad_accum": 4,
            "texts": "online",
            "ema": "bf16",
            "training_offload": "optimizer",
            "latents": "precomputed",
            "gpu": "rtx-4090",
        }
    ),
    "adapters, base streamed": request(
        {
            "model": "cogvideox-2b",
            "mode": "qlora",
            "checkpointing": "every:2",
            "recipe": "bf16-autocast",
            "training_offload": "base",
            "texts": "online",
            "grad_accum": 2,
            "ema": "fp32",
        }
    ),
    "update at the peak": request({"model": "flux.1-dev", "checkpointing": "full", "recipe": "fp32", "ema": "host"}),
    "offloaded": request(
        {"model": "wan2.1-t2v-14b", "gpu": "rtx-4090", "offload": "model", "precision": "fp8", "vae_tiling": "default"}
    ),
    "streamed": request({"model": "hunyuanvideo-t2v", "gpu": "rtx-4090", "offload": "group", "steps": 5}),
    "swapped": request({"model": "wan2.1-t2v-14b", "gpu": "h200", "offload": "block-swap:20", "precision": "nf4"}),
    "sequential": request({"model": "wan2.2-t2v-a14b", "offload": "sequential", "vae_precision": "fp32"}),
    "another framework": request({"model": "wan2.1-t2v-1.3b", "framework": "wan-official"}),
    "unet": request({"params": 10**9, "resolution": (854, 480), "frames": 16, "arch": "unet"}),
}
# further ways to spend seconds
TIMED = {
    "fused": request({"model": "hunyuanvideo-t2v", "framework": "vllm-omni", "attention": "flash"}),
    "quantised": request({"model": "cogvideox-5b", "precision": "int8-dynamic", "framework": "diffusers-0.31"}),
    "waiting": request({"model": "wan2.1-t2v-1.3b", "resolution": (256, 256), "frames": 1, "gpu": "b200"}),
    "further models": request({"model": "cosmos-predict1-7b", "framework": "cosmos-official"}),
    "decoder by its work": request({"model": "open-sora-1.3", "framework": "opensora"}),
}
REPORTS = {name: msgspec.to_builtins(Case(*asked).report) for name, asked in (JOBS | TIMED).items()}


def walk(step):
    yield step
    for part in step.parts:
        yield from walk(part)


def reported(report, quantity):
    for name in quantity.split("."):
        report = report[name] if report is not None else None
    return report


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("job", JOBS)
def test_an_explanation_ends_in_the_reported_number(job, quantity):
    step, value = explain(quantity, *JOBS[job]), reported(REPORTS[job], quantity)
    if value is None:  # what a report has not, is explained as nothing
        assert step.value == 0
        return
    assert step.value == pytest.approx(value, rel=1e-9)
    assert type(step.value) is type(value) or isinstance(value, float)


@pytest.mark.parametrize("quantity", [name for name in QUANTITIES if name.startswith("time.inference")])
@pytest.mark.parametrize("job", TIMED)
def test_every_second_is_explained(job, quantity):
    step = explain(quantity, *TIMED[job])
    assert step.value == pytest.approx(reported(REPORTS[job], quantity), rel=1e-9)
    for each in walk(step):
        if each.parts and each.formula == "sum":
            assert each.value == sum(part.value * part.count for part in each.parts)


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("job", JOBS)
def test_every_level_adds_up(job, quantity):
    for step in walk(explain(quantity, *JOBS[job])):
        if step.parts and step.formula == "sum":
            assert step.value == sum(part.value * part.count for part in step.parts)
        if step.parts and step.formula == "max":
            assert step.value == max(part.value * part.count for part in step.parts)


def evaluated(digits):
    """The digits of a formula as Python works them out."""
    text = digits.replace(",", "").replace("·", "*").replace("^", "**").replace("−", "-").replace(" / ", "/")
    text = re.sub(r"⌊([^⌊⌋]*)/([^⌊⌋]*)⌋", r"((\1)//(\2))", text)
    text = re.sub(r"⌈([^⌈⌉]*)/([^⌈⌉]*)⌉", r"(-(-(\1)//(\2)))", text)
    if text.startswith("max("):
        left, right = digits[4:-1].split(", ")
        return max(evaluated(left), evaluated(right))
    return eval(text, {"__builtins__": {}})


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("job", JOBS)
def test_digits_evaluate_to_the_value(job, quantity):
    """Whole numbers exactly, rounded ones to their digits."""
    for step in walk(explain(quantity, *JOBS[job])):
        if step.digits:
            rounded = not isinstance(step.value, int) or "." in step.digits
            assert evaluated(step.digits) == (pytest.approx(step.value, rel=2e-3) if rounded else step.value), step.id


@pytest.mark.parametrize("job", JOBS)
def test_every_op_explains_the_number_it_prices(job):
    for op in Case(*JOBS[job]).job.forward.ops:
        term = symbolic(op).flops
        assert getattr(term, "value", term) == op.flops
        if not isinstance(op, Pointwise):
            assert term.text.count("batch") == 1


def test_every_end_of_a_chain_has_a_source():
    for quantity in QUANTITIES:
        for step in walk(explain(quantity, *JOBS["by name"])):
            if not step.parts and step.value:
                assert step.source, (quantity, step.id)


def test_an_unknown_quantity_suggests_the_nearest():
    with pytest.raises(UnknownName) as refused:
        explain("compute.flops_per_stp", *JOBS["by name"])
    assert refused.value.nearest == "compute.flops_per_step"


def test_terms_remember_and_bracket_what_would_fall_apart():
    a, b, c = Term("a", 7), Term("b", 3), Term("c", 1000)
    for term, text, digits, value in (
        ((a + b) * c, "(a + b)·c", "(7 + 3)·1,000", 10_000),
        (a - (b - 1), "a − (b − 1)", "7 − (3 − 1)", 5),
        (2 * a**2, "2·a^2", "2·7^2", 98),
        (c / (a * b), "c / (a·b)", "1,000 / (7·3)", 1000 / 21),
        ((a + 1) // b, "⌊(a + 1) / b⌋", "⌊(7 + 1) / 3⌋", 2),
        (ceiling(a, b), "⌈a / b⌉", "⌈7 / 3⌉", 3),
        (maximum(a, b), "max(a, b)", "max(7, 3)", 7),
        (1 - a, "1 − a", "1 − 7", -6),
        (sum([a, b]), "a + b", "7 + 3", 10),
    ):
        assert (term.text, term.digits, term.value) == (text, digits, value)
