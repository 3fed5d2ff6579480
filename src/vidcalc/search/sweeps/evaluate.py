"""One combination of words at many sizes: what its rows are, for arrays of the numbers that vary."""

from collections.abc import Collection, Mapping

from msgspec.structs import replace

from vidcalc.describe.question import Question
from vidcalc.search.sweeps.block import Array, Column, words_of
from vidcalc.search.sweeps.price import PRICE, priced


def evaluated(
    question: Question, inputs: Mapping[str, Array], names: Collection[str], *, replays: bool = False
) -> dict[str, Column]:
    """Those columns of a question whose numbers are these arrays: fields of its workload, and a price [USD/s].

    replays  whether the allocator is replayed for each size; a single job always is

    Raises InputError for a combination that is not allowed.
    """
    sizes = {name: values for name, values in inputs.items() if name != PRICE}
    job = question._replace(workload=replace(question.workload, **sizes))
    values = priced(job, inputs.get(PRICE), replays=replays)
    return {name: _column(values[name]) for name in names}


def _column(value: Column) -> Column:
    """A column as blocks hold it."""
    if getattr(value, "shape", ()) and value.dtype.kind == "U":
        return words_of(value)
    return value
