"""`--ops FILE`: the work of a generation as CSV, an op a row."""

import csv
from typing import Any

from vidcalc.account.work import OpRow
from vidcalc.calculate import listed
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.requests.estimate import request
from vidcalc.faces.words import _


def listing(given: dict[str, Any]) -> list[OpRow]:
    """Every op of what the flags ask for. Raises InputError."""
    return listed(*request(given))


def write(given: dict[str, Any], path: str) -> None:
    """The same as a file, a column a field. Raises InputError, and Refused where the file cannot be written."""
    rows, names = listing(given), OpRow.__struct_fields__
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(names)
            table.writerows([getattr(row, name) for name in names] for row in rows)
    except (OSError, ValueError):
        raise Refused("--ops", path, _("a file that can be written"), None, ()) from None
