"""What waits in host memory is paid for: no weight is away from the GPU and free, while it generates or trains."""

from typing import Any

import pytest

from vidcalc.account.time import inference_time
from vidcalc.calculate import bucket
from vidcalc.catalog import fill, models
from vidcalc.catalog.precisions import precision
from vidcalc.catalog.training import optimizer, recipe
from vidcalc.cost.memory import peak, stages
from vidcalc.cost.step_memory import in_host
from vidcalc.describe.data import Bucket
from vidcalc.describe.plan import Offload
from vidcalc.describe.setting import words
from vidcalc.describe.training import TrainingOffload, TrainingPlan, offloads
from vidcalc.ledger.step import MICRO_BATCH, Step
from vidcalc.ledger.types import Ledger
from vidcalc.ops import Copy, Op, Update
from vidcalc.passes import generation
from vidcalc.passes.ways import WAYS
from vidcalc.rates.machines import hardware

CARD = hardware("rtx-4090")
BACK = "fresh"  # memory that a network goes back to
SEQUENTIAL = {"guidance_mode": "sequential", "forwards_per_step": 2, "batched_forwards": 1}
HALF = {"guided_share": 0.5, **SEQUENTIAL}
CASES: dict[str, tuple[str, int, dict[str, Any]]] = {
    "one prompt": ("wan2.1-t2v-1.3b", 1, {}),
    "a batch": ("wan2.1-t2v-1.3b", 3, {"vae_slicing": "on"}),
    "guided in turns": ("wan2.1-t2v-1.3b", 1, SEQUENTIAL),
    "guided half of the steps": ("wan2.1-t2v-1.3b", 2, HALF),
    "two experts": ("wan2.2-t2v-a14b", 1, {}),
    "two experts that cannot leave": ("wan2.2-t2v-a14b", 1, {"precision": "bnb-int8"}),
    "an image": ("wan2.1-i2v-14b-480p", 1, {}),
    "two encoders": ("hunyuanvideo-t2v", 1, {}),
    "a U-Net": ("svd-xt", 1, {}),
    "sound": ("ltx-2", 1, {}),
    "4 bits": ("cogvideox-5b", 1, {"precision": "nf4", "text_encoder_precision": "bnb-int8"}),
}
SWAPS = (0, 1, 2, 7, 10_000)
PLANS = [(way, swaps) for way in WAYS for swaps in (SWAPS if way == "block-swap" else (0,))]


def placed(case: str, way: str, swaps: int = 0) -> Ledger:
    """A case on one card, its weights where that way of offloading has them."""
    name, batch, words = CASES[case]
    model = fill.model(name)
    workload = fill.workload(model, width=512, height=320, frames=9, steps=4, batch=batch)
    plan = fill.plan(model, offload=way, swapped_blocks=swaps, **words)
    return generation(model, workload, CARD, plan)[0]


def copied(ops: tuple[Op, ...]) -> Any:
    """Bytes over the link to the device."""
    return sum(op.nbytes * op.count for op in ops if isinstance(op, Copy) and op.memory != BACK)


def returned(ops: tuple[Op, ...]) -> Any:
    """Bytes of whole networks that go back to the host."""
    return sum(op.nbytes * op.count for op in ops if isinstance(op, Copy) and op.memory == BACK)


@pytest.mark.parametrize(("way", "swaps"), PLANS)
@pytest.mark.parametrize("case", CASES)
def test_a_network_runs_on_what_is_there_and_what_it_pays_for(case: str, way: str, swaps: int) -> None:
    """Its first call finds what was there before and what comes; each later one what stayed and what comes again."""
    ledger = placed(case, way, swaps)
    before = ledger.loaded
    for phase in ledger.phases:
        own = ledger.weights[phase.component.id].stored
        comes, once = copied(phase.ops), copied(phase.once)
        assert before.get(phase.component.id, 0) + once + comes >= own.copy, phase.id
        assert before.get(phase.component.id, 0) + once + comes * phase.turns >= own.total, phase.id
        assert phase.resident.get(phase.component.id, 0) + comes >= own.copy, phase.id
        before = phase.resident


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("way", "swaps"), PLANS)
def test_a_network_that_comes_once_comes_once_for_all_calls_in_a_row(case: str, way: str, swaps: int) -> None:
    """What stays while the network runs comes with its first call of all in a row, and nothing comes twice."""
    ledger, before = placed(case, way, swaps), ""
    for phase in ledger.phases:
        network = ledger.weights[phase.component.id]
        own, comes = network.stored, coming(phase.ops) / (phase.blocks_run or 1)
        away = network.role in WAYS[way].coming and own.movable
        if way == "model" or (network.role != "denoiser" and way == "block-swap"):
            assert copied(phase.once) == (own.total if away and phase.component.id != before else 0), phase.id
        if away and phase.component.id != before:
            kept = (own.copy - comes) * own.total / own.copy
            assert copied(phase.once) == pytest.approx(kept, rel=1e-3, abs=1e6), phase.id
        else:
            assert copied(phase.once) == 0, phase.id
        before = phase.component.id
    # every network that came whole goes back, and not before another one comes
    if way == "model":
        assert sum(returned(each.once) for each in ledger.phases) == sum(copied(each.once) for each in ledger.phases)
    assert returned(ledger.phases[0].once) == 0


def coming(ops: tuple[Op, ...]) -> Any:
    """Bytes that come at a call: those that come and go (`vidcalc.passes.copies`) are copied twice."""
    twice = [op for op in ops if isinstance(op, Copy) and op.memory == "pageable" and op.count == 2 and not op.hidden]
    return copied(ops) - sum(op.nbytes for op in twice)


@pytest.mark.parametrize("name", models.names())
def test_blocks_that_wait_are_the_last_ones_each_at_its_size(name: str) -> None:
    """A stage is never below what is really there, whatever the sizes of a network's blocks."""
    model = fill.model(name)
    workload = fill.workload(model, width=256, height=256, frames=17, steps=2)
    everything = generation(model, workload, CARD, fill.plan(model))[0]
    own = everything.weights[model.denoiser.id].stored
    base, before = own.copy - own.blocks, 0
    for many in (0, 1, own.count // 3, own.count // 2, own.count - 1, own.count, own.count + 7):
        gone = own.last(many)
        assert before <= gone <= own.blocks
        assert gone <= many * own.block + own.count  # whole bytes
        ledger = generation(model, workload, CARD, fill.plan(model, offload="block-swap", swapped_blocks=many))[0]
        phase = ledger.phase("denoise")
        assert phase is not None
        there = phase.resident[model.denoiser.id]
        assert there >= base + own.blocks - gone
        assert there + copied(phase.ops) >= own.copy
        before = gone
    assert own.last(own.count) == own.blocks


@pytest.mark.parametrize(("way", "swaps"), PLANS)
@pytest.mark.parametrize("case", CASES)
def test_host_memory_holds_what_is_still_needed_and_not_on_the_device(case: str, way: str, swaps: int) -> None:
    ledger = placed(case, way, swaps)
    assert ledger.host.loading_peak == max(each.weights.copy for each in ledger.weights.values())
    assert 0 <= ledger.host.pinned <= ledger.host.resident
    for place, phase in enumerate(ledger.phases):
        needed = {later.component.id for later in ledger.phases[place:]}
        missing = sum(
            max(each.stored.total - phase.resident.get(name, 0), 0)
            for name, each in ledger.weights.items()
            if name in needed
        )
        assert missing <= ledger.host.resident, phase.id
        for op in (*phase.ops, *phase.once):
            if isinstance(op, Copy):
                assert op.nbytes <= (ledger.host.pinned if op.memory == "pinned" else ledger.host.resident), phase.id


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("way", WAYS)
def test_what_cannot_leave_the_device_is_there_throughout(case: str, way: str) -> None:
    ledger = placed(case, way)
    fixed = {name: each for name, each in ledger.weights.items() if not precision(each.precision).movable}
    assert bool(fixed) == ("bnb-int8" in CASES[case][2].values())
    for there in (ledger.loaded, *(phase.resident for phase in ledger.phases)):
        assert {name: there[name] for name in fixed} == {name: each.stored.total for name, each in fixed.items()}
    assert not any(copied(phase.ops) for phase in ledger.phases if phase.component.id in fixed)
    assert not {copy.path for phase in ledger.phases for copy in phase.once} & set(fixed)
    movable = [each.weights for name, each in ledger.weights.items() if name not in fixed]
    rounded = "group" in way or way == "encoders-streamed"  # pinned tensor by tensor
    grown = [max(own.pinned, own.pinned_blocks) if rounded else 1 for own in movable]
    assert max(grown, default=1) < 2
    assert ledger.host.resident <= sum(own.total * more for own, more in zip(movable, grown, strict=True)) + len(grown)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("way", "swaps"), PLANS)
def test_offloading_takes_no_more_memory_and_saves_no_time(case: str, way: str, swaps: int) -> None:
    here, away = placed(case, "none"), placed(case, way, swaps)
    assert peak(stages(away)) <= peak(stages(here))
    seconds = [inference_time(each, each, CARD).total for each in (here, away)]
    assert seconds[0] <= seconds[1]


# --- training ---------------------------------------------------------------------------------------------------

SIZE = Bucket(width=256, height=256, frames=9)
RANKS: dict[str, dict[str, Any]] = {
    "alone": {},
    "sharded": {"sharding": "zero3", "shard_degree": 4, "data_degree": 4},
    "optimizer sharded": {"sharding": "zero1", "shard_degree": 4, "data_degree": 4},
    "layers cut": {"tensor_degree": 4},
    "stages": {"pipeline_degree": 3, "grad_accum": 4},
}
KEPT = ("none", "full", "offload")
TRAINED = [(mode, way) for mode in ("full", "lora") for way in offloads(mode)]


def step(mode: str, way: str, ranks: str, checkpointing: str = "none", **words: Any) -> Step:
    """One rank's optimizer step."""
    model = fill.model("wan2.1-t2v-1.3b")
    swapped = {"swapped_blocks": 7} if way == "block-swap" else {}
    training = TrainingPlan(mode=mode, offload=way, checkpointing=checkpointing, **RANKS[ranks], **swapped, **words)
    return bucket(model, SIZE, hardware("h100-sxm", 8), fill.plan(model, training=training)).step


def test_every_word_is_tried() -> None:
    assert set(WAYS) == set(words(Offload))
    assert {way for _, way in TRAINED} == set(words(TrainingOffload))


@pytest.mark.parametrize("ranks", RANKS)
@pytest.mark.parametrize(("mode", "way"), TRAINED)
def test_bytes_that_leave_the_device_are_in_host_memory(mode: str, way: str, ranks: str) -> None:
    here, away = (step(mode, each, ranks, ema="fp32").states for each in ("none", way))
    for name in ("weights", "ema", "optimizer", "gradients", "auxiliary"):
        assert 0 <= getattr(away, name) <= getattr(here, name), name
    held = [sum((each.weights, each.ema, each.optimizer, each.gradients, each.host)) for each in (here, away)]
    assert held[0] == held[1]


@pytest.mark.parametrize("checkpointing", KEPT)
@pytest.mark.parametrize("ranks", RANKS)
@pytest.mark.parametrize(("mode", "way"), TRAINED)
def test_weights_and_activations_that_wait_are_copied_for_every_pass(
    mode: str, way: str, ranks: str, checkpointing: str
) -> None:
    """Weights come for forward and backward, activations go and come back."""
    here, away = (step(mode, each, ranks, checkpointing) for each in ("none", way))
    weights = here.states.weights - away.states.weights
    activations = (in_host(away) - away.states.host) / away.in_flight
    comes = sum(copied(phase.ops) for phase in away.phases)
    assert comes >= 2 * (weights + activations) * (1 - 1e-9)
    assert (comes > 0) == (weights + activations > 0)


@pytest.mark.parametrize("ranks", RANKS)
@pytest.mark.parametrize(("mode", "way"), TRAINED)
def test_states_that_wait_are_updated_there_and_gradients_and_weights_cross_the_link(
    mode: str, way: str, ranks: str
) -> None:
    here, away = (step(mode, each, ranks) for each in ("none", way))
    (update,) = (op for phase in away.phases for op in phase.ops if isinstance(op, Update))
    waits, chosen = away.states.optimizer < here.states.optimizer, recipe("bf16-mixed")
    assert update.memory == ("host" if waits else "device")
    assert update.over == (chosen.gradients + chosen.weights if waits else 0)
    held = optimizer(TrainingPlan().optimizer).bytes_per_element(chosen)
    assert update.elements * held == pytest.approx(here.states.optimizer)  # a rank updates what it holds


@pytest.mark.parametrize("ranks", RANKS)
@pytest.mark.parametrize(("mode", "way"), TRAINED)
def test_no_pass_but_those_of_a_micro_batch_copies(mode: str, way: str, ranks: str) -> None:
    assert all(phase.id in MICRO_BATCH for phase in step(mode, way, ranks).phases if copied(phase.ops))
