"""A plan in the words of the tool that runs it: diffusers code, ComfyUI nodes, command lines, trainers' files.

    said(question, "diffusers").lines        what the plan changes, line by line
    said(question, "diffusers", whole=True)  a script that runs

Each tool is a module here with a function `spoken(job, tool, whole)` and the settings that it puts into words (`SAYS`);
what it calls things is data (`data/how`). What a tool has no setting for is named in `left`, never left out in silence.
"""

from importlib import import_module
from typing import Any

from msgspec.structs import replace

from vidcalc.describe.question import Question, Run
from vidcalc.faces.how.said import Said
from vidcalc.faces.how.tools import checked, profile
from vidcalc.faces.how.unsaid import unsaid


def said(job: Question | Run, tool: str, whole: bool = False) -> Said:
    """The job in the words of a tool; `whole`: a script or file that runs. Raises Refused."""
    found = checked(tool, job)
    module = import_module("vidcalc.faces.how." + found.module)
    spoken: Said = module.spoken(job, found, whole)
    return replace(spoken, left=(*spoken.left, *unsaid(job, found.title, (*module.SAYS, *found.says))))


def question(given: dict[str, Any], tool: str, job: str) -> Question | Run:
    """What flags ask for ("generate" or "train"), of the tool's own profile where they name none. Raises InputError."""
    flag = "framework" if job == "generate" else "trainer"
    own = profile(tool, job)
    flags = {flag: own, **{name: value for name, value in given.items() if value is not None}} if own else given
    if job == "generate":
        from vidcalc.faces.requests.estimate import request

        return request(flags)
    from vidcalc.faces.requests.training import run

    return run(flags)


def asked(given: dict[str, Any], tool: str, whole: bool, job: str) -> Said:
    """What flags ask for, in the words of a tool. Raises InputError."""
    return said(question(given, tool, job), tool, whole)
