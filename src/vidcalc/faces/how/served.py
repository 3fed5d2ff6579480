"""A plan as the command line of a program that runs many models (`data/how/served.toml`)."""

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
    arguments = [f"{facts['model']} {model}"]
    arguments += [f"{flag} {number(getattr(work, field))}" for field, flag in facts["words"].items()]
    if job.hardware.total != 1:
        arguments.append(facts["gpus"].format(gpus=number(job.hardware.total)))
    shared = ways(plan, WAYS, facts["ways"], left)
    arguments += [facts["ways"][way].format(degree=degree) for way, degree in shared]
    if plan.offload in facts["offload"]:
        arguments.append(facts["offload"][plan.offload])
    else:
        left.add("--offload", plan.offload)
    if "vae_tiling" in tool.says:
        if plan.vae_tiling in facts["tiling"]:
            arguments.append(facts["tiling"][plan.vae_tiling])
        else:
            left.add("--vae-tiling", plan.vae_tiling)
    arguments += [facts["image"] if job.model.task == "i2v" else "", f'{facts["prompt"]} "..."']
    left.loras_and_batch(job)
    kept = [each for each in arguments if each]
    lines = [f"{facts['command']} \\", *(f"  {each} \\" for each in kept[:-1]), f"  {kept[-1]}"]
    return Said(tool=tool.id, version=facts["version"], language="shell", lines=tuple(lines), left=tuple(left.every))
