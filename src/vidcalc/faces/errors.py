"""Refusals in words: one line that names the flag, the value, what is allowed and the nearest valid choice.

The line that is printed fits a page, whatever is quoted in it: of a long list it has the beginning. The whole of it
stands in the JSON and in Python's exceptions, and `list` in the place of a value prints it.
"""

from typing import Any

import click

from vidcalc.base.errors import InputError, UnknownName, Unreadable, nearest
from vidcalc.faces.exits import BAD_INPUT
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.flags.meant import meant
from vidcalc.faces.terminal.cells import width, wrap
from vidcalc.faces.words import _

# what the core calls a setting -> the flag it is on the command line
FLAG_OF = {"accelerators": "--gpu", "models": "--model", "batch": "--batch-size", "quantities": "QUANTITY"}
LISTED_BY = {
    "--gpu": "vidcalc gpus",
    "--have": "vidcalc gpus",
    "--model": "vidcalc models",
    "QUANTITY": "vidcalc explain",
}
LIST = "list"  # a value that stands for the list of what is allowed
FEW = 8  # candidates worth listing
LONG = 60  # letters of a value worth repeating
NOTED = 34  # letters of what is said beside a path
CELLS = 80  # of a line
QUOTED = 8  # cells of a value, a path or a nearest choice that a line has room for; a longer one makes it longer


def report(error: Exception, as_json: bool) -> int:
    """Print the refusal: a line on standard error, or {"error": …} on standard output; or the list asked for.

    Returns the exit code.
    """
    from vidcalc.faces.terminal.page import columns, show, written

    refusal = describe(error)
    if as_json:
        from vidcalc.faces.emit import emit

        emit({"error": refusal})
        return BAD_INPUT
    if refusal["value"] == LIST and listed(error):
        show("\n".join(wrap(", ".join(refusal["allowed"]), columns())))
        return 0
    lead = _("error:") + " "
    click.echo(written(lead + _line(error, CELLS - width(lead)), err=True), err=True)
    return BAD_INPUT


def listed(error: Exception) -> bool:
    """Whether what is allowed is a list of words that can be typed, and no bounds or form of a number."""
    if not isinstance(error, InputError) or not error.allowed:
        return False
    return not isinstance(error, Refused) or ", ".join(map(str, error.allowed)) in error.expects


def describe(error: Exception) -> dict[str, Any]:
    """flag, value, allowed, nearest and message of a refusal; the message says in which of several jobs it stands."""
    return _placed(error, _described(error))


def _line(error: Exception, cells: int) -> str:
    """The message in so many cells, and those that what it quotes takes beyond QUOTED; of a list the beginning."""
    found = describe(error)
    message = str(found["message"])
    if isinstance(error, Unreadable):
        beyond = width(message) - cells - max(width(_end(error.value)) - QUOTED, 0)
        shorter = _placed(error, _unread(error, max(NOTED - beyond, QUOTED))) if beyond > 0 else found
        return str(shorter["message"])
    if not isinstance(error, InputError):
        return message
    quoted = sum(max(width(_short(each)) - QUOTED, 0) for each in (error.value, error.nearest) if each is not None)
    cells += quoted + (width(_short(error.file)) + 2 if error.file else 0)
    if width(message) <= cells:
        return message
    brief = str(_placed(error, _refused(error, brief=True))["message"])
    spare = cells - width(brief)
    return str(_placed(error, _refused(error, brief=True, spare=spare))["message"]) if spare < 0 else brief


def _placed(error: Exception, found: dict[str, Any]) -> dict[str, Any]:
    """A refusal with the file that asks for the value, and the number of the job that it stands in."""
    if file := getattr(error, "file", ""):
        found["message"] = f"{_short(file)}: {found['message']}"
    if number := getattr(error, "job", 0):
        found["message"] = _("job {number}: {refusal}", number=number, refusal=found["message"])
    return found


def _described(error: Exception) -> dict[str, Any]:
    if isinstance(error, InputError):
        return _refused(error)
    if isinstance(error, click.NoSuchOption):
        options = error.ctx.command.get_params(error.ctx) if error.ctx else []
        names = [name for option in options for name in option.opts if isinstance(option, click.Option)]
        near = meant(error.option_name, names)
        return _entry(
            error.option_name, None, names, near, _("there is no flag {flag}", flag=_short(error.option_name))
        )
    if isinstance(error, click.MissingParameter):
        flag = max(error.param.opts, key=len) if error.param else ""
        flag = flag if flag.startswith("-") else flag.upper()  # an operand, as usage has it
        return _entry(flag, None, (), None, _("{flag} is missing", flag=flag))
    if isinstance(error, click.BadOptionUsage):
        return _entry(error.option_name, None, (), None, _("{flag} needs a value", flag=error.option_name))
    return _usage(error)


def unbuilt(error: Exception) -> Exception:
    """What refuses a question: as it is, or in the place of a network of which sizes alone are known, or of NumPy,
    which a browser's Python does without.

    Raises the error where another module is missing: that is no question's fault.
    """
    if not isinstance(error, ModuleNotFoundError):
        return error
    if needs_arrays(error):
        return Refused("", None, _("this needs NumPy, which is not installed here: pip install numpy"), None, ())
    if not str(error.name).startswith("vidcalc.networks."):
        raise error
    network = str(error.name).removeprefix("vidcalc.networks.")
    return Refused("--model", None, _("its network ({network}) cannot be calculated yet", network=network), None, ())


def needs_arrays(error: Exception) -> bool:
    """Whether it is NumPy that is missing."""
    return isinstance(error, ModuleNotFoundError) and str(error.name).partition(".")[0] == "numpy"


def _usage(error: Exception) -> dict[str, Any]:
    """An unknown command, a stray word, or anything else click refuses."""
    ctx: click.Context | None = getattr(error, "ctx", None)
    stray = str(getattr(error, "command_name", "") or _quoted(str(error)))
    names = ctx.command.list_commands(ctx) if ctx is not None and isinstance(ctx.command, click.Group) else []
    if names:
        message = _("there is no command '{value}'", value=_short(stray))
        return _entry("", stray, names, nearest(stray[:LONG], names), message)
    return _entry("", stray, (), None, _("'{value}' is not expected here", value=_short(stray)))


def _refused(error: InputError, brief: bool = False, spare: int = 0) -> dict[str, Any]:
    """The entry of a refusal; `brief`: in few words; `spare` below zero: of what is allowed so many cells fewer."""
    if isinstance(error, Unreadable):
        return _unread(error)
    flag, allowed = _flag(error), [str(choice) for choice in error.allowed]
    expects = _expects(error, flag, allowed)
    if spare < 0 and error.value is not None:  # without a value it is a sentence: all of it is the answer
        expects = _cut(expects, width(expects) + spare)
    if isinstance(error, Refused) and error.value is None:
        message = f"{flag}: {expects}" if flag else expects
    elif error.value is None:
        message = _("{flag} is missing; allowed: {expects}", flag=flag, expects=expects)
    elif error.of:
        words = {"flag": flag, "value": _short(error.value), "of": error.of, "expects": expects}
        message = (
            _("{flag} '{value}' for {of}; allowed there: {expects}", **words)
            if brief
            else _("{flag} cannot be '{value}' for {of}; allowed there: {expects}", **words)
        )
    else:
        words = {"flag": flag, "value": _short(error.value), "expects": expects}
        message = (
            _("{flag} '{value}'; allowed: {expects}", **words)
            if brief
            else _("{flag} cannot be '{value}'; allowed: {expects}", **words)
        )
    return _entry(flag, error.value, allowed, error.nearest, message)


def _unread(error: Unreadable, noted: int = NOTED) -> dict[str, Any]:
    """The entry of files that are no model's; what is said beside the path in so many letters."""
    from vidcalc.faces.words.ids import PROBLEMS, label

    values = {
        name: _short(f"{value:,}" if isinstance(value, int) else value, noted) for name, value in error.values.items()
    }
    message = label(PROBLEMS, error.problem, value=_end(error.value) or "''", **values)
    return _entry(_flag(error), error.value, [str(choice) for choice in error.allowed], None, message)


def _flag(error: InputError) -> str:
    """The flag of a refusal as it is typed, an operand as usage has it."""
    flag = FLAG_OF.get(error.flag, error.flag)
    return flag if not flag or flag.startswith("-") or flag.isupper() else "--" + flag.replace("_", "-")


def _expects(error: InputError, flag: str, allowed: list[str]) -> str:
    """What would have been right, in words."""
    if isinstance(error, Refused):
        return error.expects
    if isinstance(error, UnknownName):
        few = ", ".join(allowed[:FEW]) + (" …" if len(allowed) > FEW else "")
        return few or _("a name that `{command}` lists", command=LISTED_BY.get(flag, "vidcalc"))
    return ", ".join(allowed)


def _cut(text: str, cells: int) -> str:
    """The entries of a list that fit, at least the first; what is no list stays whole."""
    first, *rest = text.split(", ")
    kept = [first]
    for entry in rest:
        if width(", ".join((*kept, entry))) > cells - 2:
            break
        kept.append(entry)
    return text if len(kept) > len(rest) else ", ".join(kept) + " …"


def _entry(flag: str, value: Any, allowed: Any, near: str | None, message: str) -> dict[str, Any]:
    if near:
        message += "; " + _("nearest: {nearest}", nearest=near)
    plain = value if value is None or isinstance(value, int | float) else _short(value)
    return {"flag": flag, "value": plain, "allowed": list(allowed), "nearest": near, "message": message}


def _short(value: object, most: int = LONG) -> str:
    """A value as one short printable piece of text."""
    text = "".join(letter if letter.isprintable() else "?" for letter in str(value)[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"


def _end(path: object) -> str:
    """The end of a path, which says most, as one short printable piece of text."""
    text = "".join(letter if letter.isprintable() else "?" for letter in str(path))
    return text if len(text) <= 2 * LONG else "…" + text[1 - 2 * LONG :]


def _quoted(message: str) -> str:
    """The first word that click quotes in a message of its own."""
    pieces = message.split("'")
    return pieces[1] if len(pieces) > 2 else message.rpartition("(")[2].rstrip(").")
