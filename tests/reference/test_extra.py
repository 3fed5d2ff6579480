"""The extra `reference` is installed in the versions that the golden files were recorded with; skipped, with the
reason, without it.
"""

import json
from pathlib import Path

from vidcalc.reference.verify import recorded_with

GOLDEN = Path(__file__).parents[1] / "golden"


def test_golden_files_were_recorded_with_the_installed_versions() -> None:
    """Another torch or diffusers may hold other intermediates: record again before comparing."""
    recorded = [json.loads(path.read_text(encoding="utf-8")).get("recorded_with", {}) for path in GOLDEN.glob("*.json")]
    assert {each["diffusers"] for each in recorded if "diffusers" in each} == {recorded_with()["diffusers"]}
