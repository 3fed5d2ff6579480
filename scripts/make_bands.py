"""Write src/vidcalc/data/validation/bands.toml: how far measured rows lie off predictions, by what was measured.

    python scripts/make_bands.py    from the rows of src/vidcalc/data/measured/ that were in view

Rows of the same source whose settings nobody looked at, and rows of sources that nobody looked at, play no part: the
share of them that the bands hold is what the accuracy page claims. Every family weighs the same in a band. Run it after
a change that moves predictions, then `python -m vidcalc.rates.build`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
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
HELD = 0.95  # share of the readings in view that a band holds; rows that are not in view lie further off
SIDE = 0.1  # share of the readings beyond either end of the verdict's band: so often is "fits", or "too big", wrong; and of guesses
ROWS, FAMILIES = 20, 4  # a band of its own takes so many; what has fewer takes that of all
HEAD = """# How far measured rows lie off predictions: low and high of measured over predicted (memory), and of measured seconds
# over the ends of the band that the rates alone give (time). Made by scripts/make_bands.py from rows in view: `rows` of
# `families`, each of the same weight; {share:.0f} % of them lie inside. "verdict" is what a report compares with a card's
# memory: one reading in ten lies beyond either end. "assumed" is how much further a prediction may lie off where nothing
# names the program: that of the program that ran over that of the program which would have been taken for it.
"""

Ends = tuple[float, float]


def main() -> None:
    """Write the file."""
    published = [row for row in files.read(str(MEASURED / "inference.csv")) if isinstance(row, Row)]
    runs = [row for row in files.read(str(MEASURED / "training.csv")) if isinstance(row, TrainingRow)]
    generations, trained = run.validate(published).rows, training_run.validate(runs).rows
    bare = [*unnamed(published, generations), *unnamed(runs, trained)]
    lines = [HEAD.format(share=100 * HELD)]
    for figure, results in (("memory", generations), ("training", trained)):
        among = bare[: len(generations)] if figure == "memory" else bare[len(generations) :]
        lines += [*table(figure, peaks(results)), *further(figure, guesses(results, among, "memory"))]
    lines += table("time", [*times(generations), *times(trained)])
    lines += further("time", guesses([*generations, *trained], bare, "time"))
    TARGET.write_text("\n".join(lines), encoding="utf-8")


def peaks(results: list[Result]) -> Iterable[tuple[str, str, Ends]]:
    """(counter, family, measured over predicted as low and as high) of readings in view."""
    for result in trusted(results, "memory"):
        if result.counter != "card":
            ratio = 1 / (result.memory.ratio or 1)
            yield result.counter, result.family, (ratio, ratio)


def times(results: list[Result]) -> Iterable[tuple[str, str, Ends]]:
    """(scope, family, measured over what the rates leave as low and as high) of times in view."""
    for result in trusted(results, "time"):
        low, high = run_spread(result.scope, result.provenance)
        time = result.time
        yield (
            result.scope,
            result.family,
            (
                (time.measured or 0) * low / (time.low or 1),
                (time.measured or 0) * high / (time.high or 1),
            ),
        )


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


def table(figure: str, found: Iterable[tuple[str, str, Ends]]) -> list[str]:
    """The tables of a figure's bands: of each part with enough rows, and of all."""
    parts: dict[str, dict[str, list[Ends]]] = defaultdict(lambda: defaultdict(list))
    for part, family, ends in found:
        for name in (part, "other"):
            parts[name][family].append(ends)
    lines = []
    for name, families in sorted(parts.items()):
        count = sum(len(rows) for rows in families.values())
        if name != "other" and (count < ROWS or len(families) < FAMILIES):
            continue
        lines += section(figure, name, families, HELD)
        if name == "other" and figure == "memory":
            lines += section(figure, "verdict", families, 1 - 2 * SIDE)
    return lines


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
