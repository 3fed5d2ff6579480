"""A plan is settled once: nothing below the door asks which framework it is, or reads structure out of names."""

import ast
from pathlib import Path

import pytest

import vidcalc

SOURCE = Path(vidcalc.__file__).parent
ROOMS = ("ops", "tape", "networks", "ledger", "passes", "cost", "rates", "account", "search")
LABELS = {  # where a framework's name is a name: it is reported, or stands for the ways of sharing that it offers
    "search/choose.py",
    "search/fit_report.py",
    "search/scale.py",
    "search/sharing.py",
}
STRUCTURED = ("ledger", "passes", "cost", "account", "search")
FILES = {str(file.relative_to(SOURCE)): file for room in ROOMS for file in sorted((SOURCE / room).rglob("*.py"))}


def attributes(text: str, name: str) -> list[tuple[ast.Attribute, ast.AST]]:
    """Every reading of an attribute of that name, and the expression it stands in."""
    return [
        (node, parent)
        for parent in ast.walk(ast.parse(text))
        for node in ast.iter_child_nodes(parent)
        if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Load)
    ]


def searched(text: str) -> list[str]:
    """Expressions that look for something inside of a path: `in`, a method, an index, a pattern."""
    found = []
    for node, parent in attributes(text, "path"):
        if ast.unparse(node) == "os.path":
            continue
        inside = isinstance(parent, ast.Compare) and any(isinstance(each, ast.In | ast.NotIn) for each in parent.ops)
        matched = isinstance(parent, ast.Call) and ast.unparse(parent.func).startswith("re.")
        if inside or matched or isinstance(parent, ast.Attribute | ast.Subscript):
            found.append(ast.unparse(parent))
    return found


def framework_asked(name: str) -> list[int]:
    """The lines of a file that read a framework."""
    return [node.lineno for node, _ in attributes(FILES[name].read_text(encoding="utf-8"), "framework")]


def test_the_framework_is_settled_at_the_door() -> None:
    assert {name: lines for name in FILES if name not in LABELS and (lines := framework_asked(name))} == {}


def test_a_framework_is_named_where_it_is_said_to_be() -> None:
    assert [name for name in LABELS if not framework_asked(name)] == []


def test_structure_is_a_field_and_no_part_of_a_name() -> None:
    structured = {name: file for name, file in FILES.items() if name.partition("/")[0] in STRUCTURED}
    found = {name: searched(file.read_text(encoding="utf-8")) for name, file in structured.items()}
    assert {name: parts for name, parts in found.items() if parts} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('".attn" in op.path', 1),
        ('op.path not in ".attn"', 1),
        ('op.path.startswith("blocks")', 1),
        ("op.path[:4]", 1),
        ('re.search("norm", op.path)', 1),
        ("Op(path=op.path)", 0),
        ('op.path + ".shared"', 0),
        ("os.path.join(a, b)", 0),
    ],
)
def test_a_search_in_a_name_is_found(text: str, found: int) -> None:
    assert len(searched(text)) == found
