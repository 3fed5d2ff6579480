"""What a control network hands to a denoiser is added to its tokens: there are as many of one as of the other."""

import pytest

from vidcalc.catalog import controls, fill, load, models
from vidcalc.describe.shape import Shape
from vidcalc.ledger.unroll import unroll
from vidcalc.tape.trace import configuration, network

SMALL = Shape(batch=1, frames=3, height=16, width=16, tokens=1)


def hands_on(name: str) -> bool:
    """Whether a control is a network of its own that hands something to the denoiser."""
    own = controls.control(name).network
    return own is not None and network(own).hints(configuration(own), SMALL) > 0


BESIDE = [name for name in load.names(controls.KIND) if hands_on(name)]
PAIRS = [(model, name) for model in models.names() for name in BESIDE if name in controls.fitting(models.model(model))]


def test_every_control_has_a_model() -> None:
    assert {name for _, name in PAIRS} == set(BESIDE)


@pytest.mark.parametrize(("model", "name"), PAIRS)
def test_a_hint_has_a_row_for_each_token_of_the_denoiser(model: str, name: str) -> None:
    steered = controls.steered(fill.model(model), name, controls.control(name))
    ledger = unroll(steered, fill.workload(steered))
    phase = next(each for each in ledger.phases if each.component.id == name)
    shape, own = phase.call.shape, steered.denoiser
    rows = network(phase.component).tokens(configuration(phase.component), shape)
    assert rows == network(own).tokens(configuration(own), ledger.forward.call.shape)
    # [layers, batch, rows, width of the denoiser]
    hints = network(phase.component).hints(configuration(phase.component), shape)
    assert hints % (rows * shape.batch) == 0
