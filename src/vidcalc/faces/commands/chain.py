"""`vidcalc chain`: jobs that make one video in a row: upsample and refine, super-resolution, interpolation."""

from typing import TYPE_CHECKING, Any

import click

from vidcalc.faces.exits import checked
from vidcalc.faces.flags.catalogue import FLAGS, asked_for, check_flag, flags, picture_flags
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_, _

if TYPE_CHECKING:
    from vidcalc.report.chain import ChainReport

EXAMPLE = '"ltx-2 -r 768x512"'
# what each job says for itself
OWN = (
    *("params", "model", "from", "resolution", "frames", "seconds", "snap", "fps", "steps", "guidance", "text_tokens"),
    *("latent_channels", "patch_size", "vae_params", "arch", "batch_size", "target_rate", "window", "preset", "vae"),
    *("lora", "lora_mode", "control", "references", "guidance_scales"),
)
MACHINE = (
    *("gpu", "gpus", "link", "nodes", "network", "gpu_file", "calibration", "price", "provider"),
    *("place", "country", "utilisation", "target_rate"),
)


def result(given: dict[str, Any]) -> "ChainReport":
    """The report that the jobs and the shared flags ask for. Raises InputError."""
    from vidcalc.calculate import chain
    from vidcalc.describe.handoff import handed
    from vidcalc.faces.requests.chain import questions, standing_in, typed
    from vidcalc.search.chain import advised

    jobs = []
    for number, job in enumerate(given.get("job", ()), 1):
        with standing_in(number):
            jobs.append(typed(job, of_a_job, _flags(command)) if isinstance(job, str) else job)
    shared = {name: value for name, value in given.items() if name != "job" and value is not None}
    asked = questions(shared, jobs)
    return advised(chain(asked), handed(asked))


def run(as_json: bool, check: bool = False, svg: str | None = None, png: str | None = None, **given: Any) -> int:
    """Print what the jobs come to, as a report or as JSON; write pictures. The exit code, which only --check asks."""
    from vidcalc.faces.answer import answer

    report = result(given)
    answer(report, as_json, "row", "row", svg, png)
    return checked(report.memory.verdict) if check else 0


class Chain(Command):
    """The command; flags of one job outside of its quotes are refused with where they belong."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Raises what click raises, and Refused."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.option_name not in _flags(of_a_job):
                raise
            expects = _("belongs to one job, inside of its quotes, such as {example}", example=EXAMPLE)
            raise Refused(error.option_name, None, expects, None, ()) from None


def _flags(of: click.Command) -> set[str]:
    """The flags that a command takes, as they are typed."""
    return {name for each in of.params if isinstance(each, click.Option) for name in each.opts}


of_a_job = Command(
    "chain",
    params=[each for each in flags(asked_for("generate", without=MACHINE)) if each.name in FLAGS],
)
command = Chain(
    "chain",
    params=[
        click.Argument(["job"], nargs=-1, metavar=N_("JOB …")),
        *flags(asked_for("generate", without=OWN)),
        check_flag(),
        *picture_flags(N_("Also write the stages of all jobs as an SVG picture.")),
    ],
    callback=run,
    help=N_(
        "Jobs that make one video in a row (upsample, refine, super-resolution): memory, time and cost of all.\n"
        "Each JOB stands in quotes and has the flags of `vidcalc estimate`; its first word is its model. What a job "
        "does not say of its clip is as in the job before. Jobs with the same VAE hand on the latent, others decode "
        "and encode between them."
    ),
    examples=(
        'vidcalc chain "ltx-2 -r 768x512" ltx-2-spatial-upscaler "ltx-2 -s 3"',
        'vidcalc chain wan2.1-t2v-1.3b "seedvr2-3b -r 1440x800" --gpu 4090',
    ),
)
