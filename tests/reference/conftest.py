"""Tests of the referee side need torch; without the extra only `test_extra.py` is collected, which says so."""

import importlib.util
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LIGHT = ("conftest.py", "test_extra.py")  # import no torch
MISSING = [name for name in ("torch", "diffusers", "transformers") if importlib.util.find_spec(name) is None]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out the files that import torch (seconds) where it is missing or `-m "not reference"` is asked."""
    unwanted = bool(MISSING) or "not reference" in config.getoption("markexpr", "")
    heavy = collection_path.parent == HERE and collection_path.name not in LIGHT
    return True if unwanted and heavy else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is in this folder, and skips it where the extra is not installed."""
    reason = f"extra `reference` is not installed: no {', '.join(MISSING)}"
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.reference)
            item.add_marker(pytest.mark.skipif(bool(MISSING), reason=reason))
