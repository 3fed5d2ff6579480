"""What a trainer settles where several of its rules hold at once: the later of its file's tables stands."""

import pytest
from msgspec.structs import replace

from vidcalc.catalog import fill
from vidcalc.catalog.trainers import trainer

TRAINER = "ai-toolkit"


def test_what_holds_of_several_experts_stands_whatever_the_sharding(monkeypatch: pytest.MonkeyPatch) -> None:
    both = replace(trainer(TRAINER), sharded={"experts": "one", "base": "nf4"}, several={"experts": "both"})
    monkeypatch.setattr(fill, "trainer", lambda name: both)
    for model, experts in (("wan2.2-t2v-a14b", "both"), ("wan2.1-t2v-1.3b", "one")):
        chosen = fill.model(model)
        plain = fill.training(chosen, trainer=TRAINER, mode="lora")
        assert plain.experts == experts
        cut = fill.sharded(replace(plain, sharding="zero3"), chosen)
        assert (cut.experts, cut.base) == (experts, "nf4")
        # what its user states stays
        assert fill.sharded(replace(plain, sharding="zero3"), chosen, base="bf16").base == plain.base
