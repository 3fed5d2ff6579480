"""What no test notices: changes the code in small ways, one at a time, and runs the tests that run what changed.

    python scripts/mutate.py [ROOM …] [--sample 300] [--seed 1] [--tests PATH …] [--seconds 60] [--output FILE]

A change (a mutant) swaps an operator or a comparison, drops a `not`, moves a number by one, or takes the other branch.
It is *killed* where a test fails, *survives* where all that reach it pass, is *unseen* where none does, *untried* where
the changed code did not get as far as a test, *late* where the tests' time ran out. Everything is imported once; each
mutant runs in a forked child, where its function's code is replaced. POSIX alone. The exit code is 1 where the score
(killed of all) is below the bar.
"""

import argparse
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mutants import Mutant, mutants

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("cost", "passes", "search")
TESTS = ("cost", "passes", "search", "laws", "account", "ledger", "derivation", "report")
UNTIMED = "not quick and not fast"  # a bar of seconds fails on a busy machine, and kills nothing
BAR = 0.85
PASSED, FAILED, UNTRIED = 0, 1, 2
FATES = {PASSED: "survived", FAILED: "killed", UNTRIED: "untried", None: "late"}


def main() -> int:
    """Sample, run, and list what survived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", default=ROOMS, help="folders or files below src/vidcalc")
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", nargs="*", default=[str(ROOT / "tests" / name) for name in TESTS])
    parser.add_argument("--seconds", type=float, default=60.0, help="CPU time after which a mutant counts as survived")
    parser.add_argument("--output", help="a file that grows a line for each mutant")
    options = parser.parse_args()
    places = [ROOT / "src/vidcalc" / name for name in options.rooms]
    files = [file for place in places for file in (sorted(place.rglob("*.py")) if place.is_dir() else [place])]
    every = [mutant for file in files for mutant in mutants(file)]
    chosen = random.Random(options.seed).sample(every, min(options.sample, len(every)))
    arguments = ["-q", "-n0", "-m", "not reference", "-k", UNTIMED, "--capture=sys", "-W", "ignore", *options.tests]
    runner = Runner(chosen, files, options.seconds, options.output)
    pytest.main(arguments, plugins=[runner])
    return report(runner.results, len(every))


def report(results: dict[Mutant, str], of: int) -> int:
    """Print the survivors and the score."""
    counted = Counter(results.values())
    for mutant, fate in results.items():
        if fate != "killed":
            print(f"{fate:9} {mutant}")
    score = counted["killed"] / max(1, len(results))
    print(f"{len(results)} of {of} mutants: {dict(counted)}; score {score:.1%} (bar {BAR:.0%})")
    return int(score < BAR)


class Runner:
    """A plugin of pytest that takes the place of its loop: which tests run which function first, then every mutant."""

    def __init__(self, chosen: list[Mutant], files: list[Path], seconds: float, output: str | None) -> None:
        self.chosen, self.files, self.seconds, self.output = chosen, set(map(str, files)), seconds, output
        self.results: dict[Mutant, str] = {}
        self.failed = False
        self.why = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Whether a test failed."""
        self.failed = self.failed or report.failed
        self.why = report.longreprtext if report.failed else self.why

    def pytest_runtestloop(self, session: Any) -> bool:
        """All of it, instead of running the tests."""
        functions = defined(self.files)
        reached = self.seen(session.items)
        for place, mutant in enumerate(self.chosen):
            covering = reached.get((str(mutant.file), mutant.line_of_function), [])
            replaced = functions.get((str(mutant.file), mutant.line_of_function))
            fate = self.tried(mutant, replaced, covering) if covering and replaced else "unseen"
            self.results[mutant] = fate
            line = f"{place + 1}/{len(self.chosen)} {fate:9} {mutant} ({len(covering)} tests)"
            print(line, file=sys.stderr, flush=True)
            if self.output:
                with open(self.output, "a", encoding="utf-8") as file:
                    file.write(line + "\n")
        return True

    def seen(self, items: list[Any]) -> dict[tuple[str, int], list[Any]]:
        """The tests that run each function of the files, the quickest first."""

        def watched(tell: Callable[[str], None]) -> int:
            for place, item in enumerate(items):
                found: set[tuple[str, int]] = set()

                def note(frame: Any, _event: str, _arg: Any, found: set[tuple[str, int]] = found) -> None:
                    if frame.f_code.co_filename in self.files:  # returns None: no line of it is traced
                        found.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

                begun = time.process_time()
                sys.settrace(note)
                self.run(item)
                sys.settrace(None)
                spent = time.process_time() - begun
                if self.failed:  # it would kill every mutant
                    self.failed = False
                    sys.stderr.write(f"left out, as it fails by itself: {item.nodeid}\n{self.why[-2000:]}\n")
                    continue
                for file, line in found:
                    tell(f"{place}\t{spent}\t{file}\t{line}")
            return PASSED

        reached: dict[tuple[str, int], list[tuple[float, int]]] = defaultdict(list)
        for text in in_child(watched, None)[1]:
            number, spent, file, line = text.split("\t")
            reached[file, int(line)].append((float(spent), int(number)))
        return {key: [items[number] for _, number in sorted(tests)] for key, tests in reached.items()}

    def tried(self, mutant: Mutant, functions: list[Any], covering: list[Any]) -> str:
        """What becomes of one mutant."""

        def broken(_tell: Callable[[str], None]) -> int:
            try:
                for function in functions:
                    function.__code__ = mutant.code(function.__code__)
            except (StopIteration, ValueError, SyntaxError):  # not the function that was meant, or no code of its kind
                return UNTRIED
            for item in covering:
                self.run(item)
                if self.failed:
                    return FAILED
            return PASSED

        status, _ = in_child(broken, self.seconds)
        return FATES[status]

    def run(self, item: Any) -> None:
        """One test with its fixtures, alone."""
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)


def defined(files: set[str]) -> dict[tuple[str, int], list[Any]]:
    """The functions of the files that are loaded, by file and first line."""
    import gc
    from types import FunctionType

    found = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename in files:
            found[each.__code__.co_filename, each.__code__.co_firstlineno].append(each)
    return found


def in_child(work: Callable[[Callable[[str], None]], int], seconds: float | None) -> tuple[int | None, Iterator[str]]:
    """The exit code of some work in a forked process (None: it ran out of CPU time) and the lines that it told."""
    import os
    import resource
    import signal
    import tempfile

    with tempfile.NamedTemporaryFile("r", encoding="utf-8", delete=False) as told:
        path = told.name
    child = os.fork()
    if child == 0:
        status = FAILED
        try:
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115
            if seconds is not None:
                limit = int(seconds)
                resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
            with open(path, "w", encoding="utf-8") as file:
                status = work(lambda line: print(line, file=file))
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    os.unlink(path)
    if os.WIFSIGNALED(ended):
        return (None if os.WTERMSIG(ended) in (signal.SIGXCPU, signal.SIGKILL) else FAILED), iter(lines)
    return os.WEXITSTATUS(ended), iter(lines)


if __name__ == "__main__":
    sys.exit(main())
