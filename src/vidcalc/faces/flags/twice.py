"""A flag stands once in a command line, unless its help says that it may be repeated: two values contradict."""

from collections import Counter

import click

from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.words import _


def once(command: click.Command, ctx: click.Context, arguments: list[str]) -> None:
    """Raises Refused for the first flag that is given more than once."""
    if not any(each.startswith("-") for each in arguments):
        return
    _values, _rest, order = command.make_parser(ctx).parse_args(args=list(arguments))
    for option, count in Counter(each for each in order if isinstance(each, click.Option)).items():
        if count > 1 and not option.multiple:
            flag = max(option.opts, key=len)
            raise Refused(flag, None, _("given {count} times; it stands once", count=count), None, ())
