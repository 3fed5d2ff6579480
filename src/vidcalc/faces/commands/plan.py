"""`vidcalc plan`: the best way to train on so many GPUs, out of all there are, and why."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vidcalc.faces.flags.catalogue import asked_for, bucket_flag, flags, full_flag, picture_flags
from vidcalc.faces.flags.search import search_flags
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

if TYPE_CHECKING:
    from vidcalc.report.plan import PlanReport

# what the search settles itself
SEARCHED = ("gpus", "nodes", "batch_size", "grad_accum")


def result(given: dict[str, Any], meter: Callable[[int, int], None] | None = None) -> "PlanReport":
    """The report that the flags ask for, each plan with its command; the search says to `meter` how far it is.

    Raises InputError.
    """
    from vidcalc.faces.requests.search import fitting, request, with_commands
    from vidcalc.search.advice import advice

    search, machines = request(given)
    return with_commands(fitting(advice(search, machines, meter)), given)


def plan(as_json: bool, full: bool = False, svg: str | None = None, png: str | None = None, **given: Any) -> None:
    """Print what the flags ask for, as a report or as JSON; write pictures."""
    from vidcalc.faces.answer import answer
    from vidcalc.faces.progress import progress

    with progress() as meter:
        report = result(given, meter)
    answer(report, as_json, "plan" if full else "plan_brief", "front", svg, png)


command = Command(
    "plan",
    params=[
        bucket_flag(),
        *search_flags(),
        *flags(asked_for("train", "run", without=SEARCHED)),
        full_flag(),
        *picture_flags(N_("Also write the front of time and memory as an SVG picture.")),
    ],
    callback=plan,
    help=N_(
        "The best way to train on so many GPUs: every legal plan priced, the front of time and memory, and why. On one "
        "screen; --full says all of it."
    ),
    examples=(
        "vidcalc plan -m wan2.1-t2v-14b --gpu h100 --gpus 64 --global-batch 128",
        "vidcalc plan -m ltx-video-13b --gpu h200 --gpus 8,16 --by cost --svg plan.svg",
        "vidcalc plan -m ltx-video-2b --gpu 4090 --gpus 2 --try offload,optimizer",
    ),
)
