"""`vidcalc compare`: models, GPUs, plans and frameworks side by side, and where they differ."""

from typing import TYPE_CHECKING, Any

import click

from vidcalc.faces.flags.catalogue import FLAGS, asked_for, flags, picture_flags
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

if TYPE_CHECKING:
    from vidcalc.report.compare import CompareReport

WITHOUT = ("target_rate",)


def result(given: dict[str, Any]) -> "CompareReport":
    """The report that the jobs and the shared flags ask for. Raises InputError."""
    from vidcalc.account.compare import compared
    from vidcalc.faces.commands.estimate import result as estimate
    from vidcalc.faces.requests.compare import reports
    from vidcalc.faces.requests.settings import stated

    shared = stated({name: value for name, value in given.items() if name != "job"})
    return compared(reports(given.get("job", ()), shared, of_a_job, estimate))


def compare(as_json: bool, svg: str | None = None, png: str | None = None, **given: Any) -> None:
    """Print the jobs side by side, as a report or as JSON; write pictures."""
    from vidcalc.faces.answer import answer

    answer(result(given), as_json, "compare", "compare", svg, png)


class Jobs(Command):
    """A command whose operands may begin with a flag: "--gpu 4090" in quotes is a job, not a flag of that name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with words that hold a space as operands. Raises Refused."""
        return super().parse_args(ctx, [f" {each}" if each[:1] == "-" and " " in each else each for each in args])


of_a_job = Command(
    "compare", params=[each for each in flags(asked_for("generate", without=WITHOUT)) if each.name in FLAGS]
)
command = Jobs(
    "compare",
    params=[
        click.Argument(["job"], nargs=-1, metavar=N_("JOB …")),
        *flags(asked_for("generate", without=WITHOUT)),
        *picture_flags(N_("Also write memory and time of the jobs as an SVG picture.")),
    ],
    callback=compare,
    help=N_(
        "Models, GPUs, plans or frameworks side by side: memory, time, cost, and where they differ.\n"
        "Each JOB stands in quotes and has the flags of `vidcalc estimate`; its first word is its model, where it is "
        "no flag. Flags outside of the quotes are of all jobs. A file that `vidcalc estimate --json` wrote is one "
        "too."
    ),
    examples=(
        'vidcalc compare wan2.1-t2v-14b "ltx-2 -r 768x512" svd-xt --gpu 5090',
        'vidcalc compare "--gpu 4090" "--gpu 5090" "--gpu h100" -m wan2.1-t2v-1.3b',
        'vidcalc compare "--precision bf16" "--precision fp8" -m ltx-2 --gpu 5090',
    ),
)
