"""Which kind of measurements a file holds, by its columns: generations, or training runs."""

from typing import TYPE_CHECKING

from vidcalc.base.errors import InputError
from vidcalc.validate import table, training_table
from vidcalc.validate.table import Row
from vidcalc.validate.training_table import TrainingRow

if TYPE_CHECKING:
    from vidcalc.validate.run import Validation
    from vidcalc.validate.training_run import TrainingValidation


def read(path: str) -> list[Row] | list[TrainingRow]:
    """The rows of a file, in its order. Raises InputError("FILE", …) where it is of neither kind."""
    columns, lines = table.lines_of(path)
    if columns.issuperset(training_table.NEEDED):
        return table.rows(TrainingRow, lines)
    if columns.issuperset(table.NEEDED):
        return table.rows(Row, lines)
    kinds = (", ".join(needed) for needed in (table.NEEDED, training_table.NEEDED))
    raise InputError("FILE", path, tuple(f"a CSV file with the columns {columns}" for columns in kinds))


def validated(path: str) -> "Validation | TrainingValidation":
    """Every row of a file predicted beside what was measured. Raises InputError("FILE", …)."""
    rows = read(path)
    if rows and isinstance(rows[0], TrainingRow):
        from vidcalc.validate.training_run import validate as trained

        return trained([row for row in rows if isinstance(row, TrainingRow)])
    from vidcalc.validate.run import validate

    return validate([row for row in rows if isinstance(row, Row)])
