"""Every formula of every op gives the same for Python ints and for float64 arrays, element by element."""

from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidcalc import ops
from vidcalc.ops import Attention, Collective, Convolution, Copy, Matmul, Op, Pointwise, Update

EXAMPLES: dict[type[Op], dict[str, Any]] = {
    Matmul: {"rows": 7, "d_in": 5, "d_out": 3, "batch": 2, "weight": 1, "element_bytes": 2},
    Convolution: {
        "batch": 2, "c_in": 6, "c_out": 9, "positions": 20, "input_positions": 30,
        "kernel": 27, "groups": 3, "element_bytes": 4,
    },
    Attention: {"batch": 2, "heads": 3, "queries": 10, "keys": 7, "d_head": 8, "d_value": 16, "element_bytes": 2},
    Pointwise: {"moved": 4096, "launches": 1},
    Collective: {"way": "ring", "operation": "send", "nbytes": 4096, "ranks": 4},
    Copy: {"nbytes": 4096, "memory": "pinned", "hidden": 1},
    Update: {"elements": 100, "reads": 12, "writes": 10},
}  # fmt: skip
FIXED = {"kernel", "weight", "element_bytes", "launches", "hidden"}  # plain ints by contract
KINDS = list(EXAMPLES)


def formulas(kind: type[Op]) -> list[str]:
    """The numeric properties of a kind of op."""
    found = (name for name in dir(kind) if isinstance(getattr(kind, name), property))
    return sorted(name for name in found if name not in ("key", "place"))


def build(kind: type[Op], fields: dict[str, Any]) -> Op:
    """An op of a kind with these fields."""
    return kind(path="p", count=1, precision="bf16", **fields)


def test_every_kind_of_op_has_an_example() -> None:
    assert {getattr(ops, name) for name in ops.__all__} - {Op, ops.frozen} == set(EXAMPLES)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_arrays_give_what_ints_give(kind: type[Op], data: st.DataObject) -> None:
    words = {name: word for name, word in EXAMPLES[kind].items() if isinstance(word, str)}
    free = [name for name in EXAMPLES[kind] if name not in FIXED and name not in words]
    bounds = {name: (0, 1) if name == "weight" else (1, 64) for name in EXAMPLES[kind] if name in FIXED}
    fixed = words | {name: data.draw(st.integers(low, high)) for name, (low, high) in bounds.items()}
    size = st.integers(1, 60)  # keeps every result exact in a float64
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(free, size)), min_size=1, max_size=5))
    arrays = {name: np.array([row[name] for row in rows], dtype=np.float64) for name in free}
    many, single = build(kind, arrays | fixed), [build(kind, row | fixed) for row in rows]
    for formula in formulas(kind):
        found = np.broadcast_to(getattr(many, formula), len(rows))
        expected = [getattr(each, formula) for each in single]
        assert all(isinstance(value, int) for value in expected), formula
        assert found.tolist() == expected, formula


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_ints_stay_exact_beyond_float64(kind: type[Op]) -> None:
    kept = {name: value for name, value in EXAMPLES[kind].items() if name in FIXED or isinstance(value, str)}
    huge = {name: value * 10**9 for name, value in EXAMPLES[kind].items() if name not in kept} | kept
    for formula in formulas(kind):
        assert isinstance(getattr(build(kind, huge), formula), int), formula


def test_a_product_by_hand() -> None:
    op = build(Matmul, EXAMPLES[Matmul])
    assert op.flops == 2 * 2 * 7 * 5 * 3
    assert op.backward_flops == 2 * op.flops
    assert op.weights == 5 * 3
    assert op.activation_bytes == 2 * 7 * (5 + 3) * 2
    both = msgspec.structs.replace(op, weight=0)  # both factors are activations
    assert both.weights == 0
    assert both.activation_bytes == 2 * (7 * 5 + 5 * 3 + 7 * 3) * 2


def test_a_grouped_convolution_by_hand() -> None:
    op = build(Convolution, EXAMPLES[Convolution])
    assert op.flops == 2 * 2 * 20 * 9 * 2 * 27  # every output sees c_in / groups = 2 channels
    assert op.weights == 9 * 2 * 27
    assert op.activation_bytes == 2 * (6 * 30 + 9 * 20) * 4


def test_attention_by_hand() -> None:
    op = build(Attention, EXAMPLES[Attention])
    scores, values = 2 * 2 * 3 * 10 * 7 * 8, 2 * 2 * 3 * 10 * 7 * 16
    assert op.flops == scores + values
    assert op.weights == 0
    assert Fraction(op.recomputed_backward_flops, op.flops) == Fraction(5, 2)
    # q and k of 8, v and the output of 16
    assert op.activation_bytes == 2 * 3 * (10 * 8 + 7 * 8 + 7 * 16 + 10 * 16) * 2


def test_attention_of_one_query_and_key_is_two_products() -> None:
    sizes = dict.fromkeys(EXAMPLES[Attention], 1) | {"d_head": 4, "d_value": 4}
    op = build(Attention, sizes)
    assert op.flops == 2 * 4 + 2 * 4


def test_pointwise_work_is_traffic_alone() -> None:
    op = build(Pointwise, EXAMPLES[Pointwise])
    assert (op.flops, op.weights, op.activation_bytes) == (0, 0, 4096)


@pytest.mark.parametrize("kind", [Matmul, Convolution, Attention], ids=lambda kind: kind.__name__)
def test_equal_keys_mean_equal_cost(kind: type[Op]) -> None:
    base = build(kind, EXAMPLES[kind])
    for name in EXAMPLES[kind]:
        changed = 1 - EXAMPLES[kind][name] if name == "weight" else 3 * EXAMPLES[kind][name]
        other = build(kind, EXAMPLES[kind] | {name: changed})
        if other.key == base.key:  # what is left out of the key must not change the arithmetic
            assert other.flops == base.flops, name
            assert other.weights == base.weights, name
