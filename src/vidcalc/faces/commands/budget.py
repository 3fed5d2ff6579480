"""`vidcalc budget`: what hours of GPUs, or money, can train."""

from typing import TYPE_CHECKING, Any

from vidcalc.faces.flags.budget import BUDGET
from vidcalc.faces.flags.catalogue import asked_for, bucket_flag, flags
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

if TYPE_CHECKING:
    from vidcalc.report.budget import BudgetReport

# what the budget settles, and what is of a fleet that makes videos
SETTLED = ("train_steps", "epochs", "utilisation")


def result(given: dict[str, Any]) -> "BudgetReport":
    """The report that the flags ask for. Raises InputError."""
    from vidcalc.faces.requests.budget import enough, request
    from vidcalc.search.budget import budget as calculated

    spent, run, laws, has_model = request(given)
    report = calculated(spent, run, laws, has_model)
    if report.affordable is not None:
        enough(report.affordable.steps, report.affordable.seconds_per_step, report.budget.seconds, given)
    return report


def budget(as_json: bool, **given: Any) -> None:
    """Print what the flags ask for, as a report or as JSON."""
    from vidcalc.faces.answer import answer

    answer(result(given), as_json, "budget")


command = Command(
    "budget",
    params=[bucket_flag(), *flags((*BUDGET, *asked_for("train", "run", without=SETTLED)))],
    callback=budget,
    help=N_("What a budget trains: steps, data and batch of a model, or the best size by published scaling laws."),
    examples=(
        "vidcalc budget --gpus 64 --hours 240 -m wan2.1-t2v-1.3b --clips 1000000",
        "vidcalc budget --gpu-hours 10000 --gpu h200 -p 3B --checkpointing full --fill",
        "vidcalc budget --budget 200000USD --gpu h200 --gpus 64 --sharding fsdp",
    ),
)
