"""`vidcalc fix`: out of memory: where, why, what to change, and what does not help."""

from typing import TYPE_CHECKING, Any

import click

from vidcalc.faces.flags.catalogue import asked_for, bucket_flag, flags
from vidcalc.faces.flags.reach import File
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

if TYPE_CHECKING:
    from vidcalc.report.fix import FixReport

# degrees of a training run stand in the plan that a search finds: `vidcalc plan`
WITHOUT = ("training_parallel", "target_rate")


def result(given: dict[str, Any]) -> "FixReport":
    """The report on the job that the flags describe, and on the message in a file. Raises InputError."""
    from vidcalc.faces.requests.fix import carded, said, trains
    from vidcalc.faces.requests.settings import stated
    from vidcalc.search import fix as search

    asked = stated(given)
    told = said(asked.pop("file", None))
    carded(asked, told)
    if trains(asked):
        from vidcalc.faces.requests.training import run, sizes_of

        return search.fix_run(run(asked), told, sizes=sizes_of(asked))
    from vidcalc.faces.requests.estimate import request

    return search.fix(request(asked), told)


def fix(as_json: bool, **given: Any) -> None:
    """Print what the flags and the message ask for, as a report or as JSON."""
    from vidcalc.faces.answer import answer

    answer(result(given), as_json, "fix")


command = Command(
    "fix",
    params=[
        click.Argument(["file"], type=File(), required=False, metavar="[" + "FILE|-" + "]"),
        bucket_flag(),
        *flags(asked_for("generate", "train", "run", without=WITHOUT)),
    ],
    callback=fix,
    help=N_(
        "Out of memory: where, why, what to change, and what does not help.\n"
        "FILE holds the message or the log (- for standard input), or is the message itself in quotes: PyTorch's, "
        "CUDA's, ComfyUI's, or what Windows or the system says. Without one the settings alone are judged. With a flag "
        "of training (--mode, --bucket, --checkpointing …) the job is a training run."
    ),
    examples=(
        "vidcalc fix -m cogvideox-5b -r 720p --gpu 4090",
        "vidcalc fix oom.txt -m wan2.1-i2v-14b-480p --gpu 4080 --framework comfyui",
        "python generate.py 2>&1 | vidcalc fix - -m hunyuanvideo-t2v --gpu 4090",
        "vidcalc fix -m wan2.1-t2v-14b --mode lora --gpu 4090 --host-ram 64GB",
    ),
)
