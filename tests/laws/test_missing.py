"""What is missing is told where something does not fit, as a positive number, and nowhere else.

Over models, cards and frameworks: of those that fill a card with weights some do not fit by what they need alone.
"""

import pytest
from msgspec.structs import replace

from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.cost import memory
from vidcalc.cost.reserve import counters
from vidcalc.passes import generation
from vidcalc.rates.allocator import context
from vidcalc.rates.machines import hardware

GIB = 2**30
MODELS = {
    "wan2.1-t2v-14b": {"width": 832, "height": 480, "frames": 81},
    "hunyuanvideo-t2v": {"width": 960, "height": 544, "frames": 129},
    "cogvideox-5b": {},
    "ltx-2": {"width": 1280, "height": 704, "frames": 121},
}
CARDS = ("rtx-4070", "rtx-4080-super", "rtx-3090", "rx-7900-xtx", "h200", "m3-ultra")
FRAMEWORKS = ("comfyui", "comfyui-legacy", "wanvideo-wrapper", "diffusers", "framepack")


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_is_missing_is_positive_where_something_does_not_fit_and_told_nowhere_else(
    card: str, framework: str
) -> None:
    for name, size in MODELS.items():
        model, machine = fill.model(name), hardware(card)
        plan = fill.plan(model, framework=framework, precision="fp8")
        report = calculate(model, fill.workload(model, **size), machine, plan)
        for job, id_ in ((report.memory.inference, "inference_too_big"), (report.memory.training, "training_too_big")):
            assert job is not None
            told = [warning.values["missing"] for warning in report.warnings if warning.id == id_]
            assert len(told) == (job.verdict == "too_big"), (name, job.verdict)
            assert all(missing == -job.margin > 0 for missing in told), (name, told)
            assert (job.margin < 0) == (job.verdict == "too_big"), (name, job.margin)


@pytest.mark.parametrize("name", MODELS)
def test_holes_between_weights_that_give_way_go_with_them(name: str) -> None:
    """With either allocator: a job whose needs the card holds twice is never too big for what fills it."""
    model, machine = fill.model(name), hardware("rtx-4090")
    ledger, _ = generation(
        model, fill.workload(model, **MODELS[name]), machine, fill.plan(model, framework="comfyui", precision="fp8")
    )
    rows, chip = memory.stages(ledger), machine.accelerator
    assert any(row.yields for row in rows)
    for allocator in ("caching", "async"):
        shown, least = (counters(each, chip, allocator) for each in (rows, memory.needed(rows)))
        assert shown.device <= max(chip.capacity, least.device) + 1
        assert shown.allocated <= shown.reserved == shown.device - context(chip)


@pytest.mark.parametrize("gib", [6, 12, 16, 24, 32, 80])
def test_where_the_card_is_too_small_for_a_whole_clip_the_decode_is_what_tiles_need(gib: int) -> None:
    """Whatever else stays on the card: ComfyUI with --highvram keeps every network there."""
    model, machine = fill.model("wan2.1-t2v-14b"), hardware("rtx-4090")
    chip = replace(machine.accelerator, memory_driver=gib * GIB, memory_torch=gib * GIB)
    plan = fill.plan(model, framework="comfyui-legacy", precision="fp8", offload="none")
    memory = calculate(model, fill.workload(model), replace(machine, accelerator=chip), plan).memory.inference
    assert (memory.peak <= memory.capacity) == (memory.verdict != "too_big") == (memory.margin >= 0)
    for stage in memory.stages:
        assert stage.weights + stage.activations + stage.other == stage.total
