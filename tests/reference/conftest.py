"""Tests of the referee side need torch; without the extra only `test_extra.py` is collected, which says so."""

import importlib.util
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MISSING = [name for name in ("torch", "diffusers", "transformers") if importlib.util.find_spec(name) is None]
collect_ignore = {True: ["test_measure.py", "test_published.py"], False: []}[bool(MISSING)]


def pytest_configure(config: pytest.Config) -> None:
    """Names the mark, so that `-m "not reference"` leaves these slower tests out."""
    config.addinivalue_line(
        "markers", "reference: runs published PyTorch networks on the meta device (extra `reference`)"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is in this folder, and skips it where the extra is not installed."""
    reason = f"extra `reference` is not installed: no {', '.join(MISSING)}"
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.reference)
            item.add_marker(pytest.mark.skipif(bool(MISSING), reason=reason))
