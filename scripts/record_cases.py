"""Measures the cases of golden files again with the published networks, in place.

    python scripts/record_cases.py tests/golden/t5.json ...            measure what has no figures yet
    python scripts/record_cases.py --all tests/golden/t5.json          measure everything again

A file is {"cases": [{component, class, config, shape, dtype, training?}, ...]}; figures are written beside each case:
params, flops, peak_activation_bytes, peak_at and, with training "plain", kept_for_backward and forward_backward_peak.
Needs the extra `reference`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from vidcalc.reference.verify import recorded_with, verify

KEPT = ("params", "flops", "peak_activation_bytes", "peak_at")


def measured(case: dict[str, Any]) -> dict[str, Any]:
    """The case with its figures."""
    training = case.get("training", "none")
    found = verify(case["component"], case["class"], case["config"], case["shape"], case["dtype"], training)
    figures = {key: found[key] for key in KEPT}
    for step in found.get("training", {}).values():
        figures |= {key: step[key] for key in ("kept_for_backward", "forward_backward_peak")}
    return case | figures


def main() -> None:
    """Reads the command line and measures file by file, writing after each case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--all", action="store_true", help="also cases that have figures")
    options = parser.parse_args()
    for path in options.files:
        cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
        for index, case in enumerate(cases):
            if options.all or "params" not in case:
                cases[index] = measured(case)
                print(path.stem, case["component"], case["shape"], case["dtype"], flush=True)
                rows = ",\n  ".join(json.dumps(each) for each in cases)
                head = json.dumps(recorded_with())
                path.write_text(f'{{\n "recorded_with": {head},\n "cases": [\n  {rows}\n ]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
