"""Sizes that went over the tape together say of each of them what the tape says of it alone."""

from typing import Any

import numpy as np
import pytest
from msgspec.structs import astuple

from vidcalc.catalog import fill
from vidcalc.describe.shape import Shape
from vidcalc.describe.workload import Stage
from vidcalc.ledger.taping import traced
from vidcalc.ledger.types import Phase
from vidcalc.ledger.unroll import unroll
from vidcalc.search import rungs
from vidcalc.tape import Tape, trace
from vidcalc.tape.tables import column as columns
from vidcalc.tape.tables import regimes
from vidcalc.tape.tables.column import Column, column
from vidcalc.tape.trace import Trace, run

LENGTHS = 20
ASKED = (0, 1, 7, 19)  # of them
CALLS: tuple[tuple[str, Stage, str], ...] = (
    ("ltx-2", "denoise", "none"),
    ("ltx-2", "vae_decode", "default"),
    ("hunyuanvideo", "vae_decode", "none"),  # of one frame, or few, layers of others do not run
    ("wan2.1-t2v-1.3b", "vae_decode", "default"),
    ("svd", "denoise", "none"),
)


def called(phase: Phase | None) -> Phase:
    assert phase is not None
    return phase


def taped(phase: Phase, tiling: str) -> Trace:
    call = phase.call
    return run(call.component, call.function, call.shape, tiling, Tape("bf16"))


@pytest.mark.parametrize(("name", "stage", "tiling"), CALLS)
def test_each_size_is_as_the_tape_has_it(name: str, stage: Stage, tiling: str) -> None:
    model = fill.model(name)
    ladder = rungs.lengths(model, fill.workload(model)).only(range(LENGTHS))
    swept = called(unroll(model, ladder.column()).phase(stage))
    many = column(taped(swept, tiling), swept.call.shape)
    assert many is not None
    for rung in ASKED:
        phase = called(unroll(model, ladder.job(rung)).phase(stage))
        alone, found = taped(phase, tiling), many.told(phase.call.shape)
        assert found is not None
        assert [astuple(op) for op in found.ops] == [astuple(op) for op in alone.ops if op.count]
        assert (found.peak, found.workspace, found.streamed) == (alone.peak, alone.workspace, alone.streamed)
        assert found.history.cached("fixed") == alone.history.cached("fixed")


def test_a_column_answers_as_long_as_somebody_holds_it() -> None:
    model = fill.model("ltx-video-2b")
    ladder = rungs.lengths(model, fill.workload(model)).only(range(LENGTHS))
    swept = called(unroll(model, ladder.column()).phase("denoise")).call.shape
    phase = called(unroll(model, ladder.job(3)).phase("denoise"))
    one = phase.call.shape

    def answer(shape: Shape) -> Trace | None:
        return regimes.answered(phase.component, "forward", shape, "bf16")

    regimes.forget()
    assert answer(one) is None  # the first sizes go over the tape
    held = answer(swept)
    assert isinstance(held, Column)
    assert answer(swept) is held
    found = answer(one)
    assert found is not None
    assert found.peak == taped(phase, "none").peak
    del held, found
    assert answer(one) is None


def test_sizes_that_are_no_column_go_over_the_tape_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = fill.model("ltx-video-2b")
    ladder = rungs.lengths(model, fill.workload(model)).only(range(LENGTHS))
    phase = called(unroll(model, ladder.column()).phase("denoise"))
    runs = []

    def noted(*call: Any) -> Trace:
        runs.append(call)
        return run(*call)

    monkeypatch.setattr(columns, "column", lambda trace, shape: None)  # as where weights depend on sizes
    for module in (regimes, trace):
        monkeypatch.setattr(module, "run", noted)
    regimes.forget()
    found = traced(phase.call.component, "forward", phase.call.shape, "bf16")
    assert len(runs) == 1
    assert not isinstance(found, Column)
    assert found.flops_by_kind.keys() == taped(phase, "none").flops_by_kind.keys()
    assert np.array_equal(found.flops, taped(phase, "none").flops)
