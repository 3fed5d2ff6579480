"""One run of a tape on formulas, written out as a table: a module of Python text that gives the call at any size.

    alike(sizes)    the work by kind: ops that cost the same in the same place are one with the count of all
    each(sizes)     every op by its name, in order
    stored(sizes)   bytes of every storage that came and went

A table holds for the sizes of its axes alone; a size that is not told apart (a prompt's length) is a fixed one.
"""

from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from vidcalc.base.place import Place
from vidcalc.base.symbolic import Formula, Symbolic
from vidcalc.describe.shape import Shape
from vidcalc.ops import Op, Pointwise
from vidcalc.tape.step import Step
from vidcalc.tape.tables import SIZES
from vidcalc.tape.tables.domain import WORTH, Axis, Domain, Finer
from vidcalc.tape.tables.most import Most, pruned
from vidcalc.tape.tables.polynomial import interned
from vidcalc.tape.tables.program import Program
from vidcalc.tape.tables.size import Size
from vidcalc.tape.trace import Trace

Made = TypeVar("Made")

SUMMED = ("moved", "launches")  # of elementwise work that is alike


class Regime:
    """Sizes that one table stands for.

    sizes  of a call that is one of these, the smallest;  steps  by how much each may differ from it; 0: not at all
    assumes  whether it stands for those alone whose work is cut alike where it is too large for a kernel
    worth    the most work that it may be
    """

    def __init__(
        self, sizes: dict[str, int], fixed: tuple[str, ...] = (), *, assumes: bool = False, worth: int = WORTH
    ) -> None:
        self.sizes, self.assumes, self.worth = sizes, assumes, worth
        self.steps = {name: 0 if name in fixed else 1 for name in sizes}

    def axes(self) -> dict[str, Axis]:
        """The axes: a size that is one of few by itself, others from a least one on."""
        return {name: self._axis(name, size) for name, size in self.sizes.items()}

    def _axis(self, name: str, size: int) -> Axis:
        step = self.steps[name]
        if not step:
            return Axis(size, 0)
        beyond = size % step
        # one sample and one frame are cases of their own, and so are a few pieces of a clip and small sides
        least = {"batch": max(step + beyond, 2), "frames": 3 * step + beyond}.get(name, max(4 * step, 8) + beyond)
        return Axis(size, 0) if size < least else Axis(least, step)


def recorded(run: Callable[[Shape], Made], shape: Shape, regime: Regime) -> tuple[Made, Domain]:
    """A run on formulas in the place of the sizes of a regime, told apart as finely as the network asks."""
    while True:
        axes = regime.axes()
        domain = Domain(axes, regime.sizes, Size, assumes=regime.assumes, worth=regime.worth)
        free = [name for name, axis in axes.items() if axis.step]
        sizes: dict[str, Formula] = {name: axes[name].least for name in SIZES}
        for number, name in enumerate(free):
            atom = domain.variable(name, number, len(free))
            axis = axes[name]
            sizes[name] = interned(domain, {((atom.index, 1),): 1}, False) * axis.step + axis.least % axis.step
        try:
            return run(_sized(shape, sizes)), domain
        except Finer as asked:
            regime.steps[asked.name] *= asked.factor


def _sized(shape: Shape, sizes: dict[str, Formula]) -> Shape:
    return replace(shape, **sizes)


def written(trace: Trace, domain: Domain) -> str:
    """The text of the table of a call."""
    places: dict[Place, str] = {}
    if any(isinstance(elements, Symbolic) for elements, _ in trace.parameters.values()):
        raise TypeError("weights that depend on sizes")
    if any(isinstance(times, Symbolic) for times in trace.rounds.values()):
        raise TypeError("rounds that depend on sizes")
    parts, functions = _peak(trace), []
    for name, ops in (("alike", alike(trace.ops)), ("each", trace.ops)):
        program = Program(domain, places)
        guards = [program.value(each) for each in {id(each): each for each in domain.guards}.values()]
        made = [_op(program, op) for op in ops]
        peak = program.let(f"top(({''.join(program.value(value) + ', ' for value, _ in parts)}), AT)")
        whole = program.let(f"{peak}[0]")
        device, one, two = (program.value(value) for value in (trace.workspace, *trace.streamed))
        lines = [*program.lines, *_guarded(guards)]
        lines.append(f"return ({''.join(op + ', ' for op in made)}), {whole}, {peak}[1], {device}, ({one}, {two})")
        functions.append(_function(name, domain, lines))
    functions.append(_stored(trace, domain, places))
    facts = {
        "AT": tuple(at for _, at in parts),
        "PARAMETERS": dict(trace.parameters),
        "ROUNDS": dict(trace.rounds),
        "HOMES": dict(trace.homes),
        "PRODUCTS": tuple(sorted(trace.touched.products)),
        "PAIRED": bool(trace.paired),
        "STORAGES": tuple(number for number, _ in trace.history.log),
        "AXES": {name: (axis.least, axis.step) for name, axis in domain.axes.items()},
    }
    return _module(facts, places, functions)


def written_step(step: Step, domain: Domain) -> str:
    """The text of the table of a training step, of which no storage is told."""
    places: dict[Place, str] = {}
    functions = []
    for name, made in (("alike", alike), ("each", list)):
        program = Program(domain, places)
        guards = [program.value(each) for each in {id(each): each for each in domain.guards}.values()]
        ops, again = ("".join(_op(program, op) + ", " for op in made(some)) for some in (step.ops, step.again))
        alive = (step.kept, step.peak, step.activations, step.host, step.trained)
        numbers = ", ".join(program.value(each) for each in alive)
        lines = [*program.lines, *_guarded(guards), f"return ({ops}), ({again}), {numbers}"]
        functions.append(_function(name, domain, lines))
    return _module({"AXES": {name: (axis.least, axis.step) for name, axis in domain.axes.items()}}, places, functions)


def _guarded(guards: list[str]) -> list[str]:
    return [f"if broken({', '.join(guards)}):\n        return None"] if guards else []


def _module(facts: dict[str, Formula], places: dict[Place, str], functions: list[str]) -> str:
    heads = [f"{name} = {fact!r}" for name, fact in facts.items()]
    heads += [f"{name} = Place({each.block!r}, {each.part!r}, {each.role!r})" for each, name in places.items()]
    return "\n".join((*heads, *functions)) + "\n"


def _function(name: str, domain: Domain, lines: list[str]) -> str:
    arguments = ", ".join(name for name, axis in domain.axes.items() if axis.step)
    return f"def {name}({arguments}):\n" + "".join(f"    {line}\n" for line in lines)


def _peak(trace: Trace) -> list[tuple[Formula, str]]:
    """The numbers that may be the peak, and where each is."""
    return pruned(trace.peak.parts()) if isinstance(trace.peak, Most) else [(trace.peak, trace.peak_at)]


def alike(ops: tuple[Op, ...]) -> list[Op]:
    """Ops of one kind and size in one place as one, with the count of all; elementwise work with its bytes."""
    found: dict[Formula, Op] = {}
    for op in ops:
        summed = ("path", *SUMMED) if isinstance(op, Pointwise) else ("path", "count")
        key = (op.kind, *(_identity(getattr(op, name)) for name in op.__struct_fields__ if name not in summed))
        before = found.get(key)
        if before is None:
            found[key] = op
        elif isinstance(op, Pointwise):
            more: dict[str, Formula] = {name: getattr(before, name) + getattr(op, name) for name in SUMMED}
            found[key] = replace(before, **more)
        else:
            found[key] = replace(before, count=before.count + op.count)
    return list(found.values())


def _identity(value: Formula) -> Formula:
    return id(value) if isinstance(value, Symbolic) else value


def _op(program: Program, op: Op) -> str:
    fields = (getattr(op, name) for name in op.__struct_fields__)
    return f"{type(op).__name__}({', '.join(program.value(each) for each in fields)})"


def _stored(trace: Trace, domain: Domain, places: dict[Place, str]) -> str:
    """Bytes of every storage, in the order of the log, and the storages that stand for several."""
    program = Program(domain, places)
    log = "".join(f"{program.value(nbytes)}, " for _, nbytes in trace.history.log)
    apart = "".join(f"{number}: {program.value(count)}, " for number, count in trace.history.apart.items())
    return _function("stored", domain, [*program.lines, f"return ({log}), {{{apart}}}"])
