"""Formulas: whatever a calculation does with arrays, its formula gives row by row, folded or not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidcalc.base.number import ceil_div, floor, maximum, minimum, nearest, of_each, power_of_two, where, whole_blocks
from vidcalc.search.sweeps.algebra import Algebra
from vidcalc.search.sweeps.form import Form
from vidcalc.search.sweeps.program import Program

# an operation on two values, as calculations use it; all are defined for positive numbers
OPERATIONS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (b * b + 1),
    "scale": lambda a, b: 3 * a + 7,
    "divide by 4": lambda a, b: a / 4,
    "ceiling": lambda a, b: ceil_div(a, 3),
    "ceiling of two": lambda a, b: ceil_div(a, maximum(b, 1)),
    "floor": lambda a, b: a // 5,
    "rest": lambda a, b: a % 7,
    "whole": lambda a, b: floor(a * 0.37),
    "nearest": lambda a, b: nearest(a / 8),
    "blocks": lambda a, b: whole_blocks(a, 512),
    "larger": lambda a, b: maximum(a, b),
    "smaller": lambda a, b: minimum(a, b),
    "where": lambda a, b: where(a > b, a, b + 1),
    "where not": lambda a, b: where((a <= b) | ~(a == 2 * b), a, 5),
    "both": lambda a, b: where((a >= 2) & (b != 3), b, a),
    "power": lambda a, b: minimum(maximum(a, 1), 1000) ** 2,
    "of each": lambda a, b: of_each(lambda x, y: math.floor(x) % 3 + y, a, b),
    "power of two": lambda a, b: power_of_two(minimum(maximum(a, 1), 1e6)),
}
GRID = {"frames": np.arange(1.0, 42.0, 4), "width": np.array([3.0, 16.0, 17.0, 640.0])}

steps = st.lists(
    st.tuples(st.sampled_from(sorted(OPERATIONS)), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=12
)


def calculated(values, plan):
    """Values, each made of two earlier ones."""
    values = list(values)
    for name, one, other in plan:
        values.append(OPERATIONS[name](values[one % len(values)], values[other % len(values)]))
    return values


def formulas():
    """The grid's inputs as formulas."""
    algebra = Algebra(Form)
    return algebra, [algebra.input(name, (each.min(), each.max()), True) for name, each in GRID.items()]


@settings(max_examples=300, deadline=None)
@given(steps)
def test_a_formula_gives_what_arrays_give(plan):
    frames, width = np.meshgrid(*GRID.values(), indexing="ij")
    with np.errstate(all="ignore"):
        wanted = calculated([frames.ravel(), width.ravel()], plan)
    algebra, inputs = formulas()
    made = calculated(inputs, plan)
    columns = {str(place): each for place, each in enumerate(made)}
    program = Program(algebra, columns, {"frames": 0, "width": 1})
    found = program.run(GRID, tuple(map(len, GRID.values())))
    size = max(1.0, *(float(np.abs(each).max()) for each in map(np.asarray, wanted) if np.isfinite(each).all()))
    for place, each in enumerate(wanted):
        # a rounding on the edge of a whole number may fall to either side: plans here stay away from huge numbers
        if size < 1e12:
            assert np.allclose(np.broadcast_to(found[str(place)], frames.size), each, rtol=1e-9, atol=1e-9 * size)


def test_what_bounds_decide_is_no_longer_asked():
    algebra, (frames, width) = formulas()
    assert maximum(frames, width * 100) is width * 100
    assert where(frames > 1000, "long", "short") == "short"
    assert (frames == 400) is False
    assert ceil_div(width * 512, 512) is width
    assert algebra.atoms[-1].kind == "input"  # nothing of it became an operation


def test_equal_formulas_are_one():
    _algebra, (frames, width) = formulas()
    assert (frames + 1) * (width + 2) is frames * width + 2 * frames + width + 2
    assert maximum(frames, width) is maximum(width, frames)


def test_a_ceiling_of_a_quotient_is_exact():
    """49 x (1/49) is less than 1: a quotient of whole numbers is divided, not multiplied."""
    algebra = Algebra(Form)
    rows = algebra.input("rows", (1.0, 4900.0), True)
    values = np.arange(1.0, 4901.0)
    program = Program(algebra, {"blocks": ceil_div(rows, 49)}, {"rows": 0})
    assert (program.run({"rows": values}, (4900,))["blocks"] == np.ceil(values / 49)).all()


def test_words_depend_on_conditions():
    algebra, (frames, width) = formulas()
    verdict = where(frames > 30, "too_big", where(width > 100, "tight", "fits"))
    program = Program(algebra, {"verdict": verdict}, {"frames": 0, "width": 1})
    found = program.run(GRID, (11, 4))["verdict"].listed()
    frames, width = (each.ravel() for each in np.meshgrid(*GRID.values(), indexing="ij"))
    assert (found == np.where(frames > 30, "too_big", np.where(width > 100, "tight", "fits"))).all()


def test_what_formulas_do_not_have_is_said():
    _algebra, (frames, _width) = formulas()
    with pytest.raises(NotImplementedError, match="sin"):
        np.sin(frames)
    with pytest.raises(ValueError):
        bool(frames > 3)
