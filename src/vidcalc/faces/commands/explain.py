"""`vidcalc explain`: the chain from a number of a report to formula, symbols, digits and source."""

from typing import Any

import click

from vidcalc.faces.commands.train import ASKED as OF_A_RUN
from vidcalc.faces.flags.catalogue import ALL, Flag, bucket_flag, flags
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_


def explain(quantity: str | None, as_json: bool, every: bool, **given: Any) -> None:
    """Print the chain of a quantity, or the list of quantities there are."""
    from vidcalc.explain import check, of_training, quantities
    from vidcalc.explain import explain as explained

    if quantity is None:
        _list(list(dict.fromkeys((*quantities(), *quantities("training")))), as_json)
        return
    check(quantity)
    from vidcalc.faces.requests import estimate, training

    asked = training.run(given) if of_training(quantity) else estimate.request(given)
    step = explained(quantity, *asked)
    if as_json:
        from vidcalc.faces.emit import emit

        emit(step)
    else:
        from vidcalc.faces.terminal.chain import draw
        from vidcalc.faces.terminal.page import show

        show(draw(step, every))


def _list(names: list[str], as_json: bool) -> None:
    if as_json:
        from vidcalc.faces.emit import emit

        emit(names)
    else:
        from vidcalc.faces.terminal.cells import hanging
        from vidcalc.faces.terminal.page import columns, paint, show
        from vidcalc.faces.words.glossary import meaning

        colour, cells = paint(), columns()
        lines = [(colour(name, "title"), *hanging(meaning(name), cells, "  ")) for name in names]
        show("\n".join(line for entry in lines for line in entry))


class OfEitherReport(Command):
    """Takes the flags of `vidcalc estimate`, or those of `vidcalc train` where a number of a training run is asked."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Notes whose number is asked before the flags are read."""
        ctx.meta[TRAINING] = any(map(_of_training, args))
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The flags of that report."""
        return [*OPERANDS, *OF_TRAINING, *SHOWN] if ctx.meta.get(TRAINING) else super().get_params(ctx)


TRAINING = "vidcalc.explain.training"


def _of_training(word: str) -> bool:
    """Whether a word of the command line is a number of a training run."""
    if word.startswith("-") or "." not in word:
        return False
    from vidcalc.explain import of_training

    return of_training(word)


OPERANDS = [click.Argument(["quantity"], required=False, metavar=N_("[QUANTITY]"))]
SHOWN = [Flag(("--all", "every"), N_("Show every row, however small."), is_flag=True)]
OF_TRAINING = [bucket_flag(), *flags(tuple(name for name in OF_A_RUN if name != "target_rate"))]
command = OfEitherReport(
    "explain",
    params=[*OPERANDS, *flags(ALL), *SHOWN],
    callback=explain,
    help=N_(
        "Where a number of a report comes from: its formula in symbols and digits, its parts, its sources.\n"
        "QUANTITY is the number's place in the JSON of `vidcalc estimate` or `vidcalc train`; a number of a training "
        "run takes the flags of the latter. Without it, the quantities are listed with what each is."
    ),
    examples=(
        "vidcalc explain",
        "vidcalc explain compute.flops_per_step -m wan2.1-t2v-14b",
        "vidcalc explain time.inference.total -m wan2.1-t2v-14b --gpu h100-sxm",
        "vidcalc explain run.flops -m wan2.1-t2v-1.3b --gpu h100-sxm --gpus 8",
    ),
)
