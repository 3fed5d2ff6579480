"""Answers a command line from the light copy, or leaves it untouched to the full command line.

What is said is kept until the end. Whatever goes wrong on the way (a flag or a module that the light run knows nothing
of, a refusal, a source that is not the one its copy was made of) means that nothing was said: the full command line
starts afresh and finds the same words, errors and exit codes.
"""

import os
import sys

from vidcalc.faces.light import PACKAGE
from vidcalc.faces.light.world import TOP, Unusual, World

TYPE_CHECKING = False  # as in `typing`, which takes long to load
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vidcalc.faces.light.world import Home, Source

SHORT = ("estimate", "models", "gpus", "train")  # commands that end soon: what searches long does it with msgspec
PAGES = ("--help", "--version")
FULL = ("--check", "--how", "--code", "--ops")  # an exit code of its own, words on standard error, a file
SWITCH = "VIDCALC_LIGHT"  # "0": everything is answered by the full command line
COMPLETING, BASH = "_VIDCALC_COMPLETE", "bash_complete"  # a shell asks what may be typed next


def answered(words: "Sequence[str]") -> bool:
    """Whether the light copy has answered this command line; if not, nothing has been printed."""
    asked = os.environ.get(COMPLETING)
    short = bool(words) and (words[0] in SHORT or not set(PAGES).isdisjoint(words)) and plain(words)
    if not (short if asked is None else asked == BASH) or os.environ.get(SWITCH) == "0" or os.name != "posix":
        return False
    try:
        world = World(built, home)
        ask(world, words) if asked is None else complete(world, os.environ)
        text = "".join(world.said)
        text.encode(sys.stdout.encoding)
    except Exception:
        return False
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader had enough
        sys.stdout = None
    except OSError:  # a full disk: the full command line says so
        return False
    return True


def plain(words: "Sequence[str]") -> bool:
    """Whether the light copy may answer: no flag has a way out of its own, and none stands twice."""
    flags = [word.partition("=")[0] for word in words if word[:1] == "-"]
    return set(FULL).isdisjoint(flags) and len(set(flags)) == len(flags)


def ask(world: World, words: "Sequence[str]") -> None:
    """Have a command line answered in a world; what it says stays there. Raises whatever goes wrong."""
    end = world.bring("click", wanted=("Exit",)).Exit
    command_line = world.bring("vidcalc.faces.cli", wanted=("vidcalc",))
    command_line.speak(words)
    try:
        command_line.vidcalc().answer(words, "vidcalc")
    except end:
        return


def complete(world: World, environment: "Mapping[str, str]") -> None:
    """Say which words may stand next, as bash asks by its environment. Raises whatever goes wrong."""
    command_line = world.bring("vidcalc.faces.cli", wanted=("vidcalc",))
    completed = world.bring("click.shell_completion", wanted=("completed",)).completed
    completed(command_line.vidcalc(), environment["COMP_WORDS"], int(environment["COMP_CWORD"]))


def built(name: str) -> "Source | None":
    """Where a module of the light copy is, as it was built. Raises Unusual where its source has changed since."""
    from vidcalc.faces.light import index  # type: ignore[attr-defined]

    if name not in index.SIZES:
        return None
    package = name in index.PACKAGES
    path = PACKAGE + name[len(TOP) :].replace(".", os.sep) + (os.sep + "__init__.py" if package else ".py")
    now = os.stat(path)
    if now.st_size != index.SIZES[name] or (index.TIMES is not None and now.st_mtime_ns != index.TIMES[name]):
        raise Unusual(name)
    return path, package, index.HOMES.get(name) or name.replace(".", "_")


def home(name: str) -> "Home":
    """The names in a file of the light copy."""
    return vars(__import__("vidcalc.faces.light." + name, None, None, (name,)))
