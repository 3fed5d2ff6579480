"""One flag as the catalogue has it: its names, what it takes, its default, its help, the jobs it is of."""

from typing import NamedTuple, get_args

import click

from vidcalc.describe.setting import Job

JOBS: tuple[Job, ...] = get_args(Job)


class Spec(NamedTuple):
    """A flag.

    names    on the command line
    takes    what it takes, and how that is called (metavar)
    default  in words; "" where there is none
    help     a sentence, marked for the catalogues of words
    jobs     every command that does one of them has the flag
    """

    names: tuple[str, ...]
    takes: click.ParamType  # type: ignore[type-arg]
    metavar: str
    default: str
    help: str
    jobs: tuple[Job, ...] = JOBS


Specs = dict[str, Spec]
