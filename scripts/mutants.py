"""Small changes of a file's functions: where they are, and the code of a function with one of them in it."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType

Change = Callable[[ast.AST], None]

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "ceil": "floor", "floor": "ceil"}


@dataclass(frozen=True)
class Mutant:
    """One change: which node of a file (by its place in a walk of the tree), and what is done to it."""

    file: Path
    node: int
    line: int
    line_of_function: int
    what: str

    def __str__(self) -> str:
        parts = self.file.parts
        return f"{'/'.join(parts[parts.index('vidcalc') + 1 :])}:{self.line} {self.what}"

    def code(self, old: CodeType) -> CodeType:
        """The changed code that stands where `old` stood. Raises StopIteration where it is not found."""
        tree = ast.parse(self.file.read_text(encoding="utf-8"))
        node = list(ast.walk(tree))[self.node]
        dict(changes(node))[self.what](node)
        made = compile(ast.fix_missing_locations(tree), str(self.file), "exec")
        return next(each for each in codes(made) if same_place(each, old))


def same_place(made: CodeType, old: CodeType) -> bool:
    """Whether two codes are of one function."""
    return (made.co_qualname, made.co_firstlineno) == (old.co_qualname, old.co_firstlineno)


def codes(code: CodeType) -> Iterator[CodeType]:
    """A code and all codes inside it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from codes(each)


@lru_cache(maxsize=1)
def _walk(path: Path) -> tuple[ast.Module, list[ast.AST]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return tree, list(ast.walk(tree))


def mutants(path: Path) -> list[Mutant]:
    """Every change of a file's outermost functions and methods; what runs at import is data."""
    tree, nodes = _walk(path)
    number = {id(node): place for place, node in enumerate(nodes)}
    found = []
    for function in outermost(tree):
        first = min([function.lineno, *(each.lineno for each in function.decorator_list)])
        for statement in function.body:
            for node in ast.walk(statement):
                for what, _ in changes(node):
                    line = getattr(node, "lineno", function.lineno)
                    found.append(Mutant(path, number[id(node)], line, first, what))
    return found


def outermost(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """The functions and methods that stand in no other function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef | ast.If):
            yield from outermost(node)


def changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """What may be done to a node, each with its words."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARISONS:
        other = COMPARISONS[type(node.ops[0])]
        yield f"{ast.unparse(node)}: {other.__name__}", _sets("ops", [other()])
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS and not _is_text(node):
        turned = OPERATORS[type(node.op)]
        yield f"{ast.unparse(node)}: {turned.__name__}", _sets("op", turned())
    elif isinstance(node, ast.BoolOp):
        swapped = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield f"{ast.unparse(node)}: {type(swapped).__name__}", _sets("op", swapped)
    elif isinstance(node, ast.If | ast.IfExp):
        yield f"if {ast.unparse(node.test)}: negated", _negates
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value}: {not node.value}", _sets("value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield f"{node.value}: {node.value + 1}", _sets("value", node.value + 1)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
        name = NAMES[node.func.id]
        yield f"{ast.unparse(node)}: {name}", _sets("func", ast.Name(name, ast.Load()))


def _is_text(node: ast.BinOp) -> bool:
    """Whether a sum is one of texts or lists, where another operator is but an error."""
    sides = (node.left, node.right)
    return any(isinstance(e, ast.JoinedStr | ast.List) or isinstance(getattr(e, "value", 0), str) for e in sides)


def _sets(field: str, value: object) -> Change:
    return lambda node: setattr(node, field, value)


def _negates(node: ast.AST) -> None:
    assert isinstance(node, ast.If | ast.IfExp)
    node.test = ast.UnaryOp(ast.Not(), node.test)
