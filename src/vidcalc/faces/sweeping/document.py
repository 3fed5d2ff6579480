"""The JSON of a sweep: its rows, and what was left out."""

from typing import Any

from vidcalc.faces.sweeping.asked import Asked
from vidcalc.faces.sweeping.run import Swept
from vidcalc.report.sweep import LeftOut, SweepReport


def document(asked: Asked, swept: Swept) -> SweepReport:
    """The document that `vidcalc sweep --json` prints."""
    return SweepReport(
        columns=list(asked.written),
        rows=[row for block in swept.blocks for row in rows(block, asked.written)],
        kept=swept.rows,
        looked_at=swept.looked_at,
        of=swept.of,
        left_out=[LeftOut(reason=reason, rows=count) for reason, count in swept.left_out.most_common()],
        output=swept.path,
    )


def rows(block: Any, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rows of a block as dictionaries; None where something is not known."""
    columns = [[None if value != value else value for value in block.column(name).tolist()] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
