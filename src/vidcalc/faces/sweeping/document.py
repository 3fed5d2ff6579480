"""The JSON of a sweep: its rows, and what was left out."""

from typing import Any

from vidcalc.faces.sweeping.asked import Asked
from vidcalc.faces.sweeping.files import plain
from vidcalc.faces.sweeping.run import Swept
from vidcalc.report.sweep import LeftOut, SweepReport
from vidcalc.search.sweeps.block import Block


def document(asked: Asked, swept: Swept) -> SweepReport:
    """The document that `vidcalc sweep --json` prints."""
    return SweepReport(
        columns=list(asked.written),
        rows=[row for block in swept.blocks for row in rows(block, asked.kinds)],
        kept=swept.rows,
        looked_at=swept.looked_at,
        of=swept.of,
        left_out=[LeftOut(reason=reason, rows=count) for reason, count in swept.left_out.most_common()],
        output=swept.path,
    )


def rows(block: Block, kinds: dict[str, str]) -> list[dict[str, Any]]:
    """The rows of a block as dictionaries; None where something is not known."""
    columns = [plain(block.column(name), kind) for name, kind in kinds.items()]
    return [dict(zip(kinds, row, strict=True)) for row in zip(*columns, strict=True)]
