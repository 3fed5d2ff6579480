"""`vidcalc explain`: the chain from a number of a report to formula, symbols, digits and source."""

from typing import TYPE_CHECKING, Any

import click

from vidcalc.faces.flags.catalogue import Flag, asked_for, bucket_flag, flags
from vidcalc.faces.flags.reach import Plain
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

if TYPE_CHECKING:
    from vidcalc.derivation.step import Step


def result(given: dict[str, Any]) -> "Step":
    """The chain behind the quantity asked for, of an estimate or of a training run. Raises InputError."""
    from vidcalc.derivation import check, of_training

    quantity, job = given["quantity"], {name: value for name, value in given.items() if name != "quantity"}
    check(quantity)
    return chain(quantity, job, "training" if of_training(quantity) else "estimate")


def chain(quantity: str, job: dict[str, Any], kind: str) -> "Step":
    """The chain behind a quantity of an "estimate" or a "training" run asked for so. Raises InputError."""
    from vidcalc.derivation import explain
    from vidcalc.faces.requests import estimate, training

    return explain(quantity, *(training.run(job) if kind == "training" else estimate.request(job)))


def listed() -> list[str]:
    """The quantities there are."""
    from vidcalc.derivation import quantities

    return list(dict.fromkeys((*quantities(), *quantities("training"))))


def document(given: dict[str, Any]) -> "Step | list[str]":
    """What is printed as JSON. Raises InputError."""
    return listed() if given.get("quantity") is None else result(given)


def explain(quantity: str | None, as_json: bool, every: bool, **given: Any) -> None:
    """Print the chain of a quantity, or the list of quantities there are."""
    if quantity is None:
        _list(listed(), as_json)
        return
    step = result({"quantity": quantity, **given})
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
    from vidcalc.derivation import of_training

    return of_training(word)


OPERANDS = [click.Argument(["quantity"], type=Plain(), required=False, metavar=N_("[QUANTITY]"))]
SHOWN = [Flag(("--all", "every"), N_("Show every row, however small."), is_flag=True)]
OF_TRAINING = [bucket_flag(), *flags(asked_for("train", "run"))]
command = OfEitherReport(
    "explain",
    params=[*OPERANDS, *flags(asked_for("generate", "train")), *SHOWN],
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
