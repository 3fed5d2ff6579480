"""One physics of sharing: a rank's forward pass is the same whatever it is for, and the work of all ranks adds up."""

from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from vidcalc.calculate import bucket, loaded
from vidcalc.catalog import fill
from vidcalc.cost.call import exposed_communication
from vidcalc.cost.seconds import total
from vidcalc.cost.step import micro_batch
from vidcalc.cost.step_memory import activations
from vidcalc.cost.time import by_kind
from vidcalc.describe.data import Bucket
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.training import TrainingPlan
from vidcalc.ledger.step import MICRO_BATCH, Step
from vidcalc.ledger.types import Phase
from vidcalc.ops import Attention, Collective, Matmul, Op, Pointwise
from vidcalc.passes import generation, training_step
from vidcalc.passes.degrees import context, world
from vidcalc.rates.machines import hardware

WAN = "wan2.1-t2v-14b"
SIZE = {"width": 832, "height": 480, "frames": 81}
BACKWARD = ("backward",)
WAYS: dict[str, dict[str, int]] = {
    "alone": {},
    "tensor": {"tensor_degree": 8},
    "ulysses": {"ulysses_degree": 8},
    "ring": {"ring_degree": 8},
    "gather": {"gather_degree": 8},
    "tensor and ulysses": {"tensor_degree": 2, "ulysses_degree": 4},
    "ulysses and ring": {"ulysses_degree": 4, "ring_degree": 2},
    "all": {"tensor_degree": 4, "ulysses_degree": 2, "ring_degree": 3, "gather_degree": 2},
}


def generated(name: str, machine: Hardware, **degrees: Any) -> Phase:
    """A denoiser call of one rank that generates a video without guidance."""
    model = fill.model(name)
    plan = replace(fill.plan(model, guidance=1.0), **degrees)
    (phase,) = (each for each in generation(model, _workload(name), machine, plan)[0].phases if each.id == "denoise")
    return phase


def trained(name: str, machine: Hardware, **plan: Any) -> Step:
    """An optimizer step of one rank that trains on a clip of that size."""
    model = fill.model(name)
    training = TrainingPlan(**{"sequence_parallel": "off", **plan})
    return bucket(model, Bucket(**SIZE), machine, fill.plan(model, training=training)).step


def _workload(name: str) -> Any:
    return fill.workload(fill.model(name), **SIZE)


def symbols(op: Op) -> tuple[tuple[str, str], ...]:
    """The symbols of an op's formulas; whether its weights are trained is for gradients alone."""
    found = {each: getattr(op, each) for each in op.__struct_fields__ if each != "trained"}
    return (("kind", op.kind), *((each, repr(value)) for each, value in found.items()))


def works(phase: Phase) -> Counter[Any]:
    """The ops of a pass that work."""
    return Counter(symbols(op) for op in phase.ops if not isinstance(op, Collective))


def exchanges(phase: Phase) -> Counter[Any]:
    """The exchanges of a pass for its tokens and layers, among more ranks than one."""
    return Counter(symbols(op) for op in phase.ops if isinstance(op, Collective) and op.ranks > 1 and op.count)


@pytest.mark.parametrize("gpu", ["h100-sxm", "rtx-4090"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", [WAN, "hunyuanvideo-t2v"])
def test_a_forward_pass_is_the_same_while_it_generates_and_while_it_trains(name: str, way: str, gpu: str) -> None:
    machine = hardware(gpu, 8, 6)
    call, forward = generated(name, machine, **WAYS[way]), trained(name, machine, **WAYS[way]).phases[0]
    assert works(forward) == works(call)
    assert exchanges(forward) == exchanges(call)
    spent = [by_kind(each.ops, machine.accelerator, each.run) for each in (call, forward)]
    for kind, part in spent[0].items():
        assert spent[1][kind].likely == pytest.approx(part.likely, rel=1e-12), kind
    waits = [exposed_communication(each, work, machine) for each, work in zip((call, forward), spent, strict=True)]
    assert sum(waits[1].values()) == pytest.approx(sum(waits[0].values()), rel=1e-12)
    assert (sum(waits[0].values()) > 0) == (way != "alone")


def flops(step: Step, plan: TrainingPlan | None = None) -> dict[str, dict[str, Any]]:
    """FLOPs of a micro-batch's passes by kind of op: those of one rank.

    plan  of all ranks instead, from a step on one: ranks that share the tokens all work on short rows (a prompt's),
          those of tensor parallelism on what stands outside of attention and feed-forward
    """
    found: dict[str, dict[str, Any]] = {}
    for phase in step.phases:
        if phase.id in MICRO_BATCH:
            kinds = found.setdefault(phase.id, {})
            for op in (op for op in phase.ops if op.flops):
                one = op.backward_flops if phase.id in BACKWARD else op.flops
                times = 1 if plan is None else _ranks(op, phase.prompt_rows, plan)
                kinds[op.kind] = kinds.get(op.kind, 0) + one * op.count * times
    return found


def _ranks(op: Any, prompt_rows: int, plan: TrainingPlan) -> Any:
    """How many ranks do the same work of an op."""
    short = isinstance(op, Matmul) and op.batch * op.rows <= prompt_rows
    whole = not op.place.part or op.place.role == "norm"
    return (context(plan) if short else 1) * (plan.tensor_degree if whole else 1)


@pytest.mark.parametrize("sequence", ["off", "on"])
@pytest.mark.parametrize(
    "degrees",
    [
        {"tensor_degree": 4},
        {"ulysses_degree": 4},
        {"ring_degree": 3},
        {"gather_degree": 6},
        {"pipeline_degree": 5},
        {"tensor_degree": 2, "ulysses_degree": 2, "ring_degree": 3, "pipeline_degree": 5},
        {"ring_degree": 11},
        {"data_degree": 8},
    ],
)
@pytest.mark.parametrize("checkpointing", ["none", "full"])
def test_work_of_all_ranks_of_a_step_is_the_work(checkpointing: str, degrees: dict[str, int], sequence: str) -> None:
    """But for what more than one rank works on, and the slowest rank's tokens, which are rounded up."""
    machine, plan = hardware("h100-sxm", 8, 8), TrainingPlan(**degrees)
    words = {"checkpointing": checkpointing, "sequence_parallel": sequence}
    alone, one = (trained(WAN, machine, **words, **each) for each in ({}, degrees))
    least, most, shared = flops(alone), flops(alone, plan), flops(one)
    ranks = world(plan) / plan.data_degree  # those of a data group see another sample
    tokens = alone.video_tokens
    rounded = -(-tokens // context(plan)) * context(plan) / tokens
    for passing, kinds in least.items():
        for kind, whole in kinds.items():
            done = shared[passing].get(kind, 0) * ranks
            assert done >= whole * (1 - 1e-12), (passing, kind)
            assert most[passing][kind] * (1 - 1e-9) <= done <= most[passing][kind] * rounded**2 * (1 + 1e-9), kind
            if kind == "attention" and rounded == 1:
                assert done == pytest.approx(whole, rel=1e-12), passing


def moved(step: Step) -> Any:
    """Bytes of elementwise work of a rank's forward pass."""
    return sum(op.moved * op.count for op in step.phases[0].ops if isinstance(op, Pointwise))


@pytest.mark.parametrize("beside", [{}, {"ulysses_degree": 2}, {"pipeline_degree": 2, "grad_accum": 4}])
@pytest.mark.parametrize("degree", [2, 4, 8])
@pytest.mark.parametrize("checkpointing", ["none", "full"])
def test_tokens_whole_between_the_layers_take_more_memory_and_elementwise_work(
    checkpointing: str, degree: int, beside: dict[str, int]
) -> None:
    machine = hardware("h100-sxm", 8, 8)
    words = {"checkpointing": checkpointing, **beside}
    alone = trained(WAN, machine, **words)
    off, on = (trained(WAN, machine, **words, tensor_degree=degree, sequence_parallel=each) for each in ("off", "on"))
    for figure in (activations, moved):
        assert figure(on) < figure(off) < figure(alone)
        assert figure(on) >= figure(alone) / degree * (1 - 1e-9)
    assert flops(on) == flops(off)
    seconds = [total(micro_batch(each, machine).parts).likely for each in (on, off, alone)]
    assert seconds[0] < seconds[1] < seconds[2]


@pytest.mark.parametrize("way", list(WAYS)[1:])
def test_exchanges_of_backward_are_those_of_forward(way: str) -> None:
    step = trained(WAN, hardware("h100-sxm", 8, 6), **WAYS[way], checkpointing="full")
    forward, backward, again = (exchanges(phase) for phase in step.phases[:3])
    assert backward == forward
    assert all(any(dict(op)["way"] == dict(each)["way"] for op in forward) for each in again)


def test_no_rank_attends_for_another() -> None:
    """Heads, queries and turns of keys of one rank, over all ranks, are those of the whole."""
    model = fill.model(WAN)
    machine = hardware("h100-sxm", 8, 6)
    plan = TrainingPlan(**WAYS["all"])
    one = loaded(model, Bucket(**SIZE), machine, fill.plan(model, training=plan)).step
    whole = {op.path: op for op in one.phases[0].ops if isinstance(op, Attention)}
    mine = [op for op in training_step(one, plan, machine).phases[0].ops if isinstance(op, Attention)]
    assert [op.path for op in mine] == list(whole)
    for op in mine:
        before = whole[op.path]
        sharing = plan.tensor_degree * context(plan)
        assert op.flops * op.count * sharing == before.flops * before.count
        assert op.whole == (before.batch * before.heads, before.queries)
