"""What a node that calculates gives: arithmetic over named numbers, worked out without running anything else.

    worked_out("a * b + 1", {"a": 5, "b": 24})   # 121

Only numbers, names, the four kinds of arithmetic, comparisons with a choice, and a few functions are followed; anything
else has no value here.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping

LONGEST = 400  # letters of an expression
LARGEST = 1e15  # of a result: sizes, counts and seconds are far below
BETWEEN: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
COMPARED: dict[type, Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
FUNCTIONS: dict[str, Callable[..., float]] = {
    "round": round,
    "floor": math.floor,
    "ceil": math.ceil,
    "int": int,
    "float": float,
    "abs": abs,
    "min": min,
    "max": max,
    "sqrt": math.sqrt,
}


def worked_out(expression: str, names: Mapping[str, float]) -> float | None:
    """The number that an expression is; None for one that is not followed, or of names without a number."""
    if len(expression) > LONGEST:
        return None
    try:
        result = _of(ast.parse(expression.strip(), mode="eval").body, names)
    except (
        SyntaxError,
        ValueError,
        TypeError,
        KeyError,
        ZeroDivisionError,
        OverflowError,
        RecursionError,
        MemoryError,
    ):
        return None
    return result if not isinstance(result, bool) and abs(result) < LARGEST else None


def _of(node: ast.expr, names: Mapping[str, float]) -> float:
    """Raises KeyError for what is not followed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.Name):
        return names[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_of(node.operand, names)
    if isinstance(node, ast.BinOp):
        return _bounded(BETWEEN[type(node.op)](_of(node.left, names), _of(node.right, names)))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return COMPARED[type(node.ops[0])](_of(node.left, names), _of(node.comparators[0], names))
    if isinstance(node, ast.IfExp):
        return _of(node.body if _of(node.test, names) else node.orelse, names)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return FUNCTIONS[node.func.id](*(_of(each, names) for each in node.args))
    raise KeyError(type(node).__name__)


def _bounded(value: float) -> float:
    """Raises OverflowError beyond what any workflow counts."""
    if abs(value) > LARGEST:
        raise OverflowError
    return value
