"""No silent zero: a network whose bytes nothing tells makes a need "at least" so much, and is named."""

import pytest
from msgspec.structs import replace

from vidcalc.calculate import calculate, train
from vidcalc.catalog.models import model
from vidcalc.faces.requests.estimate import request
from vidcalc.faces.requests.training import run

WAN = "wan2.1-t2v-1.3b"


def question(**changed):
    whole, *rest = request({"model": WAN, "gpu": "h100-sxm"})
    return replace(whole, **changed), *rest


def without_size():
    encoder = model(WAN).text_encoders[0]
    return replace(encoder, network="", params=None, config={})


def test_a_network_of_unknown_size_is_named_and_nothing_is_said_to_fit():
    whole, blind = calculate(*question()), calculate(*question(text_encoders=(without_size(),)))
    assert (whole.memory.inference.verdict, whole.memory.inference.unsized) == ("fits", [])
    assert (blind.memory.inference.verdict, blind.memory.inference.unsized) == ("at_least", ["umt5-xxl"])
    assert any(row.id == "components_unsized" and row.values["components"] == "umt5-xxl" for row in blind.warnings)


def test_what_is_counted_by_its_weights_is_sized():
    encoder = replace(model(WAN).text_encoders[0], network="", config={})
    counted = calculate(*question(text_encoders=(encoder,)))
    assert counted.memory.inference.verdict == "fits"
    assert any(row.id == "components_not_computed" for row in counted.warnings)


def test_a_decode_that_is_not_written_is_unknown_too():
    vae = replace(model(WAN).vae, network="", config={})
    blind = calculate(*question(vae=vae))
    assert blind.memory.inference.unsized == ["vae"]
    assert blind.memory.inference.verdict == "at_least"


def test_what_does_not_fit_anyway_does_not_fit():
    job = request({"model": "wan2.1-t2v-14b", "gpu": "rtx-4090"})
    blind = calculate(replace(job[0], text_encoders=(without_size(),)), *job[1:])
    assert blind.memory.inference.verdict == "too_big"


@pytest.mark.parametrize(("texts", "unsized"), [("precomputed", []), ("online", ["umt5-xxl"])])
def test_training_asks_only_for_what_is_in_its_loop(texts, unsized):
    whole, *rest = run({"model": WAN, "gpu": "h200", "texts": texts})
    found = train(replace(whole, text_encoders=(without_size(),)), *rest).memory
    assert found.unsized == unsized
