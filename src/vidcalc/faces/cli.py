"""The door of the command line: language first, then click, and every refusal as one clear line.

    vidcalc estimate -m wan2.1-t2v-14b

Exit codes: 0 done, 2 bad input, 130 interrupted; with --check more (`vidcalc.faces.exits`). With --json a
refusal is one JSON object on standard output.
"""

import os
import sys

from vidcalc.faces import words
from vidcalc.faces.exits import BAD_INPUT
from vidcalc.faces.words import N_, _

TYPE_CHECKING = False  # as in `typing`, which takes long to load
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import click

INTERRUPTED = 130

EXAMPLES = (
    "vidcalc estimate -m wan2.1-t2v-14b",
    "vidcalc estimate -p 3B -r 1080p -f 120 --gpu h100-sxm",
    "vidcalc explain compute.flops_per_step -m wan2.1-t2v-14b",
)


def vidcalc() -> "click.Command":
    """The `vidcalc` command with all its subcommands."""
    from vidcalc.faces.flags.catalogue import common, version_flag
    from vidcalc.faces.group import Lazy

    return Lazy(
        "vidcalc",
        package="vidcalc.faces.commands",
        params=[*common(), version_flag()],
        help=N_(
            "What a video diffusion model needs to generate or to train: tokens, FLOPs, GPU memory, time, cost and "
            "energy. Needs no GPU, no network and no PyTorch."
        ),
        examples=EXAMPLES,
        no_args_is_help=True,
    )


def run(command: "Callable[[], click.Command]", name: str, arguments: "Sequence[str]") -> int:
    """Run a command with these arguments and return its exit code; nothing a user types makes it raise."""
    from vidcalc.faces.imports import import_msgspec

    import_msgspec()
    import click

    from vidcalc.base.errors import InputError

    speak(arguments)
    try:
        done = command().main(list(arguments), prog_name=name, standalone_mode=False)
        return done if isinstance(done, int) else 0
    except click.exceptions.NoArgsIsHelpError as shown:
        from vidcalc.faces.terminal.page import written

        click.echo(written(shown.format_message()))
        return BAD_INPUT
    except (click.ClickException, InputError, ModuleNotFoundError) as error:
        from vidcalc.faces.errors import report, unbuilt

        return report(unbuilt(error), as_json="--json" in arguments)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:  # the reader had enough
        sys.stdout = None
        return 0
    except OSError as error:
        return unwritten(error)


def unwritten(error: OSError) -> int:
    """The exit code where an answer cannot be written, with a line that says why. Raises the error where it is none
    of standard output's."""
    import errno

    if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG):
        raise error
    from vidcalc.faces.terminal.page import written

    sys.stdout = None  # what it still holds cannot be written either
    line = _("error:") + " " + _("the answer cannot be written: {reason}", reason=error.strerror)
    print(written(line, err=True), file=sys.stderr)
    return BAD_INPUT


def speak(arguments: "Sequence[str]") -> None:
    """Choose the language before anything is said: --lang, then the environment; one that cannot be written is not."""
    language = words.preferred(words.lang_flag(arguments), os.environ)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if language != words.SOURCE:
        try:
            "가".encode(encoding)
        except (UnicodeEncodeError, LookupError):
            language = words.SOURCE
    words.use(language)


def leave(code: int) -> None:
    """End the process at once: what it printed is written, its memory is the system's to clear."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (BrokenPipeError, ValueError):
            pass
    os._exit(code)


def main() -> None:
    """The `vidcalc` command."""
    import gc

    from vidcalc.faces.light.door import answered

    gc.disable()  # the process lives for milliseconds
    leave(0 if answered(sys.argv[1:]) else run(vidcalc, "vidcalc", sys.argv[1:]))
