"""Refusals in words: one line that names the flag, the value, what is allowed and the nearest valid choice."""

from typing import Any

import click

from vidcalc.base.errors import InputError, UnknownName, Unreadable, nearest
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.words import _

# what the core calls a setting -> the flag it is on the command line
FLAG_OF = {"accelerators": "--gpu", "models": "--model", "batch": "--batch-size", "quantities": "QUANTITY"}
LISTED_BY = {"--gpu": "vidcalc gpus", "--model": "vidcalc models", "QUANTITY": "vidcalc explain"}
FEW = 8  # candidates worth listing
LONG = 60  # letters of a value worth repeating


def report(error: Exception, as_json: bool) -> None:
    """Print the refusal: a line on standard error, or {"error": …} on standard output."""
    refusal = describe(error)
    if as_json:
        from vidcalc.faces.emit import emit

        emit({"error": refusal})
    else:
        from vidcalc.faces.terminal.page import written

        click.echo(written(_("error:") + " " + str(refusal["message"]), err=True), err=True)


def describe(error: Exception) -> dict[str, Any]:
    """flag, value, allowed, nearest and message of a refusal; the message says in which of several jobs it stands."""
    found = _described(error)
    if number := getattr(error, "job", 0):
        found["message"] = _("job {number}: {refusal}", number=number, refusal=found["message"])
    return found


def _described(error: Exception) -> dict[str, Any]:
    if isinstance(error, InputError):
        return _refused(error)
    if isinstance(error, click.NoSuchOption):
        options = error.ctx.command.get_params(error.ctx) if error.ctx else []
        names = [name for option in options for name in option.opts if isinstance(option, click.Option)]
        near = nearest(error.option_name, names)
        return _entry(
            error.option_name, None, names, near, _("there is no flag {flag}", flag=_short(error.option_name))
        )
    if isinstance(error, click.MissingParameter):
        flag = max(error.param.opts, key=len) if error.param else ""
        return _entry(flag, None, (), None, _("{flag} is missing", flag=flag))
    if isinstance(error, click.BadOptionUsage):
        return _entry(error.option_name, None, (), None, _("{flag} needs a value", flag=error.option_name))
    return _usage(error)


def unbuilt(error: ModuleNotFoundError) -> Refused:
    """The refusal of a model whose network is known by its sizes only."""
    network = str(error.name).removeprefix("vidcalc.networks.")
    return Refused("--model", None, _("its network ({network}) cannot be calculated yet", network=network), None, ())


def _usage(error: Exception) -> dict[str, Any]:
    """An unknown command, a stray word, or anything else click refuses."""
    ctx: click.Context | None = getattr(error, "ctx", None)
    stray = str(getattr(error, "command_name", "") or _quoted(str(error)))
    names = ctx.command.list_commands(ctx) if ctx is not None and isinstance(ctx.command, click.Group) else []
    if names:
        message = _("there is no command '{value}'", value=_short(stray))
        return _entry("", stray, names, nearest(stray[:LONG], names), message)
    return _entry("", stray, (), None, _("'{value}' is not expected here", value=_short(stray)))


def _refused(error: InputError) -> dict[str, Any]:
    flag = FLAG_OF.get(error.flag, error.flag)
    flag = flag if flag.startswith("-") or flag.isupper() else "--" + flag.replace("_", "-")
    allowed = [str(choice) for choice in error.allowed]
    if isinstance(error, Unreadable):
        from vidcalc.faces.words.ids import PROBLEMS, label

        values = {
            name: f"{value:,}" if isinstance(value, int) else _short(value) for name, value in error.values.items()
        }
        return _entry(
            flag, error.value, allowed, None, label(PROBLEMS, error.problem, value=_end(error.value), **values)
        )
    if isinstance(error, Refused):
        if error.value is None:
            return _entry(flag, None, allowed, error.nearest, f"{flag}: {error.expects}")
        expects = error.expects
    elif isinstance(error, UnknownName):
        command = LISTED_BY.get(flag, "vidcalc")
        few = ", ".join(allowed[:FEW]) + (" …" if len(allowed) > FEW else "")
        expects = few or _("a name that `{command}` lists", command=command)
    else:
        expects = ", ".join(allowed)
    if error.value is None:
        message = _("{flag} is missing; allowed: {expects}", flag=flag, expects=expects)
    else:
        given = _short(error.value)
        if error.of:
            message = _(
                "{flag} cannot be '{value}' for {of}; allowed there: {expects}",
                flag=flag,
                value=given,
                of=error.of,
                expects=expects,
            )
        else:
            message = _("{flag} cannot be '{value}'; allowed: {expects}", flag=flag, value=given, expects=expects)
    return _entry(flag, error.value, allowed, error.nearest, message)


def _entry(flag: str, value: Any, allowed: Any, near: str | None, message: str) -> dict[str, Any]:
    if near:
        message += "; " + _("nearest: {nearest}", nearest=near)
    plain = value if value is None or isinstance(value, int | float) else _short(value)
    return {"flag": flag, "value": plain, "allowed": list(allowed), "nearest": near, "message": message}


def _short(value: object) -> str:
    """A value as one short printable piece of text."""
    text = "".join(letter if letter.isprintable() else "?" for letter in str(value)[: LONG + 1])
    return text if len(text) <= LONG else text[: LONG - 1] + "…"


def _end(path: object) -> str:
    """The end of a path, which says most, as one short printable piece of text."""
    text = "".join(letter if letter.isprintable() else "?" for letter in str(path))
    return text if len(text) <= 2 * LONG else "…" + text[1 - 2 * LONG :]


def _quoted(message: str) -> str:
    """The first word that click quotes in a message of its own."""
    pieces = message.split("'")
    return pieces[1] if len(pieces) > 2 else message.rpartition("(")[2].rstrip(").")
