"""Where the light copy runs: a table of modules of its own, filled from the built files, and their `import`.

A name of a module is made when it is first asked for, so a run pays for what it uses. Modules proper and those of the
light copy never meet: a light module's `import` asks this table, and only libraries without a stand-in are those of
every other program.
"""

import builtins
import sys

TYPE_CHECKING = False  # as in `typing`, which takes long to load
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FunctionType, ModuleType
    from typing import Any, TypeAlias

    Home: TypeAlias = Mapping[str, Any]  # the names of a built file
    Source: TypeAlias = tuple[str, bool, str]  # path, whether it is a package, the file where its copy begins

TOP = "vidcalc"
STAND_INS = "vidcalc.faces.light.stand_ins"
PYTHONS_OWN = frozenset(("contextlib", "functools", "importlib", "types"))  # what the stand-in lacks is taken from them
STANDING_IN = PYTHONS_OWN | {"click", "msgspec", "re", "typing"}
IN_C = {  # modules of Python's own, and that part of each which needs no others: enough of it here
    "collections": "_collections",
    "collections.abc": "_collections_abc",
    "contextvars": "_contextvars",
    "operator": "_operator",
    "weakref": "_weakref",
}
MODULE: "type[ModuleType]" = type(sys)
FUNCTION: "type[FunctionType]" = type(lambda: None)  # type: ignore[assignment]
BUILTINS = vars(builtins)


def unbound(value: object) -> object:
    """A default of a class: a function stays one, and becomes no method."""
    return staticmethod(value) if isinstance(value, FUNCTION) else value


class Unusual(Exception):
    """What only the full command line answers."""


class Names(dict):  # type: ignore[type-arg]
    """What the code of a module asks for beyond the names that it has: its own are made now, or else are builtins."""

    __slots__ = ("called", "known", "space", "world")

    def __init__(self, world: "World", module: "ModuleType", home: str) -> None:
        # Python itself asks for these two without asking `__missing__`
        self["__import__"], self["__build_class__"] = world.bring, BUILTINS["__build_class__"]
        self.world, self.space, self.called = world, module.__dict__, module.__name__.replace(".", "_")
        head = world.files.get(home) or world.file(home)
        self.known = head[self.called]  # of each name: the file that makes it, or the module that it is taken from
        self.space.update(__builtins__=self, __getattr__=self.attribute, WORLD=world)
        if self.called + "__" in head:
            exec(head[self.called + "__"].__code__, self.space)

    def __missing__(self, name: str) -> "Any":
        place = self.known.get(name)
        if place is None:
            value = unbound if name == "__unbound__" else BUILTINS[name]
        elif type(place) is tuple:
            value = self.world.value(place[0], place[1], self.space)
        else:
            home = self.world.files.get(place) or self.world.file(place)
            called = f"{self.called}__{name}"
            plain = home.get(called)
            if plain is None:
                exec(home[called + "__made"].__code__, self.space)
                return self.space[name]
            value = FUNCTION(plain.__code__, self.space, name, plain.__defaults__)
            if plain.__kwdefaults__:
                value.__kwdefaults__ = plain.__kwdefaults__
        self.space[name] = value
        return value

    def attribute(self, name: str) -> "Any":
        """The same for other modules. Raises AttributeError."""
        if name in self.known:
            return self[name]
        if name[:2] == "__" or "__getattr__" not in self.known:
            raise AttributeError(name)
        self.space[name] = value = Names.__missing__(self, "__getattr__")(name)
        return value


class World:
    """Modules by name, and what they said on standard output.

    found  where the source of a module lies and in which file its copy begins; None where there is none
    home   the names in such a file
    """

    def __init__(self, found: "Callable[[str], Source | None]", home: "Callable[[str], Home]") -> None:
        self.found, self.home = found, home
        self.files: dict[str, Home] = {}
        self.modules: dict[str, ModuleType] = {}
        self.said: list[str] = []

    def bring(
        self,
        name: str,
        within: "Mapping[str, Any] | None" = None,
        local: "Mapping[str, Any] | None" = None,
        wanted: "tuple[str, ...] | None" = (),
        level: int = 0,
    ) -> "ModuleType":
        """What the statement `import` asks for: the module, or its topmost package where no name of it is wanted."""
        module = self.modules.get(name)
        if module is None:
            top = name.partition(".")[0]
            if top == TOP:
                module = self.make(name)
            elif top in STANDING_IN:
                module = self.modules[name] = self.make(f"{STAND_INS}.{name}")
            else:
                part = __import__(IN_C.get(name, name), None, None, wanted or (), level)
                whole = name not in IN_C or all(hasattr(part, each) for each in wanted or ())
                return part if whole else __import__(name, None, None, wanted or (), level)
        if not wanted:
            return self.modules[name.partition(".")[0]]
        for each in wanted:
            if each not in module.__dict__ and not hasattr(module, each):
                known = getattr(self.library(name), each, None) if name in PYTHONS_OWN else None
                setattr(module, each, known or self.make(f"{module.__name__}.{each}"))
        return module

    def value(self, name: str, wanted: str, within: "Mapping[str, Any]") -> "Any":
        """What `from … import …` asks for in a module."""
        module = self.modules.get(name)
        if module is None:
            module = self.bring(name, None, None, (wanted,))
        space = module.__dict__
        if wanted in space:
            return space[wanted]
        if space is within:  # a package names a module of its own
            return self.make(f"{module.__name__}.{wanted}")
        names = space.get("__builtins__")
        if type(names) is Names and wanted in names.known:
            return names[wanted]
        return getattr(self.bring(name, None, None, (wanted,)), wanted)

    def file(self, name: str) -> "Home":
        """The names in a file, once it is asked for."""
        made = self.files[name] = self.home(name)
        return made

    @staticmethod
    def library(name: str) -> "ModuleType":
        """A library itself, where a stand-in knows no better."""
        return __import__(name)

    def make(self, name: str) -> "ModuleType":
        """A module, made after all packages that it is in. Raises Unusual where the light copy has none."""
        above, _dot, last = name.rpartition(".")
        if above and above not in self.modules:
            self.make(above)
        made = self.modules.get(name)
        if made is not None:  # its package has brought it
            return made
        known = self.found(name)
        if known is None:
            raise Unusual(name)
        path, package, home = known
        module = self.modules[name] = MODULE(name)
        module.__file__ = path
        if package:
            module.__path__ = []
        Names(self, module, home)
        if above:
            setattr(self.modules[above], last, module)
        return module
