"""Measures the training steps of tests/golden/training_steps.json again with the published networks, in place.

    python scripts/record_steps.py          measure what has no figures yet
    python scripts/record_steps.py --all    measure everything again

A step is {model, shape, dtype, checkpointing, adapters?}; `kept_for_backward`, `forward_backward_peak` and `trained`
are written beside it. Needs the extra `reference`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from vidcalc.describe.adapters import Adapters
from vidcalc.reference.adapters import step_of
from vidcalc.reference.catalogue import component_of
from vidcalc.reference.verify import recorded_with

GOLDEN = Path(__file__).parents[1] / "tests/golden/training_steps.json"


def main() -> None:
    """Measures step by step, writing after each."""
    held = json.loads(GOLDEN.read_text(encoding="utf-8"))
    for step in held["steps"]:
        if "trained" not in step or "--all" in sys.argv:
            adapters = Adapters(**step["adapters"]) if "adapters" in step else None
            network = component_of(step["model"], "denoiser")
            found, trained = step_of(*network, step["shape"], step["dtype"], step["checkpointing"], adapters)
            step["kept_for_backward"] = found.kept_for_backward
            step["forward_backward_peak"] = found.forward_backward_peak
            step["trained"] = trained
            print(step, flush=True)
        rows = ",\n  ".join(json.dumps(each) for each in held["steps"])
        head = json.dumps(recorded_with())
        GOLDEN.write_text(f'{{\n "recorded_with": {head},\n "cases": [],\n "steps": [\n  {rows}\n ]\n}}\n', "utf-8")


if __name__ == "__main__":
    main()
