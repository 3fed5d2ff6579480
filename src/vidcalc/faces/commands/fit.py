"""`vidcalc fit`: the longest clip, the largest picture or the most videos at once that a machine can make."""

from typing import TYPE_CHECKING, Any

from vidcalc.faces.flags.catalogue import asked_for, flags, picture_flags
from vidcalc.faces.flags.fit import ALLOWED, fit_flags
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

if TYPE_CHECKING:
    from vidcalc.report.fit import FitReport

# what the search settles or does not ask: a fleet's rate and load, energy
NOT_HERE = ("snap", "target_rate", "utilisation", "place", "country")


def result(given: dict[str, Any]) -> "FitReport":
    """The jobs that the flags leave room for, each with its command. Raises InputError, also where nothing fits."""
    from msgspec.structs import replace

    from vidcalc.faces.requests import fit as requested
    from vidcalc.report.fit import Limits
    from vidcalc.search.fit import fit as search
    from vidcalc.search.fit import possible

    job, allow = requested.without_own(given), given.get("allow") or ()
    largest = given.get("largest") or "frames"
    bases = requested.bases(job, allow, largest)
    asked, open_ = bases[0].question, requested.free(job)
    ladder = requested.ladder(asked, job, largest)
    limits = Limits(seconds=given.get("max_time"), cost=given.get("max_cost"), host_ram=asked.hardware.host_ram)
    report = search(bases, ladder, limits, open_)
    if not report.rows:
        more = (word for word in ALLOWED if word not in allow)
        helps = [word for word in more if possible(requested.bases(job, allow, largest, word), ladder, limits, open_)]
        raise requested.refusal(report, " / ".join(f"--allow {word}" for word in helps))
    rows = [replace(row, command=requested.command_of(job, row)) for row in report.rows]
    return replace(report, rows=rows)


def fit(as_json: bool, svg: str | None = None, png: str | None = None, **given: Any) -> None:
    """Print what the flags ask for, as a table or as JSON; write pictures."""
    from vidcalc.faces.answer import answer

    answer(result(given), as_json, "fit", "fit", svg, png)


command = Command(
    "fit",
    params=[
        *fit_flags(),
        *flags(asked_for("generate", without=NOT_HERE)),
        *picture_flags(N_("Also draw the jobs by size and time as an SVG picture.")),
    ],
    callback=fit,
    help=N_(
        "The largest job that fits: the longest clip, the largest picture or the most videos at once, over every way "
        "that the framework has of running it, with the time each takes."
    ),
    examples=(
        "vidcalc fit -m wan2.1-i2v-14b-480p --gpu 4070ti-super --host-ram 48GB",
        "vidcalc fit -m ltx-video-2b --gpu 4060 --max-time 5min --allow precision,cache",
        "vidcalc fit -m cogvideox-5b --gpu rtx-4090 --largest size -f 49",
    ),
)
