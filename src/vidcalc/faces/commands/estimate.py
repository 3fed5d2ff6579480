"""`vidcalc estimate`: everything about one job."""

from typing import TYPE_CHECKING, Any

from vidcalc.faces.exits import checked
from vidcalc.faces.flags.catalogue import asked_for, check_flag, flags, full_flag, how_flags, ops_flag, picture_flags
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

if TYPE_CHECKING:
    from vidcalc.report.estimate import Report


def result(given: dict[str, Any], advise: bool = True) -> "Report":
    """The report that the flags ask for; `advise` what to change where it does not fit. Raises InputError."""
    from vidcalc.base.number import is_array
    from vidcalc.calculate import calculate
    from vidcalc.faces.requests.estimate import request

    job = request(given)
    report = calculate(*job)
    memory = report.memory.inference
    swept = is_array(memory.margin) or is_array(report.time.inference.total) or not isinstance(memory.verdict, str)
    if not advise or swept or memory.verdict != "too_big":  # advice is about one job, not about a sweep
        return report
    from vidcalc.search.relief import advised

    return advised(report, job)


def estimate(
    as_json: bool,
    full: bool = False,
    check: bool = False,
    svg: str | None = None,
    png: str | None = None,
    ops: str | None = None,
    how: str | None = None,
    code: bool = False,
    **given: Any,
) -> int:
    """Print what the flags ask for, as a report, as JSON or in the words of a tool; write pictures and ops.

    The exit code, which only --check asks.
    """
    if how is not None or code:
        from vidcalc.faces.how.answer import alone, tell

        alone(how, {"--svg": svg, "--png": png, "--ops": ops, "--full": full})
        return tell(given, "generate", str(how), code, as_json, check)
    from vidcalc.faces.answer import answer

    if ops is not None:
        from vidcalc.faces.requests.ops import write

        write(given, ops)
    report = result(given)
    answer(report, as_json, "report" if full else "brief", "chart", svg, png)
    return checked(report.memory.inference.verdict) if check else 0


command = Command(
    "estimate",
    params=[
        *flags(asked_for("generate", "train")),
        full_flag(),
        check_flag(),
        *picture_flags(),
        ops_flag(),
        *how_flags(),
    ],
    callback=estimate,
    help=N_(
        "What one job needs: memory, FLOPs, time, cost and energy. On one screen; --full says all of it, and what "
        "training the model needs."
    ),
    examples=(
        "vidcalc estimate -m wan2.1-t2v-14b",
        "vidcalc estimate -m wan2.1-t2v-1.3b -r 480p -f 81 --gpu rtx-4090",
        "vidcalc estimate -m wan2.1-t2v-14b --gpu rtx-4090 --svg stages.svg",
        "vidcalc estimate -p 3B -r 1080p --seconds 5 --gpu h100-sxm --json",
    ),
)
