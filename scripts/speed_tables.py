"""What one whole report costs at a size that nothing remembers: over the tape, and from tables, in one run.

    python scripts/speed_tables.py [MODEL …] [--sizes 8] [--rounds 3]

CPU time of this process; the median over sizes that differ in width and height. Beside it, of the same reports, what
replaying the caching allocator takes, which no table holds: what is left in a segment depends on every size modulo
2 MiB, so it is played each time. Last what recording the tables took, all together.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

MODELS = (
    "wan2.1-t2v-14b",
    "hunyuanvideo-t2v",
    "ltx-2",
    "mochi-1-preview",
    "cosmos3-nano",
    "cogvideox-5b",
    "svd-xt",
    "animatediff-sd15-v3",
)
NEVER = 10**9


def main() -> int:
    """Print a row for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--sizes", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"{'median CPU ms of a report':26} {'tape':>8} {'tables':>8} {'ratio':>6} {'replay':>8} {'recording':>10}")
    for name in options.models:
        tape, _, _ = measured(name, NEVER, options.sizes, options.rounds)
        tables, replay, first = measured(name, 0, options.sizes, options.rounds)
        row = f"{tape * 1e3:8.2f} {tables * 1e3:8.2f} {tape / tables:6.1f} {replay * 1e3:8.2f} {first * 1e3:10.0f}"
        print(f"{name:26} {row}")
    return 0


def measured(name: str, waits: int, sizes: int, rounds: int) -> tuple[float, float, float]:
    """(a report, replaying the allocator in it, what was spent before all tables were there) in seconds."""
    from msgspec.structs import replace

    from vidcalc.calculate import calculate
    from vidcalc.faces.requests.estimate import request
    from vidcalc.tape.history import History
    from vidcalc.tape.tables import regimes

    model, workload, hardware, plan, *_ = request({"model": name})
    every = [
        replace(workload, width=workload.width + 64 * (k % 12), height=workload.height + 64 * (k // 12 % 12))
        for k in range(1, sizes * (rounds + 1) + 1)
    ]
    regimes.waits = waits
    regimes.forget()
    replayed: list[float] = []
    cached = History.cached

    def timed(calls: History, segments: str) -> object:
        with clock(replayed):
            return cached(calls, segments)

    start = time.process_time()
    for each in every[:sizes]:
        calculate(model, each, hardware, plan)
    first = time.process_time() - start
    spent: list[float] = []
    History.cached = timed  # type: ignore[assignment, method-assign]
    for each in every[sizes:]:
        with clock(spent):
            calculate(model, each, hardware, plan)
    History.cached = cached  # type: ignore[method-assign]
    return statistics.median(spent), sum(replayed) / len(spent), first


class clock:  # a context manager reads as a word
    """Adds the CPU seconds of a block to a list."""

    def __init__(self, into: list[float]) -> None:
        self.into = into

    def __enter__(self) -> None:
        self.start = time.process_time()

    def __exit__(self, *_: object) -> None:
        self.into.append(time.process_time() - self.start)


if __name__ == "__main__":
    sys.exit(main())
