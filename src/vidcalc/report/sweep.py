"""What `vidcalc sweep` answers with: rows by column, and which combinations were left out."""

from typing import Annotated, Any

import msgspec

from vidcalc.report.units import WholeCount

SCHEMA = "vidcalc.sweep/1"

# the columns of a row; `vidcalc.search.sweeps.columns` has the unit of each
Row = Annotated[dict[str, Any], msgspec.Meta(extra_json_schema={"unit": "1"})]


class LeftOut(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Why combinations are not allowed, and how many rows they are."""

    reason: str
    rows: WholeCount


class SweepReport(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Rows of a sweep, in order.

    columns    of each row: the settings, then the results;  rows  those kept, unless they went to a file
    kept       how many rows are kept;  looked_at  of how many;  of  all that there are
    left_out   combinations that are not allowed;  output  the file
    """

    schema: str = SCHEMA
    columns: list[str]
    rows: list[Row]
    kept: WholeCount
    looked_at: WholeCount
    of: WholeCount
    left_out: list[LeftOut]
    output: str = ""
