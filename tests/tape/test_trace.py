"""Traces are kept by value: equal networks share one, whatever objects they are, and unequal ones never do."""

import numpy as np
from msgspec.structs import replace

from vidcalc.catalog import fill
from vidcalc.describe.shape import Shape
from vidcalc.ledger.unroll import unroll
from vidcalc.passes import framework
from vidcalc.rates.machines import hardware
from vidcalc.tape.trace import forget, trace

SHAPE = Shape(frames=5, height=16, width=16, tokens=32)


def test_equal_networks_share_a_trace_and_others_do_not() -> None:
    denoiser = fill.model("wan2.1-t2v-1.3b").denoiser
    first = trace(denoiser, "forward", SHAPE, "bf16")
    assert trace(replace(denoiser), "forward", replace(SHAPE), "bf16") is first
    deeper = replace(denoiser, config={**denoiser.config, "num_layers": denoiser.config["num_layers"] + 1})
    assert trace(deeper, "forward", SHAPE, "bf16").parameter_count > first.parameter_count
    assert trace(denoiser, "forward", SHAPE, "bf16") is first


def test_a_model_as_a_framework_runs_it_is_traced_once() -> None:
    model = fill.model("wan2.1-t2v-1.3b")
    plan, machine = fill.plan(model, framework="wan-official"), hardware("h100-sxm")
    whole = unroll(model, fill.workload(model))
    once, again = (framework.networks(whole, plan, machine).forward.component for _ in range(2))
    assert once.network != model.denoiser.network
    assert trace(once, "forward", SHAPE, "bf16") is trace(again, "forward", SHAPE, "bf16")


def test_arrays_are_never_kept() -> None:
    denoiser = fill.model("wan2.1-t2v-1.3b").denoiser
    forget()
    swept = replace(SHAPE, frames=np.array([5.0, 9.0]))
    assert trace(denoiser, "forward", swept, "bf16") is not trace(denoiser, "forward", swept, "bf16")


def test_tables_among_the_words_of_a_shape_are_told_apart_and_remembered() -> None:
    denoiser = fill.model("wan2.1-t2v-1.3b").denoiser
    one, other = (replace(SHAPE, extra={"schedules": [{"shift": shift}]}) for shift in (3.0, 5.0))
    first = trace(denoiser, "forward", one, "bf16")
    assert trace(denoiser, "forward", replace(one), "bf16") is first
    assert trace(denoiser, "forward", other, "bf16") is not first


def test_only_a_network_with_a_mask_of_all_pairs_is_taped_anew_where_no_kernel_takes_one() -> None:
    plain, masked = (fill.model(name).denoiser for name in ("wan2.1-t2v-1.3b", "hunyuanvideo-1.5"))
    assert trace(plain, "forward", SHAPE, "bf16", spelled="pairs") is trace(plain, "forward", SHAPE, "bf16")
    spelled, fused = trace(masked, "forward", SHAPE, "bf16", spelled="pairs"), trace(masked, "forward", SHAPE, "bf16")
    assert fused.paired
    assert spelled.peak > fused.peak
