"""The application, its answers given in this process."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

from starlette.testclient import TestClient
from web_questions import Here

from vidcalc.faces.web.app import app


@pytest.fixture
def here(tmp_path: Path) -> Any:
    """The application."""
    return app(Here(tmp_path))


@pytest.fixture
def client(here: Any) -> TestClient:
    """A client of it, which gets the answer 500 where the application raises."""
    return TestClient(here, raise_server_exceptions=False)
