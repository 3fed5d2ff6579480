"""Write src/vidcalc/data/validation/bands.toml: how far measured rows lie off predictions, by what was measured.

    python scripts/make_bands.py    from the rows of src/vidcalc/data/measured/ that were in view

Rows of the same source whose settings nobody looked at, and rows of sources that nobody looked at, play no part: the
share of them that the bands hold is what the accuracy page claims. Run it after a change that moves predictions, then
`python -m vidcalc.rates.build`.

A band reaches as far down as up, as a ratio: on which side a prediction is wrong is a matter of what was overlooked, and
the few sources at hand overlook no more of one than of the other. Every source weighs the same in it, as the next
measurement will be of another source. How often such a band holds one is tried on the rows in view: each source in turn
is left out, and held against the band of all others ("left_out").
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import exp, log
from pathlib import Path

from msgspec.structs import replace

from vidcalc.rates.spread import run_spread
from vidcalc.validate import files, run, text, training_run
from vidcalc.validate.balanced import quantile
from vidcalc.validate.compared import Compared, Result
from vidcalc.validate.sources import SEEN
from vidcalc.validate.summary import distinct
from vidcalc.validate.table import Row
from vidcalc.validate.training_table import TrainingRow

ROOT = Path(__file__).resolve().parent.parent
MEASURED, TARGET = ROOT / "src/vidcalc/data/measured", ROOT / "src/vidcalc/data/validation/bands.toml"
# share of the readings in view that a band holds; rows that are not in view lie further off, and times that people tell
# of their own machines (tests/data/threads.toml) further than those of published tables
HELD = {"memory": 0.95, "training": 0.95, "time": 0.97}
SIDE = 0.1  # share of the guesses of a program beyond either end of their band
SOURCES = 20  # of fewer no share that small lies beyond a band of their own
HEAD = """# How far measured rows lie off predictions: low and high of measured over predicted (memory), and of measured seconds
# over the ends of the band that the rates alone give (time). Made by scripts/make_bands.py from rows in view: `rows` of
# `families`; {memory} % of them lie inside (of times {time} %), where every source weighs the same. "verdict" is
# what a report compares with a card's memory: the band of all. "assumed" is how much further a
# prediction may lie off where nothing names the program: that of the program that ran over that of the program which
# would have been taken for it. "left_out" is the share of rows that the bands made without their source hold, where
# every family weighs the same.
"""
Reading = tuple[str, str, str, float]  # what was measured, its source, its family, measured over predicted (either way)

Ends = tuple[float, float]


def main() -> None:
    """Write the file."""
    published = [row for row in files.read(str(MEASURED / "inference.csv")) if isinstance(row, Row)]
    runs = [row for row in files.read(str(MEASURED / "training.csv")) if isinstance(row, TrainingRow)]
    generations, trained = run.validate(published).rows, training_run.validate(runs).rows
    bare = [*unnamed(published, generations), *unnamed(runs, trained)]
    shares = {figure: f"{100 * share:.0f}" for figure, share in HELD.items()}
    lines = [HEAD.format(**shares)]
    for figure, results in (("memory", generations), ("training", trained)):
        among = bare[: len(generations)] if figure == "memory" else bare[len(generations) :]
        lines += [*evenly(figure, list(peaks(results))), *further(figure, guesses(results, among, "memory"))]
    lines += evenly("time", list(times(generations)))
    lines += balanced_section("time", "step", list(times(trained)), HELD["time"])  # a training step is no generation
    lines += further("time", guesses([*generations, *trained], bare, "time"))
    TARGET.write_text("\n".join(lines), encoding="utf-8")


def peaks(results: list[Result]) -> Iterable[Reading]:
    """Readings of memory in view."""
    for result in trusted(results, "memory"):
        if result.counter != "card":
            yield result.counter, result.source, result.family, 1 / (result.memory.ratio or 1)


def evenly(figure: str, found: list[Reading]) -> list[str]:
    """The tables of a figure's bands that reach as far down as up: of each part with enough sources, and of all."""
    lines = []
    for name in sorted({"other", *(part for part, *_ in found)}):
        among = [reading for reading in found if name in (reading[0], "other")]
        if name != "other" and len({source for _, source, *_ in among}) < SOURCES:
            continue
        lines += balanced_section(figure, name, among, HELD[figure])
        if name == "other" and figure == "memory":
            lines += balanced_section(figure, "verdict", among, HELD[figure])
    return lines


def balanced_section(figure: str, name: str, found: list[Reading], held: float) -> list[str]:
    """One band, and how often it holds a source that it was made without."""
    ratio = reach(found, held)
    families = {family for _, _, family, _ in found}
    body = [f"low = {1 / ratio:.3f}", f"high = {ratio:.3f}", f"rows = {len(found)}", f"families = {len(families)}"]
    return [f"[{figure}.{name}]", *body, f"left_out = {left_out(found, held):.2f}", ""]


def reach(found: list[Reading], held: float) -> float:
    """The ratio within which, either way, that share of the readings lies, every source of weight one."""
    sources: dict[str, list[Ends]] = defaultdict(list)
    for _, source, _, ratio in found:
        sources[source].append((abs(log(ratio)),) * 2)
    return exp(weighted(sources, 0, held))


def left_out(found: list[Reading], held: float) -> float:
    """The share of readings that the band of all other sources holds, every family of weight one."""
    inside: dict[str, list[bool]] = defaultdict(list)
    for one in sorted({source for _, source, *_ in found}):
        ratio = reach([reading for reading in found if reading[1] != one], held)
        for _, source, family, own in found:
            if source == one:
                inside[family].append(1 / ratio <= own <= ratio)
    return sum(sum(each) / len(each) for each in inside.values()) / len(inside)


def times(results: list[Result]) -> Iterable[Reading]:
    """Readings of times in view: how far each lies beyond the nearer end of what the rates leave; 1 between them."""
    for result in trusted(results, "time"):
        low, high = run_spread(result.scope, result.provenance)
        measured = result.time.measured or 0
        below, above = (result.time.low or 1) / (low * measured), measured * high / (result.time.high or 1)
        yield result.scope, result.source, result.family, max(below, above, 1.0)


def trusted(results: list[Result], figure: str) -> list[Result]:
    """Results in view with a ratio, of a program that is known and of no doubt; equal ones of a source once."""

    def of(result: Result) -> Compared:
        return result.memory if figure == "memory" else result.time

    kept = [
        result
        for result in results
        if result.view == SEEN and of(result).ratio is not None and not result.doubtful(figure) and not result.assumed
    ]
    return distinct(kept, of)


def unnamed(rows: Sequence[Row | TrainingRow], results: list[Result]) -> list[Result | None]:
    """Every row of a known program again, as if nothing named that; None where its source tells more than the program."""
    found: list[Result | None] = []
    for row, result in zip(rows, results, strict=True):
        more = text.first("everywhere", row.source) or text.first("missaid", f"{row.source}: {row.parallelism}")
        if result.assumed or result.view != SEEN or result.status != "predicted" or more:
            found.append(None)
            continue
        bare = replace(row, id="", source="", note="", engine="")
        other = training_run.result(bare) if isinstance(bare, TrainingRow) else run.result(bare)
        found.append(other if other.assumed and other.status == "predicted" else None)
    return found


def guesses(results: list[Result], others: list[Result | None], figure: str) -> Iterable[tuple[str, Ends]]:
    """(family, prediction of the program that ran over that of the program assumed)."""
    for result, other in zip(results, others, strict=True):
        if other is None:
            continue
        known, guessed = (each.memory if figure == "memory" else each.time for each in (result, other))
        if known.predicted and guessed.predicted:
            yield result.family, (known.predicted / guessed.predicted,) * 2


def further(figure: str, found: Iterable[tuple[str, Ends]]) -> list[str]:
    """The table of how much further off a prediction may be where nothing names the program."""
    families: dict[str, list[Ends]] = defaultdict(list)
    for family, ends in found:
        families[family].append(ends)
    return section(figure, "assumed", families, 1 - 2 * SIDE)  # beside the band of what is known


def section(figure: str, name: str, families: dict[str, list[Ends]], held: float) -> list[str]:
    """One band."""
    low, high = (weighted(families, place, share) for place, share in ((0, (1 - held) / 2), (1, (1 + held) / 2)))
    count = sum(len(rows) for rows in families.values())
    if name == "assumed":
        low, high = min(low, 1.0), max(high, 1.0)
    body = [f"low = {low:.3f}", f"high = {high:.3f}", f"rows = {count}", f"families = {len(families)}", ""]
    return [f"[{figure}.{name}]", *body]


def weighted(families: dict[str, list[Ends]], place: int, share: float) -> float:
    """The value below which that share of the readings lies, every family of weight one."""
    return quantile(
        [(ends[place], 1 / (len(rows) * len(families))) for rows in families.values() for ends in rows], share
    )


if __name__ == "__main__":
    main()
