"""A plan as the command line of a model's own program (`data/how/official.toml`)."""

from vidcalc.catalog import load
from vidcalc.describe.plan import WAYS
from vidcalc.describe.question import Question
from vidcalc.faces.how.python import number
from vidcalc.faces.how.said import Leavings, Said, known_as
from vidcalc.faces.how.tools import Tool
from vidcalc.faces.how.unsaid import ways

SAYS = ("framework", "offload")


def spoken(job: Question, tool: Tool, whole: bool) -> Said:
    """The job as one command. Raises Refused for a model that the program does not run."""
    facts = load.entry("how", tool.facts)[tool.id]
    model = known_as(job.model.name, facts["models"], tool.id)
    left, work, plan = Leavings(tool.title), job.workload, job.plan
    arguments = [model, facts["size"].format(width=work.width, height=work.height)]
    arguments += [f"{flag} {number(getattr(work, field))}" for field, flag in facts["words"].items()]
    if job.model.defaults.flow_shift:
        arguments.append(f"{facts['shift']} {number(job.model.defaults.flow_shift)}")
    if plan.offload in facts["offload"]:
        arguments.append(facts["offload"][plan.offload])
    else:
        left.add("--offload", plan.offload)
    launcher, sharing = shared(job, facts["ways"], facts.get("sharded", ""), left)
    arguments += [*sharing, facts["image"] if job.model.task == "i2v" else "", f"{facts['folder']} path/to/the/model"]
    arguments.append(f'{facts["prompt"]} "..."')
    left.loras_and_batch(job)
    kept = [each for each in arguments if each]
    lines = [f"{launcher} {facts['script']} \\", *(f"  {each} \\" for each in kept[:-1]), f"  {kept[-1]}"]
    return Said(tool=tool.id, version=facts["version"], language="shell", lines=tuple(lines), left=tuple(left.every))


def shared(job: Question, words: dict[str, str], sharded: str, left: Leavings) -> tuple[str, list[str]]:
    """What starts the program, and its flags for sharing the work."""
    flags, ranks = [], 1
    for way, degree in ways(job.plan, WAYS, words, left):
        flags.append(f"{words[way]} {degree}" if words[way] else sharded)
        ranks = ranks * degree if words[way] else max(ranks, degree)
    return "python" if ranks == 1 else f"torchrun --nproc_per_node={ranks}", flags
