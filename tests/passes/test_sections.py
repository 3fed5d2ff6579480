"""FramePack: sections that are decoded with what they overlap, Llama swapped as the denoiser is, all of it resident on
a large card."""

from typing import Any

import pytest

from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.ledger.types import Ledger
from vidcalc.ops import Copy
from vidcalc.passes import generation
from vidcalc.rates.machines import hardware
from vidcalc.report.estimate import Report

MODEL = fill.model("framepack")


def made(card: str, frames: Any) -> Ledger:
    workload = fill.workload(MODEL, width=512, height=768, frames=frames, steps=25)
    return generation(MODEL, workload, hardware(card), fill.plan(MODEL, framework="framepack"))[0]


def report(card: str, frames: Any) -> Report:
    workload = fill.workload(MODEL, width=512, height=768, frames=frames, steps=25)
    return calculate(MODEL, workload, hardware(card), fill.plan(MODEL, framework="framepack"))


def decoded(ledger: Ledger) -> dict[int, int]:
    """Calls of the decode by its latent frames."""
    return {each.call.shape.frames: each.calls for each in ledger.phases if each.id == "vae_decode"}


def test_each_section_is_decoded_with_the_one_before_it() -> None:
    assert decoded(made("rtx-3090", 33)) == {10: 1}
    assert decoded(made("rtx-3090", 73)) == {9: 1, 19: 1}
    five = decoded(made("rtx-3090", 145))
    assert five == {9: 1, 18: 2, 19: 1}
    assert sum(frames * times for frames, times in five.items()) == 64  # for 37
    # a longer video takes no more memory
    long, short = (report("rtx-3090", frames).memory.inference for frames in (721, 145))
    assert long.stages[-1].activations == short.stages[-1].activations == 0
    assert [row.total for row in long.stages] == [row.total for row in short.stages]


def test_the_report_counts_the_sections_that_are_made() -> None:
    for frames, sections in ((33, 1), (97, 3), (145, 4)):
        made_of = report("rtx-3090", frames).compute
        assert (made_of.chunks, made_of.denoiser_calls) == (sections, sections * 25), frames


def test_a_sweep_of_lengths_has_the_sections_of_each() -> None:
    import numpy as np

    lengths = (33, 73, 145, 289)
    swept = report("rtx-3090", np.array(lengths, dtype=float)).time.inference.parts["vae_decode"]
    for index, frames in enumerate(lengths):
        alone = report("rtx-3090", frames).time.inference.parts["vae_decode"]
        for kind, seconds in alone.items():
            assert np.broadcast_to(swept[kind], 4)[index] == pytest.approx(seconds, rel=1e-6), (frames, kind)


def test_llama_is_swapped_and_keeps_nothing_on_the_card() -> None:
    ledger = made("rtx-3090", 145)
    phase = ledger.phase("text_encode")
    assert phase is not None
    own = ledger.weights[phase.component.id].stored
    assert phase.resident[phase.component.id] <= own.module
    (copy,) = [op for op in phase.ops if isinstance(op, Copy)]
    assert (copy.nbytes, copy.memory, copy.hidden) == (own.copy, "pageable", 0)
    assert report("rtx-4060-laptop", 145).memory.inference.verdict in ("fits", "tight")


def test_above_60_gib_free_all_of_it_stays_and_the_decode_is_whole() -> None:
    large, small = made("h100-sxm", 145), made("rtx-3090", 145)
    for ledger, tiling, everything in ((large, "none", True), (small, "default", False)):
        assert all(each.call.tiling == tiling for each in ledger.phases if each.id == "vae_decode")
        assert all(len(phase.resident) > 4 for phase in ledger.phases) is everything
        assert any(isinstance(op, Copy) for phase in ledger.phases for op in phase.ops) is not everything
