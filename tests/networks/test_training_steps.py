"""One training step of the networks recorded with one: what is kept, and the peak over forward and backward."""

from typing import Any

import msgspec
import pytest
from golden_cases import cases, family, label, shape_of

from vidcalc.tape import Tape
from vidcalc.tape.backward import backward

FILES = ("unets", "image_transformers", "latte", "allegro_transformer", "easyanimate")
TRAINED = [case for name in FILES for case in cases(name) if "forward_backward_peak" in case]
BAR = 0.01  # relative; the published bar for training is 3 %


@pytest.mark.parametrize("case", TRAINED, ids=label)
def test_a_step_holds_what_the_published_class_holds(case: dict[str, Any]) -> None:
    module = family(case["class"])
    tape = Tape(case["dtype"], training=True)
    output = module.forward(tape, msgspec.convert(case["config"], module.Config), shape_of(case))
    step = backward(tape, output)
    assert step.kept == pytest.approx(case["kept_for_backward"], rel=BAR)
    assert step.peak == pytest.approx(case["forward_backward_peak"], rel=BAR)
