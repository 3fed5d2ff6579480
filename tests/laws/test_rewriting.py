"""Each pass is neutral at its default, and degrees that are arrays give what each of their numbers gives."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from vidcalc.calculate import loaded
from vidcalc.catalog import fill
from vidcalc.cost import step as step_cost
from vidcalc.cost import step_memory
from vidcalc.cost.call import spent
from vidcalc.cost.memory import stages
from vidcalc.cost.seconds import total
from vidcalc.describe.data import Bucket
from vidcalc.describe.plan import Plan
from vidcalc.describe.training import TrainingPlan
from vidcalc.ledger.step import MICRO_BATCH as PASSES_OF_A_STEP
from vidcalc.ledger.step import Step
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ledger.unroll import unroll
from vidcalc.ops import Attention, Collective, Copy, Op, Pointwise
from vidcalc.passes import EXCHANGES, HELD, MICRO_BATCH, PASSES, rewritten, training_step
from vidcalc.rates.machines import hardware

MODELS = ("wan2.1-t2v-1.3b", "hunyuanvideo-t2v", "svd-xt")
MACHINE = hardware("h100-sxm", 8, 2)
SIZE = {"width": 512, "height": 320, "frames": 9}


def named(rewrite: Callable[..., Any]) -> str:
    return f"{rewrite.__module__.rpartition('.')[2]}.{rewrite.__name__}"


def job(name: str, **words: Any) -> tuple[Ledger, Plan]:
    """A job on one rank, unrolled, and a plan that changes nothing but by those words."""
    model = fill.model(name)
    return unroll(model, fill.workload(model, **SIZE, steps=4, batch=2)), Plan(**words)


def fields(op: Op) -> dict[str, Any]:
    """Every symbol of an op, as plain values."""
    found = {name: getattr(op, name) for name in op.__struct_fields__}
    if isinstance(op, Attention):
        found["whole"] = op.whole or (op.batch * op.heads, op.queries)  # of one rank it is all of it
    return found


def idle(op: Op) -> bool:
    """Whether an op neither works nor waits for anybody."""
    if isinstance(op, Pointwise):
        return bool(op.moved * op.count == 0 and op.launches * op.count == 0)
    if isinstance(op, Collective):
        return bool(op.ranks == 1 or op.count == 0)
    return isinstance(op, Copy) and bool(op.nbytes == 0)


def figures(phase: Phase, place: int | None = None) -> dict[str, Any]:
    """What a phase does and holds: all of it, or at one place of a sweep."""
    ops = [{"kind": op.kind, **fields(op)} for op in _at(phase.ops, place) if not idle(op)]
    once = [{"kind": op.kind, **fields(op)} for op in _at(phase.once, place)]
    live = {name: nbytes for name, nbytes in _at(phase.live, place).items() if nbytes}
    names = ("calls", "turns", "at_once", "prompt_rows", "workspace", "resident")
    held = {name: getattr(phase, name) for name in names} | {"live": live}
    return {"id": phase.id, "ops": ops, "once": once, **_at(held, place)}


def _at(value: Any, place: int | None) -> Any:
    """A value with the numbers at one place of the arrays in it."""
    if isinstance(value, np.ndarray):
        return value if place is None else (value[place].item() if value.shape else value.item())
    if isinstance(value, tuple | list):
        return type(value)(_at(each, place) for each in value)
    if isinstance(value, dict):
        return {name: _at(each, place) for name, each in value.items()}
    if isinstance(value, msgspec.Struct) and place is not None:
        return replace(value, **{name: _at(getattr(value, name), place) for name in value.__struct_fields__})
    return value


def same(one: Any, other: Any, path: str = "") -> None:
    """Fails where two values differ by more than the order of their arithmetic."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), path
        for name in one:
            same(one[name], other[name], f"{path}.{name}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), path
        for place, (a, b) in enumerate(zip(one, other, strict=True)):
            same(a, b, f"{path}[{place}]")
    elif isinstance(one, msgspec.Struct):
        same(msgspec.structs.asdict(one), msgspec.structs.asdict(other), path)
    elif isinstance(one, int | float):
        assert other == pytest.approx(one, rel=1e-12, abs=1e-12), path
    else:
        assert one == other, path


def seconds(ledger: Ledger, place: int | None = None) -> list[dict[str, Any]]:
    """Seconds of a call of each phase by what they are spent on."""
    found = []
    for phase in ledger.phases:
        kinds = {kind: (part.low, part.likely, part.high) for kind, part in spent(phase, MACHINE).items()}
        found.append({kind: values for kind, values in _at(kinds, place).items() if any(values)})
    return found


# --- generation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rewrite", PASSES, ids=named)
@pytest.mark.parametrize("name", MODELS)
def test_a_pass_with_a_neutral_plan_changes_nothing(name: str, rewrite: Any) -> None:
    whole, plan = job(name)
    once = rewritten(whole, plan, MACHINE)
    again = rewrite(once, plan, MACHINE)
    same([figures(phase) for phase in again.phases], [figures(phase) for phase in once.phases])
    same(again.weights, once.weights)
    same((again.host, again.further), (once.host, once.further))
    same([again.loaded[network] for network in again.weights], [once.loaded[network] for network in once.weights])
    same(seconds(again), seconds(once))


@pytest.mark.parametrize("name", MODELS)
def test_a_neutral_plan_leaves_the_network_as_it_was_taped(name: str) -> None:
    whole, plan = job(name)
    ledger = rewritten(whole, plan, MACHINE)
    assert [phase.id for phase in ledger.phases] == [phase.id for phase in whole.phases]
    for phase, before in zip(ledger.phases, whole.phases, strict=True):
        assert phase.ops == phase.executed == phase.taped.ops
        assert phase.activations == phase.taped.peak
        assert (phase.calls, phase.turns) == (before.calls, before.turns)
        same(phase.call.shape, before.call.shape)
        assert phase.once == ()
    for network in ledger.weights.values():
        same(network.stored, network.weights)
        assert network.precision == "bf16"


# degrees that share one way each, on top of settings that leave work out
SHARED: dict[str, tuple[float, ...]] = {
    "guidance_degree": (1, 2),
    "ulysses_degree": (1, 2, 4, 12),
    "ring_degree": (1, 2, 3, 8),
    "gather_degree": (1, 2, 8),
    "tensor_degree": (1, 2, 4),
    "pipefusion_degree": (1, 2, 5),
    "shard_degree": (1, 2, 8),
    "decode_degree": (1, 2, 8),
    "text_degree": (1, 2, 4),
}
WORDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "guided": {"guidance_mode": "batched", "forwards_per_step": 2, "batched_forwards": 2, "shards": "encoders"},
    "in turns": {
        "guidance_mode": "sequential", "forwards_per_step": 2, "guided_share": 0.5, "offload": "group",
        "vae_slicing": "on",
    },
    "filling the card": {
        "offload": "partial", "vae_tiling": "when-full", "guidance_mode": "fitting", "forwards_per_step": 2,
        "batched_forwards": 2,
    },
    "less work": {
        "step_cache": "stated", "computed_steps": 0.5, "cached_blocks": 1, "sparse_attention": "stated",
        "attention_density": 0.3, "merged_tokens": 0.25,
    },
    "cut and sharded": {"tensor_degree": 2, "ulysses_degree": 2, "shard_degree": 4, "offload": "block-swap",
                        "swapped_blocks": 4},
}  # fmt: skip


@pytest.mark.parametrize(("name", "words"), [*((MODELS[0], each) for each in WORDS), (MODELS[1], "cut and sharded")])
@pytest.mark.parametrize("degree", SHARED)
def test_degrees_of_a_generation_as_an_array_give_what_each_gives(name: str, degree: str, words: str) -> None:
    whole, plan = job(name, **WORDS[words])
    swept = rewritten(whole, replace(plan, **{degree: np.array(SHARED[degree], dtype=float)}), MACHINE)
    for place, value in enumerate(SHARED[degree]):
        alone = rewritten(whole, replace(plan, **{degree: value}), MACHINE)
        same([figures(phase) for phase in alone.phases], [figures(phase, place) for phase in swept.phases])
        same(seconds(alone), seconds(swept, place))
        same(
            {key: each.stored for key, each in alone.weights.items()},
            _at({key: each.stored for key, each in swept.weights.items()}, place),
        )
        same([_stage(row) for row in stages(alone)], [_at(_stage(row), place) for row in stages(swept)])


def _stage(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("id", "weights", "activations", "other", "total")}


# --- training ----------------------------------------------------------------------------------------------------


def taped(name: str, **training: Any) -> tuple[Step, TrainingPlan]:
    """An optimizer step on one rank before any pass, and its plan."""
    model = fill.model(name)
    plan = fill.plan(model, training=TrainingPlan(**training))
    return loaded(model, Bucket(**SIZE), MACHINE, plan).step, plan.training


def passes(step: Step) -> list[Phase]:
    return [phase for phase in step.phases if phase.id in PASSES_OF_A_STEP]


@pytest.mark.parametrize("rewrite", [*MICRO_BATCH, *HELD, *EXCHANGES], ids=named)
@pytest.mark.parametrize("checkpointing", ["none", "full"])
@pytest.mark.parametrize("name", MODELS)
def test_a_pass_of_training_with_a_neutral_plan_changes_no_work(name: str, checkpointing: str, rewrite: Any) -> None:
    step, plan = taped(name, checkpointing=checkpointing)
    once = rewrite(step, plan, MACHINE)
    same([figures(phase) for phase in passes(once)], [figures(phase) for phase in passes(step)])
    same((once.live, once.aside, once.trained), (step.live, step.aside, step.trained))
    if rewrite not in EXCHANGES:
        again = rewrite(once, plan, MACHINE)
        same(
            (again.states, again.auxiliary, again.tokens, again.in_flight, again.idle, again.stages),
            (once.states, once.auxiliary, once.tokens, once.in_flight, once.idle, once.stages),
        )
    one, other = (step_cost.micro_batch(each, MACHINE) for each in (step, once))
    same(one, other)


@pytest.mark.parametrize("name", MODELS)
def test_alone_an_optimizer_step_waits_for_nobody(name: str) -> None:
    step, plan = taped(name)
    step = training_step(step, plan, MACHINE)
    assert all(idle(op) for phase in step.phases for op in phase.ops if isinstance(op, Collective | Copy))
    parts = step_cost.seconds(step, step_cost.micro_batch(step, MACHINE), MACHINE)
    for part in ("communication", "transfer", "bubble", "company", "rollout"):
        assert parts[part].likely == 0, part


TRAINED: dict[str, tuple[float, ...]] = {
    "tensor_degree": (1, 2, 4),
    "pipeline_degree": (1, 2, 5, 10),
    "ulysses_degree": (1, 2, 4),
    "ring_degree": (1, 2, 3),
    "gather_degree": (1, 4),
    "data_degree": (4, 8, 16),
    "shard_degree": (1, 2, 4),
    "grad_accum": (1, 2, 7),
}
STEPS: dict[str, dict[str, Any]] = {
    "plain": {"checkpointing": "full"},
    "tokens whole between layers": {"sequence_parallel": "off", "ulysses_degree": 2},
    "zero1": {"sharding": "zero1", "shard_degree": 2, "data_degree": 4},
    "zero3": {"sharding": "zero3", "shard_degree": 2, "data_degree": 4, "checkpointing": "full"},
    "zero3, kept": {"sharding": "zero3", "reshard": "off", "data_degree": 4},
    "adapters": {"mode": "lora", "sharding": "zero3", "offload": "base", "data_degree": 4},
    "in host memory": {"offload": "optimizer+weights", "checkpointing": "offload", "sharding": "zero2",
                       "data_degree": 4},
    "beside others": {"networks": "rl", "rollout_steps": 3, "ring_degree": 2},
}  # fmt: skip


@pytest.mark.parametrize(("name", "words"), [*((MODELS[0], each) for each in STEPS), (MODELS[1], "zero3")])
@pytest.mark.parametrize("degree", TRAINED)
def test_degrees_of_training_as_an_array_give_what_each_gives(name: str, degree: str, words: str) -> None:
    bare, plan = taped(name, **STEPS[words])

    def one(value: Any) -> Step:
        return training_step(bare, replace(plan, **{degree: value}), MACHINE)

    swept = one(np.array(TRAINED[degree], dtype=float))
    held, times = step_memory.stages(swept), _seconds(swept)
    for place, value in enumerate(TRAINED[degree]):
        alone = one(value)
        same([figures(phase) for phase in alone.phases], [figures(phase, place) for phase in swept.phases])
        same(alone.states, _at(swept.states, place))
        same([_stage(row) for row in step_memory.stages(alone)], [_at(_stage(row), place) for row in held])
        same(_seconds(alone), _at(times, place))


def _seconds(step: Step) -> dict[str, Any]:
    """Seconds of each part, and of the whole step."""
    parts = step_cost.seconds(step, step_cost.micro_batch(step, MACHINE), MACHINE)
    whole = total(parts)
    return {name: part.likely for name, part in parts.items()} | {"low": whole.low, "high": whole.high}
