"""`vidcalc choose`: which GPU to take for a job, how many of it, and how to run it there."""

from typing import TYPE_CHECKING, Any

from vidcalc.faces.flags.catalogue import asked_for, flags, picture_flags
from vidcalc.faces.flags.choose import choose_flags
from vidcalc.faces.flags.fit import ALLOWED
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

if TYPE_CHECKING:
    from vidcalc.report.choose import ChooseReport

# what the search settles itself, what is of one machine alone, and what changes none of its figures
NOT_HERE = (
    *("gpu", "gpus", "nodes", "parallel", "gpu_file", "calibration", "price"),
    *("target_rate", "utilisation", "place", "country"),
)


def result(given: dict[str, Any]) -> "ChooseReport":
    """The machines that keep to what the flags want, each with its command. Raises InputError, also where none does."""
    from msgspec.structs import replace

    from vidcalc.faces.requests import choose as requested
    from vidcalc.faces.requests.fit import free
    from vidcalc.search.choose import choose as search
    from vidcalc.search.choose import possible
    from vidcalc.search.floor import Floors

    job, allow = requested.job(given), given.get("allow") or ()
    most, unpriced = requested.had(given)
    asked = requested.wanted(given)

    floors = Floors()
    report = search(requested.machines(job, most, allow), asked, free(job), unpriced, floors)
    if not report.rows:
        more = (word for word in ALLOWED if word not in allow)
        cuts = {word: requested.machines(job, most, allow, word) for word in more}
        helps = [word for word, cut in cuts.items() if possible(cut, asked, free(job), floors)]
        raise requested.refusal(report, " / ".join(f"--allow {word}" for word in helps))
    size = {"resolution": tuple(report.workload[side] for side in ("width", "height"))} if "resolution" in job else {}
    rows = [replace(row, command=requested.command_of({**job, **size}, row)) for row in report.rows]
    return replace(report, rows=rows)


def choose(as_json: bool, svg: str | None = None, png: str | None = None, **given: Any) -> None:
    """Print what the flags ask for, as a table or as JSON; write pictures."""
    from vidcalc.faces.answer import answer

    answer(result(given), as_json, "choose", "choose", svg, png)


command = Command(
    "choose",
    params=[
        *choose_flags(),
        *flags(asked_for("generate", without=NOT_HERE)),
        *picture_flags(N_("Also draw the machines by time and cost as an SVG picture.")),
    ],
    callback=choose,
    help=N_(
        "Which GPU to take for a job, how many of it, and how to run it there: all that keep to a deadline and a "
        "budget, the cheapest first."
    ),
    examples=(
        "vidcalc choose -m hunyuanvideo -r 720p -f 129 --deadline 5min",
        "vidcalc choose -m wan2.1-t2v-14b --class consumer --budget 0.5USD",
        'vidcalc choose -m ltx-video-13b --have "4090x2,3090"',
    ),
)
