"""Networks that read faces: weights as their makers' classes count them, work as their papers state it."""

import pytest

from vidcalc.catalog import fill
from vidcalc.describe.model import Component
from vidcalc.describe.shape import Shape
from vidcalc.tape.trace import Trace, trace


def taped(name: str, batch: int = 1) -> tuple[Component, Trace]:
    found = next(each for each in fill.model("consisid").image_encoders if each.id == name)
    return found, trace(found, "encode", Shape(batch=batch), "fp32")


@pytest.mark.parametrize("name", ["eva02-clip-l-face", "arcface-glintr100"])
def test_all_weights_are_on_the_tape(name: str) -> None:
    component, one = taped(name)
    assert one.parameter_count == component.params
    assert taped(name, 2)[1].flops == 2 * one.flops


def test_arcface_makes_the_products_that_its_makers_state() -> None:
    """12.1 billion multiply-adds for a face (arcface_torch: IResNet100)."""
    assert taped("arcface-glintr100")[1].flops / 2 == pytest.approx(12.1e9, rel=0.01)


def test_eva_makes_two_products_a_weight_and_token() -> None:
    """What attention's scores and the patches add to 577 tokens through 24 layers is a small part."""
    one = taped("eva02-clip-l-face")[1]
    layers = 24 * (4 * 1024**2 + 3 * 1024 * 2730) * 577 * 2
    assert one.flops - one.attention_flops == pytest.approx(layers, rel=0.005)
    assert one.attention_flops == 24 * 4 * 577**2 * 1024
