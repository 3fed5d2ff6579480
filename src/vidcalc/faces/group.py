"""Commands whose help is in the user's language and fits 80 cells, and a group that loads them only when needed."""

import os
from collections.abc import Iterable
from typing import Any

import click

from vidcalc.faces.flags.catalogue import said
from vidcalc.faces.flags.themes import themed
from vidcalc.faces.terminal.cells import hanging, pad, width, wrap
from vidcalc.faces.words import _

COLUMNS = 80


class Command(click.Command):
    """A command with help by display cells. `examples` are command lines shown as they stand.

    Its --help is one of its flags, so that click looks up no words of its own.
    """

    def __init__(self, name: str, *, examples: tuple[str, ...] = (), **named: Any) -> None:
        super().__init__(name, add_help_option=False, **named)
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; a flag that stands twice is refused. Raises Refused."""
        from vidcalc.faces.flags.twice import once

        once(self, ctx, args)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Usage, what it does, options, examples."""
        write_help(self, ctx, formatter, self.examples)

    def get_short_help_str(self, limit: int = COLUMNS) -> str:
        """The first sentence of the help, in the language in use."""
        return _(self.help or "").split("\n")[0]


class Lazy(click.Group):
    """A group whose commands are the modules of a package: `NAME.py` holds `command`, imported when asked for."""

    def __init__(self, name: str, *, package: str, examples: tuple[str, ...] = (), **named: Any) -> None:
        super().__init__(name, add_help_option=False, **named)
        self.package = package
        self.examples = examples

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the package's modules, sorted."""
        from importlib import import_module

        folder = os.path.dirname(import_module(self.package).__file__ or "")
        return sorted(name[:-3] for name in os.listdir(folder) if name.endswith(".py") and name[0] != "_")

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name, or None."""
        from importlib import import_module

        if name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{self.package}.{name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """As click does; flags without a command are shown the help, as nothing at all is."""
        if not [*ctx._protected_args, *ctx.args]:
            raise click.exceptions.NoArgsIsHelpError(ctx)
        return super().invoke(ctx)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Usage, what it is, commands, options, examples."""
        write_help(self, ctx, formatter, self.examples)


def write_help(
    command: click.Command, ctx: click.Context, formatter: click.HelpFormatter, examples: tuple[str, ...]
) -> None:
    """A help page, every line within 80 cells."""
    subcommands = command.list_commands(ctx) if isinstance(command, Lazy) else []
    operands = [p for p in command.params if isinstance(p, click.Argument)]
    pieces = ["[" + _("OPTIONS") + "]", *(_(p.metavar or "") for p in operands)]
    pieces += [_("COMMAND") + " …"] if subcommands else []
    lines = [*hanging(" ".join(pieces), COLUMNS, _("Usage:") + f" {ctx.command_path} ", "    "), ""]
    for paragraph in _(command.help or "").split("\n"):
        lines += [*wrap(paragraph, COLUMNS), ""]
    if subcommands:
        loaded = ((name, command.get_command(ctx, name)) for name in subcommands)  # type: ignore[attr-defined]
        rows = [(name, entry.get_short_help_str()) for name, entry in loaded if entry is not None]
        lines += section(_("Commands"), rows)
    for theme, options in themed(option for option in command.get_params(ctx) if option not in operands):
        lines += section(_(theme), map(said, options))
    if examples:
        lines += [_("Examples") + ":", *(f"  {example}" for example in examples), ""]
    formatter.write("\n".join(line.rstrip() for line in lines[:-1]) + "\n")


def section(title: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    """A titled list in two columns; a long left side stands on a line of its own."""
    left = 26
    lines = [title + ":"]
    for names, words in rows:
        if width(names) > left - 4:
            lines += ["  " + names, *hanging(words, COLUMNS, " " * left)]
        else:
            lines += hanging(words, COLUMNS, pad("  " + names, left))
    return [*lines, ""]
