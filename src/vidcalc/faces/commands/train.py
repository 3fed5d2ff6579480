"""`vidcalc train`: a training run, from one card to a cluster."""

from typing import TYPE_CHECKING, Any

from vidcalc.faces.exits import checked
from vidcalc.faces.flags.catalogue import asked_for, bucket_flag, check_flag, flags, full_flag, how_flags, picture_flags
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

if TYPE_CHECKING:
    from vidcalc.report.training import TrainingReport


def result(given: dict[str, Any]) -> "TrainingReport":
    """The report that the flags ask for. Raises InputError."""
    from vidcalc.calculate import train as calculated
    from vidcalc.faces.requests.training import run, sizes_of

    job = run(given)
    report = calculated(*job)
    if report.memory.verdict != "too_big":
        return report
    from msgspec.structs import replace

    from vidcalc.search.relief_training import ways

    return replace(report, relief=ways(job, report, sizes=sizes_of(given)))


def train(
    as_json: bool,
    full: bool = False,
    check: bool = False,
    svg: str | None = None,
    png: str | None = None,
    how: str | None = None,
    code: bool = False,
    **given: Any,
) -> int:
    """Print what the flags ask for, as a report, as JSON or in the words of a trainer; write pictures.

    The exit code, which only --check asks.
    """
    if how is not None or code:
        from vidcalc.faces.how.answer import alone, tell

        alone(how, {"--svg": svg, "--png": png, "--full": full})
        return tell(given, "train", str(how), code, as_json, check)
    from vidcalc.faces.answer import answer

    report = result(given)
    answer(report, as_json, "training" if full else "training_brief", "training", svg, png)
    return checked(report.memory.verdict) if check else 0


command = Command(
    "train",
    params=[
        bucket_flag(),
        *flags(asked_for("train", "run")),
        full_flag(),
        check_flag(),
        *picture_flags(),
        *how_flags(),
    ],
    callback=train,
    help=N_(
        "What a training run needs: memory of each GPU, time, cost, energy and disk, for any mix of sizes. On one "
        "screen; --full says all of it."
    ),
    examples=(
        "vidcalc train -m wan2.1-t2v-1.3b --mode lora --gpu 4090 --checkpointing full",
        "vidcalc train -m wan2.1-t2v-14b --gpu h100 --gpus 8 --sharding fsdp",
        "vidcalc train -m ltx-video-2b --bucket 768x512x49 --bucket 768x512x1:0.3:b9",
    ),
)
