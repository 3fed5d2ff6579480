"""Turns the source of a module into that of its light copy: every name by itself, made when it is first asked for.

    def vidcalc_base_units__number(value, digits=4):       a function, as it is
        …
    def vidcalc_base_place__Place__made():                 anything else: run in the module, this makes the name
        global Place
        class Place: …

What a module takes from others is a table of where it is, and whatever is no definition runs when the module is made.
Left out is what no run reads: docstrings, annotations of functions and variables, overloads, imports for type checkers.
What a Struct declares stays, as names of fields at once and as hints when asked for, and a named tuple gets its
constructor here.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

STRUCTS = ("Struct", "msgspec.Struct")
TUPLES = ("NamedTuple",)
UNBOUND = "__unbound__"  # what `World` adds to the builtins: a function as a value, not as a method
Fields = tuple[str, ...]


class Shapes:
    """The fields of the Structs and named tuples of all modules, their bases' included, found by the source alone."""

    def __init__(self, trees: dict[str, ast.Module]) -> None:
        self.trees = trees
        self.found: dict[tuple[str, str], tuple[str, Fields] | None] = {}

    def of(self, module: str, name: str) -> tuple[str, Fields] | None:
        """("struct" or "tuple", fields) of a class by its name in a module; None for any other."""
        key = (module, name)
        if key not in self.found:
            self.found[key] = None
            self.found[key] = self._of(module, name)
        return self.found[key]

    def _of(self, module: str, name: str) -> tuple[str, Fields] | None:
        for node in self.trees[module].body if module in self.trees else ():
            if isinstance(node, ast.ClassDef) and node.name == name:
                return self.of_class(module, node)
            if isinstance(node, ast.ImportFrom) and node.module in self.trees:
                for alias in node.names:
                    if (alias.asname or alias.name) == name:
                        return self.of(node.module, alias.name)
        return None

    def of_class(self, module: str, node: ast.ClassDef) -> tuple[str, Fields] | None:
        """The same of the class itself."""
        own = tuple(each.target.id for each in declared(node) if isinstance(each.target, ast.Name))
        for base in node.bases:
            if ast.unparse(base) in STRUCTS:
                return "struct", own
            if ast.unparse(base) in TUPLES:
                return "tuple", own
            known = None
            if isinstance(base, ast.Name):
                known = self.of(module, base.id)
            elif isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name):
                known = self.of(self._called(module, base.value.id), base.attr)
            if known is not None:
                return known[0], tuple(dict.fromkeys((*known[1], *own)))
        return None

    def _called(self, module: str, name: str) -> str:
        """The module that a name stands for in another; "" where it stands for none."""
        for node in self.trees[module].body:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if (alias.asname or alias.name) == name:
                        return f"{node.module}.{alias.name}"
        return ""


class Lighten(ast.NodeTransformer):
    """Leaves out what no run reads, and writes out what classes of records declare."""

    def __init__(self, module: str, shapes: Shapes) -> None:
        self.module, self.shapes = module, shapes

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST | None:
        """Without annotations and docstring; an overload is none."""
        if any(ast.unparse(each) == "overload" for each in node.decorator_list):
            return None
        node.returns = None
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
        node.body = without_docstring(node.body) or [ast.Pass()]
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        """As a plain assignment, or nothing."""
        if node.value is None:
            return None
        return self.generic_visit(ast.copy_location(ast.Assign([node.target], node.value), node))

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt] | None:
        """What is for type checkers alone is left out."""
        if ast.unparse(node.test) == "TYPE_CHECKING":
            kept = [self.visit(each) for each in node.orelse]
            return [each for each in kept if each is not None]
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Without docstrings; a record with its fields."""
        shape = self.shapes.of_class(self.module, node)
        added = [] if shape is None else (struct if shape[0] == "struct" else named_tuple)(node, shape[1])
        node.body = without_docstring(node.body)
        self.generic_visit(node)
        if shape is not None and shape[0] == "struct":
            added += settle(node)
        node.body = [*node.body, *added] or [ast.Pass()]
        return node


class Light(NamedTuple):
    """A module's light copy.

    taken   names that are another module's: (module, name there);  pieces  names of its own, and the text that makes
    first   the text of what runs when the module is made
    """

    taken: dict[str, tuple[str, str]]
    pieces: dict[tuple[str, ...], str]
    first: str


def light(module: str, tree: ast.Module, shapes: Shapes) -> Light:
    """The light copy of a module. `tree` is used up."""
    tree.body = without_docstring(tree.body)
    Lighten(module, shapes).visit(tree)
    body = [node for node in tree.body if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")]
    times = Counter(name for node in body for name in assigned([node]))
    taken: dict[str, tuple[str, str]] = {}
    pieces: dict[tuple[str, ...], str] = {}
    rest: list[ast.stmt] = []
    for node in body:
        names = tuple(assigned([node]))
        if not names or any(times[name] > 1 for name in names) or not isinstance(node, DEFINITIONS):
            rest.append(node)
        elif isinstance(node, ast.ImportFrom):
            taken.update({each.asname or each.name: (str(node.module), each.name) for each in node.names})
        else:
            pieces[names] = definition(module, node, names)
    first = made(f"{function(module)}__", rest, sorted(set(assigned(rest)))) if rest else ""
    return Light(taken, pieces, first)


DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.Import, ast.ImportFrom)


def definition(module: str, node: ast.stmt, names: tuple[str, ...]) -> str:
    """The text that makes the names of one statement."""
    called = [f"{function(module)}__{name}" for name in names]
    if isinstance(node, ast.FunctionDef) and not node.decorator_list and constant(node.args):
        node.name = called[0]
        return ast.unparse(node) + "\n"
    further = "".join(f"{name}__made = {called[0]}__made\n" for name in called[1:])
    return made(f"{called[0]}__made", [node], names) + further


def constant(arguments: ast.arguments) -> bool:
    """Whether a function's defaults are the same wherever they are written."""
    return all(isinstance(each, ast.Constant) for each in (*arguments.defaults, *filter(None, arguments.kw_defaults)))


def made(name: str, body: list[ast.stmt], names: Iterable[str]) -> str:
    """A function that runs statements, whose names are the module's."""
    (function,) = ast.parse(f"def {name}(): pass").body
    assert isinstance(function, ast.FunctionDef)
    function.body = [*([ast.Global(list(names))] if names else []), *body]
    return ast.unparse(ast.fix_missing_locations(function)) + "\n"


def function(module: str) -> str:
    """What the pieces of a module are called, before the name of each."""
    return module.replace(".", "_")


def declared(node: ast.ClassDef) -> list[ast.AnnAssign]:
    """The fields that a class declares itself."""
    found = [each for each in node.body if isinstance(each, ast.AnnAssign)]
    return [each for each in found if not ast.unparse(each.annotation).startswith("ClassVar")]


def struct(node: ast.ClassDef, fields: Fields) -> list[ast.stmt]:
    """What the light copy of a Struct says beside its defaults: its fields, its hints when asked for, its options."""
    own = {each.target.id: each.annotation for each in declared(node) if isinstance(each.target, ast.Name)}
    table = ast.Dict([ast.Constant(name) for name in own], list(own.values()))
    said = [f"__struct_fields__ = {fields!r}", f"__hints__ = lambda: {ast.unparse(table)}"]
    options = {each.arg: isinstance(each.value, ast.Constant) and each.value.value for each in node.keywords}
    node.keywords = []
    said += ["__eq__, __hash__ = object.__eq__, object.__hash__"] if options.get("eq") is False else []
    said += ["__remembers__ = True"] if options.get("dict") else []
    said += ["__strict__ = True"] if options.get("forbid_unknown_fields") else []
    return ast.parse("\n".join(said)).body


def settle(node: ast.ClassDef) -> list[ast.stmt]:
    """Makes the defaults of a Struct plain ones, and returns what files call its fields otherwise.

    A default that may be a function is kept from becoming a method.
    """
    kept: list[ast.stmt] = []
    called = {}
    for each in node.body:
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            value = each.value
            if isinstance(value, ast.Call) and ast.unparse(value.func) == "msgspec.field":
                said = {keyword.arg: keyword.value for keyword in value.keywords}
                if "name" in said:
                    called[each.targets[0].id] = str(ast.literal_eval(said["name"]))
                default = (
                    ast.Call(said["default_factory"], [], []) if "default_factory" in said else said.get("default")
                )
                if default is None:
                    continue
                each.value = default
            elif isinstance(value, ast.Name | ast.Attribute):
                each.value = ast.Call(ast.Name(UNBOUND, ast.Load()), [value], [])
        kept.append(each)
    node.body = kept
    return ast.parse(f"__called__ = {called!r}").body if called else []


def named_tuple(node: ast.ClassDef, fields: Fields) -> list[ast.stmt]:
    """What makes a tuple with names of a class: its constructor, and what its fields are called."""
    defaults = {each.target.id: each.value for each in declared(node) if isinstance(each.target, ast.Name)}
    parameters = ", ".join(f"{name}={ast.unparse(value)}" if value else name for name, value in defaults.items())
    node.body = [each for each in node.body if not isinstance(each, ast.AnnAssign)]
    values = "".join(name + ", " for name in fields)
    text = f"_fields = {fields!r}\ndef __new__(cls, {parameters}):\n    return tuple.__new__(cls, ({values}))"
    return ast.parse(text).body


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements without those that are nothing but a text."""
    return [
        each
        for each in body
        if not (
            isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) and isinstance(each.value.value, str)
        )
    ]


def assigned(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The names that statements assign in their own scope."""
    for node in body:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    yield alias.asname or alias.name.split(".")[0]
            case _:
                for part in ast.iter_child_nodes(node):
                    if isinstance(part, ast.stmt):
                        yield from assigned([part])
                    elif isinstance(part, ast.ExceptHandler):
                        yield from [part.name] if part.name else []
                        yield from assigned(part.body)
                    else:
                        yield from stored(part)


def stored(node: ast.AST) -> Iterator[str]:
    """The names that an expression stores: targets, and those of walruses."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
        yield node.id
    elif not isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        for part in ast.iter_child_nodes(node):
            yield from stored(part)
