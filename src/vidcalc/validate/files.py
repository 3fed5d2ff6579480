"""Which kind of measurements a file holds, by its columns: generations, training runs, or calls of single networks."""

from typing import TYPE_CHECKING

from vidcalc.base.errors import Unreadable
from vidcalc.validate import network_table, table, training_table
from vidcalc.validate.network_table import NetworkRow
from vidcalc.validate.table import Row
from vidcalc.validate.training_table import TrainingRow

if TYPE_CHECKING:
    from vidcalc.validate.network_run import NetworkValidation
    from vidcalc.validate.run import Validation
    from vidcalc.validate.training_run import TrainingValidation


def read(path: str) -> list[Row] | list[TrainingRow] | list[NetworkRow]:
    """The rows of a file, in its order. Raises Unreadable where it is of no kind."""
    columns, lines = table.lines_of(path)
    if columns.issuperset(network_table.NEEDED):
        return table.rows(NetworkRow, lines)
    if columns.issuperset(training_table.NEEDED):
        return table.rows(TrainingRow, lines)
    if columns.issuperset(table.NEEDED):
        return table.rows(Row, lines)
    kinds = (table.NEEDED, training_table.NEEDED, network_table.NEEDED)
    missing = min(([name for name in needed if name not in columns] for needed in kinds), key=len)
    raise Unreadable(path, "no_columns", "FILE", missing=", ".join(missing))


def validated(path: str) -> "Validation | TrainingValidation | NetworkValidation":
    """Every row of a file predicted beside what was measured. Raises Unreadable."""
    rows = read(path)
    if rows and isinstance(rows[0], NetworkRow):
        from vidcalc.validate.network_run import validate as called

        return called([row for row in rows if isinstance(row, NetworkRow)])
    if rows and isinstance(rows[0], TrainingRow):
        from vidcalc.validate.training_run import validate as trained

        return trained([row for row in rows if isinstance(row, TrainingRow)])
    from vidcalc.validate.run import validate

    return validate([row for row in rows if isinstance(row, Row)])
