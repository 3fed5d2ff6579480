"""A combination of words as a program over its numbers: worked out once with formulas, then run block by block.

What a sweep's numbers are is known before: their bounds, and that widths are whole multiples of something, or frames
one more than whole multiples of what the model's codec makes one latent frame of. An input is counted in such steps,
so that roundings which do nothing for any of its values leave the formulas.
"""

import gc
from collections.abc import Collection, Hashable, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vidcalc.describe.model import Model
from vidcalc.describe.question import Question
from vidcalc.search.sweeps.algebra import Algebra, Value
from vidcalc.search.sweeps.form import Form
from vidcalc.search.sweeps.price import PRICE, priced
from vidcalc.search.sweeps.program import Program
from vidcalc.tape.trace import forget

if TYPE_CHECKING:
    from vidcalc.search.sweeps.block import Array, Column

MANY = 400_000  # formulas after which one begins anew
SIDES = ("width", "height")


class Counted:
    """A number of a workload that varies: its values are `steps` x what is counted, from `first` on."""

    def __init__(self, name: str, values: "Array", steps: float, first: float) -> None:
        self.name, self.steps, self.first = name, steps, first
        self.counts = (values - first) / steps
        self.whole = bool((self.counts % 1 == 0).all())

    def form(self, algebra: Algebra) -> Value:
        """It as a formula."""
        bounds = float(self.counts.min()), float(self.counts.max())
        name = f"{self.name} {self.steps:g} {self.first:g} {bounds[0]:g} {bounds[1]:g}"
        return algebra.input(name, bounds, self.whole) * self.steps + self.first


def counted(model: Model, name: str, values: "Array") -> Counted:
    """The number in the steps that suit the model."""
    import numpy as np

    codec = model.vae
    if name in SIDES:
        return Counted(name, values, float(np.gcd.reduce(values.astype(np.int64))), 0.0)
    if name == "frames" and codec.causal:
        steps = float(codec.temporal_compression)
        if ((values - 1) % steps == 0).all():
            return Counted(name, values, steps, 1 - steps)
    return Counted(name, values, 1.0, 0.0)


class Formulas:
    """The programs of a sweep's combinations.

    values  of each number that varies, along its own axis;  along  which axis that is
    names   the columns wanted;  replays  whether the allocator is replayed for each size
    """

    def __init__(
        self, values: Mapping[str, "Array"], along: Mapping[str, int], names: Collection[str], *, replays: bool
    ) -> None:
        self.values, self.along, self.names, self.replays = values, along, tuple(names), replays
        self.algebra = Algebra(Form)
        self.of: Hashable = None

    def program(self, question: Question, of: Hashable) -> "Prepared":
        """The program of a question; those of one model (`of`) share what its networks are worked out to.

        Raises InputError for a combination that is not allowed.
        """
        if of != self.of or len(self.algebra.forms) > MANY:
            self.algebra.clear()  # its programs are done
            self.algebra, self.of = Algebra(Form), of
            forget()
            gc.collect()  # formulas know their algebra and it them: a command line collects nothing by itself
        numbers = {name: counted(question.model, name, values) for name, values in self.values.items()}
        forms = {name: number.form(self.algebra) for name, number in numbers.items()}
        sizes = {name: form for name, form in forms.items() if name != PRICE}
        job = question._replace(workload=replace(question.workload, **sizes))
        values = priced(job, forms.get(PRICE), replays=self.replays)
        wanted = {name: values[name] for name in self.names}
        varying = {name: form for name, form in forms.items() if isinstance(form, Form)}
        program = Program(self.algebra, wanted, {_input(form): self.along[name] for name, form in varying.items()})
        return Prepared(program, {_input(form): numbers[name] for name, form in varying.items()}, self.along)


def _input(form: Form) -> str:
    """The name of the input that a formula counts."""
    mono = next(mono for mono in form.terms if mono)
    return str(form.algebra.atoms[mono[0][0]].args[0])


class Prepared:
    """A program with the counts of its inputs."""

    def __init__(self, program: Program, numbers: Mapping[str, Counted], along: Mapping[str, int]) -> None:
        self.program, self.numbers, self.along = program, numbers, along

    def run(self, box: tuple[slice, ...]) -> dict[str, "Column"]:
        """The columns of a box of the grid, its last axis innermost."""
        inputs = {name: number.counts[box[self.along[number.name]]] for name, number in self.numbers.items()}
        shape = tuple(side.stop - side.start for side in box)
        return self.program.run(inputs, shape)
