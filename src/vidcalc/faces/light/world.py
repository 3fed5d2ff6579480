"""Where the light copy runs: a table of modules of its own, filled from the built files, and their `import`.

Modules proper and those of the light copy never meet: a light module's `import` asks this table, and only libraries
without a stand-in are those of every other program.
"""

import builtins
import sys

TYPE_CHECKING = False  # as in `typing`, which takes long to load
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType, ModuleType
    from typing import Any

TOP = "vidcalc"
STAND_INS = "vidcalc.faces.light.stand_ins"
PYTHONS_OWN = frozenset(("contextlib", "functools", "importlib", "types"))  # what the stand-in lacks is taken from them
STANDING_IN = PYTHONS_OWN | {"click", "msgspec", "re", "typing"}
IN_C = {  # modules of Python's own, and that part of each which needs no others: enough of it here
    "collections": "_collections",
    "collections.abc": "_collections_abc",
    "operator": "_operator",
    "weakref": "_weakref",
}
MODULE: "type[ModuleType]" = type(sys)


def unbound(value: object) -> object:
    """A default of a class: a function stays one, and becomes no method."""
    return staticmethod(value) if isinstance(value, type(unbound)) else value


class Unusual(Exception):
    """What only the full command line answers."""


class World:
    """Modules by name, and what they said on standard output.

    `found` tells the code that makes a module, where its source lies and whether it is a package; None where the light
    copy has no such module.
    """

    def __init__(self, found: "Callable[[str], tuple[CodeType, str, bool] | None]") -> None:
        self.found = found
        self.modules: dict[str, ModuleType] = {}
        self.said: list[str] = []
        self.builtins = {**vars(builtins), "__import__": self.bring, "__unbound__": unbound}

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
            if not hasattr(module, each):
                known = getattr(self.library(name), each, None) if name in PYTHONS_OWN else None
                setattr(module, each, known or self.make(f"{module.__name__}.{each}"))
        return module

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
        code, path, package = known
        module = MODULE(name)
        module.__dict__.update(__builtins__=self.builtins, __file__=path, WORLD=self)
        if package:
            module.__dict__["__path__"] = []
        self.modules[name] = module
        exec(code, module.__dict__)
        if above:
            setattr(self.modules[above], last, module)
        return module
