"""The shape of the code itself: which way imports point, what the core leaves to the faces, how large files grow."""

import ast
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
PACKAGE = SOURCE / "vidcalc"
MOST_LINES = 300
MOST_LINES_OF_A_NETWORK = 400  # a published forward and its blocks read best on one page
FACES = ("vidcalc.faces", "vidcalc.faces.words")
DOORS = ("vidcalc", "vidcalc.__main__")  # `import vidcalc`, `python -m vidcalc`: they lead to the faces
HEAVY = ("numpy", "torch", "diffusers", "transformers", "rich", "click")


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    written = (path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] != "data")
    for path in sorted(written):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()
CORE = [name for name in MODULES if not name.startswith((*FACES, "vidcalc.reference")) and name not in DOORS]
ABOVE_THE_CORE = (*FACES, "vidcalc.reference", "rich", "click")


@cache
def tree(name: str) -> ast.Module:
    """The syntax of a module."""
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


def is_never_run(node: ast.stmt) -> bool:
    """Whether a statement is `if TYPE_CHECKING:` or `if __name__ == "__main__":`, which no import runs."""
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'")


def imported(nodes: list[ast.stmt]) -> set[str]:
    """What the statements import, as dotted names; `from a import b` gives both a and a.b."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def on_loading(name: str) -> set[str]:
    """What a module imports when it is loaded: at its top level, `if` and `try` included."""
    found: set[str] = set()
    pending = list(tree(name).body)
    while pending:
        node = pending.pop()
        if is_never_run(node):
            pending += node.orelse  # type: ignore[attr-defined]
        elif isinstance(node, (ast.If, ast.Try)):
            pending += [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt)]
        found |= imported([node])
    return found


def anywhere(name: str) -> set[str]:
    """Everything a module ever imports, inside functions too."""
    return imported([node for node in ast.walk(tree(name)) if isinstance(node, ast.stmt)])


def test_imports_make_no_circle() -> None:
    needs = {name: {other for other in on_loading(name) if other in MODULES and other != name} for name in MODULES}
    done: set[str] = set()
    while ready := {name for name, others in needs.items() if name not in done and others <= done}:
        done |= ready
    assert sorted(set(MODULES) - done) == []


def asked_of_the_package(name: str) -> list[str]:
    """Where a module asks for `vidcalc` itself."""
    asked = [node for node in ast.walk(tree(name)) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = [node.module for node in asked if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in asked if isinstance(node, ast.Import) for alias in node.names]
    return [each for each in modules if each == "vidcalc"]


def said(name: str) -> list[str]:
    """What a module prints with, or logs."""
    calls = [node.func for node in ast.walk(tree(name)) if isinstance(node, ast.Call)]
    found = [func.id for func in calls if isinstance(func, ast.Name) and func.id in ("print", "input")]
    return found + [other for other in anywhere(name) if other == "logging"]


def too_long(name: str) -> list[int]:
    """Its lines, where they are too many."""
    most = MOST_LINES_OF_A_NETWORK if name.startswith("vidcalc.networks.") else MOST_LINES
    lines = len(MODULES[name].read_text(encoding="utf-8").splitlines())
    return [lines] if lines > most else []


def branching(name: str) -> list[str]:
    """The functions of a module that branch."""
    functions = [node for node in ast.walk(tree(name)) if isinstance(node, ast.FunctionDef)]
    branches = (ast.If, ast.IfExp, ast.While)
    return [each.name for each in functions if any(isinstance(node, branches) for node in ast.walk(each))]


def against(rule: Callable[[str], Collection[object]], names: Iterable[str]) -> dict[str, Collection[object]]:
    """The modules that break a rule, with what breaks it."""
    return {name: found for name in names if (found := rule(name))}


def test_nothing_asks_the_package_itself() -> None:
    """`import vidcalc` leads to everything: whoever asks it stands in a circle."""
    assert against(asked_of_the_package, MODULES) == {}


def test_the_core_knows_no_face() -> None:
    assert against(lambda name: [each for each in anywhere(name) if each.startswith(ABOVE_THE_CORE)], CORE) == {}


def test_heavy_packages_are_imported_late() -> None:
    assert against(lambda name: [each for each in on_loading(name) if each.partition(".")[0] in HEAVY], CORE) == {}


def test_nothing_below_the_faces_prints_or_logs() -> None:
    assert against(said, (name for name in MODULES if not name.startswith(FACES))) == {}


def test_every_file_says_what_it_is() -> None:
    assert [name for name in MODULES if not ast.get_docstring(tree(name))] == []


def test_every_file_stays_small() -> None:
    assert against(too_long, MODULES) == {}


def test_formulas_never_branch_on_a_number() -> None:
    """A size may be an array, which has no single truth value."""
    assert against(branching, (name for name in MODULES if name.startswith("vidcalc.ops"))) == {}


MUTATORS = ("append", "extend", "insert", "add", "update", "setdefault", "pop", "popitem", "clear", "remove", "discard")
REMEMBERED = {"vidcalc.tape.trace": {"_remembered"}}  # traces, by value


def bound(function: ast.AST) -> set[str]:
    """The names that are a function's own: its parameters and what it assigns, but for those it declares global."""
    outside = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
    arguments = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    stored = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return (arguments | stored) - outside


def written(function: ast.AST) -> set[str]:
    """The names whose entries a function changes, and those it declares global; `module.NAME` by both."""
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found.add(ast.unparse(node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
            found.add(ast.unparse(node.func.value))
        elif isinstance(node, ast.Global):
            found |= set(node.names)
    return found


def kept_by_modules(name: str) -> set[str]:
    """What functions of a module write to that lies in a module, its own or another."""
    top = [node for node in tree(name).body if isinstance(node, (ast.Assign, ast.AnnAssign, ast.ImportFrom))]
    own = {part.id for node in top for part in ast.walk(node) if isinstance(part, ast.Name)}
    imported_names = {
        alias.asname or alias.name for node in top if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    found: set[str] = set()
    for function in (node for node in ast.walk(tree(name)) if isinstance(node, ast.FunctionDef)):
        outside = {target for target in written(function) if target.partition(".")[0] in own | imported_names}
        found |= {target for target in outside if target.partition(".")[0] not in bound(function)}
    return found


def test_no_module_of_the_core_remembers_anything() -> None:
    """An answer depends on what is asked, never on what was asked before. Traces alone are kept, by value."""
    assert against(kept_by_modules, CORE) == REMEMBERED


def test_a_scalar_estimate_loads_no_array_package() -> None:
    """Nothing that takes long to import, and no network but the one asked for."""
    program = """
import sys
from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.rates.machines import hardware
from vidcalc.catalog.models import model
found = model("wan2.1-t2v-14b")
calculate(found, fill.workload(found), hardware("a100-sxm-80gb"), fill.plan(found))
print(*sorted(sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=SOURCE)
    loaded = set(run.stdout.split())
    assert loaded.isdisjoint(HEAVY)
    families = {name for name in loaded if name.startswith("vidcalc.networks.") and "hunyuan" in name}
    assert families == set()
